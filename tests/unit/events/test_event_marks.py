"""Id and trace of an event in logs: of valid and broken records, without personal data."""

from __future__ import annotations

import json

import pytest

from shared.events.decode import MAX_VALUE_BYTES
from shared.events.marks import Marks, marks_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def structured(**members: object) -> bytes:
    return json.dumps(members, ensure_ascii=False).encode()


def test_both_content_modes_have_them() -> None:
    expected = Marks("kmdex-1", TRACEPARENT)
    assert expected.trace_id == TRACE
    assert marks_of(structured(id="kmdex-1", traceparent=TRACEPARENT, data={"a": [1]}), []) == expected
    binary = [("ce_specversion", b"1.0"), ("ce_id", b"kmdex-1"), ("ce_traceparent", TRACEPARENT.encode())]
    assert marks_of(b'{"id": "of the document"}', binary) == expected
    # The header that an instrumented client adds to every record.
    assert marks_of(structured(id="kmdex-1"), [("traceparent", TRACEPARENT.encode())]) == expected


@pytest.mark.parametrize(
    "value",
    [None, b"", b"\xff", b"{", b"[1]", b"null", b'"id"', b"[" * 100_000, b" " * (MAX_VALUE_BYTES + 1), b'{"id": 3}'],
    ids=lambda value: repr(value)[:12],
)
def test_records_that_are_no_events_have_none(value: bytes | None) -> None:
    assert marks_of(value, [("ce_id", b"x")]) == Marks(None, None)


def test_a_record_that_is_refused_still_has_them() -> None:
    assert marks_of(structured(id="a", traceparent=TRACEPARENT), None) == Marks("a", TRACEPARENT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given", ["", f"ff{TRACEPARENT}", TRACEPARENT.upper(), f"00-{'0' * 32}-00f067aa0ba902b7-01", 7]
)
def test_what_is_no_traceparent_is_left_out(given: object) -> None:
    assert marks_of(structured(id="a", traceparent=given), []).traceparent is None


@pytest.mark.parametrize(
    "given", ["张三", "a b", "a" * 129, "x\n", "53010119900101123X", "id:530101199001011234", "a@example.com", "\ud800"]
)
def test_an_id_that_could_name_a_person_is_reported_as_a_hash(given: str) -> None:
    told = marks_of(json.dumps({"id": given}).encode(), []).event_id
    if given == "\ud800":
        assert told is None or told.startswith("sha256:")
        return
    assert told is not None
    assert told.startswith("sha256:")
    assert given.strip() not in told
    assert told == marks_of(json.dumps({"id": given}).encode(), []).event_id


@pytest.mark.parametrize("given", ["a", "2f1c2a2e-5c0b-4a57-9f1a-1b3b7d0e8a10", "kmdex/2026-03-01T10:00:05+08:00/7"])
def test_an_id_that_looks_like_one_is_reported_as_it_is(given: str) -> None:
    assert marks_of(structured(id=given), []).event_id == given
