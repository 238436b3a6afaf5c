"""A company's pages in a browser, on a phone, in both languages, with axe; letters on A4, links, objections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.site import DESKTOP, PHONE, Site, check_accessible, check_fits, press_until
from tests.support.incentive.bureau import DOCUMENTS, SECOND, Bureau, empty_bureau
from tests.support.incentive.ledger import provider_total, subject
from tests.support.incentive.pdf_files import page_count, text_of
from tests.support.incentive.whole_set import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

OF = subject(1)
AWARD, ROLE = f"first_purchase/{OF}", f"subject:{OF}"


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    """An award under public notice, a total below the threshold, and an account."""
    with empty_bureau(postgres) as found:
        found.purchase(1)
        found.take(provider_total(1, 2026, {"kmdex": [("2026-02-01", "1000000.00")]}, seq=6))
        paper = [{"name": "开户许可证.pdf", "sha256": DOCUMENTS[0]["sha256"]}]
        account = {"bank": "虚构银行", "account": "6222020200011234567", "name": "虚构实体1", "documents": paper}
        recorded = found.post(f"/v1/subjects/{OF}/accounts", account)[1]
        assert found.post(f"/v1/accounts/{recorded['id']}/confirm", None, SECOND)[0] == 201
        found.done(AWARD, "apply", "review", "joint_review")
        found.done(AWARD, "publish", **{"from": "2026-06-01", "until": "2026-06-10"})
        yield found


@pytest.fixture
def own_site(browser: Browser, bureau: Bureau) -> Iterator[Site]:
    with served(bureau.ask.client.application) as url:
        yield Site(browser, url, None)  # type: ignore[arg-type] # no extracts are made here


def test_a_company_finds_its_way_and_objects(own_site: Site, bureau: Bureau, pictures: Path) -> None:
    letter = f"/subjects/{OF}/why-not/letter?year=2026"
    addresses = ("/own?year=2026", f"/awards/{AWARD}", f"/subjects/{OF}/why-not?year=2026", letter, "/extracts")
    for screen, language in ((DESKTOP, "zh"), (PHONE, "zh"), (PHONE, "en")):
        with own_site.open(ROLE, screen, language) as page:
            for number, address in enumerate(addresses):
                page.goto(address)
                check_accessible(page, address)
                check_fits(page, address)
                page.screenshot(
                    path=pictures / f"company-{number}-{language}-{screen['width']}.png", full_page=screen is PHONE
                )
    with own_site.open(ROLE) as page:
        page.goto(letter)
        printed = page.pdf(prefer_css_page_size=True)
        (pictures / "letter.pdf").write_bytes(printed)
        assert page_count(printed) <= 2
        assert "不是行政决定" in text_of(printed).replace("\n", "")
    with own_site.open(ROLE, PHONE) as page:
        page.get_by_role("link", name="首单购买奖励").first.click()
        page.get_by_label("联系方式").fill("0871-0000")
        page.get_by_label("事实和理由").fill("金额有误")
        page.get_by_label("事实和理由").press("Tab")
        page.keyboard.press("Enter")
        assert "异议已收到" in page.get_by_role("status").inner_text()
        check_accessible(page, "the award")
    [received] = bureau.ask.all("/v1/objections")
    assert (received["award_id"], received["reason"]) == (AWARD, "金额有误")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_company_requests_its_extract_from_its_page(own_site: Site, pictures: Path, *, scripts: bool) -> None:
    with own_site.open(ROLE, PHONE, scripts=scripts) as page:
        page.get_by_role("button", name="申请本主体的核验包").click()
        page.wait_for_url("**/extracts/*")
        assert "排队中" in page.locator("h1").inner_text()
        check_fits(page, "its extract")
        if scripts:
            check_accessible(page, "its extract")
            page.screenshot(path=pictures / "company-extract.png", full_page=True)
        page.get_by_role("link", name="全部核验包与核验方法").click()
        page.wait_for_url("**/extracts")
        assert page.locator("section[aria-labelledby=asked] tbody a").count() == 1
        page.locator("section[aria-labelledby=asked] tbody a").click()
        page.get_by_role("button", name="取消").click()
        page.wait_for_url("**/extracts")


def test_a_letter_opens_the_company_s_pages_once_and_it_objects(own_site: Site, bureau: Bureau, pictures: Path) -> None:
    """From the bureau's click to the objection, by people who were never here: who types the code, and who guesses."""
    with own_site.open("bureau") as page:
        page.goto(f"/subjects/{OF}")
        page.locator("summary", has_text="发放一次性链接").click()
        check_accessible(page, "the form of a link")
        page.get_by_role("button", name="发放并显示来函").click()
        code = page.locator("article .code").last.inner_text()
        link = page.locator("section .code").inner_text()
        check_accessible(page, "the letter")
        page.screenshot(path=pictures / "access-letter.png", full_page=True)
        printed = page.pdf(prefer_css_page_size=True)
        (pictures / "access-letter.pdf").write_bytes(printed)
        assert page_count(printed) == 1
        assert code in text_of(printed)
    assert link.endswith(f"/access/{code}")
    with own_site.open(None, PHONE) as page:
        requested: list[str] = []
        page.on("request", lambda one: requested.extend([one.url, one.headers.get("referer", "")]))
        page.goto("/access")
        press_until(page, "code")
        page.keyboard.type(code.lower().replace("-", " "))
        page.keyboard.press("Enter")
        page.wait_for_url("**/own")
        assert not any(code in one for one in requested)
        page.screenshot(path=pictures / "access-own-phone.png", full_page=True)
        # Three clicks in all: open, the reward, send.
        page.get_by_role("link", name="首单购买奖励").first.click()
        page.get_by_label("联系方式").fill("0871-0000")
        page.get_by_label("事实和理由").fill("金额有误")
        page.get_by_label("事实和理由").locator("xpath=ancestor::form").get_by_role("button").click()
        assert "异议已收到" in page.get_by_role("status").inner_text()
    for screen, language, said in ((DESKTOP, "zh", "已经用过"), (PHONE, "en", "was used")):
        with own_site.open(None, screen, language, scripts=screen is DESKTOP) as page:
            page.goto(link)
            assert page.url.endswith("/access")
            page.screenshot(path=pictures / f"access-{language}.png", full_page=True)
            if screen is DESKTOP:
                check_accessible(page, "/access")
            check_fits(page, "/access")
            page.locator("main button").click()
            assert said in page.get_by_role("alert").inner_text()
            check_fits(page, "/access")
            page.screenshot(path=pictures / f"access-used-{language}.png", full_page=True)
            page.goto("/own")
            assert page.url.endswith("/sign-in?next=/own")
    [received] = bureau.ask.all("/v1/objections")
    assert (received["award_id"], received["name"]) == (AWARD, "虚构实体1")
