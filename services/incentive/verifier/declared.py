"""Rewards that the bureau declares: what each is worth and what earlier ones and limits leave of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from .policy import DECLARED, PolicyValues
from .rules import earned, evidence, last_day
from .values import Json, Span, day_us, fen, is_within, rate_of


class DeclaredReward:
    """A declaration in force: its worth by itself, its ceiling, and the earlier ones that reduced it."""

    def __init__(self, fact: Json, terms: Json) -> None:
        self.fact, self.terms, self.value = fact, terms, fact["value"]
        self.rule, self.item, self.day = self.value["rule"], self.value["item"], self.value["earned_on"]
        self.at_us, self.year = day_us(date.fromisoformat(self.day)), int(self.day[:4])
        self.base, self.worth = worth_of(terms, self.value["measure"])
        self.ceiling = 0
        self.before: list[DeclaredReward] = []

    def is_same_matter(self, other: DeclaredReward) -> bool:
        """Return True if what the other earned cannot be earned again, or is deducted."""
        return (
            self.rule == other.rule
            and (self.terms["per"] == "subject" or self.item == other.item)
            and (self.terms["earned"] != "yearly" or self.year == other.year)
        )


def worth_of(terms: Json, measure: Json) -> tuple[int, int]:
    """(measured sum, worth before other declarations and limits)"""
    names = [terms["measure"]["name"]] if "measure" in terms else []
    if list(measure) != names or terms["earned"] == "recorded":
        return 0, 0
    text = measure[names[0]] if names else ""
    if "amount" in terms:
        return 0, 0 if "at_most" in terms and Decimal(text) > Decimal(terms["at_most"]) else fen(terms["amount"])
    if "amounts" in terms:
        return 0, sum(fen(grade["amount"]) for grade in terms["amounts"] if grade["grade"] == text)
    base = fen(text)
    if "steps" in terms:
        return base, max([fen(one["amount"]) for one in terms["steps"] if fen(one["at_least"]) <= base], default=0)
    worth = rate_of(base, terms["rate"])
    return base, worth if worth >= fen(terms.get("at_least", "0")) else 0


def declared_awards(subject: str, facts: Sequence[Json], policy: PolicyValues) -> Iterator[Json]:
    """Yield what a subject's declarations earn, from the earliest day; limits are used up in that order."""
    alternative = {one.fact["fact"]: one.ceiling for one in declared_rewards(facts, policy, policy.alternative)}
    for one in declared_rewards(facts, policy, policy.in_force):
        if one.ceiling == 0:
            continue
        most = [fen(policy.limits[name]["most"]) for name in one.terms.get("limits", ())]
        facts_used = [known.fact for known in [one, *one.before]]
        yield earned(
            policy, one.rule, f"{one.rule}/{subject}/{one.year}/{one.item}", subject,
            exchange=one.value["exchange"], year=one.year, base=one.base, rate=one.terms.get("rate"),
            cap=min(most, default=one.worth) if "rate" in one.terms else one.worth, ceiling=one.ceiling,
            flags=last_day(alternative[one.fact["fact"]] == one.ceiling),
            evidence=[evidence(fact, [fact["value"]["exchange"]] if fact["value"]["exchange"] else [])
                      for fact in facts_used],
        )  # fmt: skip


def declared_rewards(facts: Sequence[Json], policy: PolicyValues, period: Span) -> list[DeclaredReward]:
    order = list(policy.declared)
    found = [
        DeclaredReward(fact, policy.declared[fact["value"]["rule"]])
        for fact in facts
        if fact["topic"] == DECLARED and not fact["value"]["withdrawn"] and fact["value"]["rule"] in policy.declared
    ]
    found.sort(key=lambda one: (one.day, order.index(one.rule), one.item.encode()))
    for place, one in enumerate(found):
        if one.worth and is_within(one.at_us, period):
            due = due_after(one, found[:place], period)
            one.ceiling = due_within_limits(one, found[:place], policy, due)
    return found


def due_after(one: DeclaredReward, earlier: Sequence[DeclaredReward], period: Span) -> int:
    """Return what is due after earlier rewards of the same matter (once, first, yearly, by difference) and years."""
    same = [other for other in earlier if one.is_same_matter(other)]
    earned_before = [other for other in same if other.ceiling]
    history = [other.worth for other in same if other.at_us < period[0]]
    years = [other.year for other in earlier if other.rule == one.rule and other.ceiling]
    if one.terms["earned"] == "by_difference":
        one.before = earned_before
        if one.worth <= max(history, default=0):
            return 0
    elif earned_before or (one.terms["earned"] == "first" and any(history)):
        return 0
    if "years" in one.terms and years and one.year >= min(years) + int(one.terms["years"]):
        return 0
    return max(0, one.worth - sum(other.ceiling for other in one.before))


def due_within_limits(one: DeclaredReward, earlier: Sequence[DeclaredReward], policy: PolicyValues, due: int) -> int:
    """Return what the limits of the rule leave of it."""
    for name in one.terms.get("limits", ()):
        per = policy.limits[name]["per"]
        used = [
            other
            for other in earlier
            if other.ceiling
            and name in other.terms.get("limits", ())
            and (per != "item" or other.item == one.item)
            and (per != "subject_year" or other.year == one.year)
        ]
        left = max(0, fen(policy.limits[name]["most"]) - sum(other.ceiling for other in used))
        if left < due:
            due = left
            one.before = one.before + [other for other in used if other not in one.before]
    return due
