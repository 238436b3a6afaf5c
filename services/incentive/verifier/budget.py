"""Budgets and their pools (G7): what is spent of them, who is in which order, and who is behind the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from .history import is_earlier
from .policy import PolicyValues
from .values import Json, fen, instant, local

UNDER_WAY = ("applied", "reviewed", "joint_reviewed", "published")


class BudgetActs:
    """The consequences of decisions for budgets.

    `_spent`, `_recovered`: by the reading that counts them, year and rule. `_applied`: by award, the first application
    of its last round; a round ends with an approval or a withdrawal.
    """

    def __init__(self) -> None:
        self._spent: Counter[tuple[str, int, str]] = Counter()
        self._recovered: Counter[tuple[str, int, str]] = Counter()
        self._applied: dict[str, int] = {}
        self._ended: set[str] = set()

    def take(self, step: Json) -> None:
        """Apply one more step."""
        award_id, action, at_us = step["award_id"], step["action"], instant(step["at"])
        if action in ("apply", "list") and (award_id in self._ended or award_id not in self._applied):
            self._applied[award_id] = at_us
            self._ended.discard(award_id)
        elif action in ("approve", "withdraw"):
            self._ended.add(award_id)
        amount, rule = fen(step["amount"]), award_id.partition("/")[0]
        day = step.get("received_on") or step.get("decided_on") or local(at_us).date().isoformat()
        year = date.fromisoformat(day).year
        if action in ("approve", "revoke"):
            signed = amount if action == "approve" else -amount
            self._spent["year_of_the_reward", step["year"], rule] += signed
            self._spent["year_of_approval", year, rule] += signed
        elif action == "pay":
            self._spent["year_of_payment", date.fromisoformat(step["paid_on"]).year, rule] += amount
        elif action == "recover" or (action == "return" and is_earlier(step)):
            self._recovered["year_of_the_reward", step["year"], rule] += amount
            for reading in ("year_of_approval", "year_of_payment"):
                self._recovered[reading, year, rule] += amount

    def applied_us(self, award_id: str) -> int:
        return self._applied.get(award_id, 0)

    def spent(self, policy: PolicyValues, year: int, rules: Iterable[str] | None = None) -> int:
        """The amount spent in a year, by these rules or all; recovered money makes room if the policy file says so."""
        counted = [(self._spent, 1)] + ([(self._recovered, -1)] if policy.frees_recovered else [])
        return sum(
            sign * amount
            for amounts, sign in counted
            for (reading, when, rule), amount in amounts.items()
            if (reading, when) == (policy.budget_counts, year) and (rules is None or rule in rules)
        )


class BudgetApplicant(NamedTuple):
    """An award that wants an amount of the budget of a year; instants in microseconds."""

    award_id: str
    rule: str
    year: int
    wanted: int
    is_approved: bool
    applied_us: int
    earned_us: int


def wanted_of(rise: int, unpaid: int, state: str, policy: PolicyValues) -> int:
    """The amount still to be approved of an award that is applied for; by payment also the unpaid amount."""
    is_queued = state in UNDER_WAY or policy.budget_order == "order_of_approval"
    return (max(0, rise) if is_queued else 0) + (unpaid if policy.budget_counts == "year_of_payment" else 0)


def behind_the_line(claims: Iterable[BudgetApplicant], acts: BudgetActs, policy: PolicyValues) -> set[str]:
    """The awards that the budgets of their years or the pools of their rules hold."""
    by_year: dict[int, list[BudgetApplicant]] = {}
    for claim in claims:
        by_year.setdefault(claim.year, []).append(claim)
    held: set[str] = set()
    for year, together in by_year.items():
        together.sort(key=lambda claim: turn_of(claim, policy))
        for most, rules in budgets_of(policy):
            room = most - acts.spent(policy, year, rules)
            queue = [claim for claim in together if rules is None or claim.rule in rules]
            held.update(left_out(queue, room, policy))
    return held


def budgets_of(policy: PolicyValues) -> Iterator[tuple[int, list[str] | None]]:
    """The year's budget for all rules (None), and each pool for its own."""
    yield policy.budget, None
    for pool, most in policy.pools.items():
        yield most, [rule for rule, terms in policy.declared.items() if terms.get("pool") == pool]


def turn_of(claim: BudgetApplicant, policy: PolicyValues) -> tuple[bool, int, bytes]:
    """The sort key of a claim: partly approved awards first, then the order that the file names, then award_id."""
    turn = {
        "order_of_application": claim.applied_us,
        "in_proportion": claim.applied_us,
        "order_of_earning": claim.earned_us,
        "smallest_first": claim.wanted,
        "greatest_first": -claim.wanted,
        "order_of_approval": 0,
    }[policy.budget_order]
    return not claim.is_approved, turn, claim.award_id.encode()


def left_out(queue: list[BudgetApplicant], room: int, policy: PolicyValues) -> Iterator[str]:
    """The claims for which nothing is left."""
    whole = sum(claim.wanted for claim in queue)
    is_line = False
    for claim in queue:
        if policy.budget_order == "in_proportion":
            is_held = whole > room and claim.wanted * room // whole <= 0
        elif policy.budget_order == "order_of_approval":
            is_held = claim.wanted > room
        else:
            is_line = is_line or claim.wanted > room
            is_held = is_line
            room -= 0 if is_held else claim.wanted
        if is_held:
            yield claim.award_id
