"""The readings of (四) 3 and (六) 2: each value by example, and what holds whatever is chosen."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.event_readings import (
    PeriodSplit,
    RunningTotal,
    counted_period,
    deducted_history,
    missing_to_exceed,
    missing_to_reach,
    operator_of_year,
    running_total,
    served_period,
    touches,
)
from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts, tier_years
from services.incentive.domain.explanations.events import explain_annual, explain_tiers
from services.incentive.domain.explanations.why_not import Asked, KnownOfSubject, why_nothing
from services.incentive.domain.facts import ProviderTotal, Share
from services.incentive.policy.terms import Interval, Policy
from shared.values.money import format_yuan, parse_yuan
from shared.whitelist import Exchange, Operator, Whitelist
from tests.support.cases import uscc
from tests.support.incentive.readings import EVENT_READINGS, choices, policy_with
from tests.support.incentive.totals import CUT_AT, OPERATED, P1, SINCE, annual, bucket, provided, served, tier_awards

ANNUAL, TIERS = "annual_listed_trading", "exchange_tiers"
YI = "00000000.00"  # 亿
ONE, OTHER = (Operator(uscc(name), f"虚构实体 {name}", SINCE, None) for name in ("OP1", "P1"))


def by(rule: str, question: str, reading: str) -> Policy:
    return policy_with(((f"{rule}/{question}", reading),))


def annual_ceilings(*totals: ProviderTotal, policy: Policy) -> dict[int, str]:
    return {award.year: format_yuan(award.ceiling_fen) for award in annual(*totals, policy=policy)}


def tier_ceilings(*totals, policy: Policy, exchanges: Whitelist = OPERATED) -> dict[int, int]:
    """The ceilings in 万元, by year."""
    return {one.year: one.ceiling_fen // 1_000_000 for one in tier_awards(*totals, policy=policy, exchanges=exchanges)}


def listed(until: date | None, *operators: Operator) -> Whitelist:
    return Whitelist((Exchange("kmdex", "kmdex", SINCE, until, operators, None),))


# --- (四) 3 ----------------------------------------------------------------------------------------------------------


def test_a_total_that_equals_the_threshold_reaches_it_or_not():
    equal = provided(2026, {"kmdex": [bucket("2026-03-01", "10000000.00")]})
    more = provided(2026, {"kmdex": [bucket("2026-03-01", "10000000.01")]})
    for reading, ceiling, missing in (("at_least_means_ge", {2026: "200000.00"}, 0), ("at_least_means_gt", {}, 1)):
        policy = by(ANNUAL, "reaching", reading)
        assert annual_ceilings(equal, policy=policy) == ceiling
        assert annual_ceilings(more, policy=policy) == {2026: "200000.00"}
        assert missing_to_reach(1_000_000_000, policy.annual_listed_trading) == missing


def test_listed_trades_without_their_listing_count_or_not():
    counted = (bucket("2026-03-01", "6000000"),)
    unmatched = (bucket("2026-03-01", "3000000"), bucket("2026-05-01", "2000000"))
    total = msgspec.structs.replace(
        provided(2026, {}), by_exchange={"kmdex": Share(counted, unmatched, ()), "dcdex": Share((), unmatched, ())}
    )
    assert annual_ceilings(total, policy=by(ANNUAL, "matching", "listing_of_the_same_provider_before_the_trade")) == {}
    (award,) = annual(total, policy=by(ANNUAL, "matching", "mode_as_the_exchange_states"))
    assert (format_yuan(award.base_fen), format_yuan(award.ceiling_fen)) == ("16000000.00", "320000.00")
    assert award.evidence[0].exchanges == ("dcdex", "kmdex")


@pytest.mark.parametrize(
    ("year", "days", "part", "whole"),
    [
        (2025, ["2025-03-01", "2025-11-01"], {2025: "240000.00"}, {2025: "440000.00"}),
        (2028, ["2028-11-01", "2028-03-01"], {2028: "240000.00"}, {2028: "440000.00"}),
        (2024, ["2024-03-01", "2024-11-01"], {}, {}),
        (2029, ["2029-03-01", "2029-11-01"], {}, {}),
        (2026, ["2026-03-01", "2026-11-01"], {2026: "440000.00"}, {2026: "440000.00"}),
    ],
)
def test_of_2025_and_2028_the_part_in_force_or_the_whole_year_counts(year, days, part, whole):
    total = provided(year, {"kmdex": [bucket(days[0], "10000000"), bucket(days[1], "12000000")]})
    assert annual_ceilings(total, policy=by(ANNUAL, "part_years", "part_of_the_year_in_force")) == part
    assert annual_ceilings(total, policy=by(ANNUAL, "part_years", "whole_calendar_year")) == whole


def test_the_last_day_decides_nothing_where_the_whole_year_counts():
    total = provided(2028, {"kmdex": [bucket("2028-10-15", "10000000")]})
    (award,) = annual(total, policy=by(ANNUAL, "part_years", "part_of_the_year_in_force"))
    assert award.flags == ("last_day",)
    (award,) = annual(total, policy=by(ANNUAL, "part_years", "whole_calendar_year"))
    assert award.flags == ()


# --- (六) 2 ----------------------------------------------------------------------------------------------------------


def test_a_total_that_equals_the_threshold_exceeds_it_or_not():
    equal = served(2026, bucket("2026-03-01", f"1{YI}"))
    for reading, ceilings, missing in (("over_means_gt", {}, 1), ("over_means_ge", {2026: 100}, 0)):
        policy = by(TIERS, "exceeding", reading)
        assert tier_ceilings(equal, policy=policy) == ceilings
        first = policy.exchange_tiers.tiers[0]
        assert missing_to_exceed(first.over_fen, first, policy.exchange_tiers) == missing


PASSING = {
    "passed_by_a_trade_in_force_and_never_before": [{2027: 300}, {}, {2025: 100}, {}],
    "total_in_force_alone": [{2026: 100, 2027: 200}, {2026: 100}, {}, {}],
    "never_in_an_earlier_year": [{2027: 300}, {2025: 100}, {2025: 100}, {}],
}


@pytest.mark.parametrize("reading", PASSING)
def test_what_was_passed_before_the_policy(reading: str):
    histories = [
        [
            served(2024, bucket("2024-06-01", "130000000")),
            served(2026, bucket("2026-06-01", "140000000")),
            served(2027, bucket("2027-06-01", f"6{YI}")),
        ],
        [
            served(2025, bucket("2025-06-01", "130000000"), bucket("2025-11-01", "10000000")),
            served(2026, bucket("2026-06-01", "140000000")),
        ],
        [served(2025, bucket("2025-06-01", "90000000"), bucket("2025-11-01", "20000000"))],
        [served(2024, bucket("2024-06-01", f"6{YI}")), served(2029, bucket("2029-06-01", f"12{YI}"))],
    ]
    policy = by(TIERS, "passing", reading)
    assert [tier_ceilings(*totals, policy=policy) for totals in histories] == PASSING[reading]


def test_the_steps_of_before_the_policy_are_deducted_or_not():
    totals = [
        served(2023, bucket("2023-06-01", "120000000")),
        served(2024, bucket("2024-06-01", "130000000")),
        served(2026, bucket("2026-06-01", f"6{YI}")),
        served(2027, bucket("2027-06-01", f"12{YI}")),
    ]
    policy = by(TIERS, "deduction", "less_what_was_earned_under_this_policy")
    assert tier_ceilings(*totals, policy=policy) == {2026: 300, 2027: 200}
    policy = by(TIERS, "deduction", "less_steps_before_the_policy_too")
    assert tier_ceilings(*totals, policy=policy) == {2026: 200, 2027: 200}
    first, second = tier_awards(*totals, policy=policy)
    assert [one.ref.fact[-4:] for one in first.evidence] == ["2026", "2023"]
    assert [one.ref.fact[-4:] for one in second.evidence] == ["2027", "2023", "2026"]
    in_one_year = served(2025, bucket("2025-06-01", "130000000"), bucket("2025-11-01", f"5{YI}"))
    assert tier_ceilings(in_one_year, policy=policy) == {2025: 200}


def test_a_new_operator_inherits_the_steps_or_not():
    old = Operator(ONE.uscc, ONE.name, SINCE, date(2027, 1, 1))
    new = Operator(OTHER.uscc, OTHER.name, date(2027, 1, 1), None)
    totals = [
        served(2026, bucket("2026-06-01", "130000000")),
        served(2027, bucket("2027-06-01", f"6{YI}")),
        served(2028, bucket("2028-06-01", f"12{YI}")),
    ]
    exchanges = listed(None, old, new)
    policy = by(TIERS, "succession", "steps_of_the_exchange")
    assert tier_ceilings(*totals, policy=policy, exchanges=exchanges) == {2026: 100, 2027: 200, 2028: 200}
    policy = by(TIERS, "succession", "steps_of_the_operator")
    awards = tier_awards(*totals, policy=policy, exchanges=exchanges)
    assert [one.ceiling_fen // 1_000_000 for one in awards] == [100, 300, 200]
    assert [[item.ref.fact[-4:] for item in one.evidence] for one in awards] == [["2026"], ["2027"], ["2028", "2027"]]


@pytest.mark.parametrize(
    ("reading", "found"),
    [
        ("operators_own_period", {2026: ONE, 2027: ONE, 2028: ONE}),
        ("operator_within_the_listing", {2026: ONE, 2027: None, 2028: None}),
        ("operator_of_the_last_listed_day", {2026: ONE, 2027: ONE, 2028: None}),
    ],
)
def test_the_operator_of_an_exchange_that_left_the_whitelist(reading, found):
    exchanges, terms = listed(date(2027, 6, 1), ONE), by(TIERS, "delisting", reading).exchange_tiers
    assert {year: operator_of_year("kmdex", year, exchanges, terms) for year in found} == found
    assert operator_of_year("nowhere", 2026, exchanges, terms) is None
    never = Whitelist((Exchange("kmdex", "kmdex", date(2028, 1, 1), None, (ONE,), None),))
    assert (operator_of_year("kmdex", 2027, never, terms) is None) == (reading != "operators_own_period")
    on_the_year_end = listed(date(2028, 1, 1), ONE)
    assert operator_of_year("kmdex", 2027, on_the_year_end, terms) == ONE


@pytest.mark.parametrize(
    ("exchange", "reading", "found"),
    [
        ((SINCE, date(2027, 12, 31)), "operator_within_the_listing", None),
        ((SINCE, date(2028, 1, 1)), "operator_within_the_listing", OTHER),
        ((date(2027, 12, 31), None), "operator_within_the_listing", OTHER),
        ((date(2028, 1, 1), None), "operator_within_the_listing", None),
        ((SINCE, date(2027, 6, 1)), "operator_of_the_last_listed_day", OTHER),
        ((SINCE, date(2027, 5, 31)), "operator_of_the_last_listed_day", ONE),
        ((SINCE, date(2027, 1, 1)), "operator_of_the_last_listed_day", None),
        ((date(2027, 5, 30), date(2027, 5, 31)), "operator_of_the_last_listed_day", ONE),
        ((date(2027, 12, 31), None), "operator_of_the_last_listed_day", OTHER),
        ((date(2028, 1, 1), None), "operator_of_the_last_listed_day", None),
    ],
)
def test_the_days_of_an_exchange_and_its_operators_are_half_open(exchange, reading, found):
    """The first operator ends with 30 May 2027, the second begins on 31 May."""
    terms = by(TIERS, "delisting", reading).exchange_tiers
    change = date(2027, 5, 31)
    operators = Operator(ONE.uscc, ONE.name, SINCE, change), Operator(OTHER.uscc, OTHER.name, change, None)
    exchanges = Whitelist((Exchange("kmdex", "kmdex", *exchange, operators, None),))
    operator = operator_of_year("kmdex", 2027, exchanges, terms)
    assert (None if operator is None else operator.uscc) == (None if found is None else found.uscc)


PARTS = PeriodSplit(before_fen=5, before_trades=1, within_fen=7, within_trades=2, after_fen=11, after_trades=3)


@pytest.mark.parametrize(
    ("reading", "touched", "untouched"),
    [
        ("passed_by_a_trade_in_force_and_never_before", (5, 12, 5, 23), (5, 12, 5, 23)),
        ("total_in_force_alone", (0, 7, 0, 18), (0, 7, 0, 18)),
        ("never_in_an_earlier_year", (5, 12, 0, 23), (5, 12, 12, 23)),
    ],
)
def test_a_running_total_has_a_part_before_the_policy_and_one_that_is_barred(reading, touched, untouched):
    policy = by(TIERS, "passing", reading)
    terms, in_force = policy.exchange_tiers, policy.in_force
    assert {year: running_total(PARTS, year, terms, in_force) for year in (2024, 2025, 2026, 2028, 2029)} == {
        year: RunningTotal(*(touched if year in (2025, 2026, 2028) else untouched))
        for year in (2024, 2025, 2026, 2028, 2029)
    }
    served_from = in_force.start_on if reading == "total_in_force_alone" else date(1900, 1, 1)
    assert served_period(terms, in_force) == Interval(served_from, in_force.end_on)


def test_what_counts_in_a_year_is_the_calendar_year_or_the_period():
    for reading in ("part_of_the_year_in_force", "whole_calendar_year"):
        policy = by(ANNUAL, "part_years", reading)
        for year in range(2024, 2030):
            is_whole = reading == "whole_calendar_year" and 2025 <= year <= 2028
            whole = Interval(date(year, 1, 1), date(year + 1, 1, 1))
            found = counted_period(year, policy.annual_listed_trading, policy.in_force)
            assert found == (whole if is_whole else policy.in_force)


def test_the_highest_tier_passed_before_the_policy_is_deducted():
    terms = by(TIERS, "deduction", "less_steps_before_the_policy_too").exchange_tiers
    assert [deducted_history(fen, terms) for fen in (0, 10_000_000_000, 10_000_000_001, 50_000_000_001)] == [
        0,
        0,
        100_000_000,
        300_000_000,
    ]


# --- whatever is chosen ----------------------------------------------------------------------------------------------

DAYS = ["2024-06-01", "2025-06-01", "2025-11-01", "2026-06-01", "2027-06-01", "2028-06-01", "2028-11-01", "2029-06-01"]
AMOUNTS = ["0.01", "60000000", "99999999.99", f"1{YI}", f"4{YI}", f"5{YI}", f"9{YI}"]


@given(st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(AMOUNTS)), max_size=8),
       st.sampled_from(choices(EVENT_READINGS, 12)), st.booleans())  # fmt: skip
def test_the_steps_of_one_ladder_never_come_to_more_than_its_highest_tier(history, choice, is_succeeded):
    policy = policy_with(choice)
    last = date(2027, 1, 1) if is_succeeded else None
    operators = [Operator(ONE.uscc, ONE.name, SINCE, last)]
    operators += [Operator(OTHER.uscc, OTHER.name, date(2027, 1, 1), None)] if is_succeeded else []
    totals = [
        served(year, *(bucket(day, yuan) for day, yuan in dict(history).items() if day.startswith(str(year))))
        for year in range(2024, 2030)
    ]
    awards = tier_awards(*totals, policy=policy, exchanges=listed(None, *operators))
    of_operator = dict(choice).get("exchange_tiers/succession") == "steps_of_the_operator"
    ladders: dict[str, list] = {}
    for one in awards:
        ladders.setdefault(one.subject if of_operator else "all", []).append(one)
    for ladder in ladders.values():
        assert sum(one.ceiling_fen for one in ladder) <= max(one.cap_fen or 0 for one in ladder)
    assert all(0 < one.ceiling_fen <= (one.cap_fen or 0) for one in awards)
    assert all(policy.in_force.start_on.year <= one.year <= 2028 for one in awards)


@given(st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(["0.01", "9999999.99", "10000000", "30000000"])),
                max_size=6))  # fmt: skip
def test_a_reading_that_counts_more_never_earns_less(history):
    totals = []
    for year in range(2024, 2030):
        own = [bucket(day, yuan) for day, yuan in dict(history).items() if day.startswith(str(year))]
        share = Share(tuple(own[:1]), tuple(own[1:]), ())
        totals.append(ProviderTotal(P1, year, CUT_AT, {"kmdex": share}, generation=1, seq=1, register="r1"))
    least = {one.year: one.ceiling_fen for one in annual(*totals, policy=policy_with(()))}
    for question, reading in (("matching", "mode_as_the_exchange_states"), ("part_years", "whole_calendar_year")):
        more = {one.year: one.ceiling_fen for one in annual(*totals, policy=by(ANNUAL, question, reading))}
        assert all(fen <= more.get(year, 0) for year, fen in least.items())
    fewer = {one.year: one.ceiling_fen for one in annual(*totals, policy=by(ANNUAL, "reaching", "at_least_means_gt"))}
    assert all(fen == least[year] for year, fen in fewer.items())


@given(st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(AMOUNTS)), max_size=8),
       st.sampled_from(choices(EVENT_READINGS, 12)), st.booleans())  # fmt: skip
def test_explanations_lead_to_the_ceiling_by_every_reading(history, choice, is_listed):
    policy, exchanges = policy_with(choice), listed(None if is_listed else date(2027, 6, 1), ONE)
    by_year: dict[int, list] = {}
    for day, yuan in dict(history).items():
        by_year.setdefault(int(day[:4]), []).append(bucket(day, yuan))
    totals = [served(year, *buckets) for year, buckets in sorted(by_year.items())]
    facts = ExchangeFacts({one.year: [one] for one in totals}, exchanges)
    ceilings = {one.year: one for one in tier_awards(*totals, policy=policy, exchanges=exchanges)}
    for total in totals:
        draft = explain_tiers("kmdex", total.year, facts, policy)
        (counted,) = draft.counted
        if (award := ceilings.get(total.year)) is not None:
            assert parse_yuan(draft.steps[-1]["value"]) == award.ceiling_fen
            assert parse_yuan(counted["amount"]) == award.base_fen
        elif draft.steps[-1]["step"] != "base":
            assert parse_yuan(draft.steps[-1]["value"]) == 0
        parts = [counted, *draft.not_counted]
        assert sum(parse_yuan(one["amount"]) for one in parts) == sum(one.amount_fen for one in total.buckets)
    shares = {one.year: Share(one.buckets[:1], one.buckets[1:], ()) for one in totals}
    sold = [msgspec.structs.replace(provided(year, {}), by_exchange={"kmdex": one}) for year, one in shares.items()]
    awards = {one.year: one for one in annual(*sold, policy=policy)}
    for fact in sold:
        draft = explain_annual(fact.year, SubjectFacts(totals={fact.year: [fact]}), policy)
        ceiling_fen = awards[fact.year].ceiling_fen if fact.year in awards else None
        assert (draft.next is None) == (ceiling_fen is not None)
        if ceiling_fen is not None:
            assert parse_yuan(draft.steps[-1]["value"]) == ceiling_fen
            assert sum(parse_yuan(one["amount"]) for one in draft.counted) == awards[fact.year].base_fen


def test_what_a_reading_says_stands_in_the_explanation():
    equal = served(2026, bucket("2026-03-01", f"1{YI}"))
    policy = by(TIERS, "exceeding", "over_means_ge")
    draft = explain_tiers("kmdex", 2026, ExchangeFacts({2026: [equal]}, OPERATED), policy)
    assert "首次达到100,000,000.00元" in draft.reason.zh
    change = date(2027, 1, 1)
    operators = Operator(ONE.uscc, ONE.name, SINCE, change), Operator(OTHER.uscc, OTHER.name, change, None)
    amounts = {2026: f"2{YI}", 2027: f"6{YI}", 2028: f"12{YI}"}
    totals = {year: [served(year, bucket(f"{year}-06-01", yuan))] for year, yuan in amounts.items()}
    facts = ExchangeFacts(totals, listed(None, *operators))
    for reading, words, steps in (
        ("steps_of_the_exchange", "该交易场所此前年度", [200, 200]),
        ("steps_of_the_operator", "该运营主体在该交易场所", [300, 200]),
    ):
        drafts = [explain_tiers("kmdex", year, facts, by(TIERS, "succession", reading)) for year in (2027, 2028)]
        assert [parse_yuan(one.steps[-1]["value"]) // 1_000_000 for one in drafts] == steps
        assert words in drafts[1].steps[-1]["text"]["zh"]


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        ("operator_within_the_listing", "2026年12月31日，该主体不是"),
        ("operator_of_the_last_listed_day", "2026年在册的最后一日，该主体不是"),
    ],
)
def test_who_is_not_the_operator_is_told_of_which_day(reading: str, words: str):
    asked = Asked("exchange_tiers", P1.subject, 2026, is_closed=True)
    (found,) = why_nothing(asked, KnownOfSubject(SubjectFacts()), by(TIERS, "delisting", reading))
    assert found["why_not"]["code"] == "not_operator"
    assert found["why_not"]["text"]["zh"].startswith(words)


IN_FORCE = ["2025-11-01", "2026-06-01", "2027-06-01", "2028-06-01"]


@given(st.dictionaries(st.sampled_from(DAYS), st.sampled_from(AMOUNTS), max_size=8), st.sampled_from(IN_FORCE),
       st.sampled_from(AMOUNTS), st.sampled_from(choices(EVENT_READINGS, 12)))  # fmt: skip
def test_more_trades_in_force_never_lower_what_one_operator_earns_over_the_years(history, day, more, choice):
    """Trades before the policy can: a tier that they pass earns nothing later (`passing`)."""
    policy = policy_with(choice)
    raised = {**history, day: format_yuan(parse_yuan(history.get(day, "0")) + parse_yuan(more))}
    sums = []
    for known in (history, raised):
        own = [(int(on[:4]), bucket(on, yuan)) for on, yuan in known.items()]
        totals = [served(year, *(one for of, one in own if of == year)) for year in sorted({year for year, _ in own})]
        sums.append(sum(one.ceiling_fen for one in tier_awards(*totals, policy=policy)))
        sold = [provided(one.year, {"kmdex": list(one.buckets)}) for one in totals]
        sums.append(sum(one.ceiling_fen for one in annual(*sold, policy=policy)))
    assert sums[0] <= sums[2]
    assert sums[1] <= sums[3]


def test_a_year_says_what_is_deducted():
    totals = {
        2024: [served(2024, bucket("2024-06-01", "130000000"))],
        2026: [served(2026, bucket("2026-06-01", f"6{YI}"))],
    }
    policy = by(TIERS, "deduction", "less_steps_before_the_policy_too")
    _, year = tier_years("kmdex", ExchangeFacts(totals, OPERATED), policy, policy.in_force)
    assert (year.earned_before_fen, year.history_fen, year.deducted_years) == (0, 100_000_000, (2024,))


@pytest.mark.parametrize(
    ("start", "end", "year", "expected"),
    [
        (date(2025, 12, 31), date(2026, 1, 2), 2026, True),
        (date(2025, 12, 31), date(2026, 1, 1), 2026, False),
        (date(2026, 12, 31), date(2027, 3, 1), 2026, True),
        (date(2027, 1, 1), date(2027, 3, 1), 2026, False),
        (date(2027, 1, 1), date(2027, 3, 1), 2027, True),
    ],
)
def test_a_period_touches_a_year_if_one_of_its_days_is_in_it(start: date, end: date, year: int, expected: bool) -> None:
    assert touches(Interval(start, end), year) is expected
