"""Records on the border of what intake accepts, on either side, in structured and in binary mode."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from exchange_kit.sample.rubbish import make_rubbish
from shared.events.decode import TYPES
from tests.support.cases import uscc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Headers = tuple[tuple[str, bytes], ...]
RUBBISH = 17
EXCHANGE = "nasty"

# Members of a valid trade, each with values in its place: some valid, some not.
IN_PLACE: dict[str, list[Any]] = {
    "trade_no": ["", "a" * 64, "a" * 65, "-a", "a b", "a\n", 7, None, "ａ", "a.b_c:d-e"],
    "revision": [0, 1, 2**31 - 1, 2**31, 1.0, "1", True, None, -1, 10**40],
    "status": ["completed", "cancelled", "listed", "Completed", None],
    "mode": ["listed", "negotiated", "auction", "other", None, 1],
    "listing_no": [None, "L1", "", "L 1", 1],
    "product": [
        None,
        {},
        [],
        "x",
        {"no": "1", "name": "n", "kind": "dataset"},
        {"no": "1", "name": "n", "kind": "dataset", "industry": "A"},
        {"no": "1", "name": "n", "kind": "dataset", "industry": "U"},
        {"no": "1", "name": "n", "kind": "dataset", "industry": None},
        {"no": "1", "name": "n", "kind": "sets"},
        {"no": "1", "name": "虚" * 200, "kind": "api"},
        {"no": "1", "name": "虚" * 201, "kind": "api"},
        {"no": "1", "name": "😀" * 200, "kind": "api"},
        {"no": 1, "name": "n", "kind": "api"},
    ],
    "provider": [
        None,
        "x",
        {"id": uscc("P1"), "name": ""},
        {"id": uscc("P1"), "name": "n", "id_scheme": None},
        {"id": uscc("P1"), "name": "n", "id_scheme": "other"},
        {"id": uscc("P1"), "name": "n", "id_scheme": "overseas"},
        {"id": uscc("P1").lower(), "name": "n"},
        {"id": uscc("P1")[:17] + "0", "name": "n"},
        {"id": uscc("P1")[:17] + "1", "name": "n"},
        {"id": uscc("P1") + "\n", "name": "n"},
        {"id": uscc("B1"), "name": "the buyer itself"},
        {"id": uscc("B1"), "name": "the same characters abroad", "id_scheme": "overseas"},
        {"id": "123456789012345678", "name": "n", "id_scheme": "natural_person"},
        {"id": "12345678901234567x", "name": "n", "id_scheme": "natural_person"},
        {"id": "123456789012345678", "name": "n", "id_scheme": "overseas"},
        {"id": "P-1", "name": "n", "id_scheme": "natural_person"},
    ],
    "amount": [
        "0", "0.00", "0.01", "1.", ".5", "1.234", "1e3", "+1", "-1", "01", "0" * 300 + "1.5", "10000000000.00",
        "10000000000.01", "1" * 60, 1, 1.5, None, "１", " 1", "1\n",
    ],
    "refunded": ["0", "5.00", "5.01", "", None, 0, "-1", "005.0"],
    "currency": ["CNY", "USD", "cny", None],
    "completed_at": [
        "2026-03-01T10:00:00Z", "2026-03-01T10:00:00.123456Z", "2026-03-01T10:00:00.1234567Z", "2026-03-01T10:00Z",
        "2026-02-29T10:00:00Z", "2024-02-29T10:00:00Z", "2026-03-01 10:00:00Z", "2026-03-01T10:00:00z",
        "2026-03-01T24:00:00Z", "2026-03-01T10:00:60Z", "2026-03-01T10:00:00+23:59", "2026-03-01T10:00:00-23:59",
        "2026-03-01T10:00:00+24:00", "2026-03-01T10:00:00", "1999-12-31T23:59:59Z", "2099-12-31T23:59:59Z",
        "2026-03-03T10:00:00+08:00", "2026-03-03T10:00:00.000001+08:00", "2026-04-31T10:00:00Z", "2026-W10-1T10:00:00Z",
        "2026-03-01T10:00:00Z\n", None, 1772359200,
    ],
    "origin_exchange": [None, "", "x", "x" * 200, "x" * 201, 1, {"a": "b"}, {}, "{x"],
    "certificate_no": [None, "", "c" * 128, "c" * 129, 1, "a\0b", {"a": "b"}, {}, [], "{}"],
    "unknown": [{"deep": [1, 2.5e300, None]}, {"flat": "b"}, {"revision": 7}, "a\0b", 10**40],
}  # fmt: skip


def trade(number: str = "T", **members: object) -> dict[str, Any]:
    data = {
        "trade_no": number, "revision": 1, "status": "completed", "mode": "negotiated",
        "provider": {"id": uscc("P1"), "name": "虚构甲"}, "buyer": {"id": uscc("B1"), "name": "虚构乙"},
        "amount": "5.00", "currency": "CNY", "completed_at": "2026-03-01T10:00:00+08:00",
    }  # fmt: skip
    return data | members


def event(data: object, **attributes: object) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": "1", "source": f"/exchanges/{EXCHANGE}", "type": TYPES["trade"],
        "time": "2026-03-02T10:00:00+08:00", "data": data,
    } | attributes  # fmt: skip


def headers(**replaced: bytes | None) -> Headers:
    attributes = {
        "specversion": b"1.0", "id": b"1", "source": f"/exchanges/{EXCHANGE}".encode(), "type": TYPES["trade"].encode(),
        "time": b"2026-03-02T10:00:00+08:00",
    }  # fmt: skip
    return tuple((f"ce_{name}", value) for name, value in (attributes | replaced).items() if value is not None)


def _bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _in_place() -> Iterator[tuple[bytes, Headers]]:
    for number, (member, values) in enumerate(IN_PLACE.items()):
        yield _bytes(event({name: value for name, value in trade(f"A{number}").items() if name != member})), ()
        for turn, value in enumerate(values):
            data = trade(f"M{number}-{turn}", **{member: value})
            yield _bytes(event(data)), ()
            yield _bytes(data | {"revision": data["revision"] if member == "revision" else 2}), headers()


def _texts() -> Iterator[bytes]:
    """JSON that only some parsers take, and strings that few programs write."""
    whole = _bytes(event(trade("J")))
    yield from (
        whole + end
        for end in (b" ", b"\n\t\r", b"x", b"]", b"}", b",", b" {}", b"\0", b"\x0b", b' "x"', b": 1", "　".encode())
    )
    yield from (start + whole for start in (b"\xef\xbb\xbf", b" ", b"\xff", b"[", b"\x0b"))
    yield whole.decode().encode("utf-16")
    yield from (whole.replace(b'"J"', text) for text in (
        rb'"\u004a2"', rb'"\ud800"', rb'"J3", "trade_no": "J4"', rb'"J5", "x": "\ud800"', rb'"J6", "x": "\ud83d\ude00"',
        rb'"J7", "x": "\u0000"', rb'"J8", "x": "\\ud800"', rb'"J9", "x": "\\\ud800"', rb'"J10", "x": "\udc00\ud800"',
        rb'"J11", "certificate_no": "\ud800"', rb'"J12", "certificate_no": "\\ud800"', rb'"J13", "x": NaN',
        rb'"J14", "x": -Infinity', rb'"J15", "x": 1e999', rb'"J16", "x": 01', rb'"J17", "x": .5',
        rb'"J18", "x": "' + b"\t" + b'"',
        rb'"J19", "x": "\x41"', rb'"J20", "x": ' + b"9" * 400, rb'"J21", "certificate_no": "\ud83d\ude00"',
        rb'"J22", "certificate_no": "\\\\\ud800"', rb'"J23", "certificate_no": "?"',
        rb'"J24", "x": "\ud800\ud800\udc00"',
        rb'"J25", "x": ' + b"[" * 97 + b"]" * 97, rb'"J26", "x": ' + b"[" * 98 + b"]" * 98,
        rb'"J27", "x": ' + b"[" * 99 + b"]" * 99, rb'"J28", "x": "' + b"[" * 150 + b'"',
        rb'"J29", "x": ' + b"[[]," * 60 + b"1" + b"]" * 60,
        rb'"J30", "x": [' + b"[]," * 150 + b"1]", rb'"J31", 7: 1', rb"'J32'",
        rb'"J33", "x": tru', rb'"J34", "x": 1 /* c */',
        rb'"J35",', rb'"J36", "revision": 2', rb'"J37", "revision": null', rb'"J38", "revision": 01',
        rb'"J39", "rev\u0069sion": 2', rb'"J40", "id_scheme": null', rb'"J41", "amount": null',
        rb'"J42", "buyer": {"id": "x", "name": "n"}', rb'"J43", "provider": "x"', rb'"J44", "x": {"amount": null}',
        rb'"J45", "x": {}, "y": {}', rb'"J46", "listing_no":null', rb'"J47", "x\"listing_no":null', rb'"J48", "x": "{"',
    ))  # fmt: skip


def _events() -> Iterator[dict[str, Any]]:
    yield event([])
    yield event(None)
    yield event("x")
    yield event(trade("E1"), data_base64=None)
    yield {name: value for name, value in event(trade("E2")).items() if name != "data"}
    for name in ("specversion", "id", "source", "type", "time"):
        yield from (event(trade(f"E-{name}"), **{name: value}) for value in (None, "", 1, "x", "a\0b"))
    yield event(trade("E3"), specversion="1.0 ")
    yield event(trade("E4"), id="虚构 😀", unknown={"a": 1}, time="2026-02-28T10:00:00.000001+08:00")
    yield event(trade("E5"), time="2026-02-28T09:59:59.999999+08:00")
    yield event(trade("E6"), time="2026-02-28T10:00:00+08:00")


def _binary() -> Iterator[tuple[bytes, Headers]]:
    for name in ("specversion", "id", "source", "type", "time"):
        for turn, value in enumerate((None, b"", b"\xff", b"x", b"a\0b")):
            yield _bytes(trade(f"H-{name}-{turn}")), headers(**{name: value})
    twice = (*headers(id=b"1"), ("ce_source", b"/exchanges/another"))
    yield _bytes(trade("H1")), twice
    yield _bytes(trade("H2")), (("ce_source", b"/exchanges/another"), *headers())
    yield _bytes(trade("H3")), (*headers(), ("other", b"\xff"))
    yield _bytes(event(trade("H4"))), headers()
    yield _bytes([]), headers()


def nasty_records() -> list[tuple[str, bytes | None, Sequence[tuple[str, bytes]]]]:
    """Topic, value and headers of each, all of one exchange's trades."""
    found: list[tuple[bytes | None, Headers]] = [*_in_place(), *((text, ()) for text in _texts())]
    found += [(_bytes(one), ()) for one in _events()]
    found += _binary()
    found += [(make_rubbish(turn, event(trade("R")))[1], ()) for turn in range(RUBBISH)]
    return [(f"exchange.{EXCHANGE}.trades.v1", value, those) for value, those in found]
