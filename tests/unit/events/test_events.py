"""Decoding by example: each sentence of the contract about events, on the plain and on the fast path."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.events.decode import MAX_NESTING, MAX_VALUE_BYTES, REASONS, TYPES, Accepted, Refusal, decode, decode_slowly
from shared.events.documents import Listing, Product, Trade
from shared.events.schemas import ListingSchema, TradeSchema
from shared.values.parties import Party
from tests.support.events import EVENTS, LISTING, ONE, TRADE, TWO

ABSENT: Any = object()


def event_with(kind: Any, path: str, member: Any) -> bytes:
    """Return the valid event as JSON with one field, named by its path from the event, changed or removed."""
    event = json.loads(json.dumps(EVENTS[kind]))
    *parents, name = path.split(".")
    inner = event
    for parent in parents:
        inner = inner[parent]
    if member is ABSENT:
        del inner[name]
    else:
        inner[name] = member
    return json.dumps(event, ensure_ascii=True).encode()


def read(kind: Any, value: bytes | None, headers: Any = ()) -> Accepted | Refusal:
    """Return the outcome of `decode`, after checking that the plain path has the same."""
    outcome = decode(kind, "kmdex", value, headers)
    assert decode_slowly(kind, "kmdex", value, headers) == outcome
    return outcome


def refused(kind: Any, value: bytes | None, headers: Any = ()) -> tuple[str, list[str]]:
    outcome = read(kind, value, headers)
    assert isinstance(outcome, Refusal), outcome
    assert outcome.reason in REASONS
    assert all(" / " in error.message for error in outcome.errors)
    return outcome.reason, [error.field for error in outcome.errors]


def test_a_trade_is_read_into_values() -> None:
    assert read("trade", json.dumps(EVENTS["trade"]).encode()) == Accepted(
        Trade(
            trade_no="T-1",
            revision=1,
            status="completed",
            mode="listed",
            listing_no="L-1",
            product=Product("D-1", "虚构数据集", "dataset"),
            provider=Party("uscc", ONE, "虚构公司甲"),
            buyer=Party("uscc", TWO, "虚构公司乙"),
            amount_fen=500_000_000,
            refunded_fen=0,
            currency="CNY",
            completed_at=datetime(2026, 3, 1, 2, 0, 5, tzinfo=UTC),
            origin_exchange=None,
            certificate_no=None,
        ),
        "structured",
    )


def test_a_listing_is_read_into_values() -> None:
    assert read("listing", json.dumps(EVENTS["listing"]).encode()) == Accepted(
        Listing(
            listing_no="L-1",
            revision=1,
            status="listed",
            product=Product("D-1", "虚构数据集", "dataset"),
            provider=Party("uscc", ONE, "虚构公司甲"),
            listed_at=datetime(2026, 2, 1, 2, 0, 5, tzinfo=UTC),
            origin_exchange=None,
            certificate_no=None,
        ),
        "structured",
    )


def test_content_is_the_same_by_value() -> None:
    """Explicit defaults, notation of amounts and time zones, order of fields, and unknown fields make no difference."""
    other = {
        "completed_at": "2026-03-01T02:00:05.000000Z",
        "amount": "5000000",
        "provider": {"name": "虚构公司甲", "id": ONE, "unknown": [None]},
        "buyer": TRADE["buyer"] | {"id_scheme": "uscc"},
        **{
            name: TRADE[name]
            for name in ("currency", "product", "listing_no", "mode", "status", "revision", "trade_no")
        },
        "remark": "\0 \ud800",
    }
    event = EVENTS["trade"] | {"id": "e-2", "time": "2026-03-02T00:00:00Z", "data": other}
    assert read("trade", json.dumps(event).encode()) == read("trade", json.dumps(EVENTS["trade"]).encode())


def trade_variants() -> list[tuple[str, Any]]:
    return [
        ("data.revision", 2**31 - 1),
        ("data.amount", "0.01"),
        ("data.amount", "10000000000.00"),
        ("data.amount", "0005000000.5"),
        ("data.refunded", "5000000.00"),
        ("data.refunded", "0.00"),
        ("data.refunded", ABSENT),
        ("data.product", None),
        ("data.product", ABSENT),
        ("data.product.no", "产品-1/甲"),
        ("data.certificate_no", ""),
        ("data.certificate_no", "证" * 128),
        ("data.origin_exchange", "虚构外地交易所"),
        ("data.trade_no", "a._:-" + "9" * 59),
        ("data.mode", "auction"),
        ("data.provider.name", "字" * 200),
        ("data.provider.name", "😀" * 200),
        ("data.provider.name", " "),
        ("data.provider", {"id_scheme": "overseas", "id": "SG.1", "name": "x"}),
        ("data.provider", {"id_scheme": "overseas", "id": "530102199001011234", "name": "x"}),
        ("data.provider", {"id_scheme": "overseas", "id": TWO, "name": "the same id under another scheme"}),
        ("data.provider", {"id_scheme": "natural_person", "id": "kmdex:1", "name": "x"}),
        ("data.completed_at", "2026-03-02T10:00:06+08:00"),
        ("data.completed_at", "2000-01-01T00:00:00Z"),
        ("time", "2099-12-31T23:59:59-12:00"),
        ("id", "事件"),
        ("datacontenttype", "text/plain"),
        ("extension", None),
    ]


@pytest.mark.parametrize(("path", "member"), trade_variants())
def test_what_is_valid_in_a_trade(path: str, member: Any) -> None:
    assert isinstance(read("trade", event_with("trade", path, member)), Accepted)


@pytest.mark.parametrize("mode", ["negotiated", "auction"])
@pytest.mark.parametrize("listing_no", [None, ABSENT, "L-1"])
def test_other_modes_need_no_listing(mode: str, listing_no: Any) -> None:
    data = TRADE | {"mode": mode, "listing_no": listing_no}
    if listing_no is ABSENT:
        del data["listing_no"]
    assert isinstance(read("trade", json.dumps(EVENTS["trade"] | {"data": data}).encode()), Accepted)


NOT_TEXT = [None, 1, 1.0, True, [], {}, ["x"]]
BAD_TEXT = ["a\0b", "a\ud800", "\udc00a"]
BAD_NUMBER = [*NOT_TEXT, *BAD_TEXT, "", "-1", "a b", "a/b", "L-1\n", "L-1\r", "编号", "١", "a" * 65]
BAD_TIME = [
    *NOT_TEXT,
    *BAD_TEXT,
    "",
    "2026-03-01",
    "2026-03-01 10:00:05Z",
    "2026-03-01t10:00:05Z",
    "2026-03-01T10:00:05z",
    "2026-03-01T10:00:05",
    "2026-03-01T10:00:05Z\n",
    "2026-03-01T10:00:05.1234567Z",
    "2026-W09-7T10:00:05Z",
    "2026-02-29T10:00:05Z",
    "2016-12-31T23:59:60Z",
    "1999-12-31T23:59:59Z",
    "2100-01-01T00:00:00Z",
]
BAD_NAME = [*NOT_TEXT, *BAD_TEXT, "", "x" * 201]
BAD_YUAN = [*NOT_TEXT, *BAD_TEXT, "", "-1", "+1", "1.", ".1", "1.001", "1e3", "1\n", "１", "1_0", "9" * 5000, "NaN"]


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("data", [ABSENT, *NOT_TEXT[:4], "x", []]),
        ("data.trade_no", [ABSENT, *BAD_NUMBER]),
        ("data.listing_no", [ABSENT, *BAD_NUMBER]),
        ("data.revision", [ABSENT, None, 0, -1, 2**31, 1.0, 1.5, True, "1", [], 10**400]),
        ("data.status", [ABSENT, *NOT_TEXT, *BAD_TEXT, "", "Completed", "listed", "completed\n"]),
        ("data.mode", [ABSENT, *NOT_TEXT, "barter"]),
        ("data.product", [[], "x", 1, True]),
        ("data.product.no", [ABSENT, *BAD_NAME]),
        ("data.product.name", [ABSENT, *BAD_NAME]),
        ("data.product.kind", [ABSENT, *NOT_TEXT, "food"]),
        ("data.provider", [ABSENT, None, [], "x", 1]),
        ("data.provider.id", [ABSENT, *BAD_NUMBER, ONE.lower(), ONE + "\n", ONE[:-1], "9153"]),
        ("data.buyer.id_scheme", [*NOT_TEXT, "USCC", ""]),
        ("data.buyer.name", [ABSENT, *BAD_NAME]),
        ("data.amount", [ABSENT, *BAD_YUAN, "0", "0.00", "10000000000.01"]),
        ("data.refunded", [*BAD_YUAN, "5000000.01"]),
        ("data.currency", [ABSENT, *NOT_TEXT, "USD", "cny"]),
        ("data.completed_at", [ABSENT, *BAD_TIME, "2026-03-02T10:00:06.000001+08:00"]),
        ("data.origin_exchange", [*NOT_TEXT[1:], *BAD_TEXT, "", "x" * 201]),
        ("data.certificate_no", [*NOT_TEXT[1:], *BAD_TEXT, "x" * 129]),
    ],
)
def test_what_is_invalid_in_a_trade(path: str, members: list[Any]) -> None:
    field = path.removeprefix("data.")
    for member in members:
        assert refused("trade", event_with("trade", path, member)) == ("invalid_data", [field]), member


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("data.listing_no", [ABSENT, *BAD_NUMBER]),
        ("data.status", [ABSENT, "completed", "cancelled"]),
        ("data.product", [ABSENT, None]),
        ("data.listed_at", [ABSENT, *BAD_TIME]),
        ("data.provider", [ABSENT, None]),
        ("data.origin_exchange", [1, ""]),
    ],
)
def test_what_is_invalid_in_a_listing(path: str, members: list[Any]) -> None:
    field = path.removeprefix("data.")
    for member in members:
        assert refused("listing", event_with("listing", path, member)) == ("invalid_data", [field]), member


@pytest.mark.parametrize("status", ["listed", "withdrawn", "annulled"])
def test_a_listing_may_lie_ahead_of_its_event(status: str) -> None:
    data = LISTING | {"status": status, "listed_at": "2026-12-31T00:00:00Z"}
    assert isinstance(read("listing", json.dumps(EVENTS["listing"] | {"data": data}).encode()), Accepted)


@pytest.mark.parametrize("party_id", ["530102199001011234", "53010219900101123X", "53010219900101123x"])
def test_an_identity_number_is_no_pseudonym(party_id: str) -> None:
    party = {"id_scheme": "natural_person", "id": party_id, "name": "x"}
    assert refused("trade", event_with("trade", "data.buyer", party)) == ("invalid_data", ["buyer.id"])


def test_all_faults_of_a_document_are_reported_at_once() -> None:
    data = TRADE | {"revision": 0, "amount": "1", "refunded": "2", "completed_at": "2027-03-01T00:00:00Z", "buyer": {}}
    reason, fields = refused("trade", json.dumps(EVENTS["trade"] | {"data": data}).encode())
    assert reason == "invalid_data"
    assert sorted(fields) == ["buyer.id", "buyer.name", "completed_at", "refunded", "revision"]


def test_a_leap_second_is_reported_as_such() -> None:
    outcome = read("trade", event_with("trade", "data.completed_at", "2016-12-31T23:59:60Z"))
    assert isinstance(outcome, Refusal)
    assert "闰秒" in outcome.errors[0].message


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("specversion", [ABSENT, *NOT_TEXT, *BAD_TEXT, "", "1", "0.3", "1.0\n"]),
        ("id", [ABSENT, *NOT_TEXT, *BAD_TEXT, ""]),
        ("source", [ABSENT, *NOT_TEXT, *BAD_TEXT, ""]),
        ("type", [ABSENT, *NOT_TEXT, *BAD_TEXT, ""]),
        ("time", [ABSENT, *BAD_TIME]),
    ],
)
@pytest.mark.parametrize("kind", ["trade", "listing"])
def test_wrong_attributes(kind: str, path: str, members: list[Any]) -> None:
    for member in members:
        assert refused(kind, event_with(kind, path, member)) == ("not_cloudevent", [path]), member


@pytest.mark.parametrize(
    "source", ["/exchanges/dcdex", "/exchanges/KMDEX", "/exchanges/kmdex/", "kmdex", "/exchanges/kmdex\n"]
)
def test_another_source_than_the_topics(source: str) -> None:
    assert refused("trade", event_with("trade", "source", source)) == ("wrong_source", ["source"])


@pytest.mark.parametrize("event_type", [TYPES["listing"], "x", TYPES["trade"] + "\n", TYPES["trade"].upper()])
def test_another_type_than_the_topics(event_type: str) -> None:
    assert refused("trade", event_with("trade", "type", event_type)) == ("unknown_type", ["type"])


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b" ",
        b"x",
        b"{",
        b"{}{}",
        b"\xff",
        b"{'a': 1}",
        b'{"a": NaN}',
        b"-Infinity",
        b'"\t"',
        b'{"a": 01}',
        b"[1,]",
        b'"\\uD8"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'"\xed\xa0\x80"',
        b"[" * (MAX_NESTING + 1) + b"]" * (MAX_NESTING + 1),
        b"[" * MAX_VALUE_BYTES,
        b'"' + b'\\"' * (MAX_VALUE_BYTES // 2 - 1),
        b"{" * 200 + b'"' + b'\\"' * 100_000,
        b"\0",
    ],
)
@pytest.mark.parametrize("kind", ["trade", "listing"])
def test_what_is_not_json(kind: str, value: bytes | None) -> None:
    assert refused(kind, value) == ("not_json", ["value"])
    assert refused(kind, value, binary_headers(kind)) == ("not_json", ["value"])


@pytest.mark.parametrize(
    "value", [b"[]", b"null", b"1", b'"x"', b"1e999", b"9" * 5000, b"[" * 100 + b"]" * 100, b"true"]
)
def test_json_that_is_no_object_is_no_cloudevent(value: bytes) -> None:
    assert refused("trade", value) == ("not_cloudevent", ["value"])


def test_the_greatest_value_is_256_kib() -> None:
    value = json.dumps(EVENTS["trade"]).encode()
    assert isinstance(read("trade", value.ljust(MAX_VALUE_BYTES)), Accepted)
    assert refused("trade", value.ljust(MAX_VALUE_BYTES + 1)) == ("too_large", ["value"])
    assert refused("trade", b"\xff" * (MAX_VALUE_BYTES + 1)) == ("too_large", ["value"])


def test_unknown_members_may_hold_any_json() -> None:
    unknown = (
        b'{"a": [1e999, -0, ' + b"9" * 5000 + b', "\\u0000\\ud800", ' + b"[" * 97 + b"]" * 97 + b'], "{[\\"": "{["}'
    )
    for place in (b'{"specversion"', b'{"trade_no"'):
        value = json.dumps(EVENTS["trade"]).encode().replace(place, b'{"unknown": ' + unknown + b", " + place[1:])
        depth = 1 + (place == b'{"trade_no"') + 99
        assert (depth <= MAX_NESTING) == isinstance(read("trade", value), Accepted)


@pytest.mark.parametrize("kind", ["trade", "listing"])
def test_bytes_that_are_not_utf_8_are_refused_in_unknown_members_too(kind: str) -> None:
    value = event_with(kind, "unknown", "?").replace(b"?", b"\xff")
    assert refused(kind, value) == ("not_json", ["value"])
    value = json.dumps(EVENTS[kind]["data"] | {"unknown": "?"}).encode().replace(b"?", b"\xed\xa0\x80")
    assert refused(kind, value, binary_headers(kind)) == ("not_json", ["value"])


def test_brackets_in_texts_are_no_nesting() -> None:
    assert isinstance(read("trade", event_with("trade", "data.provider.name", '[{"' * 60)), Accepted)


def test_of_a_repeated_member_the_last_counts() -> None:
    value = json.dumps(EVENTS["trade"]).encode()
    first = value.replace(b'{"trade_no"', b'{"revision": "x", "amount": 1, "buyer": [], "trade_no"')
    assert read("trade", first) == read("trade", value)
    last = value[:-2] + b', "revision": 7, "buyer": ' + json.dumps(TRADE["buyer"] | {"name": "丙"}).encode() + b"}}"
    outcome = read("trade", last)
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.document, Trade)
    assert (outcome.document.revision, outcome.document.buyer.name) == (7, "丙")
    assert refused("trade", value[:-2] + b', "amount": "0"}}') == ("invalid_data", ["amount"])
    assert refused("trade", value[:-1] + b', "data": {}}')[0] == "invalid_data"


def test_names_of_members_may_be_escaped() -> None:
    value = json.dumps(EVENTS["trade"]).encode()
    assert read("trade", value.replace(b'"amount"', b'"\\u0061mount"')) == read("trade", value)


@pytest.mark.parametrize("base64", ["", "e30=", None, 1])
@pytest.mark.parametrize("kind", ["trade", "listing"])
def test_data_base64_is_invalid(kind: str, base64: Any) -> None:
    assert refused(kind, event_with(kind, "data_base64", base64)) == ("invalid_data", ["data_base64"])


def test_the_reason_is_the_first_that_applies() -> None:
    event = EVENTS["trade"] | {
        "specversion": "2.0",
        "source": "/exchanges/dcdex",
        "type": "x",
        "data": TRADE | {"amount": "0", "buyer": TRADE["provider"]},
    }
    reasons = []
    for repair in ({}, {"specversion": "1.0"}, {"source": "/exchanges/kmdex"}, {"type": TYPES["trade"]}):
        event |= repair
        reasons.append(refused("trade", json.dumps(event).encode())[0])
    event["data"] |= {"amount": "1"}
    reasons.append(refused("trade", json.dumps(event).encode())[0])
    assert reasons == ["not_cloudevent", "wrong_source", "unknown_type", "invalid_data", "same_party"]


def test_one_entity_under_two_names_is_the_same_party() -> None:
    assert refused("trade", event_with("trade", "data.buyer.id", ONE)) == ("same_party", ["buyer"])
    natural = {"id_scheme": "natural_person", "id": "p-1", "name": "甲"}
    data = TRADE | {"provider": natural, "buyer": natural | {"name": "乙"}}
    assert refused("trade", json.dumps(EVENTS["trade"] | {"data": data}).encode()) == ("same_party", ["buyer"])


def binary_headers(kind: Any, **changed: bytes | None) -> list[tuple[str, Any]]:
    event = EVENTS[kind]
    headers: dict[str, Any] = {f"ce_{name}": event[name].encode() for name in event if name != "data"}
    headers["content-type"] = b"application/json; charset=utf-8"
    return list((headers | {f"ce_{name}": value for name, value in changed.items()}).items())


@pytest.mark.parametrize("kind", ["trade", "listing"])
def test_binary_mode_has_the_same_document(kind: Any) -> None:
    structured = read(kind, json.dumps(EVENTS[kind]).encode())
    binary = read(kind, json.dumps(EVENTS[kind]["data"], ensure_ascii=False).encode(), binary_headers(kind))
    assert isinstance(structured, Accepted)
    assert binary == Accepted(structured.document, "binary")


def test_the_mode_follows_from_the_specversion_header_alone() -> None:
    value = json.dumps(EVENTS["trade"]).encode()
    others = [header for header in binary_headers("trade") if header[0] != "ce_specversion"]
    assert isinstance(read("trade", value, others), Accepted)
    assert isinstance(read("trade", value, [("content-type", b"application/octet-stream"), ("x", None)]), Accepted)
    with_data_header = [("content-type", b"application/cloudevents+json"), *binary_headers("trade")]
    assert isinstance(read("trade", json.dumps(TRADE).encode(), with_data_header), Accepted)
    assert refused("trade", value, [("ce_specversion", b"1.0")])[0] == "not_cloudevent"


def test_of_a_repeated_header_the_last_counts() -> None:
    value = json.dumps(TRADE).encode()
    wrong = [("ce_source", b"x"), ("ce_type", b"x"), ("ce_time", b"\xff"), ("ce_specversion", b"2")]
    assert isinstance(read("trade", value, wrong + binary_headers("trade")), Accepted)
    assert refused("trade", value, [*binary_headers("trade"), ("ce_id", b"")]) == ("not_cloudevent", ["id"])


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time"])
@pytest.mark.parametrize("raw", [None, b"", b"\xff", b"\0", b"\xed\xa0\x80"])
def test_wrong_attributes_in_headers(name: str, raw: bytes | None) -> None:
    value = json.dumps(TRADE).encode()
    assert refused("trade", value, binary_headers("trade", **{name: raw})) == ("not_cloudevent", [name])


@pytest.mark.parametrize("value", [b"null", b"[]", b'"x"', b"1"])
def test_binary_data_that_is_no_object_is_invalid(value: bytes) -> None:
    assert refused("trade", value, binary_headers("trade")) == ("invalid_data", ["data"])


def test_a_member_named_data_base64_is_unknown_in_binary_mode() -> None:
    value = json.dumps(TRADE | {"data_base64": "e30="}).encode()
    assert isinstance(read("trade", value, binary_headers("trade")), Accepted)


def test_binary_source_and_type_are_checked_in_order() -> None:
    value = json.dumps(TRADE).encode()
    both = binary_headers("trade", source=b"/exchanges/dcdex", type=b"x")
    assert refused("trade", value, both) == ("wrong_source", ["source"])
    assert refused("trade", value, binary_headers("trade", type=b"x")) == ("unknown_type", ["type"])
    late = binary_headers("trade", time=b"2026-02-28T10:00:04+08:00")
    assert refused("trade", value, late) == ("invalid_data", ["completed_at"])


def test_schemas_dump_what_the_api_shows() -> None:
    outcome = read("trade", json.dumps(EVENTS["trade"]).encode())
    assert isinstance(outcome, Accepted)
    dumped = TradeSchema().dump(outcome.document)
    assert dumped == TRADE | {
        "product": TRADE["product"] | {"industry": None},
        "refunded": "0.00",
        "buyer": {"id_scheme": "uscc", "id": TWO, "name": "虚构公司乙"},
        "completed_at": "2026-03-01T10:00:05.000000+08:00",
    }
    assert TradeSchema().load(dumped) == outcome.document
    listing = read("listing", json.dumps(EVENTS["listing"]).encode())
    assert isinstance(listing, Accepted)
    assert ListingSchema().load(ListingSchema().dump(listing.document)) == listing.document
