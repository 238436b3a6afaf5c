"""Awards from facts: by the four rules of (四) 1-3 and (六) 2, and by declarations of the bureau; amounts in fen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from .policy import DECLARED, ExchangeWhitelist, PolicyValues
from .readings import (
    TIERS,
    counted_buckets,
    counted_span,
    highest_over,
    is_over,
    is_reached,
    rewarded_operator,
    tiers_of,
    touches,
)
from .report import Unsound
from .values import Json, Span, day_us, fen, instant, is_within, local, rate_of, subject_of

LISTING, FIRST_LISTING = "facts.listing.v1", "facts.first-listing.v1"
FIRST_PURCHASE, ANNUAL_TOTAL = "facts.first-purchase.v1", "facts.annual-total.v1"
RED_FLAG = "facts.sign.v1"
FIRST_FIELDS = {FIRST_LISTING: ("listed_at", "listing_no"), FIRST_PURCHASE: ("completed_at", "trade_no")}


def earned(policy: PolicyValues, rule: str, award_id: str, subject: str, **fields: object) -> Json:
    """The fields of an award that follow from policy and facts."""
    return {
        "award_id": award_id,
        "rule": rule,
        "article": policy.article(rule),
        "policy": {"id": policy.id, "revision": policy.revision},
        "subject": subject,
        "rate": None,
        **fields,
    }


def evidence(fact: Json, exchanges: Iterable[str]) -> Json:
    return {"fact": fact["fact"], "generation": fact["generation"], "seq": fact["seq"], "exchanges": sorted(exchanges)}


def last_day(is_same: bool) -> list[str]:
    """The flag of an award whose ceiling depends on how the policy's last day is read."""
    return [] if is_same else ["last_day"]


def least_first(facts: Sequence[Json], topic: str) -> Json | None:
    """The fact with the earliest first over all registers; None if there is none."""
    at, number = FIRST_FIELDS[topic]

    def place(fact: Json) -> tuple[int, str, str]:
        first = fact["value"]["first"]
        return instant(first[at]), first["exchange"], first[number]

    found = [fact for fact in facts if fact["topic"] == topic and fact["value"]["first"] is not None]
    return min(found, key=place, default=None)


def first_awards(subject: str, facts: Sequence[Json], policy: PolicyValues) -> Iterator[Json]:
    """(四) 1 and 2: a fixed amount for the first listing, a rate of the first purchase net of refunds up to a cap."""
    for rule, topic in (("first_listing", FIRST_LISTING), ("first_purchase", FIRST_PURCHASE)):
        fact = least_first(facts, topic)
        if fact is None:
            continue
        first, terms = fact["value"]["first"], policy.rules[rule]
        at_us = instant(first[FIRST_FIELDS[topic][0]])
        base, rate = 0, terms.get("rate")
        ceiling = cap = fen(terms["amount"] if rate is None else terms["cap"])
        if rate is not None:
            base = fen(first["amount"]) - fen(first["refunded"])
            ceiling = rate_of(base, rate, policy.rounding, cap)
        if ceiling and is_within(at_us, policy.in_force):
            yield earned(
                policy, rule, f"{rule}/{subject}", subject, exchange=first["exchange"], year=local(at_us).year,
                base=base, rate=rate, cap=cap, ceiling=ceiling,
                flags=last_day(is_within(at_us, policy.alternative)), evidence=[evidence(fact, [first["exchange"]])],
            )  # fmt: skip


def sums_of(buckets: Iterable[Json], period: Span) -> tuple[int, int, int, int]:
    """Sum buckets as (before, within, trades within, after) a period, whose limits fall on theirs; amounts in fen."""
    before = within = trades = after = 0
    for bucket in buckets:
        begin, end = instant(bucket["from"]), instant(bucket["until"])
        if end <= period[0]:
            before += fen(bucket["amount"])
        elif begin >= period[1]:
            after += fen(bucket["amount"])
        elif period[0] <= begin and end <= period[1]:
            within += fen(bucket["amount"])
            trades += bucket["trades"]
        else:
            raise Unsound("合计未在政策日期处切分", "a total is not cut at the policy's dates")
    return before, within, trades, after


