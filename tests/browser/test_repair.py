"""50 rejected records from the start page to "all corrected", with the kit and a real Kafka; clicks are counted."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from exchange_kit.__main__ import main
from shared.events.records import event_of
from shared.events.topics import topic_of
from shared.values.parties import complete_uscc
from tests.browser.site import DESKTOP, PHONE, Site, check_accessible, check_fits
from tests.support.up import QUIET_WITHIN_S, Up, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

REFUSED = 50
MOST_CLICKS = 4  # with that of signing in
SELLER, BUYER = complete_uscc("91530100MAXGAAA01"), complete_uscc("91530100MAXXAAA02")


def trade(number: str, **changes: Any) -> dict[str, Any]:
    document = {
        "trade_no": number,
        "revision": 1,
        "status": "completed",
        "mode": "negotiated",
        "provider": {"id": SELLER, "name": "虚构供方"},
        "buyer": {"id": BUYER, "name": "虚构需方"},
        "amount": "100.00",
        "currency": "CNY",
        "completed_at": "2026-03-01T10:00:00+08:00",
    }
    return document | changes


def wrong(number: int) -> dict[str, Any]:
    """A trade with a lower-case code, an amount that is no text, or one party on both sides."""
    faults: tuple[dict[str, Any], ...] = (
        {"provider": {"id": SELLER.lower(), "name": "虚构供方"}},
        {"amount": 100.0},
        {"buyer": {"id": SELLER, "name": "虚构供方"}},
    )
    return trade(f"R-{number:02}", **faults[number % len(faults)])


def corrected(line: str) -> bytes:
    """Correct a line of the file as a clerk does."""
    event = json.loads(line)
    assert event["refusederrors"]
    right = {"provider": {"id": SELLER, "name": "虚构供方"}, "buyer": {"id": BUYER, "name": "虚构需方"}}
    event["data"] |= {**right, "amount": "100.00"}
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def published(folder: Path, name: str, lines: list[bytes], kafka: str) -> None:
    """Send a file of events with the kit."""
    file = folder / name
    file.write_bytes(b"".join(lines))
    done = CliRunner(env={"KAFKA_BOOTSTRAP_SERVERS": kafka}).invoke(main, ["publish", str(file), "--exchange", "kmdex"])
    assert done.exit_code == 0, done.output
    assert f"acknowledged: {len(lines)} -> {topic_of('trade', 'kmdex')}" in done.output


@pytest.fixture
def running(extended: None, tmp_path: Path) -> Iterator[dict[str, Any]]:
    up = Up(tmp_path / "data")
    try:
        yield up.ready()
    finally:
        up.kill()


def test_50_rejected_records_are_corrected_in_few_clicks(
    browser: Browser, running: dict[str, Any], tmp_path: Path, pictures: Path
) -> None:
    client = client_of(running)
    good = [event_of("trade", "kmdex", trade(f"R-{number:02}")) + b"\n" for number in range(10)]
    conflicts = [event_of("trade", "kmdex", trade(f"R-{number:02}", amount="70.00")) + b"\n" for number in range(10)]
    others = [event_of("trade", "kmdex", wrong(number)) + b"\n" for number in range(10, REFUSED)]
    published(tmp_path, "first.ndjson", [*good, *conflicts, *others], running["kafka"])
    client.await_quiet(QUIET_WITHIN_S, lambda: None)
    site = Site(browser, running["incentive"], None)  # type: ignore[arg-type] # no extracts are made here
    with site.open(None) as page:
        page.goto("/")
        page.locator("#key").fill(running["keys"]["exchange:kmdex"])
        begun = time.monotonic()
        page.locator("main button").click()
        page.get_by_role("link", name="被拒收事件").first.click()
        assert page.locator("tfoot td").all_inner_texts() == [str(REFUSED), "0", "0", str(REFUSED)]
        take_pictures(page, pictures, "repair")
        with page.expect_download() as download:
            page.get_by_role("link", name="下载全部待更正事件").click()
        found = download.value.path().read_text("utf-8").splitlines()
        assert len(found) == REFUSED
        published(tmp_path, "corrected.ndjson", [corrected(line) for line in found], running["kafka"])
        client.await_quiet(QUIET_WITHIN_S, lambda: None)
        page.reload()
        assert page.get_by_text("全部已更正").is_visible()
        assert page.locator("tfoot td").all_inner_texts() == ["0", str(REFUSED), "0", "0"]
        clicks = 3
        assert clicks < MOST_CLICKS
        (pictures / "repair.txt").write_text(f"{clicks} clicks, {time.monotonic() - begun:.1f} s\n", "utf-8")
        take_pictures(page, pictures, "repaired")


def take_pictures(page: Page, pictures: Path, name: str) -> None:
    for suffix, size in (("", DESKTOP), ("-phone", PHONE)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        check_accessible(page, name)
        check_fits(page, name)
        page.screenshot(path=pictures / f"{name}{suffix}.png", full_page=True)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
