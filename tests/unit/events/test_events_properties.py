"""The fast path of the decoder accepts what the plain one does, with equal values; neither raises."""

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.events import fast
from shared.events.decode import MAX_VALUE_BYTES, REASONS, Accepted, Refusal, decode, decode_slowly
from tests.support.event_strategies import JSON, KINDS, STRANGE_TEXTS, as_binary, change_member, draw_member, valid


def check(kind: Any, value: bytes | None, headers: list[tuple[str, Any]]) -> Accepted | Refusal:
    """Check that both paths have the same outcome, and return it."""
    slow = decode_slowly(kind, "kmdex", value, headers)
    quick = decode(kind, "kmdex", value, headers)
    assert quick == slow
    assert msgspec.json.encode(quick) == msgspec.json.encode(slow)  # with the industry, which `==` does not compare
    if isinstance(slow, Refusal):
        assert slow.reason in REASONS
        assert slow.errors
        json.dumps([[error.field, error.message] for error in slow.errors], ensure_ascii=False).encode()
        assert "\0" not in "".join(error.field + error.message for error in slow.errors)
    else:
        repr(slow).encode()
    return slow


@given(valid(), st.booleans())
def test_valid_events_take_the_fast_path_in_both_modes(drawn: tuple[Any, dict[str, Any]], ascii_only: bool) -> None:
    kind, event = drawn
    value = json.dumps(event, ensure_ascii=ascii_only).encode()
    outcome = check(kind, value, [])
    binary = check(kind, *as_binary(event))
    if isinstance(outcome, Refusal):
        assert isinstance(binary, Refusal)
        assert outcome.reason == binary.reason
        assert outcome.reason == "same_party" or outcome.errors[0].field in ("refunded", "provider.id", "buyer.id")
        return
    assert isinstance(binary, Accepted)
    assert outcome.document == binary.document
    assert fast.structured(kind, "kmdex", value) == outcome.document or b"\\u0000" in value
    assert fast.binary(kind, "kmdex", as_binary(event)[0], dict(as_binary(event)[1])) == outcome.document


@given(valid(), st.data(), STRANGE_TEXTS | JSON, st.sampled_from(["replace", "remove", "repeat", "suffix"]))
def test_one_member_changed(drawn: tuple[Any, dict[str, Any]], data: st.DataObject, strange: Any, change: str) -> None:
    kind, event = drawn
    holder, name = draw_member(data, event)
    if change == "repeat":
        holder["repeated"] = strange
    else:
        change_member(data, holder, name, change, strange)
    value = json.dumps(event, ensure_ascii=True).encode()
    if change == "repeat":
        value = value.replace(b'"repeated"', json.dumps(name).encode())
    check(kind, value, [])


@given(valid(), st.data())
def test_bytes_changed(drawn: tuple[Any, dict[str, Any]], data: st.DataObject) -> None:
    kind, event = drawn
    value = bytearray(json.dumps(event, ensure_ascii=data.draw(st.booleans())).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(value) - 1))
        end = at + data.draw(st.integers(0, 2))
        value[at:end] = data.draw(
            st.binary(max_size=2) | st.sampled_from([b"\\", b'"', b"{", b"\\u0000", b"\xef\xbb\xbf"])
        )
    check(kind, bytes(value), [])


@given(valid(), st.data())
def test_headers_changed(drawn: tuple[Any, dict[str, Any]], data: st.DataObject) -> None:
    kind, event = drawn
    value, headers = as_binary(event)
    names = st.sampled_from(["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type", "ce_data"])
    raw = (
        st.none()
        | st.binary(max_size=30)
        | st.sampled_from([b"1.0", b"1.0\n", b"2026-03-01T10:00:05Z", b"\xed\xa0\x80"])
    )
    for header in data.draw(st.lists(st.tuples(names, raw), max_size=3)):
        headers.insert(data.draw(st.integers(0, len(headers))), header)
    check(kind, value, headers)


@given(KINDS, st.none() | st.binary() | JSON.map(lambda value: json.dumps(value).encode()), st.booleans())
def test_any_bytes_at_all(kind: Any, value: bytes | None, in_binary_mode: bool) -> None:
    outcome = check(kind, value, [("ce_specversion", b"1.0")] if in_binary_mode else [])
    assert isinstance(outcome, Refusal)


@given(KINDS, st.lists(st.sampled_from([b"[", b"{", b'"', b"\\", b"}", b"]", b'{"a":', b"1,", b"\\u"]), max_size=12))
def test_brackets_and_quotes_in_plenty(kind: Any, pieces: list[bytes]) -> None:
    value = b"".join(piece * 40 for piece in pieces)
    assert isinstance(check(kind, value[:MAX_VALUE_BYTES], []), Refusal)