def totals_by_year(facts: Sequence[Json]) -> dict[int, list[Json]]:
    found: dict[int, list[Json]] = {}
    for fact in facts:
        if fact["topic"] == ANNUAL_TOTAL:
            found.setdefault(fact["value"]["year"], []).append(fact)
    return found


def annual_awards(subject: str, facts: Sequence[Json], policy: PolicyValues) -> Iterator[Json]:
    """(四) 3: a rate of the year's listed trades over all exchanges, from the threshold up to the cap."""
    rule = "annual_listed_trading"
    terms = policy.rules[rule]

    def ceiling_of(totals: Sequence[Json], period: Span) -> tuple[int, int]:
        shares = [share for fact in totals for share in fact["value"]["by_exchange"].values()]
        base = sum(sums_of(counted_buckets(share, policy), period)[1] for share in shares)
        due = rate_of(base, terms["rate"], policy.rounding, fen(terms["cap"])) if is_reached(base, policy) else 0
        return base, due

    for year, totals in totals_by_year(facts).items():
        span = counted_span(year, policy.in_force, policy)
        base, ceiling = ceiling_of(totals, span)
        if ceiling == 0:
            continue
        counted = [
            (fact, [name for name, share in fact["value"]["by_exchange"].items()
                    if sums_of(counted_buckets(share, policy), span)[2]])
            for fact in totals
        ]  # fmt: skip
        yield earned(
            policy, rule, f"{rule}/{subject}/{year}", subject, exchange=None, year=year, base=base, rate=terms["rate"],
            cap=fen(terms["cap"]), ceiling=ceiling,
            flags=last_day(ceiling_of(totals, counted_span(year, policy.alternative, policy))[1] == ceiling),
            evidence=[evidence(fact, exchanges) for fact, exchanges in counted if exchanges],
        )  # fmt: skip


def tier_awards(
    exchange: str, facts: Sequence[Json], policy: PolicyValues, whitelist: ExchangeWhitelist
) -> Iterator[Json]:
    """(六) 2: each tier once, less what the exchange earned before under this policy."""
    totals = totals_by_year(facts)
    alternative = {
        one["year"]: one["due"] for one in tier_years(exchange, totals, policy, whitelist, policy.alternative)
    }
    for one in tier_years(exchange, totals, policy, whitelist, policy.in_force):
        year = one["year"]
        if one["due"] == 0:
            continue
        rests_on = [fact for known in [year, *one["less"]] for fact in totals[known] if fact["value"]["buckets"]]
        yield earned(
            policy, TIERS, f"{TIERS}/{exchange}/{year}", f"uscc:{one['operator']}",
            exchange=exchange, year=year, base=one["base"], cap=one["amount"], ceiling=one["due"],
            flags=last_day(alternative[year] == one["due"]),
            evidence=[evidence(fact, [exchange]) for fact in rests_on],
        )  # fmt: skip


