"""The bureau's whole work on a year of awards at the pages, in a browser: clicks, minutes, and the CPU time it takes.

Three people take all awards from the estimate to the payment in batches, and one award back. All entities are
fictional.
"""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import ExitStack
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import psutil
from playwright.sync_api import sync_playwright

from services.incentive.rebuild.command import verify_all
from tests.bench.bed import begun_bureau, ledger_database, say
from tests.browser.office import whole_job
from tests.browser.site import Site
from tests.support.incentive.ledger import first_purchase, rulebook, subject
from tests.support.incentive.whole_set import served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.incentive.bureau import Bureau

FACTS: Final = 1_000  # taken in at once
PRICE: Final = "800000.00"
EACH_YUAN: Final = 40_000  # so that some 2,000 awards fit the budget of a year
BROWSER: Final = "chromium"


def office(folder: Path, awards: int) -> dict[str, Any]:
    """Do the whole work on so many awards, and check the ledger after it."""
    path = shutil.which(BROWSER)
    if path is None:
        return {"skipped": f"{BROWSER} is not installed"}
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line for each request
    with ExitStack() as stack:
        _, database = ledger_database(stack, folder)
        bureau = begun_bureau(stack, database, rulebook())
        fill(bureau, awards)
        paper = folder / "minutes.pdf"
        paper.write_text("%PDF-1.7 a meeting", "utf-8")
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        stack.callback(browser.close)
        url = stack.enter_context(served(bureau.ask.client.application))
        began_s, before = monotonic(), cpu_s()
        done = whole_job(Site(browser, url, None), awards, EACH_YUAN, paper, folder)
        spent = {name: seconds - before.get(name, 0) for name, seconds in cpu_s().items()}
        minutes = (monotonic() - began_s) / 60
        check(bureau, awards)
    found = {"awards": awards, "clicks": done.clicks, "forms": done.submissions, "minutes": round(minutes, 1)}
    return found | {f"{name}_cpu_min": round(seconds / 60, 1) for name, seconds in spent.items()}


def fill(bureau: Bureau, awards: int) -> None:
    """Record a first purchase of so many subjects, all of them eligible."""
    for start in range(0, awards, FACTS):
        some = range(start, min(start + FACTS, awards))
        bureau.take(*(first_purchase(number, "2026-03-01", PRICE, seq=1) for number in some))
        say(f"{some.stop:,} awards")
    bureau.verify_many([subject(number) for number in range(awards)])


def cpu_s() -> dict[str, float]:
    """The CPU time so far of this process, which serves the pages, of PostgreSQL, and of the browser."""
    own = psutil.Process()
    found = {"service": busy_s(own.cpu_times()), "postgres": 0.0, "browser": 0.0}
    for one in own.children(recursive=True):
        name = "postgres" if "postgres" in one.name() else "browser"
        used = one.cpu_times()
        found[name] += busy_s(used) + used.children_user + used.children_system
    return found


def busy_s(used: Any) -> float:
    return float(used.user + used.system)


def check(bureau: Bureau, awards: int) -> None:
    """Check that all is paid but the award that came back, and that the ledger is what facts and decisions say."""
    states = [award["state"] for award in bureau.ask.all("/v1/awards", limit=500)]
    if sorted(states) != ["paid"] * (awards - 1) + ["returned"]:
        raise RuntimeError("not all awards are paid")
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        if not verify_all(connection, bureau.rulebook, None, say).is_right:
            raise RuntimeError("the ledger differs")
