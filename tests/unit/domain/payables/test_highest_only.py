"""Payables: highest only (就高不重复, G6) and limits over several items (G11), by each reading."""

import itertools
from collections import Counter
from copy import deepcopy
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.payables.highest_only import Payable, payables
from services.incentive.domain.payables.item_limits import Claim
from services.incentive.domain.payables.other_grants import OtherGrant
from services.incentive.policy.loader import load_policy
from services.incentive.policy.terms import Policy
from services.incentive.verifier.payables import CompetingAward, MunicipalGrant
from services.incentive.verifier.payables import payables as verified_payables
from services.incentive.verifier.policy import PolicyValues
from shared.settings import POLICY_FILE
from tests.support.incentive.readings import DECLARED_RULE_READINGS, choices, policy_with, tree_with

POLICY = load_policy(POLICY_FILE)
WAN = 1_000_000  # fen of 10,000 yuan
ALL_COMPETE = msgspec.structs.replace(POLICY, highest_only="all_compete")
LISTING = ("first_listing/uscc:A", "first_listing")
PURCHASE = ("first_purchase/uscc:A", "first_purchase")
ANNUAL = ("annual_listed_trading/uscc:A/2026", "annual_listed_trading")
TIER_A = ("exchange_tiers/a-x/2026", "exchange_tiers")
TIER_B = ("exchange_tiers/b-x/2026", "exchange_tiers")
DECLARED = ("data_services/uscc:A/2026/1", "data_services")


def claim(award_id: str, wan: int, *, year: int = 2026, day: str = "", standing: int = 0, cap: int = 0) -> Claim:
    """A claim of so many 万元, by its award_id."""
    on = date.fromisoformat(day) if day else date.min
    return Claim(award_id, award_id.partition("/")[0], year, wan * WAN, cap * WAN, standing * WAN, on, wan * WAN)


def declared(rule: str, item: str, wan: int, day: str = "2026-03-01", **more: int) -> Claim:
    return claim(f"{rule}/uscc:A/{day[:4]}/{item}", wan, year=int(day[:4]), day=day, **more)


