"""The published JSON Schemas agree with the decoder, except for rules that a schema cannot express."""

import json
import re
from datetime import date
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.incentive.domain.facts import parse_fact
from services.trade_ingest.listing_facts import decode_fact
from shared.events.decode import TYPES, Accepted, FieldError, Refusal, decode
from shared.events.documents import (
    INDUSTRIES,
    LISTING_STATUSES,
    MAX_CERTIFICATE_LENGTH,
    MAX_NAME_LENGTH,
    MAX_REVISION,
    NOT_STATED,
    PRODUCT_KINDS,
    TRADE_MODES,
    TRADE_STATUSES,
)
from shared.events.fact_topics import FACT_TOPICS, LISTING
from shared.events.industry_names import INDUSTRY_NAMES
from shared.values.parties import ID_SCHEMES, NUMBER_PATTERN
from tests.support.event_schemas import EVENTS, SCHEMAS, validator
from tests.support.event_strategies import JSON, STRANGE_TEXTS, as_binary, change_member, draw_member, valid
from tests.support.events import EVENTS as VALID
from tests.support.events import LISTING as LISTING_DATA
from tests.support.events import TRADE as TRADE_DATA

KINDS = ("listing", "trade")
EVENT = {
    (kind, formats): validator(f"{kind}.event.v1.json", formats=formats) for kind in KINDS for formats in (False, True)
}
DATA = {kind: validator(f"{kind}.data.v1.json") for kind in KINDS}
FACT = {topic: validator(f"{topic}.json", formats=True) for topic in FACT_TOPICS}


def no_such_day(text: Any) -> bool:
    try:
        date.fromisoformat(str(text)[:10])
    except ValueError:
        return True
    return False


def at(event: Any, field: str) -> Any:
    for name in field.split("."):
        event = event[name]
    return event


def rule_beyond(refusal: Refusal, error: FieldError, event: Any) -> str | None:
    """Return the name in docs/events/README.md of the rejecting rule, if no schema can express it."""
    if refusal.reason == "same_party":
        return "same_party"
    if refusal.reason == "wrong_source":
        return "source"
    member = at(event if refusal.reason == "not_cloudevent" else event["data"], error.field)
    said = {
        "completed_at": ("completed_ahead", "24 小时"),
        "refunded": ("refunded", "不得超过 amount"),
        "id": ("check_character", "校验码"),
        "revision": ("integer", "须为整数"),
    }.get(error.field.rpartition(".")[2])
    if said is not None and said[1] in error.message:
        return said[0] if said[0] != "integer" or isinstance(member, float) else None
    if "RFC 3339" in error.message and no_such_day(member):
        return "calendar"
    return None


def allowed_beyond() -> set[str]:
    section = (EVENTS / "README.md").read_text(encoding="utf-8").partition("<!-- rules beyond the schemas -->")[2]
    return set(re.findall(r"^\| `([a-z_]+)` \|", section.partition("<!-- end -->")[0], re.MULTILINE))


# These concern bytes and JSON itself, before there is a value that a schema could validate.
OF_THE_VALUE = {"size", "nesting", "surrogates"}
OF_THE_DOCUMENT = {"same_party", "source", "completed_ahead", "refunded", "check_character", "integer", "calendar"}


def compare(kind: Any, event: Any) -> None:
    """Check the schemas against `decode`, in both modes if the event can be written in both."""
    outcome = decode(kind, "kmdex", json.dumps(event).encode(), [])
    try:
        loose, asserted = (EVENT[kind, formats].is_valid(event) for formats in (False, True))
    except UnicodeEncodeError:  # a lone surrogate, which not every validator accepts
        assert "surrogates" in allowed_beyond()
        return
    if isinstance(outcome, Accepted):
        assert loose
        assert asserted
        assert DATA[kind].is_valid(event["data"])
    elif loose:
        rules = [rule_beyond(outcome, error, event) for error in outcome.errors]
        assert set(rules) <= OF_THE_DOCUMENT, outcome


