"""Open a page in the browser by role, screen and language, and check its accessibility."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.support.incentive.extract_makers import Makers

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 375, "height": 812}
WCAG_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


@dataclass(frozen=True)
class Site:
    """The address of the pages, and the set that serves them."""

    browser: Browser
    url: str
    makers: Makers

    @contextmanager
    def open(
        self, role: str | None, screen: dict[str, int] = DESKTOP, language: str = "zh", *, scripts: bool = True
    ) -> Iterator[Page]:
        """Open a page, signed in if a role is given; errors that the browser reports fail the test."""
        complaints: list[str] = []
        context = self.browser.new_context(
            viewport=screen,  # type: ignore[arg-type]
            base_url=self.url,
            java_script_enabled=scripts,
            accept_downloads=True,
            locale="zh-CN" if language == "zh" else "en-GB",
        )
        context.set_default_timeout(90_000)  # room for a busy machine
        context.add_cookies([{"name": "language", "value": language, "url": self.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        # Some responses must be 404 or 422, so that message of the console is no error.
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if said.type == "error" and "status of 4" not in said.text else None
            ),
        )
        page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 500 else None)
        try:
            if role is not None:
                page.goto("/sign-in")
                page.locator("#key").fill(f"{role}-key")
                page.locator("main button").click()
                page.wait_for_selector("header nav")
            yield page
        finally:
            context.close()
        assert complaints == []


def check_accessible(page: Page, address: str) -> None:
    """Check with axe that the page violates no rule of WCAG 2.1 A and AA."""
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG_AA}})
    violations: list[dict[str, Any]] = results.response["violations"]
    told = [(one["id"], node["html"][:200]) for one in violations for node in one["nodes"]]
    assert told == [], address


def check_fits(page: Page, address: str) -> None:
    """Check that the page is no wider than the screen: only tables may scroll sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert page.viewport_size is not None
    assert wide <= page.viewport_size["width"], address


def press_until(page: Page, wanted: str) -> None:
    """Press Tab until the focused element has this id or text; it must be visible."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id || document.activeElement.innerText").strip().startswith(wanted):
            box = page.evaluate("(({x, y, width}) => [x, y, width])(document.activeElement.getBoundingClientRect())")
            assert box[2] > 0
            assert box[0] >= 0
            return
    raise AssertionError(f"{wanted} is not reached by the keyboard")
