"""Declared rewards: by example, and against the verifier."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.declared_rules import (
    DeclaredOutcome,
    cap_of,
    declared_awards,
    declared_outcomes,
    looks_back,
    parse_measure,
)
from services.incentive.domain.facts import (
    Declaration,
    declaration_value,
    parse_fact,
)
from services.incentive.policy.terms import Policy
from tests.support.incentive.declarations import OTHER, PARTY, POLICY, assessed, declared, histories, second_reading
from tests.support.incentive.readings import DECLARED_RULE_READINGS, choices, policy_with, tree_with

WAN = 10_000 * 100
# The other reading of G11, that of revision 1: limits cut ceilings.
CEILINGS = POLICY.with_alternative("general.limits")
assert CEILINGS is not None


def by_item(*declarations: Declaration, policy: Policy = POLICY) -> dict[str, DeclaredOutcome]:
    return {one.declaration.item: one for one in declared_outcomes(declarations, policy, policy.in_force)}


def amounts(*declarations: Declaration, policy: Policy = POLICY) -> dict[str, int | str | None]:
    """Return the ceiling of each item in 万元, or the reason why it is zero."""
    found = by_item(*declarations, policy=policy)
    return {item: one.ceiling_fen // WAN if one.ceiling_fen else one.why for item, one in found.items()}


def test_a_measured_value_may_equal_the_limit_and_not_be_over_it():
    assert amounts(declared("computing_centre", "A", "2026-01-01", pue="1.25")) == {"A": 1000}
    assert amounts(declared("computing_centre", "A", "2026-01-01", pue="1.250001")) == {"A": "over_at_most"}
    assert amounts(declared("computing_centre", "A", "2026-01-01")) == {"A": "not_measured"}


def test_once_for_a_subject_is_the_earliest_whatever_is_declared_first():
    both = declared("startup_park", "B", "2026-02-01"), declared("startup_park", "A", "2026-03-01")
    assert amounts(*both) == {"B": 50, "A": "not_the_first"}
    assert amounts(*reversed(both)) == {"B": 50, "A": "not_the_first"}
    assert amounts(declared("startup_park", "B", "2026-02-01", withdrawn=True), both[1]) == {"A": 50}


def test_once_for_an_item_in_whatever_year():
    again = declared("ai_scenario", "A", "2026-02-01"), declared("ai_scenario", "A", "2027-02-01")
    assert [one.why for one in declared_outcomes(again, POLICY, POLICY.in_force)] == [None, "not_the_first"]


def test_one_contract_is_rewarded_once_within_its_kind():
    both = (
        declared("compute_voucher", "C1", "2026-03-01", settled="300000.00"),
        declared("compute_voucher_overseas", "C1", "2026-02-01", settled="300000.00"),
    )
    found = declared_outcomes(both, POLICY, POLICY.in_force)
    assert [(one.declaration.rule, one.why) for one in found] == [
        ("compute_voucher_overseas", None),
        ("compute_voucher", "not_the_first"),
    ]


def test_history_uses_up_what_is_for_the_first_time_alone():
    history = declared("outbound_transfer", "old", "2024-05-01"), declared("outbound_transfer", "new", "2026-05-01")
    assert amounts(*history) == {"old": "not_in_force", "new": "not_the_first"}
    once = declared("startup_park", "old", "2024-05-01"), declared("startup_park", "new", "2026-05-01")
    assert amounts(*once) == {"old": "not_in_force", "new": 50}


def test_the_policys_days():
    days = ("2025-10-14", "2025-10-15", "2028-10-15", "2028-10-16")
    found = amounts(*(declared("ai_scenario", day, day) for day in days))
    assert found == {days[0]: "not_in_force", days[1]: 100, days[2]: 100, days[3]: "not_in_force"}
    awards = declared_awards(PARTY, [declared("ai_scenario", day, day) for day in days], POLICY)
    assert {award.year: award.flags for award in awards} == {2025: (), 2028: ("last_day",)}


def test_standards_of_a_year_stay_within_the_limit_in_order_of_days():
    four = [
        declared("standards", "S1", "2026-03-01", role="international_led"),
        declared("standards", "S2", "2026-02-01", role="national_led"),
        declared("standards", "S3", "2026-04-01", role="industry_led"),
        declared("standards", "S4", "2027-01-01", role="international_took_part"),
    ]
    assert amounts(*four, policy=CEILINGS) == {"S2": 20, "S1": 30, "S3": "limit_used_up", "S4": 10}
    assert {one.declaration.item for one in by_item(*four, policy=CEILINGS).values() if one.before} == {"S3"}
    assert amounts(*four[:1], declared("standards", "S0", "2026-01-01", role="international_led"), policy=CEILINGS) == {
        "S0": 30,
        "S1": 20,
    }
    assert amounts(*four) == {"S2": 20, "S1": 30, "S3": 10, "S4": 10}
    assert amounts(declared("standards", "S", "2026-01-01", role="none")) == {"S": "not_measured"}


def test_models_are_limited_over_all_years():
    three = [declared("ai_model", f"M{year}", f"{year}-01-01") for year in (2026, 2027, 2028)]
    assert amounts(*three, policy=CEILINGS) == {"M2026": 20, "M2027": 20, "M2028": 10}
    assert amounts(*three) == {"M2026": 20, "M2027": 20, "M2028": 20}


def test_revenue_goes_by_difference():
    years = [
        declared("revenue_growth", "2026", "2026-12-31", revenue="100000000.00"),
        declared("revenue_growth", "2027", "2027-12-31", revenue="1000000000.00"),
        declared("revenue_growth", "2028", "2028-10-01", revenue="900000000.00"),
    ]
    assert amounts(*years) == {"2026": 20, "2027": 30, "2028": "no_higher_step"}
    assert amounts(years[1], years[2]) == {"2027": 50, "2028": "no_higher_step"}
    below = declared("revenue_growth", "2026", "2026-12-31", revenue="99999999.99")
    assert amounts(below) == {"2026": "below_steps"}
    history = declared("revenue_growth", "2024", "2024-12-31", revenue="600000000.00")
    assert amounts(history, *years) == {
        "2024": "not_in_force",
        "2026": "no_higher_step",
        "2027": 50,
        "2028": "no_higher_step",
    }


def test_vouchers_have_a_minimum_and_each_use_a_limit_of_its_own():
    found = amounts(
        declared("compute_voucher", "V1", "2026-01-01", settled="33333.32"),
        declared("compute_voucher", "V2", "2026-02-01", settled="33333.34"),
        declared("compute_voucher", "V3", "2026-03-01", settled="5000000.00"),
        declared("compute_voucher", "V4", "2026-04-01", settled="5000000.00"),
        declared("compute_voucher_overseas", "V5", "2026-04-01", settled="5000000.00"),
        policy=CEILINGS,
    )
    assert found == {"V1": "below_minimum", "V2": 1, "V3": 29, "V4": "limit_used_up", "V5": 50}
    assert amounts(declared("compute_voucher_overseas", "V", "2026-01-01", settled="3000000.00")) == {"V": 90}
    (award,) = declared_awards(PARTY, [declared("compute_voucher", "V", "2026-01-01", settled="333333.33")], CEILINGS)
    assert (award.base_fen, award.ceiling_fen, award.cap_fen) == (33_333_333, 9_999_999, 30 * WAN)
    assert award.award_id == f"compute_voucher/{PARTY.subject}/2026/V"


def test_interest_is_for_three_years_from_the_first():
    loans = [declared("loan_interest", "L", f"{year}-11-01", loan="20000000.00") for year in (2025, 2026, 2027)]
    loans.append(declared("loan_interest", "L", "2028-02-01", loan="20000000.00"))
    found = declared_outcomes(loans, POLICY, POLICY.in_force)
    assert [(one.ceiling_fen, one.why) for one in found] == [(40 * WAN, None)] * 3 + [(0, "over_years")]
    more = declared("loan_interest", "M", "2027-01-01", loan="200000000.00")
    ceilings = {one.award_id: one.ceiling_fen // WAN for one in declared_awards(PARTY, [*loans, more], CEILINGS)}
    assert sum(ceilings.values()) == 200
    assert ceilings[more.award_id] == 120


def test_a_cluster_has_one_limit_for_recognition_and_revenue():
    found = declared_outcomes(
        [
            declared("cluster_recognition", "C", "2026-01-01", level="city"),
            declared("cluster_recognition", "C", "2027-01-01", level="nation"),
            declared("cluster_revenue", "C", "2027-12-31", revenue="50000000000.00"),
            declared("cluster_revenue", "D", "2027-12-31", revenue="20000000000.00"),
        ],
        POLICY,
        POLICY.in_force,
    )
    assert [one.ceiling_fen // WAN for one in found] == [50, 150, 300, 100]
    assert found[1].deducted_fen == 50 * WAN
    assert len(found[2].before) == 2


def test_what_is_recorded_only_and_what_the_file_no_longer_has():
    assert amounts(declared("international_communications", "X", "2026-01-01")) == {"X": "recorded"}
    assert amounts(declared("data_festival", "X", "2026-01-01")) == {}


def test_what_was_earned_before_the_policy_is_declared_where_it_can_still_matter():
    looking_back = {terms.rule for terms in POLICY.declared.rules if looks_back(terms)}
    assert {"data_assets", "outbound_transfer", "revenue_growth", "cluster_revenue"} <= looking_back
    assert not {"startup_park", "ai_scenario", "loan_interest", "international_communications"} & looking_back


def test_whoever_declared_nothing_earns_nothing():
    assert declared_awards(PARTY, [], POLICY) == []


@pytest.mark.parametrize(
    "text",
    ["", ".", "1.", ".5", "1.5.5", "1.x", "x.1", "x", "-1", "1e3", " 1", "1234567", "1.1234567", "１", "1.１", "²"],
)
def test_a_measure_is_a_decimal_of_at_most_six_digits_on_each_side(text: str):
    assert parse_measure("123456.654321") == Decimal("123456.654321")
    assert parse_measure("0") == 0
    with pytest.raises(ValueError, match="not a decimal"):
        parse_measure(text)


def test_an_award_of_a_fen_is_an_award_and_uses_up_the_limit():
    vouchers = [
        declared("compute_voucher", f"V{month}", f"2026-0{month}-01", settled=settled)
        for month, settled in ((1, "999999.97"), (2, "5000000.00"), (3, "5000000.00"))
    ]
    found = by_item(*vouchers, policy=CEILINGS)
    assert [found[item].ceiling_fen for item in ("V1", "V2", "V3")] == [29_999_999, 1, 0]
    assert [found[item].why for item in ("V1", "V2", "V3")] == [None, None, "limit_used_up"]
    assert [award.ceiling_fen for award in declared_awards(PARTY, vouchers, CEILINGS)] == [29_999_999, 1]


def test_what_the_limit_left_nothing_for_can_be_had_in_another_year():
    standards = [
        declared("standards", item, day, role=role)
        for item, day, role in (
            ("S1", "2026-01-01", "international_led"),
            ("S2", "2026-02-01", "international_led"),
            ("S3", "2026-03-01", "national_led"),
            ("S3", "2027-03-01", "national_led"),
        )
    ]
    found = declared_outcomes(standards, CEILINGS, CEILINGS.in_force)
    assert [(one.ceiling_fen // WAN, one.why) for one in found] == [
        (30, None),
        (20, None),
        (0, "limit_used_up"),
        (20, None),
    ]


def test_a_step_that_was_reached_before_the_policy_earns_nothing_when_it_is_reached_again():
    years = [
        declared("revenue_growth", year, f"{year}-12-31", revenue="100000000.00") for year in ("2024", "2026", "2027")
    ]
    assert amounts(*years) == {"2024": "not_in_force", "2026": "no_higher_step", "2027": "no_higher_step"}


def test_the_limit_that_leaves_least_is_reported_and_is_the_cap():
    """The smaller of two limits on one reward applies in either order; of equal ones, the first in the file."""
    terms = CEILINGS.declared.find("loan_interest")
    assert terms is not None
    small = msgspec.structs.replace(terms.limits[0], limit="small", most_fen=10 * WAN)
    equal = msgspec.structs.replace(small, limit="equal")
    loan = declared("loan_interest", "L", "2026-01-01", loan="20000000.00")
    for limits, least in (
        ((*terms.limits, small), small),
        ((small, *terms.limits), small),
        ((small, equal), small),
        ((equal, small), equal),
    ):
        rules = tuple(
            msgspec.structs.replace(one, limits=limits) if one is terms else one for one in CEILINGS.declared.rules
        )
        policy = msgspec.structs.replace(CEILINGS, declared=msgspec.structs.replace(CEILINGS.declared, rules=rules))
        (found,) = declared_outcomes([loan], policy, policy.in_force)
        assert (found.ceiling_fen, found.limit, found.left_fen) == (10 * WAN, least, 10 * WAN)
        assert cap_of(found, policy) == 10 * WAN


def test_what_a_difference_and_a_limit_both_gave_way_to_stands_in_the_evidence_once():
    cluster = [
        declared("cluster_recognition", "C", "2025-12-01", level="nation"),
        declared("cluster_revenue", "C", "2025-12-31", revenue="20000000000.00"),
        declared("cluster_revenue", "C", "2026-12-31", revenue="50000000000.00"),
    ]
    found = declared_outcomes(cluster, POLICY, POLICY.in_force)
    assert [one.ceiling_fen // WAN for one in found] == [200, 100, 200]
    assert found[2].before == (cluster[1], cluster[0])
    assert [len(award.evidence) for award in declared_awards(PARTY, cluster, POLICY)] == [1, 1, 3]


def test_the_evidence_names_the_exchange_whose_operator_earns_it():
    recognised = declared("mutual_recognition", "kmdex", "2026-01-01", exchange="kmdex")
    (award,) = declared_awards(PARTY, [recognised], POLICY)
    assert [one.exchanges for one in award.evidence] == [("kmdex",)]
    (other,) = declared_awards(PARTY, [declared("ai_model", "M", "2026-01-01")], POLICY)
    assert [one.exchanges for one in other.evidence] == [()]


@pytest.mark.parametrize("assessed_fen", [None, 150_000_00])
def test_a_declaration_is_read_back_as_it_was_recorded(assessed_fen: int | None):
    one = assessed(declared("ai_model", "M1", "2026-01-01", seq=7), assessed_fen)
    topic, _, key = one.ref.fact.partition("/")
    assert parse_fact(topic, key, declaration_value(one)) == one
    assert (b'"assessed":"150000.00"' in declaration_value(one)) == (assessed_fen is not None)
    assert (b"assessed" in declaration_value(one)) == (assessed_fen is not None)  # as earlier versions recorded it


def test_the_ceiling_is_the_lesser_of_what_is_due_and_what_the_bureau_assessed():
    facilities = [
        assessed(declared("data_circulation_facility", "F1", "2026-01-01"), 300_000_000),
        assessed(declared("data_circulation_facility", "F2", "2026-01-02"), 900_000_000),
        assessed(declared("data_circulation_facility", "F1", "2026-01-03", party=OTHER), 400_000_000),
    ]
    found = [(one.due_fen, one.ceiling_fen) for one in declared_outcomes(facilities, POLICY, POLICY.in_force)]
    # The second subject gets what the first left of the item's 5,000,000.
    assert found == [(500_000_000, 300_000_000), (500_000_000, 500_000_000), (200_000_000, 200_000_000)]
    (first, _) = declared_awards(PARTY, facilities, POLICY)
    assert (first.cap_fen, first.ceiling_fen) == (500_000_000, 300_000_000)


def test_a_later_step_is_less_what_an_assessed_one_came_to():
    steps = [
        assessed(declared("revenue_growth", "R1", "2026-01-01", revenue="100000000.00"), 15_000_000),
        declared("revenue_growth", "R2", "2027-01-01", revenue="500000000.00"),
    ]
    assert [one.ceiling_fen for one in declared_awards(PARTY, steps, POLICY)] == [15_000_000, 15_000_000]


# --- the readings of a rule ---------------------------------------------------------------------------------------


def by(rule: str, question: str, reading: str) -> Policy:
    return policy_with(((f"{rule}/{question}", reading),))


@pytest.mark.parametrize(
    ("rule", "of_subject"),
    [
        ("computing_centre", "not_the_first"),
        ("data_assets", "not_the_first"),
        ("mutual_recognition", "not_the_first"),
        ("outbound_transfer", "not_the_first"),
        ("startup_park", "not_the_first"),
    ],
)
def test_a_reward_is_had_once_for_a_subject_or_once_for_each_item(rule: str, of_subject: str):
    measure = {"pue": "1.2"} if rule == "computing_centre" else {}
    three = [declared(rule, item, day, **measure) for item, day in (("A", "2026-01-01"), ("B", "2026-02-01"))]
    three.append(declared(rule, "A", "2027-01-01", **measure))
    by_subject = declared_outcomes(three, by(rule, "per", "once_for_each_subject"), POLICY.in_force)
    assert [one.why for one in by_subject] == [None, of_subject, of_subject]
    by_item_ = declared_outcomes(three, by(rule, "per", "once_for_each_item"), POLICY.in_force)
    assert [one.why for one in by_item_] == [None, None, "not_the_first"]


@pytest.mark.parametrize("rule", ["data_assets", "outbound_transfer", "startup_park"])
def test_what_happened_before_the_policy_is_the_first_or_is_ignored(rule: str):
    both = declared(rule, "old", "2024-01-01"), declared(rule, "new", "2026-01-01")
    whole, under = by(rule, "firsts", "first_over_the_whole_life"), by(rule, "firsts", "once_under_this_policy")
    assert amounts(*both, policy=whole)["new"] == "not_the_first"
    assert isinstance(amounts(*both, policy=under)["new"], int)
    assert [looks_back(one) for policy in (whole, under) for one in policy.declared.rules if one.rule == rule] == [
        True,
        False,
    ]


def test_assessments_are_limited_a_year_or_are_had_once_or_each():
    three = [declared("data_services", item, day) for item, day in (("A", "2026-01-01"), ("B", "2026-02-01"))]
    three.append(declared("data_services", "C", "2027-01-01"))
    for reading, expected in (
        ("within_a_limit_of_the_year", {"A": 50, "B": "limit_used_up", "C": 50}),
        ("once_for_each_provider", {"A": 50, "B": "not_the_first", "C": "not_the_first"}),
        ("each_by_itself", {"A": 50, "B": 50, "C": 50}),
    ):
        policy = by("data_services", "assessments", reading).with_alternative("general.limits")
        assert policy is not None
        assert amounts(*three, policy=policy) == expected


@pytest.mark.parametrize(
    ("reading", "expected", "evidence"),
    [
        ("less_what_was_earned_under_this_policy", {"2026": "no_higher_step", "2027": 50, "2028": 50}, [1, 2]),
        ("less_steps_before_the_policy_too", {"2026": "no_higher_step", "2027": 20, "2028": 50}, [2, 3]),
        ("steps_before_the_policy_are_ignored", {"2026": 30, "2027": 20, "2028": 50}, [1, 2, 3]),
    ],
)
def test_steps_reached_before_the_policy(reading: str, expected: dict[str, int | str], evidence: list[int]):
    years = [
        declared("revenue_growth", year, f"{year}-10-01", revenue=f"{yi}00000000.00")
        for year, yi in (("2023", 1), ("2024", 6), ("2026", 7), ("2027", 11), ("2028", 50))
    ]
    policy = by("revenue_growth", "history", reading)
    found = amounts(*years, policy=policy)
    assert {year: found[year] for year in expected} == expected
    assert [len(one.evidence) for one in declared_awards(PARTY, years, policy)] == evidence


def test_the_first_that_reached_the_step_before_the_policy_is_the_evidence():
    days = ("2023-10-01", "2024-10-01", "2026-10-01")
    years = [declared("revenue_growth", day[:4], day, revenue="100000000.00") for day in days[:2]]
    years.append(declared("revenue_growth", "2026", days[2], revenue="500000000.00"))
    policy = by("revenue_growth", "history", "less_steps_before_the_policy_too")
    (award,) = declared_awards(PARTY, years, policy)
    assert [one.ref for one in award.evidence] == [years[2].ref, years[0].ref]


def test_the_rate_of_a_loan_is_earned_for_each_year_or_once():
    loans = [declared("loan_interest", "L", f"{year}-11-01", loan="20000000.00") for year in (2025, 2026)]
    for reading, whys in (("rate_for_each_year", [None, None]), ("rate_once", [None, "not_the_first"])):
        policy = by("loan_interest", "frequency", reading)
        assert [one.why for one in declared_outcomes(loans, policy, policy.in_force)] == whys


def test_three_years_run_from_the_first_or_are_any():
    loans = [
        declared("loan_interest", "L", day, loan="20000000.00") for day in ("2025-11-01", "2026-11-01", "2028-02-01")
    ]
    loans.append(declared("loan_interest", "M", "2028-03-01", loan="20000000.00"))
    longer = [*loans, declared("loan_interest", "L", "2027-11-01", loan="20000000.00")]
    for reading, whys, with_2027 in (
        ("calendar_years_from_the_first", [None, None, "over_years", "over_years"], [None] * 3 + ["over_years"] * 2),
        ("any_years_with_a_reward", [None] * 4, [None] * 3 + ["over_years"] * 2),
    ):
        policy = by("loan_interest", "years", reading)
        assert [one.why for one in declared_outcomes(loans, policy, policy.in_force)] == whys
        assert [one.why for one in declared_outcomes(longer, policy, policy.in_force)] == with_2027


@pytest.mark.parametrize(("settled", "fen", "why"), [("966666.70", 0, "limit_used_up"), ("966666.67", 1_000_000, None)])
def test_a_rest_of_a_ceiling_below_the_minimum_is_not_had_by_the_other_reading(settled: str, fen: int, why: str | None):
    """30% of 966,666.67 are 290,000.00, which leaves exactly the minimum; one fen more leaves less."""
    vouchers = [
        declared("compute_voucher", "V1", "2026-01-01", settled=settled),
        declared("compute_voucher", "V2", "2026-02-01", settled="5000000.00"),
    ]
    policy = by("compute_voucher", "minimum", "minimum_after_limits").with_alternative("general.limits")
    assert policy is not None
    found = by_item(*vouchers, policy=policy)["V2"]
    assert (found.ceiling_fen, found.why) == (fen, why)


@given(histories(), st.sampled_from(choices(DECLARED_RULE_READINGS, 12)), st.booleans(), st.randoms())
def test_verify_comes_to_the_same_in_whatever_order_by_every_reading(declarations, choice, are_ceilings, rng):
    policy = policy_with(choice)
    policy = (policy.with_alternative("general.limits") or policy) if are_ceilings else policy
    expected = second_reading(PARTY, declarations, tree_with(choice), {"limits": policy.limits_cut})
    rng.shuffle(declarations)
    awards = {award.award_id: award for award in declared_awards(PARTY, declarations, policy)}
    assert set(awards) == set(expected)
    for award_id, award in awards.items():
        other = expected[award_id]
        assert (award.base_fen, award.ceiling_fen, award.cap_fen) == (other["base"], other["ceiling"], other["cap"])
        assert (award.article, award.year, list(award.flags)) == (other["article"], other["year"], other["flags"])
        assert (None if award.rate is None else str(award.rate)) == other["rate"]
        assert [one.ref.fact for one in award.evidence] == [one["fact"] for one in other["evidence"]]


@given(histories(), st.sampled_from(choices(DECLARED_RULE_READINGS, 12)))
def test_limits_hold_and_what_can_be_had_once_is_had_once(declarations, choice):
    policy = policy_with(choice).with_alternative("general.limits")
    assert policy is not None
    found = declared_outcomes(declarations, policy, policy.in_force)
    for limit in policy.declared.limits:
        sums: dict[Any, int] = {}
        for one in found:
            if limit in policy.limits_of(one.terms):
                whose = {"item": one.declaration.item, "subject_year": one.declaration.earned_on.year}.get(limit.per)
                sums[whose] = sums.get(whose, 0) + one.ceiling_fen
        assert all(fen <= limit.most_fen for fen in sums.values())
    once = [
        one for one in found if one.terms.earned in ("once", "first") and one.terms.per == "subject" and one.ceiling_fen
    ]
    assert len(once) == len({one.terms.rule for one in once})
    assert all((one.ceiling_fen > 0) == (one.why is None) for one in found)