def test_the_list_of_rules_beyond_the_schemas_is_whole() -> None:
    assert allowed_beyond() == OF_THE_VALUE | OF_THE_DOCUMENT


@given(valid())
def test_valid_events(drawn: tuple[Any, dict[str, Any]]) -> None:
    kind, event = drawn
    compare(kind, event)
    value, headers = as_binary(event)
    if isinstance(decode(kind, "kmdex", value, headers), Accepted):
        assert DATA[kind].is_valid(json.loads(value))


@given(valid(), st.data(), STRANGE_TEXTS | JSON, st.sampled_from(["replace", "remove", "add", "suffix"]))
def test_one_member_changed(drawn: tuple[Any, dict[str, Any]], data: st.DataObject, strange: Any, change: str) -> None:
    kind, event = drawn
    holder, name = draw_member(data, event)
    if change == "add":
        holder[data.draw(st.sampled_from(["data_base64", "listing_no", "id_scheme", "new"]))] = strange
    else:
        change_member(data, holder, name, change, strange)
    compare(kind, event)


EDGES = {
    "amount": [
        "0.01",
        "0",
        "000.00",
        "000.01",
        "10000000000",
        "10000000000.00",
        "10000000000.01",
        "09999999999.99",
        "1.",
        1,
    ],
    "refunded": ["0", "0.00", "5000000.00", "5000000.01", "-1", None],
    "revision": [0, 1, MAX_REVISION, MAX_REVISION + 1, 1.0, 1.5, True, "1"],
    "listing_no": [None, "", "L" * 64, "L" * 65, ".L", "L\n"],
    "mode": ["auction", "listed", "", None],
    "completed_at": [
        "2026-02-29T00:00:00Z",
        "2024-02-29T00:00:00Z",
        "2026-03-02T10:00:07+08:00",
        "2099-12-31T23:59:59Z",
    ],
    "certificate_no": ["", "c" * 128, "c" * 129, None, "\0"],
    "origin_exchange": ["", "o" * 200, "o" * 201, "😀" * 200, None],
    "currency": ["CNY", "USD", None],
    "product": [
        None,
        {},
        {"no": "1", "name": "x", "kind": "api"},
        {"no": "", "name": "x", "kind": "api"},
        *({"no": "1", "name": "x", "kind": "api", "industry": one} for one in ("A", "T", None, "U", "a", "", "AA", 1)),
    ],
    "provider": [
        {"id_scheme": "natural_person", "id": "53010219900101123X", "name": "x"},
        {"id_scheme": "natural_person", "id": "53010219900101123x", "name": "x"},
        {"id_scheme": "overseas", "id": "53010219900101123X", "name": "x"},
        {"id_scheme": "overseas", "id": "", "name": "x"},
        {"id_scheme": None, "id": "53010219900101123X", "name": "x"},
        {"id_scheme": "uscc", "id": "91530100MAXGAAA019", "name": "x"},
        {"id": "91530100MAXGAAA018", "name": ""},
        TRADE_DATA["buyer"],
    ],
}


@pytest.mark.parametrize(("name", "member"), [(name, member) for name in EDGES for member in EDGES[name]])
def test_edges(name: str, member: Any) -> None:
    for kind, document in (("trade", TRADE_DATA), ("listing", LISTING_DATA)):
        compare(kind, VALID[kind] | {"data": document | {name: member}})


ATTRIBUTE_EDGES = {
    "data_base64": ["", None],
    "data": [None, []],
    "id": ["", "\0", "é", 1],
    "specversion": ["0.3", "1.0\n", 1.0],
    "source": ["/exchanges/dcdex", "/exchanges/kmdex/", "exchanges/kmdex", "/exchanges/Kmdex"],
    "type": [TYPES["listing"], TYPES["trade"], ""],
    "time": ["2026-03-01T10:00:05.1234567Z", "2026-02-30T10:00:05Z", "2026-03-01T24:00:00Z", "2026-03-01T10:00:60Z"],
}


