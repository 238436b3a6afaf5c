"""Public notices in a browser: posted by a form, open to everybody, printed on A4, objected to on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.site import PHONE, Site, check_accessible, check_fits
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.pdf_files import page_count, text_of
from tests.support.incentive.whole_set import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

AWARDS = 30  # two pages of A4


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


@pytest.fixture
def open_site(browser: Browser, bureau: Bureau) -> Iterator[Site]:
    with served(bureau.ask.client.application) as url:
        yield Site(browser, url, None)  # type: ignore[arg-type] # no extracts are made here


def test_a_notice_is_posted_printed_and_objected_to(open_site: Site, bureau: Bureau, pictures: Path) -> None:
    award_id = bureau.purchase(1)
    bureau.done(award_id, "apply", "review", "joint_review")
    with open_site.open("bureau") as page:
        page.goto(f"/awards/{award_id}")
        page.locator("details.step > summary", has_text="公示").click()
        assert page.get_by_label("公示止日（含）").input_value() == "2026-06-05"
        page.get_by_label("公示地点").fill("市级行政中心公示栏")
        page.locator("details[open] button.primary").click()
        page.goto("/public-notices?year=2026")
        check_accessible(page, "/public-notices")
        page.get_by_role("link", name="2026-06-01").click()
        check_accessible(page, "/notices/…")
        page.emulate_media(media="print")
        assert not page.locator("header.site").is_visible()
        printed = page.pdf(prefer_css_page_size=True)
        (pictures / "notice.pdf").write_bytes(printed)
        assert page_count(printed) == 1
        assert "200,000.00" in text_of(printed)
        assert award_id not in text_of(printed).replace(" ", "").replace("\n", "")
    with open_site.open(None, PHONE) as page:
        page.goto("/notices")
        check_accessible(page, "/notices")
        check_fits(page, "/notices")
        # Three clicks in all: the notice, the reward on it, send.
        page.get_by_role("link", name="2026-06-01").click()
        check_accessible(page, "/notices/…")
        check_fits(page, "/notices/…")
        page.screenshot(path=pictures / "notice-phone.png", full_page=True)
        page.get_by_role("link", name="对本项提出异议").click()
        assert page.get_by_label("奖补编号").input_value() == award_id
        page.screenshot(path=pictures / "objection-phone.png")
        for label, text in (
            ("姓名或名称", "张某"),
            ("联系方式", "871-0000"),
            ("事实和理由", "重复申报"),
        ):
            page.get_by_label(label).fill(text)
        page.get_by_role("button", name="提交").click()
        assert "异议已收到" in page.get_by_role("status").inner_text()
    with open_site.open("bureau", PHONE) as page:
        page.goto("/worklist")
        check_accessible(page, "/worklist")
        check_fits(page, "/worklist")
        page.get_by_label("登记说明").fill("受理")
        page.get_by_role("button", name="登记并暂缓").click()
        page.get_by_text("已登记，待答复").wait_for()
    assert bureau.award(award_id)["holds"] == ["objection"]
