"""Pages that count the present refresh themselves, take nothing from who works on them, and do without scripts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.browser.site import DESKTOP, PHONE, Site, check_accessible, check_fits
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.whole_set import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

EVERY_MS = 30_000
WORKLIST, WAITING = "/worklist?year=2026", "/worklist/waiting?year=2026&scope=all"
COUNTED = "section[aria-labelledby=waiting] tbody a[href*='state=estimated']"


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        found.purchase(1)
        yield found


@pytest.fixture
def office(browser: Browser, bureau: Bureau) -> Iterator[Site]:
    with served(bureau.ask.client.application) as url:
        yield Site(browser, url, None)  # type: ignore[arg-type] # no extracts are made here


@contextmanager
def opened(office: Site, address: str, language: str = "zh", screen: dict[str, int] = DESKTOP) -> Iterator[Page]:
    """Open a page whose clock stands still until `passes`."""
    with office.open("bureau", screen, language) as page:
        page.clock.install()
        page.goto(address)
        page.locator("#live").wait_for()
        yield page


def passes(page: Page, *, seconds: int = EVERY_MS // 1000) -> int:
    """Let time pass on the page, and return the status of its one request."""
    page.evaluate("document.querySelector('#live .hint').textContent = ''")
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch") as found:
        page.clock.run_for(seconds * 1000)
    page.locator("#live .hint:not(:empty)").wait_for()  # the script says so when it has handled the answer
    return found.value.status


def asks_nothing(page: Page, *, seconds: int) -> None:
    """Let time pass on the page, and check that it asks for nothing."""
    asked: list[str] = []

    def note(request: object) -> None:
        asked.append(str(request))

    page.on("request", note)
    page.clock.run_for(seconds * 1000)
    page.evaluate("() => fetch('/static/icon.svg').then((answer) => answer.text())")  # any request before it is noted
    page.remove_listener("request", note)
    assert len(asked) == 1, asked


def spoken(page: Page) -> str:
    return page.locator("#live [role=status]").inner_text()


def test_a_figure_changes_by_itself_and_focus_and_place_stay(office: Site, bureau: Bureau, pictures: Path) -> None:
    with opened(office, WORKLIST, screen=PHONE) as page:
        assert page.locator(COUNTED).inner_text() == "1"
        page.locator(COUNTED).focus()
        page.evaluate("scrollTo(0, 300)")
        page.evaluate("document.querySelector('main h1').isKept = true")
        assert passes(page) == 200
        assert passes(page) == 304
        assert page.evaluate("document.querySelector('main h1').isKept")  # nothing has changed, so nothing was replaced
        assert spoken(page) == ""
        bureau.purchase(2)
        assert passes(page) == 200
        page.locator(COUNTED, has_text="2").wait_for()
        assert page.evaluate("document.activeElement.textContent") == "2"
        assert page.evaluate("scrollY") == 300
        assert "页面数字有变化" in spoken(page)
        assert passes(page) == 304
        check_accessible(page, WORKLIST)
        check_fits(page, WORKLIST)
        page.screenshot(path=pictures / "refreshing-phone.png")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_paused_and_resumed_and_stays_paused_on_the_next_page(
    office: Site, bureau: Bureau, pictures: Path, language: str
) -> None:
    pause, resume = ("暂停自动更新", "恢复自动更新") if language == "zh" else ("Pause updates", "Resume updates")
    with opened(office, WORKLIST, language) as page:
        page.screenshot(path=pictures / f"refreshing-{language}.png")
        page.get_by_role("button", name=pause).focus()
        page.keyboard.press("Enter")
        bureau.purchase(2)
        asks_nothing(page, seconds=600)
        assert page.locator(COUNTED).inner_text() == "1"
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=pictures / f"refreshing-paused-{language}.png")
        check_accessible(page, WORKLIST)
        page.goto("/budget?year=2026")
        page.get_by_role("button", name=resume).wait_for()
        asks_nothing(page, seconds=600)
        page.goto(WORKLIST)
        with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            page.get_by_role("button", name=resume).click()
            page.clock.run_for(EVERY_MS)


def test_nothing_is_taken_from_who_types_opens_or_selects(office: Site, bureau: Bureau) -> None:
    with opened(office, WAITING) as page:
        figure = page.locator(".figures a").last
        assert figure.inner_text() == "1"
        bureau.purchase(2)
        page.locator("#name").fill("虚构")
        asks_nothing(page, seconds=60)
        page.locator("h1").click()  # a field that is left as it was changed is still at work
        asks_nothing(page, seconds=60)
        assert page.locator("#name").input_value() == "虚构"
        assert page.locator("#live .hint").inner_text() == "正在填写或查看，暂不更新"
        page.locator("#name").fill("")
        page.locator("h1").click()
        page.evaluate("getSelection().selectAllChildren(document.querySelector('main h1'))")
        asks_nothing(page, seconds=60)
        page.evaluate("getSelection().removeAllRanges()")
        assert passes(page) == 200
        page.locator(".figures a", has_text="2").last.wait_for()
    with opened(office, WORKLIST) as page:
        page.locator("details summary").first.click()
        asks_nothing(page, seconds=60)
        page.locator("details summary").first.click()
        assert passes(page) == 200


def test_it_waits_longer_after_errors_and_ends_when_signed_out(office: Site) -> None:
    with opened(office, WORKLIST) as page:
        page.route("**/worklist?*", lambda route: route.fulfill(status=429, body=""))
        assert passes(page) == 429
        assert "稍后再试" in page.locator("#live .hint").inner_text()
        asks_nothing(page, seconds=55)
        assert passes(page, seconds=5) == 429
        page.unroute("**/worklist?*")
        asks_nothing(page, seconds=115)
        assert passes(page, seconds=5) == 200
        assert passes(page) == 304
        page.context.clear_cookies()
        page.clock.run_for(EVERY_MS)
        page.locator("#live .hint", has_text="登录已失效").wait_for()
        assert "登录已失效" in spoken(page)
        assert page.locator("#live button").count() == 0
        asks_nothing(page, seconds=3600)
        assert "工作台" in page.locator("h1").inner_text()


def test_a_hidden_page_asks_for_nothing_and_catches_up(office: Site, bureau: Bureau) -> None:
    with opened(office, WORKLIST) as page:
        hide = "document.dispatchEvent(new Event('visibilitychange'))"
        page.evaluate(f"Object.defineProperty(document, 'hidden', {{ value: true, configurable: true }}); {hide}")
        bureau.purchase(2)
        asks_nothing(page, seconds=600)
        page.evaluate(f"Object.defineProperty(document, 'hidden', {{ value: false, configurable: true }}); {hide}")
        assert passes(page, seconds=1) == 200
        page.locator(COUNTED, has_text="2").wait_for()


def test_the_past_has_no_script_and_without_scripts_the_page_is_whole(office: Site) -> None:
    with office.open("bureau") as page:
        page.goto(f"{WORKLIST}&as_of=2026-06-01")
        assert page.locator("script").count() == page.locator("#live").count() == 0
    with office.open("bureau", scripts=False) as page:
        page.goto(WORKLIST)
        assert page.locator(COUNTED).inner_text() == "1"
        assert page.locator("#live").is_hidden()
        check_fits(page, WORKLIST)