@pytest.mark.parametrize(
    ("name", "member"), [(name, member) for name in ATTRIBUTE_EDGES for member in ATTRIBUTE_EDGES[name]]
)
def test_edges_of_attributes(name: str, member: Any) -> None:
    for kind in KINDS:
        compare(kind, VALID[kind] | {name: member})


@given(st.sampled_from(KINDS), JSON)
@example("listing", [])
def test_anything_at_all(kind: Any, event: Any) -> None:
    compare(kind, event)


def test_words_and_limits_are_those_of_the_code() -> None:
    common, listing, trade = (SCHEMAS[name] for name in ("common.json", "listing.data.v1.json", "trade.data.v1.json"))
    shapes = common["$defs"]
    assert listing["properties"]["status"]["enum"] == list(LISTING_STATUSES)
    assert trade["properties"]["status"]["enum"] == list(TRADE_STATUSES)
    assert trade["properties"]["mode"]["enum"] == list(TRADE_MODES)
    assert shapes["product"]["properties"]["kind"]["enum"] == list(PRODUCT_KINDS)
    assert shapes["product"]["properties"]["industry"]["enum"] == [*INDUSTRIES, None]
    assert list(INDUSTRY_NAMES) == list(INDUSTRIES)
    exchange = SCHEMAS["facts.annual-total.v1.json"]["oneOf"][0]["properties"]
    assert exchange["by_kind"]["propertyNames"]["enum"] == [*PRODUCT_KINDS, NOT_STATED]
    assert exchange["by_industry"]["propertyNames"]["enum"] == [*INDUSTRIES, NOT_STATED]
    assert shapes["party"]["properties"]["id_scheme"]["enum"] == list(ID_SCHEMES)
    assert shapes["name"]["maxLength"] == MAX_NAME_LENGTH
    assert shapes["certificate_no"]["maxLength"] == MAX_CERTIFICATE_LENGTH
    assert shapes["revision"]["maximum"] == MAX_REVISION
    assert shapes["number"]["pattern"] == f"^{NUMBER_PATTERN}$"
    for kind in KINDS:
        assert SCHEMAS[f"{kind}.event.v1.json"]["properties"]["type"]["const"] == TYPES[kind]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name: str) -> None:
    jsonschema_rs.meta.validate(SCHEMAS[name])
    validator(name)


PARTY = {"id_scheme": "uscc", "id": TRADE_DATA["buyer"]["id"], "name": "虚构公司"}
AT, UNTIL = "2026-03-01T10:00:05.000000+08:00", "2026-04-01T00:00:00.000000+08:00"
BUCKET = {"from": AT, "until": UNTIL, "amount": "0.00", "trades": 0, "last_completed_at": AT}
VERSION = {"generation": 1, "seq": 0}
LISTED = {"exchange": "kmdex", "listing_no": "L-1", "provider": PARTY, "status": "listed", "listed_at": AT}
GONE = {"provider": None, "status": None, "listed_at": None, "mirrored": False, "counted": False}
FIRST_LISTED = {"exchange": "kmdex", "listing_no": "L-1", "revision": 1, "listed_at": AT}
BOUGHT = {
    "exchange": "kmdex",
    "trade_no": "T-1",
    "revision": 1,
    "completed_at": AT,
    "amount": "1.00",
    "refunded": "0.00",
}
YEAR = {"year": 2026, "cut_at": ["2025-10-15"]}
SHARE = {"counted": [BUCKET], "unmatched": [], "other": [{"reason": "later", "amount": "1.00", "trades": 1}]}
SUBJECT = f"uscc:{PARTY['id']}"
SUM = {"amount": "1.00", "trades": 1}
NUMBER = {"exchange": "kmdex", "trade_no": "T-1"}
ONE = NUMBER | {"completed_at": AT, "amount": "1.00"}
SOLD_TO = {"subject": "overseas:X-1", "sold": SUM, "bought": SUM}
REPEATED = {"amount": "1.00", "trades": 5, "buyers": 1, "examples": [NUMBER, NUMBER]}
FACTS = [
    (LISTING, "r1/kmdex/L-1", LISTED | {"mirrored": False, "counted": True}),
    (LISTING, "r1/kmdex/L-1", LISTED | GONE),
    ("facts.first-listing.v1", f"r1/uscc:{PARTY['id']}", {"party": PARTY, "first": None}),
    ("facts.first-listing.v1", f"r1/uscc:{PARTY['id']}", {"party": PARTY, "first": FIRST_LISTED}),
    ("facts.first-purchase.v1", f"r1/uscc:{PARTY['id']}", {"party": PARTY, "first": None}),
    ("facts.first-purchase.v1", f"r1/uscc:{PARTY['id']}", {"party": PARTY, "first": BOUGHT | {"provider": PARTY}}),
    ("facts.annual-total.v1", "r1/exchange/kmdex/2026", YEAR | {"exchange": "kmdex", "buckets": [BUCKET]}),
    (
        "facts.annual-total.v1",
        f"r1/provider/uscc:{PARTY['id']}/2026",
        YEAR | {"party": PARTY, "by_exchange": {"kmdex": SHARE}},
    ),
    (
        "facts.sign.v1",
        f"r1/provider/{SUBJECT}/2026",
        {"subject": SUBJECT, "year": 2026, "sold": SUM, "counterparties": [SOLD_TO], "repeated": [REPEATED]},
    ),
    ("facts.sign.v1", f"r1/buyer/{SUBJECT}", {"subject": SUBJECT, "first": None, "greatest": None}),
    ("facts.sign.v1", f"r1/buyer/{SUBJECT}", {"subject": SUBJECT, "first": ONE, "greatest": ONE}),
    (
        "facts.sign.v1",
        "r1/exchange/kmdex/2026",
        {"exchange": "kmdex", "year": 2026, "operators": [SUM | {"subject": SUBJECT, "examples": [NUMBER]}]},
    ),
]


