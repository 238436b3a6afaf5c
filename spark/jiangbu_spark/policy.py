"""The policy file and the whitelist, as values for expressions; amounts in fen, instants in microseconds since 1970.

A reading that the job does not compute is refused by name: a silent default would be an oracle of another policy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import yaml

from jiangbu_spark.readings import CLAUSES, FIELDS, OF_NO_AMOUNT, QUESTIONS, Tree

Span = tuple[int, int]  # half-open
Basis = tuple[object, ...]

SHANGHAI = timezone(timedelta(hours=8))
BEFORE_ALL, AFTER_ALL = -(10**17), 10**17
FIRST_LISTING, FIRST_PURCHASE = "first_listing", "first_purchase"
ANNUAL, TIERS = "annual_listed_trading", "exchange_tiers"
APART = "none"  # the kind that neither competes nor is suppressed (G6)


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
    matters: tuple[str, ...]  # the kinds that compete for one item, by that reading of G6
    together: tuple[str, ...]  # the limits that are one, by that reading of G11

    def reads(self, rule: str, reading: str) -> bool:
        return reading in self.rules[rule].readings

    def basis_of(self, rule: str) -> Basis:
        """All that the ceilings of a rule which events drive depend on, beside facts and whitelist."""
        return self.in_force, self.readings["rounding"], self.rules[rule]

    @property
    def declared_basis(self) -> Basis:
        """All that the ceilings of declarations depend on."""
        limits = [one for one in self.limits.values() if one.per == "item"]
        return self.in_force, self.readings["rounding"], self.readings["items"], self.declared, limits

    @property
    def settling(self) -> Basis:
        """All that payables depend on, beside ceilings."""
        readings = [self.readings[clause] for clause in ("highest_only", "other_grants", "operators_ladder")]
        limits = [(name, self.payable_limits(name), self.least_payable(name)) for name in self.declared]
        return readings, self.matters, limits, self.years

    def payable_limits(self, rule: str) -> tuple[Limit | None, Limit | None]:
        """The limit over several items that cuts the payables of a declared rule (G11), and a wider one around it.

        The wider one is that of all limits that the file reads as one.
        """
        found = [limit for limit in self.limits_of(rule) if limit.per != "item"]
        is_one = self.readings["voucher_limits"] == "together" and {limit.name for limit in found} & set(self.together)
        widest = max((self.limits[name] for name in self.together), key=lambda limit: limit.most) if is_one else None
        return next((limit for limit in found if limit != widest), None), widest

    def least_payable(self, rule: str) -> int:
        """The amount below which nothing of what a limit leaves is payable; 0 for none."""
        terms = self.declared[rule]
        return fen(terms.terms.get("at_least", "0")) if "minimum_after_limits" in terms.readings else 0

    def item_limit(self, rule: str) -> Limit | None:
        """The limit of an item, which cuts the ceilings of a declared rule."""
        return next((limit for limit in self.limits_of(rule) if limit.per == "item"), None)

    def limits_of(self, rule: str) -> list[Limit]:
        """The limits that a declared rule is under."""
        return [self.limits[name] for name in self.declared[rule].terms.get("limits", ())]

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
    return policy_of(read_tree(text))


def read_tree(text: str) -> Tree:
    """The content of a policy file; every leaf is text."""
    tree: Tree = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    return tree


def policy_of(tree: Tree) -> ComputedPolicy:
    """The values of the content of a policy file. Raises as `read_policy`."""
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
        tuple(general["highest_only"].get("same_matter", ())),
        tuple(general.get("voucher_limits", {}).get("together", ())),
    )
    uncomputed = [*_uncomputed_clauses(readings), *_uncomputed_rules(tree)]
    uncomputed += [] if uncomputed else _uncomputed_limits(policy)
    if uncomputed:
        raise UncomputedError(f"{policy.revision}: not computed by this job: {', '.join(uncomputed)}")
    return policy


def _rules(listed: list[Tree], first_rank: int, has_allowances_apart: bool) -> dict[str, Rule]:
    found = {}
    for rank, terms in enumerate(listed, first_rank):
        readings = [one["reading"] for one in terms.get("readings", ())]
        fields: Tree = {name: value for reading in readings for name, value in FIELDS.get(reading, {}).items()}
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
    """Rules with several limits, and limits that rules of several kinds share, would need another order of steps.

    So would a minimum after two limits, or after that of an item.
    """
    several = [rule for rule in policy.declared if len(policy.limits_of(rule)) > 1]
    kinds: dict[str, set[str]] = {}
    for rule in policy.declared.values():
        for limit in (*policy.limits_of(rule.name), policy.payable_limits(rule.name)[1]):
            if limit is not None:
                kinds.setdefault(limit.name, set()).add(rule.kind)
    after = [
        rule
        for rule in policy.declared
        if policy.least_payable(rule) and (policy.item_limit(rule) or policy.payable_limits(rule)[1])
    ]
    return [
        *(f"limits of {rule}" for rule in several),
        *(f"limit {name} of several kinds" for name, sharing in kinds.items() if len(sharing) > 1),
        *(f"{rule}/minimum_after_limits with these limits" for rule in after),
    ]