def tier_years(
    exchange: str,
    totals: Mapping[int, Sequence[Json]],
    policy: PolicyValues,
    whitelist: ExchangeWhitelist,
    period: Span,
) -> Iterator[Json]:
    """Yield each year's running total at the last instant in force, the highest tier that earns, and what is due.

    `less` are the earlier years whose steps are deducted.
    """
    passed, history, history_year = 0, 0, 0
    paid: list[tuple[int, str, int]] = []  # year, operator, due
    for year in sorted(totals):
        before, within, _, after = sums_of([one for fact in totals[year] for one in fact["value"]["buckets"]], period)
        if policy.reads(TIERS, "less_steps_before_the_policy_too") and highest_over(before, policy) > history:
            history, history_year = highest_over(before, policy), year
        if policy.reads(TIERS, "total_in_force_alone"):
            before = 0
        base = before + within
        barred = before
        if policy.reads(TIERS, "never_in_an_earlier_year"):
            barred = 0 if touches(period, year) else base
        operator = rewarded_operator(exchange, year, policy, whitelist)
        code = "" if operator is None else operator["uscc"]
        amount = max(
            (amount for over, amount in tiers_of(policy)
             if is_over(base, over, policy) and not is_over(max(passed, barred), over, policy)),
            default=0,
        )  # fmt: skip
        less = [one for one in paid if not policy.reads(TIERS, "steps_of_the_operator") or one[1] == code]
        if policy.steps != "ceilings":
            less = [one for one in less if one[1] != code]
        taken = sum_of_steps([(one[1], one[2]) for one in less], policy)
        due = max(0, amount - taken - history) if code else 0
        less_years = {one[0] for one in less} | ({history_year} if history else set())
        yield {
            "year": year, "base": base, "amount": amount, "due": due, "operator": code,
            "less": sorted(less_years - {year}),
        }  # fmt: skip
        passed = max(passed, base + after)
        if due:
            paid.append((year, code, due))


def sum_of_steps(earlier: Iterable[tuple[str, int]], policy: PolicyValues) -> int:
    """The sum of steps, given as (subject, ceiling); where ceilings are not differences, of the highest of each."""
    pairs = list(earlier)
    if policy.steps == "ceilings":
        return sum(ceiling for _, ceiling in pairs)
    return sum(max(ceiling for other, ceiling in pairs if other == whose) for whose in {one for one, _ in pairs})


class DeclaredReward:
    """A declaration in force: its worth by itself, its ceiling, and the earlier ones that reduced it.

    `assessed` is the amount that the bureau assessed, in fen; None if there is none.

    `is_items`: the amount is the item's, whoever declares it.
    """

    def __init__(self, fact: Json, terms: Json, policy: PolicyValues) -> None:
        self.fact, self.terms, self.value, self.kind = fact, terms, fact["value"], policy.kind_of(terms["rule"])
        self.is_items = policy.shares_items(terms["rule"])
        self.rule, self.item, self.day = self.value["rule"], self.value["item"], self.value["earned_on"]
        self.subject = subject_of(self.value["party"])
        self.ladder = (self.rule, self.subject, self.item if terms["per"] == "item" else "")
        self.at_us, self.year = day_us(date.fromisoformat(self.day)), int(self.day[:4])
        self.base, self.worth = worth_of(terms, self.value["measure"], policy.rounding)
        self.assessed = fen(self.value["assessed"]) if "assessed" in self.value else None
        self.ceiling = 0
        self.before: list[DeclaredReward] = []

    def is_same_matter(self, other: DeclaredReward) -> bool:
        """Return True if the other's reward cannot be earned again, or is deducted."""
        if self.subject != other.subject and not self.is_items:
            return False
        if self.kind != "none" and all(
            one.terms["earned"] == "once" and one.terms["per"] == "item" for one in (self, other)
        ):
            return self.kind == other.kind and self.item == other.item  # one item once within a kind
        return (
            self.rule == other.rule
            and (self.terms["per"] == "subject" or self.item == other.item)
            and (self.terms["earned"] != "yearly" or self.year == other.year)
        )


def worth_of(terms: Json, measure: Json, rounding: str) -> tuple[int, int]:
    """The measured sum of a declaration, and its worth before other declarations and limits; in fen."""
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
    worth = rate_of(base, terms["rate"], rounding)
    return base, worth if worth >= fen(terms.get("at_least", "0")) else 0


