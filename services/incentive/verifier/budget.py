"""Budgets and their pools (G7): what is spent of them, who is in which order, and who is behind the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from .history import is_earlier
from .policy import PolicyValues
from .storage.disk import DiskDict, DiskStore, sorted_on_disk
from .values import Json, fen, instant, local

UNDER_WAY = ("applied", "reviewed", "joint_reviewed", "published")


class BudgetActs:
    """The consequences of decisions for budgets.

    `_spent`, `_recovered`: by the reading that counts them, year and rule. `_applied`: by award, the first application
    of its last round, and whether the round ended: with an approval or a withdrawal.
    """

    def __init__(self, store: DiskStore | None = None) -> None:
        self._spent: Counter[tuple[str, int, str]] = Counter()
        self._recovered: Counter[tuple[str, int, str]] = Counter()
        self._applied: DiskDict[tuple[int, bool]] = DiskDict(store or DiskStore())

    def take(self, step: Json) -> None:
        """Apply one more step."""
        award_id, action, at_us = step["award_id"], step["action"], instant(step["at"])
        applied_us, has_ended = self._applied.get(award_id) or (0, True)
        if action in ("apply", "list") and has_ended:
            self._applied[award_id] = (at_us, False)
        elif action in ("approve", "withdraw"):
            self._applied[award_id] = (applied_us, True)
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
        return (self._applied.get(award_id) or (0, True))[0]

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


def behind_the_line(claims: Iterable[BudgetApplicant], acts: BudgetActs, policy: PolicyValues) -> Iterator[str]:
    """The awards that the budgets of their years or the pools of their rules hold."""
    budgets = list(budgets_of(policy))
    wholes: Counter[tuple[int, int]] = Counter()

    def rows() -> Iterator[tuple[Any, ...]]:
        for claim in claims:
            for number, (_, rules) in enumerate(budgets):
                if rules is None or claim.rule in rules:
                    wholes[claim.year, number] += claim.wanted
            yield claim.year, *turn_of(claim, policy), *claim

    # All are read, and the sums are complete, before the first is returned.
    in_turn = sorted_on_disk(rows(), 4 + len(BudgetApplicant._fields))
    for year, of_year in groupby(in_turn, key=itemgetter(0)):
        lines = [
            BudgetCutoff(most - acts.spent(policy, year, rules), wholes[year, number], rules, policy.budget_order)
            for number, (most, rules) in enumerate(budgets)
        ]
        for row in of_year:
            claim = BudgetApplicant(*row[4:])
            if any([line.holds(claim) for line in lines]):  # noqa: C419 - each line counts each claim
                yield claim.award_id


class BudgetCutoff:
    """A budget while the claims on it come in order: what is left of it, and whether its line is reached."""

    def __init__(self, room: int, whole: int, rules: list[str] | None, order: str) -> None:
        self._room, self._whole, self._rules, self._order = room, whole, rules, order
        self._is_reached = False

    def holds(self, claim: BudgetApplicant) -> bool:
        """Take the next claim; True if nothing is left for it."""
        if self._rules is not None and claim.rule not in self._rules:
            return False
        if self._order == "in_proportion":
            return self._whole > self._room and claim.wanted * self._room // self._whole <= 0
        if self._order == "order_of_approval":
            return claim.wanted > self._room
        self._is_reached = self._is_reached or claim.wanted > self._room
        self._room -= 0 if self._is_reached else claim.wanted
        return self._is_reached


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
