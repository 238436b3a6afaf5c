"""Which sellers are near the threshold and what to tell them; and when the next tier is reached."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.site import DESKTOP, PHONE, Site, check_accessible, check_fits
from tests.support.incentive.bureau import empty_bureau
from tests.support.incentive.ledger import exchange_total
from tests.support.incentive.whole_set import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator

    from tests.support.engines.session import FreshDatabase

YEAR = 2026
TABLE = "section[aria-labelledby=participants] tbody"
SOLD = (21, 24, 19, 26, 18, 22, 25, 20, 23, 27, 18, 24)  # millions of yuan a month


class Clicks:
    """Clicks of a person, and the seconds since the first page."""

    def __init__(self) -> None:
        self.count, self._began_s = 0, monotonic()

    def __call__(self, what: Locator) -> None:
        self.count += 1
        what.click()

    def note(self, job: str, folder: Path) -> None:
        """Write beside the pictures what a job took."""
        with (folder / "clicks.txt").open("a", encoding="utf-8") as file:
            file.write(f"{job}: {self.count} clicks, {monotonic() - self._began_s:.1f} s\n")


@pytest.mark.parametrize(("role", "most"), [("exchange:kmdex", 1), ("bureau", 2)])
def test_who_of_my_sellers_is_near_the_threshold_and_what_do_i_tell_them(
    site: Site, role: str, most: int, pictures: Path
) -> None:
    """From the start page, without scripts, to the records of the nearest seller with trades that do not count."""
    asked = f"/v1/exchanges/kmdex/participants?year={YEAR}&reached=false&sort=missing&limit=25"
    nearest = site.makers.get(asked, role)["items"]
    with site.open(role, scripts=False) as page:
        click = Clicks()
        if role == "bureau":
            click(page.locator("section[aria-labelledby=exchanges] a[href*='/exchanges/kmdex']"))
        rows = page.locator(f"{TABLE} tr")
        assert rows.count() == len(nearest)
        assert nearest[0]["name"] in rows.first.inner_text()
        to_tell = page.locator(f"{TABLE} td a[href*='/participants/']").first
        subject = to_tell.get_attribute("href").split("/participants/")[1].partition("?")[0]  # type: ignore[union-attr]
        click(to_tell)
        found = site.makers.get(f"/v1/exchanges/kmdex/participants/{subject}?year={YEAR}", role)
        main = page.locator("main").inner_text()
        for part in found["not_counted"]:
            assert part["text"]["zh"] in main
        assert all(trade["trade_no"] in main for trade in found["trades"])
        assert found["trades"]
        assert click.count <= most
        click.note(f"near the threshold, {role}", pictures)
        for size, suffix in ((DESKTOP, ""), (PHONE, "-phone")):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            check_fits(page, page.url)
            page.screenshot(path=pictures / f"participant-{role.partition(':')[0]}{suffix}.png", full_page=True)


@pytest.fixture(scope="module")
def two_years(browser: Browser, postgres: FreshDatabase) -> Iterator[Site]:
    """An exchange with the whole of last year and five months of this one, and future-dated trades in autumn."""
    with empty_bureau(postgres) as bureau:
        sold = {2025: [(number, millions, 20) for number, millions in enumerate(SOLD, 1)]}
        sold[YEAR] = [(number, millions * 3, 25) for number, millions in enumerate(SOLD[:5], 1)] + [(10, 9, 25)]
        for year, months in sold.items():
            amounts = [(f"{year}-{number:02d}-{day}", f"{millions}000000.00") for number, millions, day in months]
            bureau.take(exchange_total("kmdex", year, amounts, seq=year))
        with served(bureau.ask.client.application) as url:
            yield Site(browser, url, bureau)  # type: ignore[arg-type] # no extracts are made here


@pytest.mark.parametrize("language", ["zh", "en"])
def test_when_the_next_tier_is_reached_is_said_on_the_start_page_and_shown_as_a_curve(
    two_years: Site, language: str, pictures: Path
) -> None:
    bureau: Any = two_years.makers
    outlook = bureau.ask.ok("/v1/exchanges/kmdex/outlook", year=YEAR)
    tier = next(one for one in outlook["tiers"] if not one["reached"])
    with two_years.open("exchange:kmdex", language=language) as page:
        click = Clicks()
        main = page.locator("main")
        assert tier["expected"]["on"] in main.inner_text()
        click(main.locator("a[href*='/outlook']"))
        shown = main.inner_text()
        assert tier["expected"]["earliest"] in shown
        assert f"{float(tier['per_day']):,.2f}" in shown
        error = f"{float(outlook['forecast']['mean_error']):.1%}"
        assert error in shown
        click.note(f"the next tier, {language}", pictures)
        # The values of the curve, by keyboard and by pointer.
        dots = page.locator(".dot.expected")
        assert dots.count() == sum(month["expected"] is not None for month in outlook["months"])
        said = dots.last.locator(".said")
        assert not said.is_visible()
        dots.last.focus()
        assert said.is_visible()
        main.locator("h1").hover()
        page.locator(".dot.registered .spot").last.hover()
        assert page.locator(".dot.registered .said").last.is_visible()
        main.locator("summary").last.click()
        assert main.locator("section[aria-labelledby=course] tbody tr").count() == 12
        for name, size in (("", DESKTOP), ("-phone", PHONE)):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            check_accessible(page, page.url)
            check_fits(page, page.url)
            page.screenshot(path=pictures / f"outlook-{language}{name}.png", full_page=True)
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=pictures / f"outlook-{language}-dark.png", full_page=True)
        page.emulate_media(media="print", color_scheme="light")
        page.screenshot(path=pictures / f"outlook-{language}-print.png", full_page=True)
