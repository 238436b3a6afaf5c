"""The system's Chromium, and the pages over a year of sample events."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, sync_playwright

from tests.browser.site import Site
from tests.support.engines.session import RAN_AGAINST
from tests.support.incentive.sample_set import sample_set
from tests.support.incentive.whole_set import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.support.engines.session import FreshDatabase

NAMES = ("chromium", "chromium-browser", "google-chrome")


_click = Locator.click


def click_and_load(what: Locator) -> None:
    """Click, and wait until the page that this leads to is whole.

    Playwright waits only until the new page has begun, so that a busy machine would show half of it to a test.
    """
    _click(what)
    what.page.wait_for_load_state()


@pytest.fixture(scope="package")
def browser(extended: None) -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"没有浏览器 / no browser: none of {', '.join(NAMES)} is installed")
    # Chromium cannot create its sandbox as root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patched:
        patched.setattr(Locator, "click", click_and_load)
        browser = playwright.chromium.launch(executable_path=path, args=arguments, timeout=180_000)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(
    browser: Browser,
    postgres: FreshDatabase,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("browser")
    with sample_set(postgres, folder) as makers, served(makers.app) as url:
        request.config.stash[RAN_AGAINST]["Chromium"] = browser.version
        yield Site(browser, url, makers)


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for screenshots of pages: that of `--pictures`, else a temporary one."""
    given: Path | None = request.config.getoption("--pictures")
    if given is None:
        return tmp_path_factory.mktemp("pictures")
    given.mkdir(parents=True, exist_ok=True)
    return given
