"""A year on one A4 page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.browser.site import DESKTOP, PHONE, Site, check_accessible, check_fits
from tests.support.incentive.pdf_files import page_count, text_of
from tests.support.incentive.sample_set import YEAR

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

SAID_MONTH = re.compile(r"：([0-9,.]+) 元，([0-9,]+) 笔")


def test_industries_and_kinds_add_up_to_exchanges_and_months(site: Site) -> None:
    with site.open("auditor") as page:
        page.goto(f"/year?year={YEAR}")
        sums = {
            name: sums_of(page, f"section[aria-labelledby='{name}'] tbody tr:not(.on-paper)")
            for name in ("exchanges", "industries", "kinds")
        }
        months = page.locator("section[aria-labelledby='months'] a.month title").all_text_contents()
        by_month = [(cents(said[1]), int(said[2])) for said in map(SAID_MONTH.search, months) if said]
        sums["months"] = (sum(fen for fen, _ in by_month), sum(trades for _, trades in by_month))
        assert len(by_month) == 12
        assert min(sums["exchanges"]) > 0
        assert set(sums.values()) == {sums["exchanges"]}
        assert page.locator("section[aria-labelledby='industries'] tbody th").all_text_contents()[-1] == "未填写"
        assert page.get_by_role("rowheader", name="农、林、牧、渔业").count() == 1


def sums_of(page: Page, rows: str) -> tuple[int, int]:
    """The sums of a table's amounts, which stand in full in the cell or its title, and of its trades."""
    cells = page.locator(rows).evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td.number')].slice(0, 2)"
        ".map(cell => cell.title || cell.textContent))"
    )
    assert cells
    return sum(cents(amount) for amount, _ in cells), sum(int(trades.replace(",", "")) for _, trades in cells)


def cents(amount: str) -> int:
    found = re.search(r"([0-9,]+)\.([0-9]{2})", amount)
    assert found is not None, amount
    return int(found[1].replace(",", "")) * 100 + int(found[2])


def test_a_year_fits_on_one_a4_page(site: Site, pictures: Path) -> None:
    address = f"/year?year={YEAR}"
    for language in ("zh", "en"):
        with site.open("bureau", language=language) as page:
            for suffix, size in (("", DESKTOP), ("-phone", PHONE)):
                page.set_viewport_size(size)  # type: ignore[arg-type]
                page.goto(address)
                check_accessible(page, address)
                check_fits(page, address)
                page.screenshot(path=pictures / f"year-{language}{suffix}.png", full_page=True)
            page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
            printed = page.pdf(prefer_css_page_size=True, print_background=True)
            (pictures / f"year-{language}.pdf").write_bytes(printed)
            assert page_count(printed) == 1
            assert str(YEAR) in text_of(printed)
            page.locator("a.month").first.focus()
            assert page.locator("a.month .value").first.evaluate("one => getComputedStyle(one).opacity") == "1"
