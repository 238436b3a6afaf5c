"""Offline validation gives the verdict of intake: line by line, in order, in the same words."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from exchange_kit.__main__ import main
from exchange_kit.sample.year import sample_events
from shared.events.decode import EVENT_REASONS
from shared.events.records import SampleRecord, to_line
from shared.events.topics import topic_of
from shared.events.validate import UNKNOWN_TOPIC, judge
from shared.values.parties import complete_uscc
from tests.support.paths import ROOT

EXAMPLE = ROOT / "docs" / "example-events.ndjson"
TRADE = {
    "trade_no": "T1",
    "revision": 1,
    "status": "completed",
    "mode": "auction",
    "provider": {"id": complete_uscc("91530100MAXGAAA01"), "name": "虚构供方"},
    "buyer": {"id": complete_uscc("91530100MAXXAAA02"), "name": "虚构需方"},
    "amount": "1.50",
    "currency": "CNY",
    "completed_at": "2026-03-01T10:00:00+08:00",
}


def line(exchange: str = "kmdex", data: Any = None, **attributes: Any) -> bytes:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": f"/exchanges/{exchange}",
        "type": "cn.kunming.data-exchange.trade.v1",
        "time": "2026-03-01T10:00:05+08:00",
        "data": TRADE | (data or {}),
    }
    return json.dumps(event | attributes).encode() + b"\n"


def outcomes(*lines: bytes, exchange: str | None = "kmdex") -> list[str]:
    return [judged.verdict.outcome for judged in judge(lines, exchange)]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ("validate", *arguments), catch_exceptions=False)


def test_the_verdicts_are_what_the_sample_says_of_itself() -> None:
    sample = list(sample_events(7, ("kmdex", "dcdex"), 8000, 2026, rubbish=True))
    expected = [record.outcome for record in sample]
    assert set(EVENT_REASONS) | {"accepted", "duplicate"} == set(expected)
    # Records sent to the topic of another exchange have a wrapper that names this topic.
    assert outcomes(*map(to_line, sample), exchange=None) == expected


def test_equal_content_however_written_is_a_duplicate_and_other_content_conflicts_with_the_first() -> None:
    assert outcomes(
        line(),
        line(data={"amount": "1.5", "refunded": "0", "completed_at": "2026-03-01T02:00:00.000Z"}, id="2"),
        line(data={"amount": "1.51"}),
        line(data={"amount": "1.51"}),
        line(data={"revision": 2, "amount": "1.51"}),
        line(),
    ) == ["accepted", "duplicate", "revision_conflict", "revision_conflict", "accepted", "duplicate"]


def test_a_document_in_binary_mode_is_the_same_document() -> None:
    headers = {"specversion": "1.0", "id": "3", "source": "/exchanges/kmdex", "time": "2026-03-01T10:00:05+08:00"}
    headers["type"] = "cn.kunming.data-exchange.trade.v1"
    pairs = tuple((f"ce_{name}", value.encode()) for name, value in headers.items())
    record = SampleRecord("kmdex", topic_of("trade", "kmdex"), b"T1", json.dumps(TRADE).encode(), pairs)
    assert outcomes(line(), to_line(record)) == ["accepted", "duplicate"]


def test_a_refused_revision_is_free_to_be_used() -> None:
    assert outcomes(line(data={"amount": "0"}), line()) == ["invalid_data", "accepted"]


def test_a_number_belongs_to_its_exchange() -> None:
    assert outcomes(line("kmdex"), line("dcdex"), exchange=None) == ["accepted", "accepted"]
    assert outcomes(line("kmdex"), line("dcdex")) == ["accepted", "wrong_source"]
    assert outcomes(line(source="/exchanges/KMDEX"), exchange=None) == ["wrong_source"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"no event\n", "not_json"),
        (b"[]\n", "not_cloudevent"),
        (b"{}\n", "not_cloudevent"),
        (line(type="something.else"), "unknown_type"),
        (b'{"record": 5}\n', "not_cloudevent"),
        (to_line(SampleRecord("kmdex", "facts.listing.v1", None, b"{}")), UNKNOWN_TOPIC),
        (to_line(SampleRecord("kmdex", topic_of("trade", "kmdex"), b"k", None)), "not_json"),
    ],
)
def test_what_names_no_topic_is_refused_for_what_it_is(text: bytes, reason: str) -> None:
    assert outcomes(text) == [reason]


def test_an_event_with_a_member_that_looks_like_a_wrapper_is_an_event() -> None:
    assert outcomes(line(record=5)) == ["accepted"]


def test_both_types_are_named_where_neither_topic_is() -> None:
    (judged,) = judge([line(type="something.else")], "kmdex")
    verdict = judged.verdict
    assert "listing.v1 或 cn.kunming" in verdict.errors[0].message


def test_the_command_shows_line_reason_and_member(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n" + line() + line() + line(data={"amount": "0", "revision": 0}))
    result = run(str(file), "--exchange", "kmdex")
    assert result.exit_code == 1
    assert result.output == (
        "line 4: invalid_data\n"
        "  revision: must be 1 to 2147483647\n"
        "  amount: must be over 0\n"
        "accepted: 1\nduplicates: 1\nwould be rejected: 1\n  invalid_data: 1\n"
    )


def test_the_command_shows_machines_the_same() -> None:
    result = run(str(EXAMPLE), "--json")
    assert result.exit_code == 1
    refused, summary = map(json.loads, result.output.splitlines())
    said = {"field": "amount", "message": "必须大于 0 / must be over 0"}
    assert refused == {"line": 3, "outcome": "invalid_data", "errors": [said]}
    assert summary == {"summary": {"accepted": 2, "duplicates": 0, "refused": {"invalid_data": 1}}}


def test_a_file_without_faults_exits_with_0(tmp_path: Path) -> None:
    file = tmp_path / "year.ndjson"
    sample = list(sample_events(5, ("kmdex",), 500, 2026))
    file.write_bytes(b"".join(map(to_line, sample)))
    result = run(str(file), "--exchange", "kmdex")
    assert result.exit_code == 0
    assert f"accepted: {Counter(record.outcome for record in sample)['accepted']}\n" in result.output


@pytest.mark.parametrize("arguments", [("missing.ndjson",), (str(EXAMPLE), "--exchange", "Kmdex")])
def test_a_bad_call_exits_with_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2