def in_wan(claims: list[Claim], policy: Policy = POLICY, **grants: object) -> dict[str, int]:
    """Payables in 万元, by the item of the award or its rule; the same in every order of arrival."""
    found = payables(claims, policy, grants.get("grants", {}))
    for order in itertools.islice(itertools.permutations(claims), 24):
        assert payables(order, policy, grants.get("grants", {})) == found
    names = {one.award_id: one.item or one.rule for one in claims}
    return {names[award_id]: one.payable_fen // WAN for award_id, one in found.items()}


# --- every award competes with every other (the reading of revision 1) -----------------------------------------------


@pytest.mark.parametrize(
    ("awards", "winner"),
    [
        ([(*LISTING, 2), (*ANNUAL, 3)], ANNUAL),
        ([(*LISTING, 3), (*ANNUAL, 2)], LISTING),
        ([(*LISTING, 5), (*PURCHASE, 5)], LISTING),
        ([(*PURCHASE, 5), (*ANNUAL, 5)], PURCHASE),
        ([(*TIER_A, 5), (*TIER_B, 5)], TIER_A),
        ([(*TIER_A, 5), (*TIER_B, 6)], TIER_B),
        ([(*DECLARED, 5), (*TIER_B, 5)], TIER_B),
        ([(*DECLARED, 5), (*LISTING, 4)], DECLARED),
    ],
)
def test_the_highest_wins_then_the_file_s_order_then_the_smaller_id(awards, winner):
    claims = [Claim(award_id, rule, 2026, fen, fen) for award_id, rule, fen in awards]
    for order in itertools.permutations(claims):
        due = payables(order, ALL_COMPETE, {})
        for one in claims:
            is_winner = one.award_id == winner[0]
            assert due[one.award_id] == (Payable(one.worth_fen, None) if is_winner else Payable(0, winner[0]))


def test_the_order_is_the_policy_file_s():
    claims = [Claim(*LISTING, 2026, 5), Claim(*PURCHASE, 2026, 5)]
    other = msgspec.structs.replace(POLICY, rules=(POLICY.first_purchase, POLICY.first_listing))
    for highest_only in ("kinds_compete", "all_compete"):
        policy = msgspec.structs.replace(other, highest_only=highest_only)
        assert payables(claims, policy, {})[LISTING[0]] == (0, PURCHASE[0])


@pytest.mark.parametrize("highest_only", ["kinds_compete", "all_compete", "same_matter"])
def test_nothing_neither_suppresses_nor_is_suppressed(highest_only):
    policy = msgspec.structs.replace(POLICY, highest_only=highest_only)
    claims = [Claim(*LISTING, 2026, 0), Claim(*ANNUAL, 2026, 3), Claim(*PURCHASE, 2026, 0)]
    assert payables(claims, policy, {}) == {LISTING[0]: (0, None), ANNUAL[0]: (3, None), PURCHASE[0]: (0, None)}
    assert payables(claims[:1], policy, {}) == {LISTING[0]: (0, None)}
    assert payables([], policy, {}) == {}


# --- kinds compete, items add up ------------------------------------------------------------------------------------


STANDARDS = [declared("standards", "N1", 20), declared("standards", "N2", 20), declared("standards", "I", 10)]


def test_items_of_a_kind_add_up_and_suppress_what_is_less_than_their_sum():
    assert in_wan(STANDARDS) == {"N1": 20, "N2": 20, "I": 10}
    purchase = claim(PURCHASE[0], 20)
    assert in_wan([*STANDARDS, purchase]) == {"N1": 20, "N2": 20, "I": 10, "first_purchase": 0}
    assert payables([*STANDARDS, purchase], POLICY, {})[PURCHASE[0]].suppressed_by == STANDARDS[0].award_id
    assert in_wan([*STANDARDS, purchase], ALL_COMPETE) == {"N1": 0, "N2": 0, "I": 0, "first_purchase": 20}


def test_a_kind_is_compared_by_what_its_limits_leave():
    four = [declared("standards", str(number), 30, f"2026-0{number}-01") for number in (1, 2, 3)]
    assert in_wan([*four, declared("startup_park", "P", 50)]) == {"1": 30, "2": 20, "3": 0, "P": 0}
    assert in_wan([*four, declared("data_services", "D", 50)]) == {"1": 0, "2": 0, "3": 0, "D": 50}  # (五) stands first


def test_the_allowance_of_a_person_stands_next_to_all_others():
    allowances = [declared("talent_living_allowance", name, 5) for name in ("a", "b")]
    for policy in (POLICY, ALL_COMPETE):
        assert in_wan([*allowances, claim(PURCHASE[0], 20)], policy) == {"a": 5, "b": 5, "first_purchase": 20}


def test_rules_of_one_kind_add_up():
    both = [
        declared("cluster_recognition", "C", 200, "2026-03-01"),
        declared("cluster_revenue", "C-revenue", 300, "2026-06-01"),
    ]
    assert in_wan(both) == {"C": 200, "C-revenue": 300}


def test_only_what_is_named_together_competes_for_one_item_under_the_same_matter():
    policy = msgspec.structs.replace(POLICY, highest_only="same_matter")
    claims = [
        declared("data_circulation_facility", "X", 500),
        declared("ai_scenario", "X", 100),
        declared("public_data_scenario", "Y", 20),
        declared("standards", "X", 20),
    ]
    found = payables(claims, policy, {})
    assert [found[one.award_id].payable_fen // WAN for one in claims] == [500, 0, 20, 20]
    assert found[claims[1].award_id].suppressed_by == claims[0].award_id


def test_rewards_of_all_years_compete_over_the_whole_life():
    policy = msgspec.structs.replace(POLICY, highest_only_scope="whole_life")
    standards = [declared("standards", f"S{year}", 20, f"{year}-03-01") for year in (2025, 2026, 2027)]
    park = declared("startup_park", "P", 50, "2026-03-01")
    assert in_wan([*standards, park]) == {"S2025": 20, "S2026": 0, "S2027": 20, "P": 50}
    assert in_wan([*standards, park], policy) == {"S2025": 20, "S2026": 20, "S2027": 20, "P": 0}
    two = [*standards[:2], park]
    assert in_wan(two, policy) == {"S2025": 0, "S2026": 0, "P": 50}
    assert payables(two, policy, {})[standards[0].award_id].suppressed_by == park.award_id


def test_a_kind_of_all_years_is_compared_by_what_its_limits_leave():
    policy = msgspec.structs.replace(POLICY, highest_only_scope="whole_life")
    models = [declared("ai_model", name, 20, f"202{place}-03-01") for place, name in enumerate("abc", 5)]
    assert in_wan([*models, declared("startup_park", "P", 50)], policy) == {"a": 20, "b": 20, "c": 10, "P": 0}
    assert in_wan([*models, declared("data_services", "D", 50)], policy) == {"a": 0, "b": 0, "c": 0, "D": 50}


def test_one_item_of_several_years_competes_over_the_whole_life_under_the_same_matter():
    policy = msgspec.structs.replace(POLICY, highest_only="same_matter", highest_only_scope="whole_life")
    claims = [
        declared("data_circulation_facility", "X", 500, "2026-03-01"),
        declared("ai_scenario", "X", 100, "2027-03-01"),
    ]
    assert [one.payable_fen // WAN for one in payables(claims, policy, {}).values()] == [500, 0]
    by_year = msgspec.structs.replace(policy, highest_only_scope="year")
    assert [one.payable_fen // WAN for one in payables(claims, by_year, {}).values()] == [500, 100]


def test_an_allowance_that_is_the_employers_competes():
    policy = msgspec.structs.replace(POLICY, allowance="employers")
    allowances = [declared("talent_living_allowance", name, 5) for name in ("a", "b")]
    assert in_wan([*allowances, claim(PURCHASE[0], 20)], policy) == {"a": 0, "b": 0, "first_purchase": 20}
    assert in_wan([*allowances, claim(PURCHASE[0], 9)], policy) == {"a": 5, "b": 5, "first_purchase": 0}


# --- limits over several items ---------------------------------------------------------------------------------------


def test_vouchers_use_the_limit_of_the_year_in_order_of_days():
    assert in_wan([declared("compute_voucher", "June", 25, "2026-06-01"), declared("compute_voucher", "March", 9)]) == {
        "June": 21,
        "March": 9,
    }
    assert in_wan([declared("compute_voucher_overseas", "V", 90)]) == {"V": 50}
    side_by_side = [declared("compute_voucher", "here", 40), declared("compute_voucher_overseas", "over", 60)]
    assert in_wan(side_by_side) == {"here": 30, "over": 50}


def test_vouchers_of_both_uses_stay_within_the_higher_limit_if_the_limits_are_one():
    policy = msgspec.structs.replace(POLICY, voucher_limits="together")
    side_by_side = [
        declared("compute_voucher", "here", 40, "2026-05-01"),
        declared("compute_voucher_overseas", "over", 60, "2026-06-01"),
    ]
    assert in_wan(side_by_side, policy) == {"here": 30, "over": 20}
    assert in_wan(side_by_side[:1], policy) == {"here": 30}
    assert in_wan(side_by_side[1:], policy) == {"over": 50}


def test_what_stands_approved_uses_a_limit_first():
    later = declared("compute_voucher", "June", 25, "2026-06-01", standing=25)
    assert in_wan([later, declared("compute_voucher", "March", 9)]) == {"June": 25, "March": 5}


def test_a_cumulative_limit_counts_what_was_payable_in_earlier_years():
    models = [
        *(declared("ai_model", name, 20, "2025-11-01") for name in "ab"),
        *(declared("ai_model", name, 20, f"2026-0{place}-01") for place, name in enumerate("cde", 1)),
    ]
    assert in_wan(models) == {"a": 20, "b": 20, "c": 10, "d": 0, "e": 0}
    centre = declared("computing_centre", "centre", 1000, "2025-12-01")
    assert in_wan([*models, centre]) == {"a": 0, "b": 0, "c": 20, "d": 20, "e": 10, "centre": 1000}


@pytest.mark.parametrize(("march_fen", "before", "after"), [(29 * WAN, WAN, WAN), (29 * WAN + 1, WAN - 1, 0)])
def test_what_a_limit_leaves_below_the_minimum_is_paid_or_not_by_the_reading(march_fen, before, after):
    """A greater voucher can lower the sum: its remainder of the limit falls below the minimum and is lost."""
    march = declared("compute_voucher", "March", 0)._replace(worth_fen=march_fen)
    june = declared("compute_voucher", "June", 9, "2026-06-01")
    other = policy_with((("compute_voucher/minimum", "minimum_after_limits"),))
    for policy, june_fen in ((POLICY, before), (other, after)):
        assert payables([march, june], policy, {}) == {
            march.award_id: (march_fen, None),
            june.award_id: (june_fen, None),
        }


def test_assessments_of_a_year_have_a_limit_or_none():
    two = [declared("data_services", name, 50) for name in "ab"]
    assert in_wan(two) == {"a": 50, "b": 0}
    each = policy_with((("data_services/assessments", "each_by_itself"),))
    assert in_wan(two, each) == {"a": 50, "b": 50}


def test_an_operator_has_one_ladder_over_all_its_exchanges():
    five = [
        claim("exchange_tiers/a-x/2026", 500, cap=500),
        claim("exchange_tiers/b-x/2027", 500, year=2027, cap=500),
    ]
    found = payables(five, POLICY, {})
    assert [found[one.award_id] for one in five] == [(500 * WAN, None), (0, five[0].award_id)]
    one_then_three = [
        claim("exchange_tiers/a-x/2026", 100, cap=100),
        claim("exchange_tiers/b-x/2027", 300, year=2027, cap=300),
    ]
    found = payables(one_then_three, POLICY, {})
    assert [found[one.award_id] for one in one_then_three] == [(100 * WAN, None), (200 * WAN, None)]
    apart = msgspec.structs.replace(POLICY, operators_ladder="exchange")
    assert [one.payable_fen // WAN for one in payables(five, apart, {}).values()] == [500, 500]


GROWTH = [
    claim("revenue_growth/uscc:A/2026/a", 20, day="2026-03-01", standing=10),
    claim("revenue_growth/uscc:A/2027/b", 30, year=2027, day="2027-03-01"),
]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [("ceilings", {"a": 20, "b": 30}), ("payables", {"a": 20, "b": 10}), ("approved", {"a": 20, "b": 20})],
)
def test_a_step_is_less_what_was_payable_or_approved_of_earlier_ones(steps, expected):
    """The claims are whole steps; by the reading `ceilings` they would be differences already."""
    assert in_wan(GROWTH, msgspec.structs.replace(POLICY, steps=steps)) == expected


def test_a_step_that_was_suppressed_is_not_deducted_from_payables():
    park = declared("startup_park", "P", 50)
    policy = msgspec.structs.replace(POLICY, steps="payables")
    assert in_wan([*GROWTH, park], policy) == {"a": 0, "b": 30, "P": 50}
    other = [GROWTH[0], claim("cluster_recognition/uscc:A/2026/a", 50, day="2026-04-01")]
    assert in_wan(other[1:], policy) == {"a": 50}


def test_steps_of_each_exchange_and_item_are_counted_by_themselves():
    policy = msgspec.structs.replace(POLICY, steps="payables", operators_ladder="exchange")
    tiers = [claim(f"exchange_tiers/{name}/2026", 100, cap=100) for name in ("a-x", "b-x")]
    assert [one.payable_fen // WAN for one in payables(tiers, policy, {}).values()] == [100, 100]
    clusters = [claim(f"cluster_recognition/uscc:A/2026/{name}", 50, day="2026-04-01") for name in "cd"]
    assert in_wan(clusters, policy) == {"c": 50, "d": 50}


# --- grants under other municipal policies: the deduction itself is in test_other_grants.py --------------------------

HIGHEST = msgspec.structs.replace(POLICY, other_grants="highest")


def test_a_grant_that_names_the_matter_is_deducted_after_the_comparison():
    assert POLICY.other_grants == "same_matter"
    claims = [claim(PURCHASE[0], 20), claim(LISTING[0], 2)]
    given = {2026: [OtherGrant("other_grant/1", 10 * WAN, rules=("first_purchase",))]}
    assert in_wan(claims, grants=given) == {"first_purchase": 10, "first_listing": 0}
    of_the_loser = {2026: [OtherGrant("other_grant/1", 10 * WAN, rules=("first_listing",))]}
    assert in_wan(claims, grants=of_the_loser) == {"first_purchase": 20, "first_listing": 0}
    all_of_it = {2026: [OtherGrant("other_grant/1", 30 * WAN, rules=("first_purchase",))]}
    found = payables(claims, POLICY, all_of_it)
    assert (found[PURCHASE[0]], found[LISTING[0]]) == ((0, "other_grant/1"), (0, PURCHASE[0]))


def test_what_a_grant_takes_is_left_of_a_cumulative_limit():
    """The limit of later years is less what was payable after other grants (G11)."""
    models = [
        *(declared("ai_model", name, 20, "2025-11-01") for name in "ab"),
        *(declared("ai_model", name, 20, f"2026-0{place}-01") for place, name in enumerate("cde", 1)),
    ]
    given = {2025: [OtherGrant("other_grant/1", 15 * WAN, rules=("ai_model",))]}
    assert in_wan(models, grants=given) == {"a": 5, "b": 20, "c": 20, "d": 5, "e": 0}


def test_a_grant_that_competes_suppresses_what_is_less_and_is_ignored_next_to_what_is_not():
    for fen, left in ((50 * WAN, {"N1": 20, "N2": 20, "I": 10}), (50 * WAN + 1, {"N1": 0, "N2": 0, "I": 0})):
        assert in_wan(STANDARDS, HIGHEST, grants={2026: [OtherGrant("other_grant/1", fen)]}) == left


# --- properties ------------------------------------------------------------------------------------------------------

RULES = {
    "first_listing": 1, "first_purchase": 1, "annual_listed_trading": 1, "exchange_tiers": 2, "standards": 3,
    "data_services": 2, "ai_model": 3, "ai_scenario": 2, "data_circulation_facility": 2, "compute_voucher": 3,
    "compute_voucher_overseas": 2, "talent_living_allowance": 2, "revenue_growth": 2, "cluster_recognition": 2,
}  # fmt: skip
READINGS = {
    "highest_only": ("kinds_compete", "all_compete", "same_matter"),
    "highest_only_scope": ("year", "whole_life"),
    "allowance": ("persons", "employers"),
    "other_grants": ("same_matter", "all_of_year", "highest"),
    "limits_cut": ("payables", "ceilings"),
    "voucher_limits": ("side_by_side", "together"),
    "operators_ladder": ("operator", "exchange", "approvals"),
    "steps": ("ceilings", "payables", "approved"),
}
CLAUSES = {"limits_cut": "limits"}
CHOICES = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in READINGS.items()})
LIMIT_READINGS = ("data_services/assessments", "compute_voucher/minimum", "compute_voucher_overseas/minimum")
RULE_CHOICES = st.sampled_from(choices({name: DECLARED_RULE_READINGS[name] for name in LIMIT_READINGS}, 6))
AMOUNTS = st.sampled_from([0, 1, 10 * WAN, 20 * WAN, 20 * WAN + 1, 30 * WAN, 50 * WAN, 100 * WAN, 500 * WAN])


@st.composite
def histories(draw: st.DrawFn) -> list[Claim]:
    found = {}
    for _ in range(draw(st.integers(0, 9))):
        rule, year = draw(st.sampled_from(sorted(RULES))), draw(st.integers(2026, 2028))
        item = draw(st.integers(1, RULES[rule]))
        award_id = f"{rule}/uscc:A/{year}/{item}" if POLICY.declared.find(rule) else f"{rule}/uscc:A/{year}"
        if rule == "exchange_tiers":
            award_id = f"{rule}/x{item}/{year}"
        fen = draw(AMOUNTS)
        day = date(year, draw(st.integers(1, 2)), 1) if POLICY.declared.find(rule) else date.min
        standing_fen = min(fen, draw(st.sampled_from([0, 0, 0, 1, 10 * WAN])))
        worth_fen = standing_fen if draw(st.integers(0, 5)) == 0 else fen
        found[award_id] = Claim(award_id, rule, year, worth_fen, max(fen, draw(AMOUNTS)), standing_fen, day, fen)
    return list(found.values())


@st.composite
def grants_of(draw: st.DrawFn, claims: list[Claim]) -> dict[int, list[OtherGrant]]:
    """Grants of the years that name rules, awards, both or nothing; several may be the same but for the id."""
    award_ids = [one.award_id for one in claims] or ["none"]
    one = st.builds(
        OtherGrant,
        st.just(""),
        AMOUNTS.filter(bool),
        st.lists(st.sampled_from(sorted(RULES)), max_size=3, unique=True).map(tuple),
        st.lists(st.sampled_from(award_ids), max_size=3, unique=True).map(tuple),
        st.sampled_from([date.min, date(2026, 1, 5), date(2026, 1, 6)]),
    )
    found = draw(st.dictionaries(st.integers(2026, 2028), st.lists(one, max_size=3)))
    return {
        year: [grant._replace(name=f"other_grant/{year}-{place}") for place, grant in enumerate(of_year)]
        for year, of_year in found.items()
    }


@given(histories(), CHOICES, RULE_CHOICES, st.data(), st.randoms())
def test_a_payable_is_within_its_ceiling_and_its_limits_and_no_order_of_arrival_leaves_a_trace(
    claims, chosen, of_rules, data, rng
):
    grants = data.draw(grants_of(claims))
    policy = msgspec.structs.replace(policy_with(of_rules), **chosen)
    found = payables(claims, policy, grants)
    assert all(0 <= found[one.award_id].payable_fen <= one.worth_fen for one in claims)
    assert all(one.payable_fen == 0 or one.suppressed_by is None for one in found.values())
    sums: Counter[tuple[str, int]] = Counter()
    for one in claims:
        for limit in policy.payable_limits(one.rule):
            sums[limit.limit, one.year if limit.per == "subject_year" else 0] += found[one.award_id].payable_fen
    most = {limit.limit: limit.most_fen for limit in policy.declared.limits}
    assert all(fen <= most[name] for (name, _), fen in sums.items())
    ladders: dict[str, list[Claim]] = {}
    for one in claims:
        if one.worth_fen and chosen["steps"] == "payables" and (ladder := policy.ladder_of(one.rule, one.award_id)):
            ladders.setdefault(ladder, []).append(one)
    for steps in ladders.values():
        assert sum(found[one.award_id].payable_fen for one in steps) <= max(one.steps_fen for one in steps)
    rng.shuffle(claims)
    for of_year in grants.values():
        rng.shuffle(of_year)
    assert payables(claims, policy, grants) == found


# A tier award that is no longer earned, before one that is payable.
NO_LONGER_EARNED = [
    Claim("exchange_tiers/x1/2026", "exchange_tiers", 2026, 0, 100 * WAN, 0, date.min),
    Claim("exchange_tiers/x1/2027", "exchange_tiers", 2027, 100 * WAN, 100 * WAN, 0, date.min, 100 * WAN),
]


@given(histories(), CHOICES, RULE_CHOICES, st.data())
def test_the_verifier_comes_to_the_same_by_every_reading(claims, chosen, of_rules, data):
    assert_verified(claims, chosen, of_rules, data.draw(grants_of(claims)))


def test_the_verifier_comes_to_the_same_where_a_tier_is_no_longer_earned():
    assert_verified(NO_LONGER_EARNED, {name: getattr(POLICY, name) for name in READINGS}, (), {})


def test_over_the_whole_life_a_grant_of_any_year_competes():
    chosen = {name: getattr(POLICY, name) for name in READINGS}
    chosen |= {"highest_only_scope": "whole_life", "other_grants": "highest"}
    claims = [claim("first_listing/uscc:A", 2), claim("first_purchase/uscc:A", 0, year=2027)]
    grants = {year: [OtherGrant(f"other_grant/{year}", 3 * WAN)] for year in (2027, 2028)}
    assert payables(claims, msgspec.structs.replace(POLICY, **chosen), grants)[LISTING[0]] == (0, "other_grant/2027")
    assert_verified(claims, chosen, (), grants)


def assert_verified(
    claims: list[Claim], chosen: dict[str, str], of_rules: Any, grants: dict[int, list[OtherGrant]]
) -> None:
    tree = deepcopy(tree_with(of_rules))
    for name, value in chosen.items():
        tree["general"][CLAUSES.get(name, name)]["reading"] = value
    awards = [
        CompetingAward(
            one.award_id, one.rule, one.steps_fen, ("uscc:A", one.year), one.cap_fen,
            one.day.isoformat(), one.standing_fen, one.worth_fen <= one.standing_fen,
        )
        for one in claims
    ]  # fmt: skip
    recorded = {
        ("uscc:A", year): [
            MunicipalGrant(
                one.name,
                one.amount_fen,
                "" if one.granted_on == date.min else one.granted_on.isoformat(),
                one.rules,
                one.awards,
            )
            for one in of_year
        ]
        for year, of_year in grants.items()
    }
    found = payables(claims, msgspec.structs.replace(policy_with(of_rules), **chosen), grants)
    assert verified_payables(awards, PolicyValues(tree), recorded) == {key: tuple(one) for key, one in found.items()}


@given(histories(), st.sampled_from(["kinds_compete", "all_compete"]), st.data())
def test_a_greater_ceiling_never_lowers_the_sum_of_a_year(claims, highest_only, data):
    """This holds for one year without grants; the next tests show when a sum can fall."""
    policy = msgspec.structs.replace(POLICY, highest_only=highest_only)
    year = [one for one in claims if one.year == 2026]
    if year:
        which = data.draw(st.integers(0, len(year) - 1))
        raised = list(year)
        raised[which] = year[which]._replace(worth_fen=year[which].worth_fen + data.draw(AMOUNTS))
        sums = [sum(one.payable_fen for one in payables(given, policy, {}).values()) for given in (year, raised)]
        assert sums[0] <= sums[1]


def test_what_wins_a_year_uses_up_a_cumulative_limit_of_later_ones():
    """limits/payables over years (G11): more in one year can be less in all."""
    later = [declared("ai_model", name, 20, "2027-01-01") for name in "abc"]
    park = declared("startup_park", "P", 50, "2026-01-01")
    before = [declared("ai_model", "x", 40, "2026-01-01"), park, *later]
    assert sum(in_wan(before).values()) == 50 + 50
    assert sum(in_wan([declared("ai_model", "x", 50, "2026-01-01"), park, *later]).values()) == 50


def test_what_wins_a_year_may_be_what_another_grant_is_deducted_from():
    """other_grants/same_matter (G6): the deduction comes after the comparison."""
    policy = msgspec.structs.replace(POLICY, other_grants="same_matter")
    given = {2026: [OtherGrant("other_grant/1", 10 * WAN, rules=("first_purchase",))]}
    park = declared("startup_park", "P", 19)
    assert sum(in_wan([claim(PURCHASE[0], 18), park], policy, grants=given).values()) == 19
    assert sum(in_wan([claim(PURCHASE[0], 20), park], policy, grants=given).values()) == 10


def test_the_greatest_of_grants_that_compete_suppresses_what_is_less_beside_each_other():
    """highest_only/same_matter with other_grants/highest: awards are compared one by one with the greatest grant."""
    policy = msgspec.structs.replace(POLICY, highest_only="same_matter", other_grants="highest")
    given = {2026: [OtherGrant("other_grant/1", 10 * WAN), OtherGrant("other_grant/2", 20 * WAN)]}
    claims = [claim(LISTING[0], 19), claim(PURCHASE[0], 20), claim(ANNUAL[0], 21)]
    found = payables(claims, policy, given)
    assert [found[one.award_id] for one in claims] == [(0, "other_grant/2"), (20 * WAN, None), (21 * WAN, None)]
