"""The industry of a product: what is valid, and that it is no part of a document's content."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.events.decode import Accepted, Refusal, decode
from shared.events.documents import INDUSTRIES, Document
from shared.events.validate import ACCEPTED, DUPLICATE, digest, judge
from shared.register.revisions import Arrival, resolve
from shared.register.stored_documents import stored_document, stored_headers
from shared.values.parties import Party
from shared.web.register.differences import differences
from tests.support.event_strategies import as_binary, valid
from tests.support.events import EVENTS

PRODUCT = {"no": "D-1", "name": "虚构数据集", "kind": "dataset"}
KINDS = ("listing", "trade")
STATED = st.none() | st.sampled_from(INDUSTRIES)


def event(kind: str, /, **product: Any) -> dict[str, Any]:
    return EVENTS[kind] | {"data": EVENTS[kind]["data"] | {"product": PRODUCT | product}}


def written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def decoded(kind: Any, one: dict[str, Any]) -> Document:
    found = decode(kind, "kmdex", written(one), ())
    assert isinstance(found, Accepted), found
    return found.document


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("industry", ["U", "a", "", "AA", "信息", " A", "A\n", 1, 0, True, [], {}, "I\0"])
def test_another_industry_is_refused_by_name(kind: Any, industry: Any) -> None:
    refused = event(kind, industry=industry)
    value, headers = as_binary(refused)
    for found in (decode(kind, "kmdex", written(refused), ()), decode(kind, "kmdex", value, headers)):
        assert isinstance(found, Refusal)
        assert (found.reason, [error.field for error in found.errors]) == ("invalid_data", ["product.industry"])


@pytest.mark.parametrize("kind", KINDS)
def test_each_section_is_taken_and_kept(kind: Any) -> None:
    for industry in (*INDUSTRIES, None):
        product = decoded(kind, event(kind, industry=industry)).product
        assert product is not None
        assert product.industry == industry
    assert decoded(kind, event(kind)) == decoded(kind, event(kind, industry=None))


@given(valid(), STATED, STATED)
def test_industry_alone_never_makes_a_conflict(drawn: tuple[Any, dict[str, Any]], one: Any, other: Any) -> None:
    kind, drawn_event = drawn
    if drawn_event["data"].get("product") is None:
        drawn_event["data"]["product"] = dict(PRODUCT)
    events = []
    for industry in (one, other):
        product = drawn_event["data"]["product"] | {"industry": industry}
        events.append(drawn_event | {"data": drawn_event["data"] | {"product": product}})
    lines = [json.dumps(each).encode() + b"\n" for each in events]
    if any(isinstance(decode(kind, "kmdex", line, ()), Refusal) for line in lines):
        return
    first, second = (decoded(kind, each) for each in events)
    assert first == second
    assert digest(first) == digest(second)
    assert first.product is not None
    assert second.product is not None
    assert hash(first.product) == hash(second.product)
    assert [judged.verdict.outcome for judged in judge(lines, "kmdex")] == [ACCEPTED, DUPLICATE]
    outcome = resolve(arrivals(kind, [first, second]), {}, {}, 0)
    assert (len(outcome.accepted), len(outcome.duplicates), outcome.conflicts) == (1, 1, [])


def arrivals(kind: str, documents: list[Any]) -> list[Arrival[Any]]:
    return [
        Arrival("kmdex", getattr(one, f"{kind}_no"), one.revision, one, None, binary_mode=False)  # type: ignore[arg-type]
        for one in documents
    ]


CHANGES: dict[str, Any] = {
    "status": "cancelled",
    "mode": "auction",
    "listing_no": "L-other",
    "provider": Party("overseas", "X-other", "虚构"),
    "buyer": Party("overseas", "X-other", "虚构"),
    "amount_fen": 1,
    "refunded_fen": 1,
    "origin_exchange": "虚构外地",
    "certificate_no": "C-other",
}


@given(st.sampled_from([*CHANGES, "product.no", "product.name", "product.kind", "product"]), STATED, STATED)
def test_anything_else_makes_one(changed: str, one: Any, other: Any) -> None:
    first, second = (decoded("trade", event("trade", industry=industry)) for industry in (one, other))
    assert second.product is not None
    match changed.split("."):
        case ["product"]:
            second = replace(second, product=None)
        case ["product", member]:
            value = "api" if member == "kind" else "other"
            second = replace(second, product=replace(second.product, **{member: value}))
        case [member]:
            second = replace(second, **{member: CHANGES[member]})
    assert first != second
    assert digest(first) != digest(second)
    outcome = resolve(arrivals("trade", [first, second]), {}, {}, 0)
    assert (len(outcome.accepted), outcome.duplicates, len(outcome.conflicts)) == (1, [], 1)


def test_the_difference_to_a_registered_document_leaves_it_out() -> None:
    left, right = (event("trade", industry=one)["data"] for one in ("A", "B"))
    assert differences("trade", left, right) == []
    assert [one.field for one in differences("trade", left | {"mode": "auction"}, right)] == ["mode"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("industry", ["软件业", "C39", 39, {"code": 1.5}])
def test_what_was_stored_while_the_field_was_unknown_can_be_read(kind: Any, industry: Any) -> None:
    old = event(kind, industry=industry)
    old["data"]["unknown"] = 1e400
    expected = decoded(kind, event(kind))
    value, headers = as_binary(old)
    for stored in (
        stored_document(kind, "kmdex", written(old).replace(b"Infinity", b"1e400"), None),
        stored_document(kind, "kmdex", value.replace(b"Infinity", b"1e400"), stored_headers(headers)),
    ):
        assert stored == expected
        assert stored.product is not None
        assert stored.product.industry is None
    with pytest.raises(ValueError, match="no longer valid"):
        stored_document(kind, "kmdex", written(event(kind, industry=industry, kind="food")), None)
