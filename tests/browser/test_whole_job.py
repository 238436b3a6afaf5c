"""45 awards from the list to the payment in batches, and one of them to its return: three people, few clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.rebuild.command import verify_all
from tests.browser.office import whole_job
from tests.browser.site import DESKTOP, PHONE, Site, check_accessible, check_fits
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, subject
from tests.support.incentive.whole_set import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

YEAR = 2026
AWARDS = 45
MOST_CLICKS = 60  # fewer, sign-ins included


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    """45 first purchases of eligible subjects."""
    with empty_bureau(postgres) as found:
        found.take(*(first_purchase(number, "2026-03-01", "5000000.00", seq=1) for number in range(1, AWARDS + 1)))
        for number in range(1, AWARDS + 1):
            found.verify(subject(number))
        yield found


@pytest.fixture
def open_site(browser: Browser, bureau: Bureau) -> Iterator[Site]:
    with served(bureau.ask.client.application) as url:
        yield Site(browser, url, None)  # type: ignore[arg-type] # no extracts are made here


def test_45_awards_go_from_the_list_to_the_payment_and_one_to_its_return(
    open_site: Site, bureau: Bureau, tmp_path: Path, pictures: Path
) -> None:
    paper = tmp_path / "minutes.pdf"
    paper.write_text("%PDF-1.7 a meeting", "utf-8")
    done = whole_job(open_site, AWARDS, 200_000, paper, pictures)
    assert "9,000,000.00" in done.approval_preview
    states = [award["state"] for award in bureau.ask.all("/v1/awards", limit=500)]
    assert sorted(states) == ["paid"] * (AWARDS - 1) + ["returned"]
    award = bureau.award(done.award_id)
    told = {name: award[name] for name in ("state", "approved", "paid", "returned", "recovered")}
    assert told == {"state": "returned", **dict.fromkeys(("approved", "paid", "returned", "recovered"), "200000.00")}
    assert done.submissions < done.clicks < MOST_CLICKS
    said: list[str] = []
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        assert verify_all(connection, bureau.rulebook, None, said.append).is_right, said
    with open_site.open("bureau") as page:
        take_pictures(page, done.award_id, pictures)


def take_pictures(page: Page, award_id: str, pictures: Path) -> None:
    """Take pictures of the pages of the job, on both screens; each fits and is accessible."""
    addresses = {
        "job-batch": f"/batches/new?year={YEAR}&state=paid&action=notify_return",
        "job-budget": f"/budget?year={YEAR}",
        "job-worklist": f"/worklist?year={YEAR}",
        "job-award": f"/awards/{award_id}",
        "job-batches": "/batches",
    }
    sizes: dict[str, Any] = {"": DESKTOP, "-phone": PHONE}
    for name, address in addresses.items():
        for suffix, size in sizes.items():
            page.set_viewport_size(size)
            page.goto(address)
            check_accessible(page, address)
            check_fits(page, address)
            page.screenshot(path=pictures / f"{name}{suffix}.png")