# Fields that are absent for none.
OPTIONAL = [
    ("facts.first-listing.v1", f"r1/{SUBJECT}", {"party": PARTY, "first": None, "annulled": FIRST_LISTED}),
    (
        "facts.first-purchase.v1",
        f"r1/{SUBJECT}",
        {
            "party": PARTY,
            "first": BOUGHT | {"provider": PARTY, "ahead": True},
            "cancelled": BOUGHT | {"provider": PARTY},
        },
    ),
    (
        "facts.annual-total.v1",
        "r1/exchange/kmdex/2026",
        YEAR | {"exchange": "kmdex", "buckets": [BUCKET | {"refunded": "1.50", "ahead": SUM}]},
    ),
    (
        "facts.annual-total.v1",
        "r1/exchange/kmdex/2026",
        YEAR
        | {
            "exchange": "kmdex",
            "buckets": [],
            "by_kind": {"api": SUM},
            "by_industry": {"unknown": {"amount": "1.50", "trades": 1}},
        },
    ),
]


@pytest.mark.parametrize(("topic", "key", "content"), OPTIONAL)
def test_fields_that_are_absent_for_none_are_described(topic: str, key: str, content: Any) -> None:
    value = VERSION | content
    parse_fact(topic, key, json.dumps(value).encode())
    FACT[topic].validate(value)
    wrong = json.dumps(value).replace('"revision": 1', '"revision": "1"').replace('"1.50"', '"1.5"')
    assert not FACT[topic].is_valid(json.loads(wrong))


@pytest.mark.parametrize(("topic", "key", "content"), FACTS)
def test_facts_are_those_that_readers_take(topic: str, key: str, content: Any) -> None:
    fact = VERSION | content
    value = json.dumps(fact).encode()
    (decode_fact(value) if topic == LISTING else parse_fact(topic, key, value))
    FACT[topic].validate(fact)
    for name in fact:
        assert not FACT[topic].is_valid({member: fact[member] for member in fact if member != name}), name


def test_a_listing_is_there_or_gone_as_a_whole() -> None:
    for name in GONE:
        half = (
            VERSION
            | LISTED
            | {"mirrored": True, "counted": True}
            | GONE
            | {name: (LISTED | {"mirrored": True, "counted": True})[name]}
        )
        assert not FACT[LISTING].is_valid(half), name
