"""Explanations over the API: refunds of totals, predecessors, what an exchange sees of a reduced award, as of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import (
    CUT_AT,
    OPERATOR_OF_KMDEX,
    WHITELIST,
    buckets,
    changed,
    exchange_total,
    instant,
    party,
    record,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.records import FakeRecord

TIERS_OF_KMDEX, TIERS_OF_DCDEX = "exchange_tiers/kmdex/2026", "exchange_tiers/dcdex/2027"


@pytest.fixture(scope="module")
def bureau(postgres: Any) -> Iterator[Bureau]:
    """A ledger with one operator of both exchanges; each test uses its own subjects."""
    whitelist = WHITELIST.replace("91530100MAXDCDEX07", OPERATOR_OF_KMDEX.removeprefix("uscc:"))
    with empty_bureau(postgres, changed(0, whitelist)) as found:
        found.take(
            exchange_total("kmdex", 2026, [("2026-03-01", "200000000.00")], seq=1),
            exchange_total("dcdex", 2027, [("2027-03-01", "600000000.00")], seq=1),
        )
        yield found


def listing(number: str, day: str, exchange: str) -> dict[str, Any]:
    return {"exchange": exchange, "listing_no": number, "revision": 1, "listed_at": instant(day)}


def first_listing_fact(number: int, seq: int, first: Any, annulled: Any) -> FakeRecord:
    value = {"generation": 1, "seq": seq, "party": party(number), "first": first, "annulled": annulled}
    return record(FIRST_LISTING, f"r1/{subject(number)}", value)


def trading_fact(number: int, amount: str, seq: int, refunded: str | None = None) -> FakeRecord:
    """The listed trades of a provider on kmdex in 2026, in one bucket."""
    (bucket,) = buckets([("2026-02-01", amount)])
    share = {"counted": [bucket | ({} if refunded is None else {"refunded": refunded})], "unmatched": [], "other": []}
    value = {"generation": 1, "seq": seq, "party": party(number), "year": 2026, "cut_at": list(CUT_AT)}
    return record(ANNUAL_TOTAL, f"r1/provider/{subject(number)}/2026", value | {"by_exchange": {"kmdex": share}})


def explained(bureau: Bureau, award_id: str, role: str = "auditor", **query: Any) -> Any:
    return bureau.ask.ok(f"/v1/awards/{award_id}/explanation", role, **query)


def test_a_total_is_explained_by_its_amount_its_refunds_and_its_net(bureau: Bureau) -> None:
    bureau.take(trading_fact(1, "15000000.00", 3, "2500000.00"))
    for role in ("auditor", "bureau", "exchange:kmdex"):
        found = explained(bureau, f"annual_listed_trading/{subject(1)}/2026", role)
        steps = [(step["step"], step["value"]) for step in found["steps"]]
        assert steps[:2] == [("base", "17500000.00"), ("refund", "15000000.00")]
        assert (
            "金额合计17,500,000.00元（最近一笔完成于2026年2月1日）。减去退款2,500,000.00元，净额15,000,000.00元。"
            in (found["text"]["zh"])
        )
    assert bureau.award(f"annual_listed_trading/{subject(1)}/2026")["base"] == "15000000.00"


def test_a_predecessor_that_is_annulled_is_named_to_those_who_may_see_it(bureau: Bureau) -> None:
    annulled, first = listing("L0", "2026-01-04", "dcdex"), listing("L1", "2026-01-05", "kmdex")
    bureau.take(first_listing_fact(2, 4, first, annulled), first_listing_fact(3, 4, None, annulled))
    text = "更早的挂牌L0（交易场所dcdex，2026年1月4日）已作废，不计为首次。"
    for role, is_named in (("auditor", True), ("bureau", True), ("exchange:kmdex", False)):
        found = explained(bureau, f"first_listing/{subject(2)}", role)
        assert (text in found["text"]["zh"]) == is_named
        assert ("L0" in str(found)) == is_named
    # The exchange of the annulled listing learns why it earned nothing, and nothing of the other exchange.
    for number in (2, 3):
        query = {"subject": subject(number), "rule": "first_listing", "year": 2026}
        (found,) = bureau.ask.ok("/v1/explanations", "exchange:dcdex", **query)["items"]
        assert (found["award_id"], found["why_not"]["code"]) == (None, "annulled")
        assert text in found["text"]["zh"]
        assert "L1" not in str(found)
        assert "kmdex" not in str(found)


def test_an_exchange_sees_the_ceiling_of_a_tier_that_tiers_of_another_exchange_reduce(bureau: Bureau) -> None:
    """G11: the operator's second exchange has a ceiling of 3,000,000 and a payable of 2,000,000."""
    whole = bureau.award(TIERS_OF_DCDEX)
    assert (whole["base"], whole["ceiling"], whole["payable"]) == ("600000000.00", "3000000.00", "2000000.00")
    seen = bureau.ask.ok(f"/v1/awards/{TIERS_OF_DCDEX}", "exchange:dcdex")
    hidden = dict.fromkeys(("payable", "approved", "paid", "returned", "recovered", "suppressed_by"))
    assert {name: seen[name] for name in whole if name not in ("evidence", "flags", "readings")} == {
        name: ({**whole, **hidden, "partial": True})[name]
        for name in whole
        if name not in ("evidence", "flags", "readings")
    }
    found = explained(bureau, TIERS_OF_DCDEX, "exchange:dcdex")
    assert [(step["step"], step["value"]) for step in found["steps"]] == [
        ("base", "600000000.00"),
        ("cap", "3000000.00"),
    ]
    assert "测算上限3,000,000.00元。" in found["text"]["zh"]
    assert "2,000,000.00" not in found["text"]["zh"]
    assert (found["suppressed_by"], found["transactions"]) == (None, [])
    assert bureau.ask.all("/v1/ledger/transactions", "exchange:dcdex", award_id=TIERS_OF_DCDEX) == []
    told = explained(bureau, TIERS_OF_DCDEX)
    assert (told["steps"][-1]["step"], told["steps"][-1]["value"]) == ("limit", "2000000.00")
    # The first one is not reduced.
    assert bureau.ask.ok(f"/v1/awards/{TIERS_OF_KMDEX}", "exchange:kmdex")["partial"] is False


