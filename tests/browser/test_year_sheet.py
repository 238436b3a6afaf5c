"""A year on one A4 page, and figures that link to exactly what they count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.site import DESKTOP, PHONE, Site, check_accessible, check_fits
from tests.support.incentive.pdf_files import page_count, text_of
from tests.support.incentive.sample_set import YEAR

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

NUMBER = re.compile(r"[0-9][0-9,]*")
SAID_TRADES = re.compile(r"(\d[\d,]*) (?:笔|项)")
# Pages with figures, and at least so many of them.
COUNTING = {"/": 5, f"/worklist?year={YEAR}": 2, f"/year?year={YEAR}": 20, "/quarantine?kind=trades": 5}


def counted(page: Page, address: str) -> int:
    """The number of what an address lists: the total of a list, or the lines of a file."""
    answer = page.request.get(address)
    assert answer.ok, (address, answer.status)
    if "ndjson" in answer.headers["content-type"]:
        return len(answer.body().splitlines())
    found = re.search(r'data-total="(\d+)"', answer.text())
    assert found is not None, f"{address} has no count"
    return int(found[1])


def figures(page: Page) -> list[tuple[int, str]]:
    """The numbers of a page that are links, those of charts by their label, each with its address."""
    links = page.locator("main a[href]").evaluate_all(
        "links => links.map(a => [a.textContent.trim(), a.getAttribute('aria-label') || '', a.getAttribute('href')])"
    )
    found = []
    for text, label, address in links:
        said = NUMBER.fullmatch(text) or (SAID_TRADES.search(label) if label else None)
        if said is not None and "notices" not in address and "/waiting" not in address and "limit=" not in address:
            found.append((int((said[1] if label else said[0]).replace(",", "")), address))
    return found


@pytest.mark.parametrize("address", COUNTING)
def test_every_figure_links_to_exactly_what_it_counts(site: Site, address: str) -> None:
    with site.open("auditor") as page:
        page.goto(address)
        found = figures(page)
        assert len(found) >= COUNTING[address]
        assert [(number, target, counted(page, target)) for number, target in found] == [
            (number, target, number) for number, target in found
        ]


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
