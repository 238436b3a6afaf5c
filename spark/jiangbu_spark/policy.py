"""The policy file and the whitelist, as values for expressions; amounts in fen, instants in microseconds since 1970.

A reading that the job does not compute is refused by name: a silent default would be an oracle of another policy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import yaml

Tree = dict[str, Any]
Span = tuple[int, int]  # half-open

SHANGHAI = timezone(timedelta(hours=8))
BEFORE_ALL, AFTER_ALL = -(10**17), 10**17
FIRST_LISTING, FIRST_PURCHASE = "first_listing", "first_purchase"
ANNUAL, TIERS = "annual_listed_trading", "exchange_tiers"
APART = "none"  # the kind that neither competes nor is suppressed (G6)

# By clause of `general`: the readings that are computed here, or that no ceiling and no payable depends on.
CLAUSES: dict[str, set[str]] = {
    "in_force": {"through_the_day_of_the_same_date"},
    "first": {"whole_known_life"},
    "attribution": {"completed_at_and_listed_at"},
    "base": {"net_of_refunds_in_the_original_year"},
    "rounding": {"down_to_the_fen_once_at_the_end", "half_up_to_the_fen", "down_to_the_yuan"},
    "highest_only": {"kinds_compete", "all_compete"},
    "highest_only_scope": {"year"},
    "allowance": {"persons", "employers"},
    "other_grants": {"same_matter", "all_of_year"},
    "limits": {"payables"},
    "voucher_limits": {"side_by_side"},
    "operators_ladder": {"operator", "exchange"},
    "steps": {"ceilings"},
    "items": {"whoever_declares"},
    "subjects": {"entities_with_a_code"},
}
OF_NO_AMOUNT = {
    "open_years", "budget", "budget_order", "recovered_money", "second_person", "higher_policies", "district_grants",
    "higher_grants", "public_notice", "related_parties", "period_closing", "eligibility_day", "corrections",
}  # fmt: skip
# By question of a rule.
QUESTIONS: dict[str, set[str]] = {
    "products": {"one_for_all_products"},
    "withdrawal": {"withdrawn_stays_the_first"},
    "mirrored": {"mirrored_listings_do_not_count", "mirrored_trades_do_not_count"},
    "kinds": {"any_kind_and_mode"},
    "refund": {"refunded_stays_the_first"},
    "receiver": {"provider_receives"},
    "reaching": {"at_least_means_ge", "at_least_means_gt"},
    "matching": {"listing_of_the_same_provider_before_the_trade", "mode_as_the_exchange_states"},
    "part_years": {"part_of_the_year_in_force", "whole_calendar_year"},
    "exceeding": {"over_means_gt", "over_means_ge"},
    "passing": {"passed_by_a_trade_in_force_and_never_before", "total_in_force_alone", "never_in_an_earlier_year"},
    "deduction": {"less_what_was_earned_under_this_policy", "less_steps_before_the_policy_too"},
    "exchanges": {"each_exchange_has_its_own"},
    "operators_day": {"operator_of_the_years_last_day"},
    "delisting": {"operator_within_the_listing", "operators_own_period"},
    "succession": {"steps_of_the_exchange", "steps_of_the_operator"},
    "per": {"once_for_each_item", "once_for_each_subject"},
    "firsts": {"first_over_the_whole_life", "once_under_this_policy"},
    "assessments": {"within_a_limit_of_the_year", "once_for_each_provider"},
    "history": {"less_what_was_earned_under_this_policy"},
    "minimum": {"minimum_before_limits"},
    "frequency": {"rate_for_each_year", "rate_once"},
    "years": {"calendar_years_from_the_first", "any_years_with_a_reward"},
}
# Terms of a declared rule that its readings set: how often a reward is earned, and for what.
FIELDS = {
    "once_for_each_subject": {"per": "subject"},
    "once_for_each_item": {"per": "item"},
    "first_over_the_whole_life": {"earned": "first"},
    "once_under_this_policy": {"earned": "once"},
    "rate_for_each_year": {"earned": "yearly"},
    "rate_once": {"earned": "once"},
    "within_a_limit_of_the_year": {"earned": "once", "per": "item"},
    "once_for_each_provider": {"earned": "once", "per": "subject"},
}


class UncomputedError(Exception):
    """The policy file names a reading that this job does not compute."""


@dataclass(frozen=True)
class CountedExchange:
    """An exchange on the whitelist; `operators`: (code, period) of each."""

    id: str
    listed: Span
    operators: tuple[tuple[str, Span], ...]


@dataclass(frozen=True)
class Limit:
    """A sum over several awards; `per`: subject_year, subject (over all years) or item (of ceilings)."""

    name: str
    per: str
    most: int


@dataclass(frozen=True)
class Rule:
    """A rule in the order of the file. `terms`: the file's fields, with those that readings set."""

    name: str
    rank: int
    kind: str
    terms: Tree
    readings: frozenset[str]


