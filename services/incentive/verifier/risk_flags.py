"""Red flags (核查线索, G10) that facts raise on awards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Callable

from .policy import PolicyValues
from .readings import TIERS, counted_buckets, counted_span
from .rules import ANNUAL_TOTAL, FIRST_PURCHASE, RED_FLAG, least_first
from .values import DAY_US, NO_START, Json, fen, instant, is_within, local

DECEMBER = 12
# Flags that do not follow from the facts about the award's own subject: decisions raise the first, other subjects'
# purchases and the bureau's list of related parties the others.
OF_OTHERS = ("split_purchases", "related_parties")
# Raised by the contract (section 2), not by the policy file.
FUTURE_DATED = "future_dated"


def red_flags_on(award: Json, facts: Sequence[Json], policy: PolicyValues) -> list[str]:
    """The red flags that follow from the facts about the award's subject or exchange alone."""
    by_policy = [
        name
        for name, numbers in policy.red_flags.items()
        if (name, award["rule"]) in FLAG_RULES and FLAG_RULES[name, award["rule"]](award, facts, numbers, policy)
    ]
    return [*by_policy, *([FUTURE_DATED] if is_future_dated(award, facts, policy) else [])]


def is_future_dated(award: Json, facts: Sequence[Json], policy: PolicyValues) -> bool:
    """A trade in the award's amount is dated more than a day after its record; of tiers also one before the policy."""
    if award["rule"] == "first_purchase":
        fact = least_first(facts, FIRST_PURCHASE)
        return fact is not None and fact["value"]["first"].get("ahead", False)
    buckets: list[Json] = []
    begin, end = NO_START, policy.in_force[1]
    if award["rule"] == "annual_listed_trading":
        begin, end = counted_span(award["year"], policy.in_force, policy)
        for value in in_year(facts, ANNUAL_TOTAL, award):
            for share in value["by_exchange"].values():
                buckets += counted_buckets(share, policy)
    elif award["rule"] == TIERS:
        begin = policy.in_force[0] if policy.reads(TIERS, "total_in_force_alone") else NO_START
        buckets += [one for value in in_year(facts, ANNUAL_TOTAL, award) for one in value["buckets"]]
    return any("ahead" in one and begin <= instant(one["from"]) and instant(one["until"]) <= end for one in buckets)


def has_share(part: int, share: str, whole: int) -> bool:
    return Fraction(share) * whole <= part


def in_year(facts: Sequence[Json], topic: str, award: Json) -> Iterator[Json]:
    """Yield the values of that topic and the award's year."""
    for fact in facts:
        if fact["topic"] == topic and fact["value"].get("year") == award["year"]:
            yield fact["value"]


def is_late_burst(award: Json, facts: Sequence[Json], numbers: Json, policy: PolicyValues) -> bool:
    """Just over the threshold or tier, and much of it in December."""
    terms, december = policy.rules[award["rule"]], 0
    period = policy.in_force if "tiers" in terms else counted_span(award["year"], policy.in_force, policy)
    for value in in_year(facts, ANNUAL_TOTAL, award):
        shares = [counted_buckets(share, policy) for share in value.get("by_exchange", {}).values()]
        for bucket in [one for buckets in shares or [value.get("buckets", [])] for one in buckets]:
            begin = instant(bucket["from"])
            if local(begin).month == DECEMBER and is_within(begin, period):
                december += fen(bucket["amount"])
    if "tiers" in terms:
        threshold = next(fen(tier["over"]) for tier in terms["tiers"] if fen(tier["amount"]) == award["cap"])
    else:
        threshold = fen(terms["at_least"])
    over = award["base"] - threshold
    is_just_over = over <= -(-threshold * Fraction(numbers["over_by"]) // 1)
    return is_just_over and has_share(december, numbers["december"], award["base"])


def is_round_trip(award: Json, facts: Sequence[Json], numbers: Json, _: PolicyValues) -> bool:
    """Much of what was sold to one party was bought back from it, over all registers."""
    parties: dict[str, list[int]] = {}
    for value in in_year(facts, RED_FLAG, award):
        for one in value.get("counterparties", ()):
            sums = parties.setdefault(one["subject"], [0, 0])
            sums[0] += fen(one["sold"]["amount"])
            sums[1] += fen(one["bought"]["amount"])
    return any(
        sold >= fen(numbers["sold"]) and has_share(bought, numbers["back"], sold) for sold, bought in parties.values()
    )


def is_same_amount(award: Json, facts: Sequence[Json], numbers: Json, _: PolicyValues) -> bool:
    """One amount many times, to few buyers, over all registers."""
    total = 0
    repeated: dict[int, tuple[int, int]] = {}
    for value in in_year(facts, RED_FLAG, award):
        if "sold" in value:
            total += fen(value["sold"]["amount"])
        for one in value.get("repeated", ()):
            trades, buyers = repeated.get(fen(one["amount"]), (0, 0))
            repeated[fen(one["amount"])] = (trades + one["trades"], buyers + one["buyers"])
    return any(
        trades >= int(numbers["trades"])
        and buyers <= int(numbers["buyers"])
        and has_share(amount * trades, numbers["share"], total)
        for amount, (trades, buyers) in repeated.items()
    )


def is_small_first(award: Json, facts: Sequence[Json], numbers: Json, _: PolicyValues) -> bool:
    """A small first purchase, followed soon by a large one."""
    fact = least_first(facts, FIRST_PURCHASE)
    if fact is None or award["base"] >= fen(numbers["first_below"]):
        return False
    begin = instant(fact["value"]["first"]["completed_at"])
    until = begin + int(numbers["days"]) * DAY_US
    later = [one["value"]["greatest"] for one in facts if one["topic"] == RED_FLAG and one["value"].get("greatest")]
    return any(
        fen(one["amount"]) >= fen(numbers["later"]) and begin <= instant(one["completed_at"]) <= until for one in later
    )


def is_own_exchange(award: Json, facts: Sequence[Json], numbers: Json, _: PolicyValues) -> bool:
    """Operators of the exchange bought much of its total."""
    bought = [one for value in in_year(facts, RED_FLAG, award) for one in value["operators"]]
    return bool(bought) and has_share(sum(fen(one["amount"]) for one in bought), numbers["share"], award["base"])


FLAG_RULES: dict[tuple[str, str], Callable[[Json, Sequence[Json], Json, PolicyValues], bool]] = {
    ("late_burst", "annual_listed_trading"): is_late_burst,
    ("late_burst", "exchange_tiers"): is_late_burst,
    ("round_trip", "annual_listed_trading"): is_round_trip,
    ("same_amount", "annual_listed_trading"): is_same_amount,
    ("small_first", "first_purchase"): is_small_first,
    ("own_exchange", "exchange_tiers"): is_own_exchange,
}
