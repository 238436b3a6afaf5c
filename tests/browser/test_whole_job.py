"""45 awards from the list to the payment in batches, and one of them to its return: three people, few clicks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.rebuild.command import verify_all
from tests.browser.site import DESKTOP, PHONE, Site, check_accessible, check_fits
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, subject
from tests.support.incentive.whole_set import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

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


@dataclass
class Official:
    """A person at the pages, whose clicks are counted; text is typed into fields that the Tab key reaches."""

    page: Page
    paper: Path
    pictures: Path
    clicks: int = 1  # of signing in
    submissions: int = 1
    said: list[str] = field(default_factory=list)

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def submit(self, button: str | re.Pattern[str]) -> None:
        self.submissions += 1
        self.click(self.page.get_by_role("button", name=button))
        self.page.wait_for_load_state()

    def choose(self, what: Locator, value: str) -> None:
        self.clicks += 2  # opens the list, and takes one of it
        what.select_option(value)

    def attach(self, what: Locator) -> None:
        self.clicks += 2  # opens the dialog, and takes the file
        what.set_input_files(self.paper)

    def decide_on_all(self, state: str, step: str, *, paper: bool = False, **typed: str) -> None:
        """Go from the worklist to the awards of a state, preview their next step, and take it with all of them."""
        self.click(self.page.get_by_role("link", name="工作台").first)
        row = self.page.get_by_role("row", name=re.compile(f"^{state} "))
        self.click(row.get_by_role("link", name="批量办理"))
        assert step in self.page.locator("h1").inner_text()
        for name, text in typed.items():
            self.page.locator(f"#batch-{name.rstrip('_')}").fill(text)
        if paper:
            self.attach(self.page.locator("#batch-documents"))
        self.submit("预览")
        self.said.append(self.page.locator("section[aria-labelledby=previewed]").inner_text())
        check_accessible(self.page, self.page.url)
        self.page.screenshot(path=self.pictures / f"job-preview-{state}.png")
        self.submit(f"办理 {AWARDS} 项")
        self.page.wait_for_url(re.compile(r"/batches/\w{20,}"))

    def open_paid(self) -> None:
        """Go from the worklist to the first of the awards that are paid."""
        self.click(self.page.get_by_role("link", name="工作台").first)
        row = self.page.get_by_role("row", name=re.compile("^已拨付 "))
        self.click(row.get_by_role("link", name=str(AWARDS), exact=True))
        self.click(self.page.locator("main tbody th a").first)

    def open_step(self, step: str) -> Locator:
        self.click(self.page.locator("details.step > summary", has_text=re.compile(f"^{step}$")))
        return self.page.locator("details.step[open]")

    def confirm(self, step: str) -> None:
        self.submit(re.compile(f"确认{step}$"))
        self.page.locator("section[aria-labelledby=decisions] ol.history > li", has_text=step).last.wait_for()


def test_45_awards_go_from_the_list_to_the_payment_and_one_to_its_return(
    open_site: Site, bureau: Bureau, tmp_path: Path, pictures: Path
) -> None:
    paper = tmp_path / "minutes.pdf"
    paper.write_text("%PDF-1.7 a meeting", "utf-8")
    with open_site.open("bureau") as one, open_site.open("bureau2") as two, open_site.open("bureau3") as three:
        first, second, third = (Official(page, paper, pictures) for page in (one, two, three))
        first.decide_on_all("测算", "免申即享")
        first.decide_on_all("已申报", "初审")
        second.decide_on_all("已初审", "联合审核", paper=True)
        notice = {"from_": "2026-01-12", "until": "2026-01-31", "where": "政务公示栏"}
        first.decide_on_all("已联合审核", "公示", paper=True, **notice)
        third.decide_on_all("公示中", "核定", paper=True)
        assert "9,000,000.00" in third.said[0]
        second.decide_on_all("已核定", "拨付", voucher_no="2026-1")
        states = [award["state"] for award in bureau.ask.all("/v1/awards", limit=500)]
        assert states == ["paid"] * AWARDS
        take_back(first, second)
        award_id = one.url.partition("/awards/")[2]
        people = (first, second, third)
        clicks, submissions = (sum(getattr(person, name) for person in people) for name in ("clicks", "submissions"))
        take_pictures(people[0].page, award_id, pictures)
    award = bureau.award(award_id)
    told = {name: award[name] for name in ("state", "approved", "paid", "returned", "recovered")}
    assert told == {"state": "returned", **dict.fromkeys(("approved", "paid", "returned", "recovered"), "200000.00")}
    assert submissions < clicks < MOST_CLICKS
    said: list[str] = []
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        assert verify_all(connection, bureau.rulebook, None, said.append).is_right, said


def take_back(first: Official, second: Official) -> None:
    """Notify the return of an award, decide on it with the subject's answer, and record what came back."""
    first.open_paid()
    form = first.open_step("追缴告知")
    first.choose(form.locator("[name=ground]"), "review")
    form.locator("[name=amount]").fill("200000")
    form.locator("[name=reason]").fill("评审后发现重复计算")
    first.attach(form.locator("input[type=file]"))
    first.confirm("追缴告知")
    address = first.page.url
    second.open_paid()
    assert second.page.url == address
    form = second.open_step("追缴决定")
    form.locator("[name=amount]").fill("200000")
    second.attach(form.locator("input[type=file]"))
    second.confirm("追缴决定")
    first.click(first.page.get_by_role("link", name="工作台").first)
    first.click(
        first.page.get_by_role("row", name=re.compile("^已撤销或追缴 ")).get_by_role("link", name="1", exact=True)
    )
    first.click(first.page.locator("main tbody th a").first)
    form = first.open_step("收回")
    form.locator("[name=amount]").fill("200000")
    form.locator("[name=voucher_no]").fill("2026-2")
    first.confirm("收回")


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
