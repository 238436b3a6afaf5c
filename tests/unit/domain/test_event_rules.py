"""The four event rules at every threshold, cap, date and time zone; the numbers come from the policy's text."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import cycle, pairwise

import msgspec
import pytest

from services.incentive.domain.event_rules import (
    CutDatesError,
    ExchangeFacts,
    SubjectFacts,
    exchange_awards,
    split_by_period,
    subject_awards,
    tier_years,
)
from services.incentive.domain.facts import (
    Bucket,
    ExchangeTotal,
    FirstListing,
    FirstPurchase,
    Listed,
    Purchased,
)
from services.incentive.policy.loader import read_policy
from shared.settings import POLICY_FILE
from shared.values.money import format_yuan, parse_yuan
from shared.values.parties import Party
from shared.values.times import SHANGHAI, day_start, parse_time
from shared.whitelist import Operator, Whitelist
from tests.support.cases import party, uscc
from tests.support.incentive.totals import (
    CUT_AT,
    OPERATED,
    P1,
    POLICY,
    SINCE,
    annual,
    bucket,
    provided,
    served,
    tier_awards,
    whitelist,
)

TEXT = POLICY_FILE.read_text(encoding="utf-8")
B1 = Party(**party("B1"))
LAST_DAY = ("2028-10-15T00:00:00+08:00", "2028-10-15T23:59:59.999999+08:00", "2028-10-15T15:59:59Z")
BEFORE = ("2025-10-14T23:59:59.999999+08:00", "2025-10-14T15:59:59Z", "2000-01-01T00:00:00Z")
WITHIN = ("2025-10-15T00:00:00+08:00", "2025-10-14T16:00:00Z", "2026-06-01T00:00:00Z", "2028-10-14T23:59:59+08:00")
AFTER = ("2028-10-16T00:00:00+08:00", "2028-10-15T16:00:00Z", "2029-06-01T00:00:00Z")


def listed(at: str, *, exchange: str = "kmdex", no: str = "L1", register: str = "r1") -> FirstListing:
    return FirstListing(P1, Listed(exchange, no, 1, parse_time(at)), generation=1, seq=7, register=register)


def purchased(
    yuan: str, at: str = "2026-03-01T10:00:00+08:00", *, refunded: str = "0", no: str = "T1", register: str = "r1"
) -> FirstPurchase:
    first = Purchased("kmdex", no, 1, parse_time(at), parse_yuan(yuan), parse_yuan(refunded), P1)
    return FirstPurchase(B1, first, generation=1, seq=9, register=register)


def tiers(*totals: ExchangeTotal, exchanges: Whitelist = OPERATED, policy=POLICY) -> dict[int, str]:
    """Return the ceilings by year."""
    return {
        award.year: format_yuan(award.ceiling_fen) for award in tier_awards(*totals, exchanges=exchanges, policy=policy)
    }


# --- first_listing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [*WITHIN, *LAST_DAY])
def test_first_listing_in_force(at: str):
    (award,) = subject_awards(P1, SubjectFacts(first_listing=(listed(at),)), POLICY)
    assert (award.award_id, award.rule, award.article) == (f"first_listing/{P1.subject}", "first_listing", "(四) 1")
    assert (award.base_fen, award.rate, award.ceiling_fen, award.exchange) == (0, None, 2_000_000, "kmdex")
    assert award.flags == (("last_day",) if at in LAST_DAY else ())
    assert award.evidence[0].ref.seq == 7
    assert award.evidence[0].exchanges == ("kmdex",)


@pytest.mark.parametrize("at", [*BEFORE, *AFTER])
def test_first_listing_outside_earns_nothing(at: str):
    assert subject_awards(P1, SubjectFacts(first_listing=(listed(at),)), POLICY) == []


def test_first_listing_is_the_least_of_all_registers():
    one, other = (
        listed("2026-05-01T00:00:00Z", register="r1"),
        listed("2026-04-01T00:00:00Z", exchange="dcdex", register="r2"),
    )
    gone = FirstListing(P1, None, generation=1, seq=1, register="r3")
    for facts in ((one, other, gone), (gone, other, one)):
        (award,) = subject_awards(P1, SubjectFacts(first_listing=facts), POLICY)
        assert (award.exchange, [one.ref for one in award.evidence]) == ("dcdex", [other.ref])
    history = listed(BEFORE[0], register="r2")
    assert subject_awards(P1, SubjectFacts(first_listing=(one, history)), POLICY) == []
    assert subject_awards(P1, SubjectFacts(first_listing=(gone,)), POLICY) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (listed("2026-01-01T00:00:00Z", exchange="a-x"), listed("2026-01-01T00:00:00Z", exchange="b-x")),
        (listed("2026-01-01T00:00:00Z", no="L10"), listed("2026-01-01T00:00:00Z", no="L2")),
        (listed("2026-01-01T00:00:00Z", no="Z"), listed("2026-01-01T00:00:00Z", no="a")),
    ],
)
def test_equal_instants_go_by_exchange_then_number_in_code_point_order(one: FirstListing, other: FirstListing):
    assert one.first is not None
    assert other.first is not None
    assert one.first.order < other.first.order


# --- first_purchase --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yuan", "refunded", "ceiling"),
    [
        ("3999999.99", "0", "199999.99"),
        ("4000000.00", "0", "200000.00"),
        ("4000000.01", "0", "200000.00"),
        ("333333.33", "0", "16666.66"),
        ("5000000", "1500000", "175000.00"),
        ("5000000", "1000000", "200000.00"),
        ("5000000", "1000000.01", "199999.99"),
        ("0.20", "0", "0.01"),
        ("0.39", "0", "0.01"),
        ("10000000000.00", "0", "200000.00"),
    ],
)
def test_first_purchase_rate_cap_and_rounding(yuan: str, refunded: str, ceiling: str):
    (award,) = subject_awards(B1, SubjectFacts(first_purchase=(purchased(yuan, refunded=refunded),)), POLICY)
    assert format_yuan(award.ceiling_fen) == ceiling
    assert award.base_fen == parse_yuan(yuan) - parse_yuan(refunded)
    assert (str(award.rate), award.cap_fen) == ("0.05", 20_000_000)


@pytest.mark.parametrize(("yuan", "refunded"), [("0.19", "0"), ("5000000", "5000000"), ("5000000", "4999999.81")])
def test_first_purchase_under_a_fen_earns_nothing_and_stays_the_first(yuan: str, refunded: str):
    later = purchased("1000000", "2026-04-01T00:00:00Z", register="r2")
    facts = SubjectFacts(first_purchase=(purchased(yuan, refunded=refunded), later))
    assert subject_awards(B1, facts, POLICY) == []


@pytest.mark.parametrize("at", [*WITHIN, *LAST_DAY, *BEFORE, *AFTER])
def test_first_purchase_only_in_force(at: str):
    awards = subject_awards(B1, SubjectFacts(first_purchase=(purchased("100", at),)), POLICY)
    flags = [("last_day",)] if at in LAST_DAY else [()]
    assert [award.flags for award in awards] == ([] if at in BEFORE + AFTER else flags)


@pytest.mark.parametrize(("at", "year"), [("2026-12-31T15:59:59.999999Z", 2026), ("2026-12-31T16:00:00Z", 2027)])
def test_the_year_of_a_first_is_shanghai_s(at: str, year: int):
    (award,) = subject_awards(B1, SubjectFacts(first_purchase=(purchased("100", at),)), POLICY)
    assert award.year == year


@pytest.mark.parametrize("scheme", ["overseas", "natural_person"])
def test_only_entities_with_a_uscc_earn(scheme):
    facts = SubjectFacts(first_purchase=(purchased("100"),), first_listing=(listed(WITHIN[0]),))
    assert subject_awards(Party(scheme, "X1", "虚构"), facts, POLICY) == []


@pytest.mark.parametrize(
    ("exchange", "no", "is_first"), [("a-x", "T2", True), ("x-x", "T0", False), ("kmdex", "T10", True)]
)
def test_equal_instants_of_purchases_go_by_exchange_then_number(exchange: str, no: str, is_first: bool):
    at, known = "2026-03-01T10:00:00+08:00", purchased("100", no="T2")
    first = Purchased(exchange, no, 1, parse_time(at), 10_000_000, 0, P1)
    other = FirstPurchase(B1, first, generation=1, seq=2, register="r2")
    (award,) = subject_awards(B1, SubjectFacts(first_purchase=(known, other)), POLICY)
    assert (award.base_fen == 10_000_000) is is_first


# --- annual_listed_trading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yuan", "ceiling"),
    [
        ("9999999.99", None),
        ("10000000.00", "200000.00"),
        ("10000000.01", "200000.00"),
        ("10000000.50", "200000.01"),
        ("24999999.99", "499999.99"),
        ("25000000.00", "500000.00"),
        ("25000000.01", "500000.00"),
        ("900000000.00", "500000.00"),
    ],
)
def test_annual_threshold_rate_and_cap(yuan: str, ceiling: str | None):
    awards = annual(provided(2026, {"kmdex": [bucket("2026-03-01", yuan)]}))
    assert [format_yuan(award.ceiling_fen) for award in awards] == ([] if ceiling is None else [ceiling])
    for award in awards:
        assert (award.award_id, award.exchange) == (f"annual_listed_trading/{P1.subject}/2026", None)
        assert award.base_fen == parse_yuan(yuan)


def test_annual_sums_exchanges_and_registers_and_names_those_that_count():
    here = provided(2026, {"kmdex": [bucket("2026-03-01", "4000000")], "quiet": []})
    there = provided(2026, {"dcdex": [bucket("2026-05-01", "6000000")]}, register="r2")
    (award,) = annual(here, there)
    assert award.ceiling_fen == 20_000_000
    assert [one.exchanges for one in award.evidence] == [("kmdex",), ("dcdex",)]
    assert annual(here) == []


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        ("2025-10-14", False),
        ("2025-10-15", True),
        ("2028-10-14", True),
        ("2028-10-15", True),
        ("2028-10-16", False),
    ],
)
def test_of_2025_and_2028_the_part_in_force_is_the_total(day: str, counts: bool):
    year = int(day[:4])
    awards = annual(provided(year, {"kmdex": [bucket(day, "10000000")]}))
    assert [award.year for award in awards] == ([year] if counts else [])


def test_annual_years_stand_alone():
    facts = [
        provided(year, {"kmdex": [bucket(f"{year}-11-20", "12000000")]}) for year in (2024, 2025, 2026, 2027, 2028)
    ]
    assert [award.year for award in annual(*facts)] == [2025, 2026, 2027]


@pytest.mark.parametrize(
    ("before", "on_last_day", "flagged"),
    [
        ("10000000", "0.01", False),
        ("10000000", "1.00", True),
        ("9999999.99", "0.01", True),
        ("25000000", "50000000", False),
        ("24999999.99", "0.01", True),
    ],
)
def test_last_day_is_flagged_exactly_when_the_other_reading_changes_the_award(before, on_last_day, flagged):
    buckets = [bucket("2028-10-14", before), bucket("2028-10-15", on_last_day)]
    (award,) = annual(provided(2028, {"kmdex": buckets}))
    assert award.flags == (("last_day",) if flagged else ())


# --- exchange_tiers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yuan", "ceiling"),
    [
        ("100000000.00", None),
        ("100000000.01", "1000000.00"),
        ("500000000.00", "1000000.00"),
        ("500000000.01", "3000000.00"),
        ("1000000000.00", "3000000.00"),
        ("1000000000.01", "5000000.00"),
        ("9000000000.00", "5000000.00"),
    ],
)
def test_over_is_more_than_and_a_jump_pays_the_top_tier_once(yuan: str, ceiling: str | None):
    awards = tier_awards(served(2026, bucket("2026-03-01", yuan)))
    assert [format_yuan(award.ceiling_fen) for award in awards] == ([] if ceiling is None else [ceiling])
    for award in awards:
        assert (award.award_id, award.exchange, award.rate) == ("exchange_tiers/kmdex/2026", "kmdex", None)
        assert (award.subject, award.article) == (f"uscc:{uscc('OP1')}", "(六) 2")


def year_of(year: int, yuan: str) -> ExchangeTotal:
    return served(year, bucket(f"{year}-03-01", yuan))


@pytest.mark.parametrize(
    ("totals", "ceilings"),
    [
        ([year_of(2026, "600000000"), year_of(2027, "1200000000")], {2026: "3000000.00", 2027: "2000000.00"}),
        (
            [year_of(2024, "130000000"), year_of(2026, "140000000"), year_of(2027, "600000000")],
            {2027: "3000000.00"},
        ),
        ([year_of(2026, "600000000"), year_of(2027, "200000000")], {2026: "3000000.00"}),
        ([year_of(2026, "200000000"), year_of(2027, "200000000")], {2026: "1000000.00"}),
        (
            [year_of(2026, "200000000"), year_of(2027, "600000000"), year_of(2028, "1200000000")],
            {2026: "1000000.00", 2027: "2000000.00", 2028: "2000000.00"},
        ),
        # A refund in 2026 loses its tier: 2027 then earns its own tier in full.
        ([year_of(2026, "90000000"), year_of(2027, "1200000000")], {2027: "5000000.00"}),
        # No tier remains to be passed for the first time.
        ([year_of(2020, "2000000000"), year_of(2026, "2000000000")], {}),
        # Years after the policy earn nothing; earlier awards remain.
        ([year_of(2026, "200000000"), year_of(2029, "1200000000")], {2026: "1000000.00"}),
    ],
)
def test_tiers_by_difference(totals: list[ExchangeTotal], ceilings: dict[int, str]):
    assert tiers(*totals) == ceilings
    assert tiers(*reversed(totals)) == ceilings


@pytest.mark.parametrize(
    ("buckets", "ceiling"),
    [
        # (day, yuan): the running total of 2025 begins on 1 January.
        ([("2025-03-01", "90000000"), ("2025-11-01", "20000000")], "1000000.00"),
        ([("2025-10-14", "100000000"), ("2025-10-15", "0.01")], "1000000.00"),
        ([("2025-10-14", "100000000.01"), ("2025-10-15", "1")], None),
        ([("2025-10-14", "100000000.01"), ("2025-10-15", "400000000")], "3000000.00"),
        ([("2025-10-14", "1200000000"), ("2025-10-15", "1200000000")], None),
    ],
)
def test_a_tier_passed_earlier_in_the_year_by_trades_before_the_policy_earns_nothing(buckets, ceiling):
    found = tiers(served(2025, *(bucket(day, yuan) for day, yuan in buckets)))
    assert found == ({} if ceiling is None else {2025: ceiling})


def test_a_tier_passed_before_within_2025_is_passed_for_later_years_too():
    first = served(2025, bucket("2025-03-01", "150000000"))
    assert tiers(first, year_of(2026, "200000000")) == {}
    assert tiers(first, year_of(2026, "600000000")) == {2026: "3000000.00"}


@pytest.mark.parametrize(
    ("buckets", "ceiling", "flagged"),
    [
        ([("2028-10-14", "150000000"), ("2028-10-15", "1"), ("2028-10-16", "1")], "1000000.00", False),
        ([("2028-10-14", "100000000"), ("2028-10-15", "0.01")], "1000000.00", True),
        ([("2028-10-14", "150000000"), ("2028-10-15", "400000000")], "3000000.00", True),
        ([("2028-10-15", "100000000"), ("2028-10-16", "0.01")], None, False),
        ([("2028-10-16", "900000000")], None, False),
    ],
)
def test_the_end_of_the_policy(buckets, ceiling, flagged):
    awards = tier_awards(served(2028, *(bucket(day, yuan) for day, yuan in buckets)))
    assert [format_yuan(award.ceiling_fen) for award in awards] == ([] if ceiling is None else [ceiling])
    assert [award.flags for award in awards] == ([("last_day",) if flagged else ()] if ceiling else [])


def test_base_is_the_total_up_to_the_last_instant_in_force():
    days = [("2028-02-01", "150000000"), ("2028-10-15", "2"), ("2028-10-16", "4"), ("2028-12-01", "8")]
    (award,) = tier_awards(served(2028, *(bucket(day, yuan) for day, yuan in days)))
    assert format_yuan(award.base_fen) == "150000002.00"


def test_a_tier_passed_after_the_end_of_another_period_earns_nothing():
    text = TEXT.replace("    until: 2028-10-16", "    until: 2026-06-01").replace(
        "  until: 2028-10-15", "  until: 2026-05-01"
    )
    policy = read_policy(text.encode(), "p.yaml")
    cut_at = policy.cut_dates
    total = served(2026, bucket("2026-03-01", "90000000"), bucket("2026-07-01", "90000000"), cut_at=cut_at)
    assert tiers(total, policy=policy) == {}


def test_nobody_earns_without_an_operator_on_the_last_day_and_nothing_counts_as_earned():
    operators = (
        Operator(uscc("OP1"), "虚构甲", SINCE, date(2026, 12, 31)),
        Operator(uscc("OP2"), "虚构乙", date(2027, 1, 1), None),
    )
    exchanges = whitelist(operators)
    totals = [year_of(2026, "200000000"), year_of(2027, "600000000")]
    awards = tier_awards(*totals, exchanges=exchanges)
    assert {award.year: format_yuan(award.ceiling_fen) for award in awards} == {2027: "3000000.00"}
    assert awards[0].subject == f"uscc:{uscc('OP2')}"
    # The tier was passed in 2026 regardless of the operator, so not for the first time in 2027.
    assert tiers(year_of(2026, "200000000"), year_of(2027, "300000000"), exchanges=exchanges) == {}


def test_the_operator_of_the_last_day_earns_and_a_successor_the_difference():
    operators = (
        Operator(uscc("OP1"), "虚构甲", SINCE, date(2027, 1, 1)),
        Operator(uscc("OP2"), "虚构乙", date(2027, 1, 1), None),
    )
    awards = tier_awards(year_of(2026, "200000000"), year_of(2027, "600000000"), exchanges=whitelist(operators))
    assert [(award.subject, award.ceiling_fen) for award in awards] == [
        (f"uscc:{uscc('OP1')}", 100_000_000),
        (f"uscc:{uscc('OP2')}", 200_000_000),
    ]


def test_an_exchange_that_left_the_whitelist_file_earns_nothing():
    assert tiers(year_of(2026, "200000000"), exchanges=whitelist((), "dcdex")) == {}


def test_two_exchanges_of_one_operator_have_a_ceiling_each():
    other = {2027: [served(2027, bucket("2027-03-01", "1200000000"), exchange="dcdex")]}
    assert tiers(year_of(2026, "1200000000")) == {2026: "5000000.00"}
    assert [award.ceiling_fen for award in exchange_awards("dcdex", ExchangeFacts(other, OPERATED), POLICY)] == [
        500_000_000
    ]


def test_tiers_sum_registers():
    parts = [served(2026, bucket("2026-03-01", "60000000"), register=register) for register in ("r1", "r2")]
    (award,) = tier_awards(*parts)
    assert (award.ceiling_fen, len(award.evidence)) == (100_000_000, 2)


def test_evidence_of_a_difference_names_the_year_and_those_it_is_against():
    awards = tier_awards(year_of(2020, "1"), year_of(2026, "200000000"), year_of(2027, "600000000"))
    assert [one.ref.fact.rpartition("/")[2] for one in awards[1].evidence] == ["2027", "2026"]
    assert [one.ref.fact.rpartition("/")[2] for one in awards[0].evidence] == ["2026"]


# --- cut dates, and values of the file -------------------------------------------------------------------------


@pytest.mark.parametrize("left_out", CUT_AT)
def test_a_total_that_is_not_cut_at_a_date_of_the_policy_is_an_error(left_out: date):
    cut_at = tuple(day for day in CUT_AT if day != left_out)
    with pytest.raises(CutDatesError, match=f"{left_out}.*TOTALS_CUT_AT"):
        tier_awards(served(2026, cut_at=cut_at))
    with pytest.raises(CutDatesError, match=str(left_out)):
        annual(provided(2026, {}, cut_at=cut_at))


def test_more_cut_dates_than_the_policy_names_are_fine():
    assert tiers(served(2026, bucket("2026-03-01", "200000000"), cut_at=(date(2024, 5, 5), *CUT_AT))) == {
        2026: "1000000.00"
    }


@pytest.mark.parametrize("zones", [(UTC, UTC), (SHANGHAI, UTC), (UTC, timezone(timedelta(hours=8)))])
def test_buckets_are_split_by_their_instants_in_whatever_zone_they_are_written(zones: tuple[tzinfo, tzinfo]) -> None:
    days = (date(2025, 9, 1), POLICY.in_force.start_on, date(2026, 1, 1), POLICY.in_force.end_on, date(2029, 1, 1))
    spans = [
        Bucket(day_start(day).astimezone(zone), day_start(until).astimezone(zone), fen, 1, day_start(day))
        for (day, until), zone, fen in zip(pairwise(days), cycle(zones), (1, 10, 100, 1_000), strict=False)
    ]
    found = split_by_period(spans, POLICY.in_force)
    assert (found.before_fen, found.within_fen, found.after_fen) == (1, 110, 1_000)
    assert split_by_period([], POLICY.in_force).within_trades == 0


def test_a_bucket_across_a_limit_is_an_error():
    across = Bucket(
        day_start(date(2025, 10, 1)), day_start(date(2025, 11, 1)), 1, 1, datetime(2025, 10, 2, tzinfo=SHANGHAI)
    )
    with pytest.raises(CutDatesError, match="crosses"):
        split_by_period([across], POLICY.in_force)


@pytest.mark.parametrize(
    ("old", "new", "ceilings"),
    [
        ('amount: "20000.00"', 'amount: "30000.00"', ["30000.00", "50000.00", "240000.00"]),
        ('rate: "0.05"', 'rate: "0.055"', ["20000.00", "55000.00", "240000.00"]),
        ('cap: "200000.00"', 'cap: "40000.00"', ["20000.00", "40000.00", "240000.00"]),
        ('at_least: "10000000.00"', 'at_least: "12000000.01"', ["20000.00", "50000.00"]),
        ('rate: "0.02"', 'rate: "0.01"', ["20000.00", "50000.00", "120000.00"]),
        ('cap: "500000.00"', 'cap: "200000.00"', ["20000.00", "50000.00", "200000.00"]),
        ("    from: 2025-10-15", "    from: 2026-04-01", ["240000.00"]),
    ],
)
def test_values_of_the_file_drive_the_result(old: str, new: str, ceilings: list[str]):
    assert TEXT.count(old) >= 1
    policy = read_policy(TEXT.replace(old, new, 1).encode(), "p.yaml")
    cut_at = (*CUT_AT, date(2026, 4, 1))
    facts = SubjectFacts(
        first_listing=(listed("2026-01-01T00:00:00Z"),),
        first_purchase=(purchased("1000000", "2026-02-01T00:00:00Z"),),
        totals={2026: (provided(2026, {"kmdex": [bucket("2026-05-01", "12000000")]}, cut_at=cut_at),)},
    )
    assert [format_yuan(award.ceiling_fen) for award in subject_awards(P1, facts, policy)] == ceilings


@pytest.mark.parametrize(
    ("old", "new", "ceiling"),
    [
        ('{over: "100000000.00", amount: "1000000.00"}', '{over: "100000000.00", amount: "1500000.00"}', "1500000.00"),
        ('{over: "500000000.00", amount: "3000000.00"}', '{over: "150000000.00", amount: "3000000.00"}', "3000000.00"),
        ('{over: "100000000.00", amount: "1000000.00"}', '{over: "200000000.00", amount: "1000000.00"}', None),
    ],
)
def test_tiers_of_the_file_drive_the_result(old: str, new: str, ceiling: str | None):
    policy = read_policy(TEXT.replace(old, new, 1).encode(), "p.yaml")
    assert tiers(year_of(2026, "200000000"), policy=policy) == ({} if ceiling is None else {2026: ceiling})


# --- evidence and other details --------------------------------------------------------------------------------


def test_awards_are_in_the_order_of_the_policy_file():
    totals = {year: [provided(year, {"kmdex": [bucket(f"{year}-03-01", "10000000")]})] for year in (2027, 2026)}
    facts = SubjectFacts(first_listing=(listed("2026-05-01T00:00:00Z"),), totals=totals)
    found = [(award.rule, award.year) for award in subject_awards(P1, facts, POLICY)]
    assert found == [("first_listing", 2026), ("annual_listed_trading", 2026), ("annual_listed_trading", 2027)]
    reverse = msgspec.structs.replace(POLICY, rules=tuple(reversed(POLICY.rules)))
    found = [(award.rule, award.year) for award in subject_awards(P1, facts, reverse)]
    assert found == [("annual_listed_trading", 2026), ("annual_listed_trading", 2027), ("first_listing", 2026)]


def test_an_exchange_that_has_nothing_counted_is_no_evidence():
    facts = provided(2026, {"kmdex": [bucket("2026-03-01", "9000000")], "dcdex": [bucket("2026-03-01", "2000000")]})
    (award,) = annual(facts, provided(2026, {"aadex": [bucket("2025-03-01", "1")]}, register="r2"))
    assert [one.exchanges for one in award.evidence] == [("dcdex", "kmdex")]


def test_a_register_without_totals_is_no_evidence_of_a_tier():
    total, empty = served(2026, bucket("2026-03-01", "100000000.01")), served(2026, register="r2")
    (award,) = tier_awards(total, empty)
    assert [one.ref for one in award.evidence] == [total.ref]


def test_a_tier_of_a_fen_is_an_award_and_evidence_of_what_it_is_deducted_from():
    policy = read_policy(
        TEXT.replace('{over: "100000000.00", amount: "1000000.00"}', '{over: "100000000.00", amount: "0.01"}').encode(),
        "test",
    )
    years = served(2026, bucket("2026-03-01", "100000000.01")), served(2027, bucket("2027-03-01", "500000000.01"))
    one, other = tier_awards(*years, policy=policy)
    assert (one.ceiling_fen, other.ceiling_fen) == (1, 299_999_999)
    assert [item.ref for item in other.evidence] == [years[1].ref, years[0].ref]


def test_a_year_counts_whole_for_the_years_after_it():
    """Trades after the end of the policy count as well: a tier that they passed counts as passed."""
    totals = {
        2028: [served(2028, bucket("2028-03-01", "90000000"), bucket("2028-12-01", "20000000"))],
        2029: [served(2029, bucket("2029-03-01", "1"))],
    }
    last, next_year = tier_years("kmdex", ExchangeFacts(totals, OPERATED), POLICY, POLICY.in_force)
    assert (last.base_fen, last.total_fen) == (9_000_000_000, 11_000_000_000)
    assert next_year.passed_fen == 11_000_000_000
