"""The budget of a year: who is in front of the line, by worked cases and by properties, with the verifier."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.budget import (
    BudgetHolds,
    BudgetYear,
    GrantedYear,
    PostedSums,
    all_fits,
    budget_json,
    budget_year,
    rules_of_pool,
    used_by_step_fen,
    used_fen,
    wanted_fen,
)
from services.incentive.policy.terms import BudgetCountsReading, BudgetOrderReading
from services.incentive.verifier.policy import PolicyValues
from tests.support.incentive.budget_cases import (
    EPOCH,
    Applicant,
    BudgetCase,
    budget_cases,
    held_by_verifier,
    name_of,
    ranked,
)
from tests.support.reading_cases import IN_FORCE, POLICY, alternatives, tree_by

if TYPE_CHECKING:
    from services.incentive.policy.terms import Policy

CASES = budget_cases()
TREE = tree_by(IN_FORCE)
(POOL,) = POLICY.declared.pools
LINES = ["order_of_application", "order_of_earning", "smallest_first", "greatest_first"]
RULES = ("first_purchase", "first_listing", "compute_voucher", "compute_voucher_overseas")


@pytest.mark.parametrize(
    ("case", "reading"),
    [pytest.param(case, reading, id=f"{case.name}: {reading}") for case in CASES for reading in case.held],
)
def test_who_is_held_is_as_in_the_case(case: BudgetCase, reading: str) -> None:
    assert case.computed(reading) == case.held[reading]
    assert case.verified(reading) == set(case.held[reading])


def test_every_alternative_differs_on_a_case() -> None:
    differing = {reading for case in CASES for reading, held in case.held.items() if held != case.held[IN_FORCE]}
    assert differing == {one for one in alternatives() if one.startswith("general.budget")}


def test_the_policy_file_chooses_the_readings() -> None:
    assert (POLICY.budget_counts, POLICY.budget_order) == ("year_of_the_reward", "order_of_application")
    assert rules_of_pool(POLICY, POOL) == ("compute_voucher", "compute_voucher_overseas")


# --- properties --------------------------------------------------------------------------------------------------


def policy_of(budget_fen: int, pool_fen: int = 10**9, **readings: str) -> Policy:
    pool = msgspec.structs.replace(POOL, annual_fen=pool_fen)
    rules = tuple(msgspec.structs.replace(one, pool=one.pool and pool) for one in POLICY.declared.rules)
    declared = msgspec.structs.replace(POLICY.declared, rules=rules, pools=(pool,))
    return msgspec.structs.replace(POLICY, budget_fen=budget_fen, declared=declared, **readings)


def values_of(budget_fen: int, pool_fen: int, order: str, counts: str) -> PolicyValues:
    values = PolicyValues(TREE)
    values.budget, values.pools = budget_fen, dict.fromkeys(values.pools, pool_fen)
    values.budget_order, values.budget_counts = order, counts
    return values


DAYS = st.integers(0, 5).map(lambda days: EPOCH + timedelta(days=days))
AMOUNTS = st.integers(0, 300)


# Approved, returned, and whether it is paid.
APPROVALS = [(0, 0, True), (0, 0, True), (10, 0, False), (100, 0, True), (100, 40, True), (100, 100, True)]


@st.composite
def applicants(draw: st.DrawFn) -> list[Applicant]:
    approvals = [draw(st.sampled_from(APPROVALS)) for _ in range(draw(st.integers(0, 8)))]
    return [
        Applicant(
            f"A{number}",
            draw(st.sampled_from(RULES)),
            draw(AMOUNTS),
            draw(st.none() | DAYS),
            *amounts,
            approved_at=EPOCH - timedelta(days=draw(st.sampled_from([30, 1]))),
            is_paid=is_paid,
            year=draw(st.sampled_from([2025, 2026])),
            earned_until=draw(DAYS),
        )
        for number, (*amounts, is_paid) in enumerate(approvals)
    ]


BUDGETS = st.integers(1, 900)
COUNTS = st.sampled_from(get_args(BudgetCountsReading))
ORDERS = st.sampled_from(get_args(BudgetOrderReading))


@given(applicants(), st.randoms(use_true_random=False), BUDGETS, BUDGETS, ORDERS, COUNTS)
def test_order_of_arrival_leaves_no_trace(
    known: list[Applicant], random: object, budget_fen: int, pool_fen: int, order: str, counts: str
) -> None:
    policy = policy_of(budget_fen, pool_fen, budget_order=order, budget_counts=counts)
    shuffled = list(known)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for year in (2025, 2026):
        before, after = ranked(known, policy, year), ranked(shuffled, policy, year)
        assert (before.lines, before.held) == (after.lines, after.held)


@given(applicants(), BUDGETS, st.integers(1, 300), BUDGETS, st.sampled_from(LINES), COUNTS)
def test_raising_a_budget_never_adds_a_held_award(
    known: list[Applicant], budget_fen: int, more_fen: int, pool_fen: int, order: str, counts: str
) -> None:
    readings = {"budget_order": order, "budget_counts": counts}
    for greater in (
        policy_of(budget_fen + more_fen, pool_fen, **readings),
        policy_of(budget_fen, pool_fen + more_fen, **readings),
    ):
        fewer = ranked(known, greater, 2026).held
        assert set(fewer) <= set(ranked(known, policy_of(budget_fen, pool_fen, **readings), 2026).held)


@given(applicants(), BUDGETS, BUDGETS, ORDERS, COUNTS)
def test_what_is_in_front_of_the_line_fits(
    known: list[Applicant], budget_fen: int, pool_fen: int, order: str, counts: str
) -> None:
    policy = policy_of(budget_fen, pool_fen, budget_order=order, budget_counts=counts)
    budget = ranked(known, policy, 2026)
    for line in budget.lines:
        granted_fen = sum(place.granted_fen for place in line.places)
        assert all(0 <= place.granted_fen <= place.wanted_fen for place in line.places)
        if order != "order_of_approval":
            assert granted_fen <= max(0, line.room_fen)
        if order in LINES:
            held = [place.is_held for place in line.places]
            assert held == sorted(held)
            first = next((place for place in line.places if place.is_held), None)
            assert first is None or granted_fen + first.wanted_fen > line.room_fen
    granted = {claim.award_id for line in budget.lines for claim in [place.claim for place in line.places]}
    assert granted == {one.claim.award_id for one in budget.lines[0].places}
    wanting = {claim.award_id for claim in budget.claims if wanted_fen(policy, claim)}
    assert granted == wanting
    assert all(
        claim.award_id not in wanting or order == "order_of_approval" or counts == "year_of_payment"
        for claim in budget.expected
    )


@given(applicants(), BUDGETS, BUDGETS, ORDERS, COUNTS)
def test_the_verifier_finds_the_same_awards_held(
    known: list[Applicant], budget_fen: int, pool_fen: int, order: str, counts: str
) -> None:
    for frees_recovered in (False, True):
        recovered = "frees_room" if frees_recovered else "stays_used"
        policy = policy_of(budget_fen, pool_fen, budget_order=order, budget_counts=counts, recovered_money=recovered)
        values = values_of(budget_fen, pool_fen, order, counts)
        values.frees_recovered = frees_recovered
        assert_same(known, policy, values)


def assert_same(known: list[Applicant], policy: Policy, values: PolicyValues) -> None:
    for year in (2025, 2026):
        assert {name_of(one) for one in ranked(known, policy, year).held} == held_by_verifier(known, values, year)


@given(applicants(), BUDGETS, BUDGETS, ORDERS, COUNTS)
def test_where_all_fits_nobody_is_held(
    known: list[Applicant], budget_fen: int, pool_fen: int, order: str, counts: str
) -> None:
    policy = policy_of(budget_fen, pool_fen, budget_order=order, budget_counts=counts)
    budget = ranked(known, policy, 2026)
    wanted: dict[str, int] = {}
    for claim in budget.claims:
        wanted[claim.rule] = wanted.get(claim.rule, 0) + wanted_fen(policy, claim)
    if all_fits(policy, budget.used, wanted):
        assert budget.held == []
        assert all(place.granted_fen == place.wanted_fen for line in budget.lines for place in line.places)
    elif order in LINES:
        assert budget.held or any(line.room_fen < 0 for line in budget.lines)


@given(applicants(), BUDGETS, BUDGETS, ORDERS, COUNTS)
def test_an_award_alone_is_held_as_in_its_line(
    known: list[Applicant], budget_fen: int, pool_fen: int, order: str, counts: str
) -> None:
    """Contexts of few awards come to what the budget of the year says."""
    policy = policy_of(budget_fen, pool_fen, budget_order=order, budget_counts=counts)
    budget = ranked(known, policy, 2026)
    is_alone = order == "order_of_approval"
    known_year = budget_year(policy, 2026, () if is_alone else budget.claims, budget.used)
    holds = BudgetHolds(policy, EPOCH, {2026: GrantedYear.of(known_year)})
    for claim in budget.claims:
        assert holds.granted_fen(claim) == budget.granted_fen.get(claim.award_id)


@given(applicants(), BUDGETS, BUDGETS, ORDERS, st.data())
def test_a_preview_of_approvals_is_what_follows_from_them(
    known: list[Applicant], budget_fen: int, pool_fen: int, order: str, data: st.DataObject
) -> None:
    policy = policy_of(budget_fen, pool_fen, budget_order=order)
    of_year = [one for one in known if one.year == 2026]
    chosen = data.draw(st.sets(st.sampled_from(of_year))) if of_year else set()
    approved = {one: approve(one) for one in chosen}
    before = ranked(of_year, policy, 2026)
    claims, used = {claim.award_id: claim for claim in before.claims}, dict(before.used)
    for one, after in approved.items():
        claims[one.award_id] = after.claim()
        more_fen = used_by_step_fen(policy, "approve", after.approved_fen - one.approved_fen)
        used[one.rule] = used.get(one.rule, 0) + more_fen
    found = budget_year(policy, 2026, claims.values(), used)
    expected = ranked([approved.get(one, one) for one in of_year], policy, 2026)
    assert (found.lines, found.held) == (expected.lines, expected.held)


def approve(one: Applicant) -> Applicant:
    """The same award with its payable approved."""
    approved_fen = max(one.payable_fen, one.standing_fen) + one.returned_fen
    return replace(one, applied_at=None, approved_fen=approved_fen)


@pytest.mark.parametrize(
    ("counts", "recovered", "expected"),
    [
        ("year_of_the_reward", "stays_used", [100, -100, 0, 0, 0]),
        ("year_of_approval", "frees_room", [100, -100, 0, 0, -100]),
        ("year_of_payment", "stays_used", [0, 0, 100, 0, 0]),
        ("year_of_payment", "frees_room", [0, 0, 100, 0, -100]),
    ],
)
def test_what_a_decision_uses_of_a_budget(counts: str, recovered: str, expected: list[int]) -> None:
    policy = policy_of(1_000, budget_counts=counts, recovered_money=recovered)
    actions = ("approve", "revoke", "pay", "return", "recover")
    assert [used_by_step_fen(policy, action, 100) for action in actions] == expected
    assert (
        used_fen(policy, PostedSums("first_purchase", 500, 300, 200, 100))
        == {
            "stays_used": {"year_of_the_reward": 500, "year_of_payment": 300},
            "frees_room": {"year_of_approval": 400, "year_of_payment": 200},
        }[recovered][counts]
    )


# --- the contract's form -----------------------------------------------------------------------------------------


def test_the_contracts_budget() -> None:
    policy = policy_of(100_000, 50_000)
    posted = [PostedSums("compute_voucher", 500, 300, 200, 100), PostedSums("first_purchase", 50, 0, 0, 0)]
    applied = [
        Applicant("A", "first_purchase", 90_000, EPOCH),
        Applicant("B", "first_purchase", 90_000, EPOCH),
        Applicant("C", "first_purchase", 1, EPOCH + timedelta(days=1)),
    ]
    budget: BudgetYear = budget_year(
        policy, 2026, [one.claim() for one in applied], {one.rule: used_fen(policy, one) for one in posted}
    )
    assert budget_json(policy, 100_001, posted, budget) == {
        "year": 2026,
        "budget": "1000.00",
        "payable": "1000.01",
        "approved": "5.50",
        "paid": "3.00",
        "returned": "2.00",
        "available": "994.50",
        "exceeded": True,
        "held": ["first_purchase/B", "first_purchase/C"],
        "pools": [{"article": "(十四)", "budget": "500.00", "approved": "5.00"}],
    }
    assert not budget_json(policy, 100_000, posted, budget)["exceeded"]
