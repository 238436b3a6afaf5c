"""Raising one declared measure does not lower what is payable to the subject in all, unless a reading says so.

The readings that say so are named by the examples below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.declared_rules import declared_awards
from services.incentive.domain.facts import Declaration
from services.incentive.domain.payables.highest_only import PayableInputs, with_payables
from tests.support.incentive.declarations import PARTY, POLICY, declared
from tests.support.incentive.readings import DECLARED_RULE_READINGS, choices, policy_with

if TYPE_CHECKING:
    from services.incentive.policy.terms import Policy
    from tests.support.incentive.readings import Choice

WAN = 1_000_000  # fen of 10,000 yuan
# By rule: its measure, and values from the worst to the best.
MEASURES = {
    "computing_centre": ("pue", ["1.3", "1.2"]),
    "standards": ("role", ["industry_led", "national_led", "international_led"]),
    "contest": ("prize", ["provincial_third", "provincial_first", "national_first"]),
    "revenue_growth": ("revenue", ["99999999.99", "100000000", "500000000.00", "1000000000.00", "10000000000.00"]),
    "compute_voucher": ("settled", ["33333.33", "33333.34", "700000.01", "2000000"]),
    "compute_voucher_overseas": ("settled", ["33333.33", "700000.01", "2000000", "3000000"]),
    "loan_interest": ("loan", ["0.49", "24.99", "3000000", "50000000.00"]),
    "cluster_recognition": ("level", ["city", "province", "nation"]),
    "cluster_revenue": ("revenue", ["19999999999.99", "20000000000.00", "50000000000.00"]),
}
UNMEASURED = ("startup_park", "ai_model", "ai_scenario", "talent_living_allowance")
BY_DIFFERENCE = {terms.rule for terms in POLICY.declared.rules if terms.earned == "by_difference"}
READINGS = {
    "rounding": ("down_to_the_fen_once_at_the_end", "half_up_to_the_fen", "down_to_the_yuan"),
    "highest_only": ("kinds_compete", "all_compete", "same_matter"),
    "highest_only_scope": ("year", "whole_life"),
    "allowance": ("persons", "employers"),
    "limits_cut": ("payables", "ceilings"),
    "steps": ("ceilings", "payables", "approved"),
}
CHOICES = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in READINGS.items()})
# Readings of rules but for the minimum of vouchers after limits, by which a greater voucher can lower the sum.
OF_RULES = {name: known for name, known in DECLARED_RULE_READINGS.items() if not name.endswith("/minimum")}
RULE_CHOICES = st.sampled_from(choices(OF_RULES, 12))


@st.composite
def raised(draw: st.DrawFn, years: tuple[int, ...]) -> tuple[list[Declaration], list[Declaration]]:
    """Declarations of one subject, and the same with one measure raised; each of another item but for clusters."""
    found, better = list[Declaration](), list[Declaration]()
    which = draw(st.integers(0, 4))
    for number in range(draw(st.integers(which + 1, 7))):
        rule = draw(st.sampled_from(sorted([*MEASURES, *UNMEASURED] if number != which else MEASURES)))
        day = f"{draw(st.sampled_from(years))}-{draw(st.integers(1, 12)):02}-01"
        item = "cluster" if rule.startswith("cluster") else f"{number}"
        name, values = MEASURES.get(rule, ("", []))
        place = draw(st.integers(0, max(0, len(values) - 1)))
        found.append(declared(rule, item, day, **({name: values[place]} if name else {})))
        if number == which:
            place = draw(st.integers(place, len(values) - 1))
        better.append(declared(rule, item, day, **({name: values[place]} if name else {})))
    latest = {one.award_id: one for one in found}, {one.award_id: one for one in better}
    return list(latest[0].values()), list(latest[1].values())


def total(history: list[Declaration], policy: Policy) -> int:
    days = {one.award_id: one.earned_on for one in history}
    awards = with_payables(declared_awards(PARTY, history, policy), policy, PayableInputs(days=days))
    return sum(award.payable_fen for award in awards)


@given(raised(years=(2026,)), CHOICES, RULE_CHOICES)
def test_raising_a_measure_of_one_year(
    pair: tuple[list[Declaration], list[Declaration]], chosen: dict[str, str], of_rules: Choice
):
    if chosen["highest_only"] == "all_compete":  # see the first example
        chosen = {**chosen, "limits_cut": "payables"}
        pair = tuple([one for one in history if one.rule not in BY_DIFFERENCE] for history in pair)
    policy = msgspec.structs.replace(policy_with(of_rules), **chosen)
    assert total(pair[0], policy) <= total(pair[1], policy)


@given(raised(years=(2026, 2027)), CHOICES, RULE_CHOICES)
def test_raising_a_measure_of_several_years_that_are_compared_as_one(
    pair: tuple[list[Declaration], list[Declaration]], chosen: dict[str, str], of_rules: Choice
):
    policy = msgspec.structs.replace(
        policy_with(of_rules), **{**chosen, "highest_only": "kinds_compete", "highest_only_scope": "whole_life"}
    )
    assert total(pair[0], policy) <= total(pair[1], policy)


def vouchers(march: str) -> list[Declaration]:
    return [
        declared("compute_voucher", "V1", "2026-03-01", settled=march),
        declared("compute_voucher", "V2", "2026-06-01", settled="1000000"),
    ]


@pytest.mark.parametrize(("march", "payable_fen"), [("966666.67", 30_000_000), ("966666.70", 29_000_001)])
def test_a_greater_voucher_leaves_less_than_the_minimum(march: str, payable_fen: int):
    """compute_voucher/minimum: minimum_after_limits ((十四)): the rest of the limit is lost."""
    policy = policy_with((("compute_voucher/minimum", "minimum_after_limits"),))
    assert total(vouchers(march), policy) == payable_fen
    assert total(vouchers(march), POLICY) == 30_000_000


def in_one_year(march: str) -> list[Declaration]:
    return [
        declared("revenue_growth", "2025", "2026-03-01", revenue=march),
        declared("revenue_growth", "2026", "2026-12-31", revenue="10000000000"),
    ]


def test_of_awards_that_all_compete_a_greater_step_lowers_the_next_one():
    """highest_only/all_compete (G6): the greater of 20 and 180, or of 100 and 100."""
    policy = msgspec.structs.replace(POLICY, highest_only="all_compete")
    revenues = ("100000000", "5000000000")
    assert [total(in_one_year(one), policy) for one in revenues] == [180 * WAN, 100 * WAN]
    assert [total(in_one_year(one), POLICY) for one in revenues] == [200 * WAN, 200 * WAN]


def growth(revenue: str) -> list[Declaration]:
    return [
        declared("revenue_growth", "2025", "2026-03-01", revenue=revenue),
        declared("startup_park", "P", "2026-04-01"),
        declared("revenue_growth", "2026", "2027-03-01", revenue="1000000000"),
    ]


@pytest.mark.parametrize(("revenue", "payable_wan"), [("100000000", 50 + 30), ("500000000", 50 + 20)])
def test_a_step_that_was_not_payable_is_deducted_from_the_next_one(revenue: str, payable_wan: int):
    """steps/ceilings (G12): the greater the step that the park suppresses, the less the next one yields."""
    assert total(growth(revenue), POLICY) == payable_wan * WAN
    for steps in ("payables", "approved"):
        assert total(growth(revenue), msgspec.structs.replace(POLICY, steps=steps)) == (50 + 50) * WAN


@pytest.mark.parametrize(("level", "payable_wan"), [("city", 100), ("province", 0)])
def test_a_step_that_was_reached_before_the_policy_earns_nothing_under_it(level: str, payable_wan: int):
    """first/whole_known_life (G2): the higher the step of 2024, the fewer are left for 2026."""
    history = [
        declared("cluster_recognition", "C", "2024-03-01", level=level),
        declared("cluster_recognition", "C", "2026-03-01", level="province"),
    ]
    assert total(history, POLICY) == payable_wan * WAN