def declared_awards(subject: str, facts: Sequence[Json], policy: PolicyValues) -> Iterator[Json]:
    """Yield the awards of a subject's declarations in order of their days, in which limits are used up.

    `facts` also has the declarations of subjects with which it shares items, directly or through others.
    """
    alternative = {one.fact["fact"]: one.ceiling for one in declared_rewards(facts, policy, policy.alternative)}
    for one in declared_rewards(facts, policy, policy.in_force):
        if one.ceiling == 0 or one.subject != subject:
            continue
        most = [fen(policy.limits[name]["most"]) for name in policy.ceiling_limits(one.rule)]
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
        DeclaredReward(fact, policy.declared[rule], policy)
        for fact in facts
        if fact["topic"] == DECLARED and not fact["value"]["withdrawn"]
        for rule in [fact["value"]["rule"]]
        if rule in policy.declared
    ]
    found.sort(key=lambda one: (one.day, order.index(one.rule), one.item.encode(), one.subject))
    for place, one in enumerate(found):
        if one.worth and is_within(one.at_us, period):
            due = due_after(one, found[:place], policy, period)
            due = due if one.assessed is None else min(due, one.assessed)
            one.ceiling = due_within_limits(one, found[:place], policy, due)
    return found


def due_after(one: DeclaredReward, earlier: Sequence[DeclaredReward], policy: PolicyValues, period: Span) -> int:
    """The amount due after earlier rewards of the same matter (once, first, yearly, by difference) and years.

    A subject gets the part of an item's amount that others left.
    """
    same = [other for other in earlier if one.is_same_matter(other)]
    earned_before = [other for other in same if other.ceiling]
    history = [other for other in same if other.at_us < period[0] and other.worth]
    if one.terms["earned"] == "by_difference":
        return due_by_difference(one, earned_before, history, policy)
    own = [other for other in earlier if other.subject == one.subject]
    if any(other in own for other in earned_before) or (one.terms["earned"] == "first" and history):
        return 0
    years = {other.year for other in own if other.rule == one.rule and other.ceiling}
    if "years" in one.terms and years:
        spent = len(years | {one.year}) if policy.reads(one.rule, "any_years_with_a_reward") else (
            one.year - min(years) + 1
        )  # fmt: skip
        if spent > int(one.terms["years"]):
            return 0
    one.before = earned_before
    return max(0, one.worth - sum(other.ceiling for other in earned_before))


def due_by_difference(
    one: DeclaredReward, earned_before: list[DeclaredReward], history: list[DeclaredReward], policy: PolicyValues
) -> int:
    """The worth of a step less earlier ones; nothing for a step that was reached before the policy."""
    own = [] if policy.steps == "ceilings" else [other for other in earned_before if other.subject == one.subject]
    if own and one.worth <= max(other.worth for other in own):
        return 0
    one.before = [other for other in earned_before if other not in own]
    if policy.reads(one.rule, "steps_before_the_policy_are_ignored") or not history:
        history = []
    elif one.worth <= max(other.worth for other in history):
        return 0
    due = one.worth - sum_of_steps([(other.subject, other.ceiling) for other in one.before], policy)
    if history and policy.reads(one.rule, "less_steps_before_the_policy_too"):
        highest = max(history, key=lambda other: other.worth)
        one.before.append(highest)
        due -= highest.worth
    return max(0, due)


def due_within_limits(one: DeclaredReward, earlier: Sequence[DeclaredReward], policy: PolicyValues, due: int) -> int:
    """The amount due, cut to the limits on the rule's ceilings."""
    for name in policy.ceiling_limits(one.rule):
        per = policy.limits[name]["per"]
        used = [
            other
            for other in earlier
            if other.ceiling
            and name in policy.limits_of(other.rule)
            and (other.item == one.item if per == "item" else other.subject == one.subject)
            and (one.is_items or other.subject == one.subject)
            and (per != "subject_year" or other.year == one.year)
        ]
        steps = [other for other in used if other.terms["earned"] == "by_difference" and policy.steps != "ceilings"]
        taken = sum(other.ceiling for other in used if other not in steps)
        for ladder in {other.ladder for other in steps} - {one.ladder}:
            taken += max(other.ceiling for other in steps if other.ladder == ladder)
        left = max(0, fen(policy.limits[name]["most"]) - taken)
        left = left if left >= policy.least_payable(one.rule) else 0
        if left < due:
            due = left
            one.before = one.before + [other for other in used if other not in one.before]
    return due
