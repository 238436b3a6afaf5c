"""Participations that follow from the facts about a subject: amounts, what is missing, and who else has a part."""

from __future__ import annotations

from services.incentive.domain.entitlements import known_facts
from services.incentive.domain.facts import (
    Fact,
    FirstListing,
    FirstPurchase,
    Listed,
    NotCounted,
    ProviderTotal,
    Purchased,
    Share,
)
from services.incentive.domain.subjects.participation import Participation, participations
from shared.values.times import parse_time
from tests.support.incentive.totals import P1, POLICY, bucket, provided, served

AT = parse_time("2026-03-01T10:00:00+08:00")
ANNUAL = "annual_listed_trading"


def found(*facts: Fact) -> list[Participation]:
    return participations(known_facts((number, fact) for number, fact in enumerate(facts)), POLICY)


def annual(
    exchange: str, measure: int, missing: int | None, own: int, *, shared: bool, year: int = 2026
) -> Participation:
    return Participation(exchange, year, ANNUAL, P1.subject, P1.name, measure, missing, own, shared)


def test_a_total_over_exchanges_is_shared_by_those_with_counted_trades() -> None:
    total = provided(2026, {"dcdex": [bucket("2026-03-01", "6500000")], "kmdex": [bucket("2026-03-01", "3000000")]})
    assert found(total) == [
        annual("dcdex", 950_000_000, 50_000_000, 650_000_000, shared=True),
        annual("kmdex", 950_000_000, 50_000_000, 300_000_000, shared=True),
    ]


def test_trades_that_do_not_count_make_a_participant_and_share_nothing() -> None:
    total = ProviderTotal(
        generation=1,
        seq=1,
        register="r1",
        party=P1,
        year=2026,
        cut_at=provided(2026, {}).cut_at,
        by_exchange={
            "kmdex": Share(counted=(bucket("2026-03-01", "10000000"),)),
            "dcdex": Share(other=(NotCounted("mode", 100, 1),)),
            "nodex": Share(),
        },
    )
    assert found(total) == [
        annual("dcdex", 1_000_000_000, 0, 0, shared=True),
        annual("kmdex", 1_000_000_000, 0, 1_000_000_000, shared=False),
    ]


def test_registers_are_summed_and_years_apart() -> None:
    one, two = (provided(2026, {"kmdex": [bucket("2026-03-01", "1")]}, register=register) for register in ("r1", "r2"))
    before = provided(2024, {"kmdex": [bucket("2024-03-01", "5")]})
    assert found(one, two, before) == [
        annual("kmdex", 200, 999_999_800, 200, shared=False),
        annual("kmdex", 0, None, 0, shared=False, year=2024),
    ]


def test_firsts_are_of_their_exchange_and_year_and_have_no_threshold() -> None:
    listing = FirstListing(P1, Listed("kmdex", "L1", 1, AT), generation=1, seq=1, register="r1")
    purchase = FirstPurchase(P1, Purchased("dcdex", "T1", 1, AT, 500, 200, P1), generation=1, seq=1, register="r1")
    assert found(listing, purchase) == [
        Participation("kmdex", 2026, "first_listing", P1.subject, P1.name, 0, None, 0, is_shared=False),
        Participation("dcdex", 2026, "first_purchase", P1.subject, P1.name, 300, None, 300, is_shared=False),
    ]
    assert found(FirstListing(P1, None, generation=1, seq=1, register="r1")) == []


def test_an_exchange_takes_part_in_nothing() -> None:
    assert found(served(2026, bucket("2026-03-01", "5"))) == found() == []
