"""A whole job at the pages, by three people in batches: from the list to the payment, and one award to its return."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tests.browser.site import check_accessible

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.browser.site import Site


_MOST_MS = 600_000  # for a page: a batch of thousands on a busy machine
LISTED = 200  # awards on the form of a batch; more are chosen as all of the filter


class JobDone(NamedTuple):
    """What a job took of its people, the award that was taken back, and what the preview of the approval said."""

    clicks: int
    submissions: int
    award_id: str
    approval_preview: str


@dataclass
class Official:
    """A person at the pages, whose clicks are counted; text is typed into fields that the Tab key reaches."""

    page: Page
    paper: Path
    pictures: Path
    awards: int
    clicks: int = 1  # of signing in
    submissions: int = 1
    said: list[str] = field(default_factory=list)

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def submit(self, button: str | re.Pattern[str]) -> None:
        self.submissions += 1
        self.click(self.page.get_by_role("button", name=button))

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
        if self.awards > LISTED:
            self.click(self.page.get_by_label("符合筛选的全部各项"))
        self.submit("预览")
        self.said.append(self.page.locator("section[aria-labelledby=previewed]").inner_text())
        check_accessible(self.page, self.page.url)
        self.page.screenshot(path=self.pictures / f"job-preview-{state}.png")
        self.submit(f"办理 {self.awards} 项")
        self.page.wait_for_url(re.compile(r"/batches/\w{20,}"))

    def open_paid(self) -> None:
        """Go from the worklist to the first of the awards that are paid."""
        self.click(self.page.get_by_role("link", name="工作台").first)
        row = self.page.get_by_role("row", name=re.compile("^已拨付 "))
        self.click(row.get_by_role("link", name=f"{self.awards:,}", exact=True))
        self.click(self.page.locator("main tbody th a").first)

    def open_step(self, step: str) -> Locator:
        self.click(self.page.locator("details.step > summary", has_text=re.compile(f"^{step}$")))
        return self.page.locator("details.step[open]")

    def confirm(self, step: str) -> None:
        self.submit(re.compile(f"确认{step}$"))
        self.page.locator("section[aria-labelledby=decisions] ol.history > li", has_text=step).last.wait_for()


def whole_job(site: Site, awards: int, each_yuan: int, paper: Path, pictures: Path) -> JobDone:
    """Take all awards of the site, so many of `each_yuan`, from the estimate to the payment, and one of them back."""
    with site.open("bureau") as one, site.open("bureau2") as two, site.open("bureau3") as three:
        for page in (one, two, three):
            page.set_default_timeout(_MOST_MS)
        first, second, third = (Official(page, paper, pictures, awards) for page in (one, two, three))
        first.decide_on_all("测算", "免申即享")
        first.decide_on_all("已申报", "初审")
        second.decide_on_all("已初审", "联合审核", paper=True)
        notice = {"from_": "2026-01-12", "until": "2026-01-31", "where": "政务公示栏"}
        first.decide_on_all("已联合审核", "公示", paper=True, **notice)
        third.decide_on_all("公示中", "核定", paper=True)
        second.decide_on_all("已核定", "拨付", voucher_no="2026-1")
        take_back(first, second, str(each_yuan))
        award_id = one.url.partition("/awards/")[2]
        people = (first, second, third)
        clicks, submissions = (sum(getattr(person, name) for person in people) for name in ("clicks", "submissions"))
    return JobDone(clicks, submissions, award_id, third.said[0])


def take_back(first: Official, second: Official, amount: str) -> None:
    """Notify the return of an award, decide on it with the subject's answer, and record what came back."""
    first.open_paid()
    form = first.open_step("追缴告知")
    first.choose(form.locator("[name=ground]"), "review")
    form.locator("[name=amount]").fill(amount)
    form.locator("[name=reason]").fill("评审后发现重复计算")
    first.attach(form.locator("input[type=file]"))
    first.confirm("追缴告知")
    address = first.page.url
    second.open_paid()
    assert second.page.url == address
    form = second.open_step("追缴决定")
    form.locator("[name=amount]").fill(amount)
    second.attach(form.locator("input[type=file]"))
    second.confirm("追缴决定")
    first.click(first.page.get_by_role("link", name="工作台").first)
    first.click(
        first.page.get_by_role("row", name=re.compile("^已撤销或追缴 ")).get_by_role("link", name="1", exact=True)
    )
    first.click(first.page.locator("main tbody th a").first)
    form = first.open_step("收回")
    form.locator("[name=amount]").fill(amount)
    form.locator("[name=voucher_no]").fill("2026-2")
    first.confirm("收回")
