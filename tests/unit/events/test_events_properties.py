"""Whatever the fast path accepts the rule accepts with equal values, and nothing at all makes either of them raise."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.events import fast
from shared.events.decode import MAX_VALUE_BYTES, REASONS, TYPES, Accepted, Refusal, decode, decode_slowly
from shared.events.documents import MAX_AMOUNT_FEN, PRODUCT_KINDS, TRADE_MODES
from shared.values.money import format_yuan
from shared.values.parties import complete_uscc

CODES = [complete_uscc(f"91530100MA6KAAAA{n}") for n in range(5)]
KINDS = st.sampled_from(["listing", "trade"])
NUMBERS = st.from_regex(re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII), fullmatch=True)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)
TIMES = st.from_regex(
    re.compile(
        r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
        r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
    ),
    fullmatch=True,
)
PARTIES = st.one_of(
    st.fixed_dictionaries({"id": st.sampled_from(CODES), "name": NAMES}, optional={"id_scheme": st.just("uscc")}),
    st.fixed_dictionaries({"id_scheme": st.just("overseas"), "id": NUMBERS, "name": NAMES}),
    st.fixed_dictionaries({"id_scheme": st.just("natural_person"), "id": NUMBERS, "name": NAMES}),
)
PRODUCTS = st.fixed_dictionaries({"no": NAMES, "name": NAMES, "kind": st.sampled_from(PRODUCT_KINDS)})
COMMON = {
    "origin_exchange": st.none() | NAMES,
    "certificate_no": st.none()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=128),
}
LISTINGS = st.fixed_dictionaries(
    {
        "listing_no": NUMBERS,
        "revision": st.integers(1, 2**31 - 1),
        "status": st.sampled_from(["listed", "withdrawn", "annulled"]),
        "product": PRODUCTS,
        "provider": PARTIES,
        "listed_at": TIMES,
    },
    optional=COMMON,
)
TRADES = st.fixed_dictionaries(
    {
        "trade_no": NUMBERS,
        "revision": st.integers(1, 2**31 - 1),
        "status": st.sampled_from(["completed", "cancelled"]),
        "mode": st.sampled_from(TRADE_MODES),
        "listing_no": NUMBERS,
        "provider": PARTIES,
        "buyer": PARTIES,
        "amount": st.integers(1, MAX_AMOUNT_FEN).map(format_yuan),
        "currency": st.just("CNY"),
        "completed_at": TIMES,
    },
    optional=COMMON | {"product": st.none() | PRODUCTS, "refunded": st.sampled_from(["0", "0.00", "0.01"])},
)


@st.composite
def valid(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A kind and an event of it that is valid, but for parties that may be one and trades that may lie ahead."""
    kind = draw(KINDS)
    data = draw(TRADES if kind == "trade" else LISTINGS)
    time = data.get("completed_at") or draw(TIMES)
    attributes = {
        "specversion": "1.0",
        "id": draw(NAMES),
        "source": "/exchanges/kmdex",
        "type": TYPES[kind],
        "time": time,
    }
    return kind, attributes | {"data": data}


def as_binary(event: dict[str, Any]) -> tuple[bytes, list[tuple[str, bytes]]]:
    headers = [(f"ce_{name}", value.encode()) for name, value in event.items() if name != "data"]
    return json.dumps(event["data"], ensure_ascii=False).encode(), headers


def check(kind: Any, value: bytes | None, headers: list[tuple[str, Any]]) -> Accepted | Refusal:
    """The outcome, once both paths have been held to each other."""
    slow = decode_slowly(kind, "kmdex", value, headers)
    assert decode(kind, "kmdex", value, headers) == slow
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


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [path, *(inner for name in value for inner in paths(value[name], (*path, name)))]


STRANGE_TEXTS = st.sampled_from(
    [
        *[
            "",
            "\0",
            "\ud800",
            "1\n",
            "１",
            "0",
            "0.00",
            "0.001",
            "1e3",
            "NaN",
            "1.0",
            "10000000000.01",
            "CNY ",
            "listed",
        ],
        *["2026-03-01 10:00:05Z", "2026-03-01t10:00:05Z", "2026-W09-7T10:00:05Z", "2026-03-01T10:00:05.1234567Z"],
        *["2016-12-31T23:59:60Z", "2026-03-01T10:00:05Z\n", "2026-03-01T10:00:05Z"],
        *["53010219900101123X", "uscc", "natural_person", "overseas", "x" * 201],
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | STRANGE_TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(valid(), st.data(), STRANGE_TEXTS | JSON, st.sampled_from(["replace", "remove", "repeat", "suffix"]))
def test_one_member_changed(drawn: tuple[Any, dict[str, Any]], data: st.DataObject, strange: Any, change: str) -> None:
    kind, event = drawn
    *parents, name = data.draw(st.sampled_from([path for path in paths(event) if path]))
    inner = event
    for parent in parents:
        inner = inner[parent]
    if change == "remove":
        del inner[name]
    elif change == "suffix" and isinstance(inner[name], str):
        inner[name] += data.draw(st.sampled_from(["\n", "\0", " ", "\ud800", "0", "Z", "é"]))
    elif change == "repeat":
        inner["repeated"] = strange
    else:
        inner[name] = strange
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
