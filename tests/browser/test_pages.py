"""The pages in a real browser: by mouse and keyboard, on both screens, in both languages."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import pytest

from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from tests.browser.site import DESKTOP, PHONE, check_accessible, check_fits, press_until
from tests.support.policy.revisions import later_policy

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.site import Site

YEAR = 2026
TIERS = f"exchange_tiers/kmdex/{YEAR}"


def addresses(site: Site) -> list[str]:
    """Return one address of every page, with content on it."""
    awards = site.makers.get(f"/v1/awards?year={YEAR}&limit=500")["items"]
    suppressed = next(award for award in awards if award["suppressed_by"] is not None)
    yearly = next(award for award in awards if award["rule"] == "annual_listed_trading")
    (seq, *_) = site.makers.get(f"/v1/awards/{yearly['award_id']}/explanation")["transactions"]
    subject = f"uscc:{yearly['subject']['id']}"
    extract = site.makers.ask("POST", "/v1/extracts", "auditor", {}).get_json()["id"]
    trade = site.makers.set.trades.items("/v1/trades", exchange="kmdex", limit=1)[0]
    listing = site.makers.set.listings.items("/v1/listings", exchange="kmdex", limit=1)[0]
    return [
        f"/?year={YEAR}",
        f"/exchanges/kmdex?year={YEAR}",
        f"/subjects/{subject}?year={YEAR}",
        f"/subjects/{subject}/why-not?year={YEAR}",
        f"/awards?year={YEAR}",
        "/awards?subject=uscc:1",
        f"/awards/{suppressed['award_id']}",
        f"/awards/{TIERS}",
        f"/ledger/{seq}",
        f"/trades/kmdex/{trade['trade_no']}",
        f"/listings/kmdex/{listing['listing_no']}",
        f"/exchanges/kmdex?year={YEAR}&reached=all",
        f"/exchanges/kmdex/participants/{subject}?year={YEAR}",
        "/search?q=%E8%99%9A%E6%9E%84",
        "/search",
        "/quarantine",
        "/policy",
        "/extracts",
        f"/extracts/{extract}",
        f"/public-notices?year={YEAR}",
        "/declared?rule=standards",
        "/acts",
        f"/worklist/waiting?year={YEAR}",
        "/exchanges/nowhere",
    ]


@pytest.mark.parametrize(("screen", "language"), [(DESKTOP, "zh"), (PHONE, "en")], ids=["desktop", "phone"])
def test_every_page_is_accessible_and_fits(site: Site, screen: dict[str, int], language: str) -> None:
    with site.open(None, screen, language) as page:
        page.goto("/sign-in")
        check_accessible(page, "/sign-in")
        check_fits(page, "/sign-in")
    with site.open("auditor", screen, language) as page:
        for address in addresses(site):
            page.goto(address)
            for hidden in page.locator("summary").all():
                hidden.click()
            check_accessible(page, address)
            check_fits(page, address)


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_operator_learns_where_it_stands(site: Site, screen: dict[str, int]) -> None:
    """Works without JavaScript: from the first page to the reason of an award, and to rejected records with reasons."""
    with site.open("exchange:kmdex", screen, scripts=False) as page:
        status = site.makers.get(f"/v1/exchanges/kmdex/status?year={YEAR}")
        main = page.locator("main")
        assert f"{float(status['total']):,.2f}" in main.inner_text()
        missing = next(tier["missing"] for tier in status["tiers"] if not tier["reached"])
        assert f"{float(missing):,.2f}" in main.inner_text()
        page.get_by_text("以表格查看").click()
        months = main.locator("section[aria-labelledby=months] details")
        assert months.locator("tbody tr").count() == 12
        assert f"{float(status['months'][0]['amount']):,.2f}" in months.inner_text()
        page.get_by_role("link", name="查看本年度晋级奖励及理由").click()
        assert page.url.endswith(f"/awards/{TIERS}")
        reason = site.makers.get(f"/v1/awards/{TIERS}/explanation")["text"]["zh"]
        assert reason in main.inner_text()
        page.get_by_role("link", name="被拒收事件", exact=True).click()
        refused = [one for one in site.makers.set.trades.items("/v1/quarantine") if one["exchange"] == "kmdex"]
        assert refused
        assert main.locator("ol.refused > li").count() == len(refused)
        page.get_by_text("查看原文").first.click()
        assert main.locator("pre").first.is_visible()


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_search_leads_from_any_page_to_what_is_meant(site: Site, screen: dict[str, int]) -> None:
    """Works without JavaScript: an exact hit is shown at once, a part of a name leads to one of its hits."""
    with site.open("exchange:kmdex", screen, scripts=False) as page:
        page.goto("/policy")
        page.get_by_role("searchbox").fill("KMDEX")
        page.keyboard.press("Enter")
        page.wait_for_url("**/exchanges/kmdex")
        page.get_by_role("searchbox").fill("虚构")
        page.get_by_role("search").get_by_role("button").click()
        page.locator("section[aria-labelledby=found-subject] a").first.click()
        page.wait_for_url("**/subjects/**")


def test_an_auditor_goes_from_the_total_down_to_a_record_and_back(site: Site) -> None:
    with site.open("auditor", language="en") as page:
        page.get_by_role("link", name="Annual listed trading", exact=True).click()
        page.locator("main tbody th a").first.click()
        page.wait_for_url("**/awards/annual_listed_trading/**")
        page.locator("ol.history a").first.click()
        page.wait_for_url("**/ledger/*")
        seq = int(page.url.rpartition("/")[2])
        assert page.get_by_text(re.compile(r"exchange\.\w+\.trades\.v1 0:\d+")).count() > 0
        page.locator("main td ~ td, main th a").locator("xpath=self::a[contains(@href, '/trades/')]").first.click()
        page.wait_for_url("**/trades/**")
        assert page.get_by_role("link", name=f"No. {seq}", exact=True).count() == 1


def test_an_auditor_takes_an_extract_home(site: Site, tmp_path: Path) -> None:
    with site.open("auditor") as page:
        page.get_by_role("link", name="台账核验包").click()
        page.get_by_label("首单购买奖励").check()
        page.get_by_role("button", name="申请").click()
        assert page.locator("main").get_by_text("排队中").is_visible()
        site.makers.maker.run()
        page.get_by_role("link", name="刷新").click()
        with page.expect_download() as awaited:
            page.get_by_role("link", name="下载", exact=True).click()
        awaited.value.save_as(tmp_path / "extract.zip")
        with zipfile.ZipFile(tmp_path / "extract.zip") as archive:
            assert {"manifest.json", "verify.py", "checkpoint"} <= set(archive.namelist())
        page.get_by_role("button", name="删除").click()
        page.wait_for_url("**/extracts")


def test_three_persons_of_the_bureau_take_an_award_to_its_payment(site: Site, tmp_path: Path) -> None:
    """Starts at the worklist, with documents; impossible steps are not offered, or refused with the reason."""
    awards = site.makers.get(f"/v1/awards?year={YEAR}&rule=first_purchase&limit=500")["items"]
    award = next(one for one in awards if float(one["payable"]) > 0)
    address, subject = f"/awards/{award['award_id']}", f"/subjects/uscc:{award['subject']['id']}?year={YEAR}"
    paper = tmp_path / "minutes.pdf"
    paper.write_text("%PDF-1.7 a meeting", "utf-8")

    with site.open("bureau") as one, site.open("bureau2", language="en") as other, site.open("bureau3") as third:
        one.get_by_role("link", name="工作台").click()
        check_accessible(one, "/worklist")
        check_fits(one, "/worklist")
        assert one.get_by_role("row", name=re.compile("测算 申报 或 免申即享")).count() == 1
        one.goto(subject)
        verify(one, subject, paper)
        one.goto(address)
        take(one, "免申即享")
        take(one, "初审")
        assert "联合审核" not in one.locator("details.step > summary").all_inner_texts()
        other.goto(address)
        take(other, "Joint review", paper=paper)
        publish(other, address, paper)
        one.goto(f"/public-notices?year={YEAR}")
        check_accessible(one, "/public-notices")
        with one.expect_download() as awaited:
            one.get_by_role("link", name="下载 XLSX").click()
        assert awaited.value.suggested_filename == f"public-notice-{YEAR}.xlsx"
        third.goto(address)
        approve(third, award["payable"], paper)
        other.goto(address)
        other.locator("summary", has_text=re.compile("^Pay$")).click()
        other.get_by_label("Voucher number").first.fill("2026-1")
        take(other, "Pay", opened=True)
        assert "Paid" in other.locator(".head").inner_text()
        other.goto(f"/budget?year={YEAR}")
        check_accessible(other, "/budget")
        check_fits(other, "/budget")
        assert f"{float(award['payable']):,.2f}" in other.locator("main").inner_text()


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_cases_are_worked_one_after_the_other(site: Site, tmp_path: Path, screen: dict[str, int]) -> None:
    """Without JavaScript: from the worklist to a case, a document that is kept, the next case, and who did it."""
    paper = tmp_path / "application.pdf"
    paper.write_text("%PDF-1.7 fictional", "utf-8")
    with site.open("bureau", screen, scripts=False) as page:
        page.goto(f"/worklist?year={YEAR}")
        page.get_by_role("link", name="待我办理").click()
        page.get_by_label("下一步").select_option("apply")
        page.get_by_role("button", name="查看").click()
        waiting = page.locator("tbody th a").all_inner_texts()
        page.locator("tbody th a").first.click()
        assert "回到待办" in page.locator("nav.queue").inner_text()
        page.locator("summary", has_text=re.compile("^申报$")).click()
        page.locator("#apply-documents").set_input_files(paper)
        page.get_by_role("button", name="确认申报").click()
        with page.expect_download() as awaited:
            page.get_by_role("link", name="application.pdf").click()
        assert awaited.value.suggested_filename == "application.pdf"
        before = page.url
        page.locator("nav.queue a.next").click()
        page.wait_for_url(lambda address: address != before)
        assert "测算" in page.locator(".head").inner_text()
        page.get_by_role("link", name="回到待办").click()
        assert len(page.locator("tbody th a").all_inner_texts()) == len(waiting) - 1
        page.locator(".who a.name").click()
        assert "申报" in page.locator("main tbody").last.inner_text()


@pytest.mark.parametrize(("screen", "language"), [(DESKTOP, "zh"), (PHONE, "en")], ids=["desktop", "phone"])
def test_another_policy_file_is_tried(
    site: Site, tmp_path: Path, pictures: Path, screen: dict[str, int], language: str
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(later_policy(1).replace('rate: "0.02"', 'rate: "0.03"', 1), "utf-8")
    with site.open("bureau", screen, language) as page:
        page.goto("/policy")
        page.get_by_role("link", name=re.compile("政策试算|Policy lab")).click()
        page.locator("#policy").set_input_files(other)
        page.get_by_role("button", name=re.compile("^(试算|Compute)$")).click()
        page.get_by_text("rules.annual_listed_trading.rate").wait_for()
        assert page.locator("section[aria-labelledby=cases] tbody tr").count() > 1
        check_accessible(page, "/lab")
        check_fits(page, "/lab")
        page.screenshot(path=pictures / f"lab{'' if screen == DESKTOP else '-phone'}.png", full_page=True)
        (reading_id,) = (one.id for one in load_policy(POLICY_FILE).readings if one.path == "general.in_force")
        reading = page.locator("form", has=page.locator(f"input[name=reading][value='{reading_id}']"))
        reading.get_by_role("button", name=re.compile("按另一种读法试算|Compute by this reading")).click()
        page.get_by_text("general.in_force.until").wait_for()
        check_accessible(page, "/lab")


def test_a_table_of_declarations_is_looked_at_first(site: Site, tmp_path: Path) -> None:
    award = site.makers.get(f"/v1/awards?year={YEAR}&limit=1")["items"][0]
    row = f"talent_project,uscc:{award['subject']['id']},P-1"
    paper = f"评定.pdf {'ab' * 32}"
    table = tmp_path / "table.csv"
    rows = "".join(f"{row},{day},{paper}\n" for day in (f"{YEAR}-03-01", "yesterday"))
    table.write_text(f"rule,subject,item,earned_on,documents\n{rows}", "utf-8")
    with site.open("bureau") as page:
        page.goto("/declared")
        page.get_by_role("link", name="批量申报").click()
        page.locator("#table").set_input_files(table)
        page.get_by_role("button", name="预览").click()
        assert "1 行有错误" in page.locator("#rows").inner_text()
        check_accessible(page, "/declared/table")
        check_fits(page, "/declared/table")


def verify(page: Page, address: str, paper: Path) -> None:
    """Record that a subject is eligible: its kind, the five conditions with their bases, and a document."""
    page.get_by_text("登记资格审核").click()
    page.locator("#eligibility-kind_of_entity").select_option("enterprise")
    page.locator("#eligibility-from").fill("2026-01-01")
    page.locator("#eligibility-until").fill("2028-01-01")
    for condition in page.locator(".condition").all():
        condition.locator("select").select_option("yes")
        condition.locator("input").fill("虚构证明")
    page.locator("#eligibility-documents").set_input_files(paper)
    check_accessible(page, address)
    page.locator("details[open]").get_by_role("button", name="登记").click()


def publish(page: Page, address: str, paper: Path) -> None:
    """Publish a notice that is over, which needs a document."""
    page.locator("summary", has_text="Publish the notice").click()
    page.get_by_label("Public notice from").fill("2026-12-01")
    page.get_by_label("Public notice until").fill("2026-12-25")
    page.get_by_label("Where it is posted").fill("网站")
    check_accessible(page, address)
    check_fits(page, address)
    take(page, "Publish the notice", opened=True, paper=paper)


def approve(page: Page, amount: str, paper: Path) -> None:
    """Approve more than there is, which is refused, then the amount, with the document that was uploaded before."""
    page.locator("summary", has_text=re.compile("^核定$")).click()
    page.locator("#approve-documents").set_input_files(paper)
    page.get_by_label("金额（元）").first.fill("100000000")
    page.get_by_role("button", name="确认核定").click()
    assert "超过" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("已上传 minutes.pdf").is_checked()
    page.get_by_label("金额（元）").first.fill(amount)
    take(page, "核定", opened=True)


def take(page: Page, step: str, *, opened: bool = False, paper: Path | None = None) -> None:
    """Confirm a step, with a document if one is given, and wait until it is listed among the decisions."""
    if not opened:
        page.locator("details.step > summary", has_text=re.compile(f"^{step}$")).click()
    if paper is not None:
        page.locator("details[open] input[type=file]").set_input_files(paper)
    taken = page.locator("section[aria-labelledby=decisions] ol.history > li").count()
    page.get_by_role("button", name=re.compile(f"(确认|Confirm: ){step}$")).click()
    listed = "document.querySelectorAll('section[aria-labelledby=decisions] ol.history > li').length"
    page.wait_for_function(f"count => {listed} == count", arg=taken + 1)


def test_what_is_wrong_is_said_where_it_stands(site: Site) -> None:
    with site.open("bureau", language="en") as page:
        page.goto("/awards")
        page.get_by_label("Subject", exact=True).fill("nobody")
        page.get_by_role("button", name="Filter").click()
        field = page.get_by_label("Subject", exact=True)
        assert field.get_attribute("aria-invalid") == "true"
        told = page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
        assert "must be a subject" in told


def test_a_past_state_is_asked_for_and_kept_by_links(site: Site) -> None:
    """Links keep the past instant until the user returns to the present; without JavaScript, on a phone."""
    postings = site.makers.get(f"/v1/ledger/transactions?award_id={TIERS}")["items"]
    then = postings[0]["posted_at"][:19]
    told = site.makers.get(f"/v1/exchanges/kmdex/status?year={YEAR}&as_of={then}.999999%2B08:00")
    assert told["total"] != site.makers.get(f"/v1/exchanges/kmdex/status?year={YEAR}")["total"]
    with site.open("exchange:kmdex", PHONE, scripts=False) as page:
        page.goto(f"/exchanges/kmdex?year={YEAR}")
        assert page.get_by_role("note").count() == 0
        page.get_by_text("查看过去某时").click()
        page.get_by_label("截至").fill(then)
        page.get_by_role("button", name="查看当时").click()
        assert then.replace("T", " ") in page.get_by_role("note").inner_text()
        assert f"{float(told['total']):,.2f}" in page.locator("main").inner_text()
        page.locator("section[aria-labelledby=participants] tbody th a").first.click()
        page.wait_for_url("**/subjects/**")
        assert page.get_by_role("note").count() == 1
        page.get_by_role("link", name="奖补", exact=True).click()
        assert page.get_by_label("截至").input_value() == then
        page.get_by_role("link", name="回到现在").click()
        assert page.get_by_role("note").count() == 0
    with site.open("bureau", PHONE, "en") as page:
        for address in (
            f"/worklist?year={YEAR}&as_of={then}",
            f"/awards/{TIERS}?as_of={then}",
            f"/quarantine?as_of={then}",
        ):
            page.goto(address)
            assert page.get_by_role("note").count() == 1
            check_accessible(page, address)
            check_fits(page, address)


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_all_can_be_done_by_keyboard_alone(site: Site, screen: dict[str, int]) -> None:
    with site.open(None, screen) as page:
        page.goto("/awards")
        press_until(page, "key")
        page.keyboard.type("exchange:kmdex-key")
        page.keyboard.press("Enter")
        page.wait_for_selector("header nav")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        press_until(page, "rule")
        page.keyboard.press("ArrowDown")
        press_until(page, "筛选")
        page.keyboard.press("Enter")
        page.wait_for_url("**rule=first_listing**")
        press_until(page, "首次挂牌奖励")
        page.keyboard.press("Enter")
        page.wait_for_url("**/awards/first_listing/**")
        page.keyboard.press("Home")
        press_until(page, "English")
        page.keyboard.press("Enter")
        page.wait_for_selector("html[lang=en]")
        press_until(page, "Sign out")
        page.keyboard.press("Enter")
        page.wait_for_url("**/sign-in")


def test_the_list_of_related_parties_is_kept_by_keyboard(site: Site) -> None:
    """Starts at the worklist: two parties are added, checked on a phone as well, and removed."""
    first, second = (
        f"uscc:{one['subject']['id']}" for one in site.makers.get("/v1/awards?rule=first_listing&limit=2")["items"]
    )
    with site.open("bureau") as page, site.open("bureau2", PHONE, "en") as other:
        page.goto("/worklist")
        press_until(page, "关联方名单")
        page.keyboard.press("Enter")
        page.wait_for_url("**/related-parties")
        press_until(page, "relate-1")
        page.keyboard.type(first)
        press_until(page, "relate-2")
        page.keyboard.type("uscc:1")
        press_until(page, "relate-reason")
        page.keyboard.type("同一实际控制人")
        press_until(page, "列入名单")
        page.keyboard.press("Enter")
        page.locator("#relate-subjects-fault").wait_for()
        check_accessible(page, "/related-parties")
        press_until(page, "relate-2")
        page.keyboard.press("Control+a")
        page.keyboard.type(second)
        press_until(page, "列入名单")
        page.keyboard.press("Enter")
        page.locator(".pair").wait_for()
        other.goto("/related-parties")
        assert "同一实际控制人" in other.locator(".pair").inner_text()
        other.get_by_text("Remove from the list").click()
        check_accessible(other, "/related-parties")
        check_fits(other, "/related-parties")
        press_until(page, "移出名单")
        page.keyboard.press("Enter")
        press_until(page, f"unrelate-{first}-{second}-reason")
        page.keyboard.type("已转让")
        press_until(page, "移出名单")
        page.keyboard.press("Enter")
        page.get_by_text("名单上没有主体").wait_for()


def test_pages_are_legible_in_the_dark(site: Site, pictures: Path) -> None:
    award = site.makers.get(f"/v1/awards?year={YEAR}&rule=first_listing&limit=1")["items"][0]
    shown = {
        "overview": f"/?year={YEAR}",
        "exchange": f"/exchanges/kmdex?year={YEAR}",
        "award": f"/awards/{award['award_id']}",
        "worklist": f"/worklist?year={YEAR}",
        "budget": f"/budget?year={YEAR}",
        "subject": f"/subjects/uscc:{award['subject']['id']}?year={YEAR}",
        "nowhere": "/nowhere",
    }
    with site.open("bureau") as page:
        page.emulate_media(color_scheme="dark")
        for name, address in shown.items():
            page.goto(address)
            assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(16, 22, 30)"
            check_accessible(page, address)
            page.screenshot(path=pictures / f"dark-{name}.png", full_page=name in ("exchange", "award", "subject"))
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"


def test_pictures(site: Site, pictures: Path) -> None:
    """Takes screenshots of the pages that the documents show."""
    suppressed = next(
        award["award_id"]
        for award in site.makers.get(f"/v1/awards?year={YEAR}&rule=first_listing&limit=500")["items"]
        if award["suppressed_by"] is not None and not award["partial"]
    )
    shots = [
        ("operator", "exchange:kmdex", DESKTOP, "zh", f"/exchanges/kmdex?year={YEAR}", 1000),
        ("operator-phone", "exchange:kmdex", PHONE, "zh", f"/exchanges/kmdex?year={YEAR}", 812),
        ("award", "bureau", DESKTOP, "zh", f"/awards/{suppressed}", 1000),
        ("worklist", "bureau", DESKTOP, "zh", f"/worklist?year={YEAR}", 900),
        ("overview", "bureau", DESKTOP, "en", f"/?year={YEAR}", 900),
        ("policy", "bureau", DESKTOP, "zh", "/policy", 900),
        ("extracts", "auditor", DESKTOP, "zh", "/extracts", 900),
    ]
    for name, role, screen, language, address, height in shots:
        with site.open(role, {**screen, "height": height}, language) as page:
            page.goto(address)
            page.screenshot(path=pictures / f"{name}.png")
            assert (pictures / f"{name}.png").stat().st_size > 10_000
