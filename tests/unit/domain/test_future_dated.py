"""Future-dated trades (contract, section 2): red flag, status and explanation, and the same flag by the verifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml

from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts, subject_awards
from services.incentive.domain.explanations.award import ExplainedAward, explanation
from services.incentive.domain.facts import (
    NO_TRADES,
    Bucket,
    ExchangeTotal,
    Fact,
    FirstPurchase,
    ProviderTotal,
    Purchased,
    TradeSum,
    merge_totals,
    parse_fact,
)
from services.incentive.domain.risk_flags import FUTURE_DATED, Peers, find_risk_flags, with_risk_flags
from services.incentive.domain.status import exchange_status, subject_status
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.risk_flags import red_flags_on
from shared.settings import POLICY_FILE
from shared.values.money import format_yuan
from shared.values.parties import Party
from shared.values.times import format_time, parse_time
from tests.support.cases import party
from tests.support.incentive.totals import OPERATED, POLICY, annual, bucket, provided, served, tier_awards

if TYPE_CHECKING:
    from services.incentive.domain.awards import Award

SECOND = PolicyValues(yaml.load(POLICY_FILE.read_bytes(), yaml.BaseLoader))  # noqa: S506 - constructs texts only
B1, P1 = Party(**party("B1")), Party(**party("P1"))
PART = TradeSum(700, 2)


def ahead(day: str, yuan: str, part: TradeSum = PART) -> Bucket:
    return msgspec.structs.replace(bucket(day, yuan, trades=3), ahead=part)


def purchase(*, is_ahead: bool) -> FirstPurchase:
    bought = Purchased("kmdex", "T1", 1, parse_time("2026-03-01T10:00:00+08:00"), 200_000_000, 0, P1, ahead=is_ahead)
    return FirstPurchase(B1, bought, generation=1, seq=3, register="r1")


def bucket_json(one: Bucket) -> dict[str, object]:
    part = {"ahead": {"amount": format_yuan(one.ahead.amount_fen), "trades": one.ahead.trades}}
    return {
        "from": format_time(one.start),
        "until": format_time(one.end),
        "amount": format_yuan(one.amount_fen),
        "trades": one.trades,
        "last_completed_at": format_time(one.last_completed_at),
        **(part if one.ahead.trades else {}),
    }


def flags_by_verifier(award: Award, fact: Fact) -> list[str]:
    value: dict[str, object]
    if isinstance(fact, ProviderTotal):
        shares = {name: {"counted": [bucket_json(one) for one in of.counted]} for name, of in fact.by_exchange.items()}
        value = {"year": fact.year, "by_exchange": shares}
    elif isinstance(fact, ExchangeTotal):
        value = {"year": fact.year, "buckets": [bucket_json(one) for one in fact.buckets]}
    else:
        assert isinstance(fact, FirstPurchase)
        assert fact.first is not None
        first = {"completed_at": format_time(fact.first.at), "exchange": "kmdex", "trade_no": "T1"}
        value = {"first": first | ({"ahead": True} if fact.first.ahead else {})}
    item = {"topic": fact.topic, "fact": fact.ref.fact, "value": value}
    of_award = {"rule": award.rule, "year": award.year, "base": award.base_fen, "cap": award.cap_fen}
    return red_flags_on(of_award, [item], SECOND)


@pytest.mark.parametrize(
    ("day", "of_provider", "of_exchange"),
    [
        ("2025-10-14", [], [FUTURE_DATED]),  # before the policy: in the running total of a tier alone
        ("2025-10-15", [FUTURE_DATED], [FUTURE_DATED]),
        ("2026-03-01", [FUTURE_DATED], [FUTURE_DATED]),
        ("2028-10-15", [FUTURE_DATED], [FUTURE_DATED]),
        ("2028-10-16", [], []),
    ],
)
def test_an_award_that_contains_a_future_dated_trade_is_flagged(
    day: str, of_provider: list[str], of_exchange: list[str]
) -> None:
    year, counted = int(day[:4]), {"2025": "2025-11-01", "2028": "2028-03-01"}.get(day[:4], "2026-05-01")
    sold = provided(year, {"kmdex": [bucket(counted, "20000000"), ahead(day, "9")]})
    total = served(year, bucket(counted, "200000000"), ahead(day, "9"))
    for (award,), fact, expected in ((annual(sold), sold, of_provider), (tier_awards(total), total, of_exchange)):
        found = [one for one in find_risk_flags(award, [fact], Peers(), POLICY) if one.flag == FUTURE_DATED]
        assert [one.flag for one in found] == expected
        assert [one.refs for one in found] == [(fact.ref,)] * len(expected)
        assert with_risk_flags(award, [fact], Peers(), POLICY).flags[len(award.flags) :] == tuple(expected)
        assert flags_by_verifier(award, fact) == expected


def test_the_facts_of_another_year_and_unmatched_trades_raise_nothing() -> None:
    sold = provided(2026, {"kmdex": [bucket("2026-03-01", "20000000")]})
    (award,) = annual(sold)
    other = provided(2027, {"kmdex": [ahead("2027-03-01", "9")]})
    assert find_risk_flags(award, [sold, other], Peers(), POLICY) == []


@pytest.mark.parametrize("is_ahead", [False, True])
def test_a_future_dated_first_purchase_is_flagged_with_its_trade(is_ahead: bool) -> None:
    fact = purchase(is_ahead=is_ahead)
    (award,) = subject_awards(B1, SubjectFacts(first_purchase=(fact,)), POLICY)
    found = find_risk_flags(award, [fact], Peers(), POLICY)
    assert [one.flag for one in found] == flags_by_verifier(award, fact) == ([FUTURE_DATED] if is_ahead else [])
    for one in found:
        assert (one.refs, [trade.trade_no for trade in one.trades]) == ((fact.ref,), ["T1"])
        assert one.text.zh == "其中1笔、2,000,000.00元的成交时间比其记录的Kafka时间戳晚24小时以上。"
        assert one.text.en.startswith("Dated more than 24 hours after the Kafka timestamps of their records: 1 trade, ")


def test_registers_sum_up_what_is_future_dated() -> None:
    (merged,) = merge_totals(
        [served(2026, ahead("2026-03-01", "9")), served(2026, ahead("2026-03-02", "9"), register="r2")]
    )
    assert merged.ahead == TradeSum(1400, 4)


def test_a_bucket_without_the_member_has_none() -> None:
    value = {"generation": 1, "seq": 1, "exchange": "kmdex", "year": 2026, "cut_at": []}
    for part, expected in ((NO_TRADES, NO_TRADES), (PART, PART)):
        total = value | {"buckets": [bucket_json(ahead("2026-03-01", "9", part))]}
        fact = parse_fact("facts.annual-total.v1", "r1/exchange/kmdex/2026", msgspec.json.encode(total))
        assert isinstance(fact, ExchangeTotal)
        assert fact.buckets[0].ahead == expected


def test_statuses_say_how_much_is_future_dated() -> None:
    part = {"amount": "7.00", "trades": 2}
    total = served(2028, bucket("2028-03-01", "9"), ahead("2028-11-01", "9"))
    of_exchange = ExchangeFacts({2028: [total]}, OPERATED)
    # The whole calendar year, although the policy ended before.
    assert exchange_status("kmdex", 2028, of_exchange, POLICY, [])["ahead"] == part
    assert "ahead" not in exchange_status("kmdex", 2027, of_exchange, POLICY, [])
    sold = provided(2026, {"kmdex": [ahead("2026-03-01", "9")]})
    facts = SubjectFacts(first_purchase=(purchase(is_ahead=True),), totals={2026: [sold]})
    operated = {"kmdex": ExchangeFacts({2026: [served(2026, ahead("2026-03-01", "9"))]}, OPERATED)}
    rules = subject_status(B1.subject, 2026, facts, operated, POLICY, [])["rules"]
    assert {one["rule"]: one.get("ahead") for one in rules} == {
        "first_listing": None,
        "first_purchase": {"amount": "2000000.00", "trades": 1},
        "annual_listed_trading": part,
        "exchange_tiers": part,
    }
    hidden = subject_status(B1.subject, 2026, facts, {}, POLICY, [], visible={"dcdex"})["rules"]
    assert all("ahead" not in one for one in hidden)


def test_explanations_say_how_much_is_future_dated() -> None:
    sold = provided(2026, {"kmdex": [bucket("2026-03-01", "20000000"), ahead("2026-05-01", "9")]})
    total = served(2026, bucket("2026-03-01", "200000000"), ahead("2026-05-01", "9"))
    awards = [
        (annual(sold), SubjectFacts(totals={2026: [sold]})),
        (tier_awards(total), ExchangeFacts({2026: [total]}, OPERATED)),
    ]
    for (award,), facts in awards:
        text = explanation(ExplainedAward(award), facts, POLICY)["text"]
        assert "其中2笔、7.00元的成交时间比其记录的Kafka时间戳晚24小时以上。" in text["zh"]
        assert (
            "Dated more than 24 hours after the Kafka timestamps of their records: 2 trades, 7.00 yuan." in text["en"]
        )