@dataclass(frozen=True)
class ComputedPolicy:
    """The values of one policy file."""

    revision: str
    in_force: Span
    rules: dict[str, Rule]
    declared: dict[str, Rule]
    limits: dict[str, Limit]
    readings: dict[str, str]  # of the general clauses

    def reads(self, rule: str, reading: str) -> bool:
        return reading in self.rules[rule].readings

    @property
    def cuts(self) -> list[int]:
        """The instants at which sums of trades must be divided."""
        return list(self.in_force)

    @property
    def years(self) -> range:
        """The years that have a day in force."""
        last = datetime.fromtimestamp(self.in_force[1] / 1e6 - 1, UTC).astimezone(SHANGHAI).year
        return range(datetime.fromtimestamp(self.in_force[0] / 1e6, UTC).astimezone(SHANGHAI).year, last + 1)


def fen(yuan: str) -> int:
    whole, _, decimals = yuan.partition(".")
    return int(whole + decimals.ljust(2, "0"))


def ratio(rate: str) -> tuple[int, int]:
    """Numerator and denominator of a rate."""
    found = Fraction(rate)
    return found.numerator, found.denominator


def day_us(day: date) -> int:
    """The instant at which a day begins in Shanghai."""
    return int(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).timestamp()) * 1_000_000


def year_us(year: int) -> int:
    return day_us(date(year, 1, 1))


def _span(terms: Tree) -> Span:
    first, until = (terms.get(name) or None for name in ("from", "until"))
    return (
        day_us(date.fromisoformat(first)) if first else BEFORE_ALL,
        day_us(date.fromisoformat(until)) if until else AFTER_ALL,
    )


def read_whitelist(text: str) -> list[CountedExchange]:
    """The exchanges of a whitelist file, or of its canonical JSON. KeyError and ValueError for another file."""
    content = json.loads(json.dumps(yaml.load(text, Loader=yaml.BaseLoader)))  # noqa: S506 - every leaf is text
    exchanges = content["exchanges"] if isinstance(content, dict) else content
    return [
        CountedExchange(
            one["id"],
            _span(_without_nulls(one)),
            tuple((operator["uscc"], _span(_without_nulls(operator))) for operator in one.get("operators") or ()),
        )
        for one in exchanges
    ]


def _without_nulls(terms: Tree) -> Tree:
    return {name: None if value in ("null", "~", "") else value for name, value in terms.items()}


def read_policy(text: str) -> ComputedPolicy:
    """The values of a policy file. UncomputedError names every reading that the job cannot compute."""
    tree = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - every leaf is text
    general = tree["general"]
    readings = {clause: terms["reading"] for clause, terms in general.items()}
    declared = tree.get("declared", {})
    has_allowances_apart = readings.get("allowance", "persons") == "persons"
    rules = _rules(tree["rules"], 0, has_allowances_apart)
    policy = ComputedPolicy(
        f"{tree['id']} {tree['revision']}",
        _span(general["in_force"]),
        rules,
        _rules(declared.get("rules", ()), len(rules), has_allowances_apart),
        {one["limit"]: Limit(one["limit"], one["per"], fen(one["most"])) for one in declared.get("limits", ())},
        readings,
    )
    uncomputed = [*_uncomputed_clauses(readings), *_uncomputed_rules(tree), *_uncomputed_limits(policy)]
    if uncomputed:
        raise UncomputedError(f"{policy.revision}: not computed by this job: {', '.join(uncomputed)}")
    return policy


def _rules(listed: list[Tree], first_rank: int, has_allowances_apart: bool) -> dict[str, Rule]:
    found = {}
    for rank, terms in enumerate(listed, first_rank):
        readings = [one["reading"] for one in terms.get("readings", ())]
        fields = {name: value for reading in readings for name, value in FIELDS.get(reading, {}).items()}
        has_own = "kind" in terms and (terms["kind"] != APART or has_allowances_apart)
        kind: str = terms["kind" if has_own else "rule"]
        found[terms["rule"]] = Rule(terms["rule"], rank, kind, terms | fields, frozenset(readings))
    return found


def _uncomputed_clauses(readings: dict[str, str]) -> list[str]:
    # A file without a clause was computed by what revision 1 did, which is another policy.
    return [f"no clause {clause}" for clause in CLAUSES if clause not in readings] + [
        f"{clause}/{reading}"
        for clause, reading in readings.items()
        if clause not in OF_NO_AMOUNT and reading not in CLAUSES.get(clause, ())
    ]


def _uncomputed_rules(tree: Tree) -> list[str]:
    return [
        f"{terms['rule']}/{one['reading']}"
        for terms in (*tree["rules"], *tree.get("declared", {}).get("rules", ()))
        for one in terms.get("readings", ())
        if one["reading"] not in QUESTIONS.get(one["question"], ())
    ]


def _uncomputed_limits(policy: ComputedPolicy) -> list[str]:
    """Rules with several limits, and limits that rules of several kinds share, would need another order of steps."""
    several = [rule.name for rule in policy.declared.values() if len(rule.terms.get("limits", ())) > 1]
    kinds: dict[str, set[str]] = {}
    for rule in policy.declared.values():
        for name in rule.terms.get("limits", ()):
            kinds.setdefault(name, set()).add(rule.kind)
    return [f"limits of {rule}" for rule in several] + [
        f"limit {name} of several kinds" for name, sharing in kinds.items() if len(sharing) > 1
    ]
