"""Fixes of each reason, and the differences of a refused document with the registered one."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from services.incentive.pages import words
from shared.events.decode import REASONS
from shared.web.register.differences import FieldDifference, differences
from shared.web.register.refused_rows import QuarantinedRecord
from shared.web.register.repair import FIXES, event_line, event_to_correct
from tests.support.events import EVENTS, TRADE


def refused(value: object, **members: object) -> QuarantinedRecord:
    raw = json.dumps(value).encode()
    row = QuarantinedRecord(
        *(7, "kmdex", "exchange.kmdex.trades.v1", 0, 12, 12, 1, datetime(2026, 3, 1, tzinfo=UTC), "invalid_data"),
        *([{"field": "amount", "message": "x"}], [], raw, len(raw), None, False, "T-1", 1, None, None),
    )
    return row._replace(**members)  # type: ignore[arg-type]


def test_every_reason_has_one_sentence_in_each_language() -> None:
    assert set(FIXES) == set(REASONS) == set(words.REFUSALS)
    for fix in FIXES.values():
        assert fix.zh.endswith("。")
        assert fix.zh.count("。") == 1
        assert fix.en.endswith(".")
        assert ". " not in fix.en.replace("1.0 ", "")
    assert len({fix.zh for fix in FIXES.values()}) == len({fix.en for fix in FIXES.values()}) == len(REASONS)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"amount": "5000000", "refunded": None}, [("refunded", None, "0.00")]),
        ({"completed_at": "2026-03-01T02:00:05Z", "unknown": 1}, []),
        ({"amount": 5}, [("amount", "5", "5000000.00")]),
        (
            {"provider": "甲"},
            [("provider.id_scheme", None, "uscc"), ("provider.id",), ("provider.name",), ("provider",)],
        ),
        ({"product": None}, [("product.no",), ("product.name",), ("product.kind",)]),
    ],
)
def test_differences_are_by_meaning(changed: dict[str, object], found: list[tuple[str | None, ...]]) -> None:
    told = differences("trade", TRADE | changed, TRADE)
    assert [one.field for one in told] == [one[0] for one in found]
    assert [one for one, of in zip(told, found, strict=True) if len(of) == 3] == [
        FieldDifference(*of)
        for of in found
        if len(of) == 3  # type: ignore[arg-type]
    ]


def test_an_event_to_correct_has_whole_attributes_and_says_what_to_correct() -> None:
    event = EVENTS["trade"] | {"source": "/exchanges/other", "time": "today", "specversion": "0.3"}
    found = event_to_correct("trade", refused(event), None)
    assert found == {
        "specversion": "1.0",
        "id": "trade-0-12-corrected",
        "source": "/exchanges/kmdex",
        "type": "cn.kunming.data-exchange.trade.v1",
        "time": "2026-03-01T08:00:00.000000+08:00",
        "refusedreason": "invalid_data",
        "refusederrors": "amount: x",
        "data": TRADE,
    }
    conflict = refused(EVENTS["trade"], reason="revision_conflict")
    assert event_to_correct("trade", conflict, 7)["data"]["revision"] == 8


@pytest.mark.parametrize("data", [{"note": "\ud800"}, {"amount": 10**40}, None, [1]])
def test_any_data_makes_one_line(data: object) -> None:
    line = event_line(event_to_correct("trade", refused({"data": data}), 1))
    assert line.count(b"\n") == 1
    assert set(json.loads(line)) >= {"id", "data"}
