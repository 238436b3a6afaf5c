"""Commands end with 0 only if all is well: nothing to do, or a file of another exchange, is an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from exchange_kit.__main__ import main
from exchange_kit.progress_file import progress_path
from exchange_kit.sample.year import sample_events
from shared.events.records import to_line
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

AWAY = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "LISTING_URL": "http://127.0.0.1:1",
    "TRADE_INGEST_URL": "http://127.0.0.1:1",
    "EXCHANGE_KEY": "a key",
    "SECRETS_IN_FILES": "",
}


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments, env=AWAY, catch_exceptions=False)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"".join(map(to_line, sample_events(7, ("kmdex",), 20, 2026))))
    return file


@pytest.mark.parametrize("command", ["publish", "reconcile"])
@pytest.mark.parametrize("content", [None, b"", b"\n\n"])
def test_a_file_without_events_of_the_exchange_is_an_error(events: Path, command: str, content: bytes | None) -> None:
    if content is not None:
        events.write_bytes(content)
    result = run(command, str(events), "--exchange", "dcdex")
    assert (result.exit_code, "no event of" in result.output) == (2, True), result.output
    assert not progress_path(events).exists()


def test_a_file_without_lines_is_not_valid(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n")
    assert run("validate", str(file)).exit_code == 2


def test_faults_of_one_kind_are_shown_once_with_their_lines(events: Path) -> None:
    faulty = [line.replace(b'"CNY"', b'"USD"') for line in events.read_bytes().splitlines(keepends=True)]
    events.write_bytes(b"".join(faulty))
    result = run("validate", str(events), "--exchange", "kmdex")
    trades = [number for number, line in enumerate(faulty, 1) if b'"USD"' in line]
    assert result.exit_code == 1
    assert result.output.count("currency: must be CNY") == 1
    named = ", ".join(map(str, trades[1:6])) + (", ..." if len(trades) > 6 else "")
    assert f"the same as {trades[0]} in {len(trades) - 1} more: {named}" in result.output


def convert(folder: Path, rows: int, *options: str) -> Any:
    """Convert the first rows of the example of the documents."""
    lines = (ROOT / "docs" / "example-trades.csv").read_bytes().splitlines(keepends=True)
    (folder / "trades.csv").write_bytes(b"".join(lines[: rows + 1]))
    mapping = str(ROOT / "docs" / "example-trades.mapping.yaml")
    return run("from-csv", str(folder / "trades.csv"), "--mapping", mapping, "--exchange", "kmdex", *options)


def test_a_table_without_rows_is_an_error_and_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    output = tmp_path / "trades.ndjson"
    assert convert(tmp_path, 0, "-o", str(output)).exit_code == 1
    result = convert(tmp_path, 1, "-o", str(output), "--dry-run", "--json")
    assert (result.exit_code, json.loads(result.output)) == (0, {"summary": {"events": 1, "errors": 0, "totals": 0}})
    assert not output.exists()
    assert convert(tmp_path, 1).exit_code == 2  # neither


def test_check_names_each_service_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.kafka.publish.publish_records._CONNECT_TIMEOUT_MS", 200)
    result = run("check", "--exchange", "kmdex", "--json")
    faults = json.loads(result.output)["summary"]
    assert result.exit_code == 1
    assert {name for name, fault in faults.items() if fault} == {"kafka", "listing", "trade-ingest"}


def test_the_version_is_said() -> None:
    result = run("--version")
    assert (result.exit_code, result.output.startswith("exchange-kit")) == (0, True)