def test_a_rejected_award_says_so_and_the_next_kind_is_payable(bureau: Bureau) -> None:
    """The same ledger says of each award what it says of the other, before and after."""
    award_id, listed = f"annual_listed_trading/{subject(5)}/2026", f"first_listing/{subject(5)}"
    bureau.take(
        trading_fact(5, "12000000.00", 8),
        first_listing_fact(5, 8, listing("L1", "2026-01-05", "kmdex"), None),
    )
    assert "同一主体同一年度的年度挂牌交易奖励（240,000.00元）更高" in explained(bureau, listed)["text"]["zh"]
    bureau.done(award_id, "apply", "reject")
    rejected, next_kind = explained(bureau, award_id), explained(bureau, listed)
    assert rejected["steps"][-1]["text"]["zh"] == "本项未予通过，不予兑现。"
    assert (rejected["steps"][-1]["value"], rejected["suppressed_by"]) == ("0.00", None)
    assert [step["step"] for step in next_kind["steps"]] == ["base", "cap"]
    assert "测算上限20,000.00元，可兑现20,000.00元。" in next_kind["text"]["zh"]
    bureau.done(award_id, "reopen")
    assert "测算上限240,000.00元，可兑现240,000.00元。" in explained(bureau, award_id)["text"]["zh"]


def test_an_exchange_learns_that_a_grant_reduces_a_reward_and_not_which(bureau: Bureau) -> None:
    award_id = bureau.purchase(6)
    bureau.grant(subject(6), 2026, "50000.00", rules=["first_purchase"])
    whole, seen = explained(bureau, award_id), explained(bureau, award_id, "exchange:kmdex")
    assert "虚构市级技改奖补（昆虚工信〔2026〕1号）50,000.00元，余150,000.00元。" in whole["text"]["zh"]
    assert [step["step"] for step in seen["steps"]][-2:] == ["rounding", "grant"]
    assert seen["steps"][-1]["text"]["zh"] == "扣减市级其他政策的奖补后余150,000.00元。"
    assert "技改" not in str(seen)
    assert bureau.ask.ok(f"/v1/awards/{award_id}", "exchange:kmdex")["partial"] is False


def test_both_routes_explain_what_there_was_at_an_instant(bureau: Bureau) -> None:
    award_id = f"annual_listed_trading/{subject(4)}/2026"
    query = {"subject": subject(4), "rule": "annual_listed_trading", "year": 2026}
    bureau.take(trading_fact(4, "9000000.00", 5))
    (none,) = bureau.ask.ok("/v1/explanations", **query)["items"]
    bureau.take(trading_fact(4, "12000000.00", 6))
    before = bureau.award(award_id)["updated_at"]
    was = explained(bureau, award_id)
    bureau.take(trading_fact(4, "11000000.00", 7, "1000000.00"))
    now = explained(bureau, award_id)
    assert now["steps"] != was["steps"]
    assert explained(bureau, award_id, as_of=before) == was
    assert bureau.ask.ok("/v1/explanations", as_of=before, **query)["items"] == [was]
    assert none["why_not"]["code"] == "below_threshold"
    for path, more in ((f"/v1/awards/{award_id}/explanation", {}), ("/v1/explanations", query)):
        assert bureau.ask.get(path, as_of="2099-01-01T00:00:00+08:00", **more)[0] == 422
