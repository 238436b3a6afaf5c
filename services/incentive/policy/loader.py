"""The policy file: its form, and how it becomes terms. Which values it has decides every award; see terms.py."""

import hashlib
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import yaml

from services.incentive.policy.section_declared import read_declared
from services.incentive.policy.section_readings import Place, read_reading, read_says
from services.incentive.policy.section_risk_flags import read_risk_flags
from services.incentive.policy.terms import (
    Interval,
    OnceAtRate,
    OnceFixed,
    Policy,
    Reading,
    RuleName,
    RuleTerms,
    Texts,
    Tier,
    Tiers,
    YearlyAtRate,
)
from services.incentive.policy.yaml_reader import PolicyError, PolicyFile, compose
from shared.values.money import format_yuan

__all__ = ["PolicyError", "load_policy", "read_policy"]

_Terms = TypeVar("_Terms", OnceFixed, OnceAtRate, YearlyAtRate, Tiers)


class _Clause(NamedTuple):
    """A general clause: its number in policy.md, the reading that the code computes, its further members."""

    number: str
    reading: str
    values: tuple[str, ...] = ()


_CLAUSES = {
    "in_force": _Clause("G1", "through_the_day_of_the_same_date", ("from", "until")),
    "first": _Clause("G2", "whole_known_life"),
    "attribution": _Clause("G3", "completed_at_and_listed_at"),
    "base": _Clause("G4", "net_of_refunds_in_the_original_year"),
    "rounding": _Clause("G5", "down_to_the_fen_once_at_the_end"),
    "highest_only": _Clause("G6", "one_subject_one_year_all_rewards"),
    "budget": _Clause("G7", "year_of_the_reward", ("annual",)),
    "related_parties": _Clause("G10", "flag_and_never_deny"),
    "period_closing": _Clause("细则5 / details 5", "provisional_until_the_day_is_over", ("day",)),
}


class _Rule(NamedTuple):
    """A rule that the code computes: its members beside those of every rule, and its readings."""

    subject: str
    earned: str
    values: tuple[str, ...]
    readings: tuple[str, ...]


_RULES: dict[RuleName, _Rule] = {
    "first_listing": _Rule("provider", "once", ("amount",), ("one_for_all_products",)),
    "first_purchase": _Rule("buyer", "once", ("rate", "cap"), ("any_kind_and_mode",)),
    "annual_listed_trading": _Rule(
        "provider",
        "yearly",
        ("at_least", "rate", "cap"),
        (
            "provider_receives",
            "at_least_means_ge",
            "listing_of_the_same_provider_before_the_trade",
            "part_of_the_year_in_force",
        ),
    ),
    "exchange_tiers": _Rule(
        "operator",
        "each_step_once",
        ("tiers",),
        (
            "over_means_gt",
            "passed_by_a_trade_in_force_and_never_before",
            "less_what_was_earned_under_this_policy",
            "each_exchange_has_its_own",
        ),
    ),
}


def load_policy(path: Path) -> Policy:
    """The policy of a file. Raises PolicyError with every fault, each with its line and member; OSError as usual."""
    return read_policy(path.read_bytes(), path.name)


@lru_cache(maxsize=8)
def read_policy(content: bytes, file: str) -> Policy:
    """The policy of a file's bytes; `file` is its name in messages. Raises PolicyError.

    Reading takes a tenth of a second, and questions about the past ask for the same few files again and again.
    """
    root = compose(content, file)
    reader = PolicyFile()
    members = reader.members(
        root, "", ("id", "revision", "document_no", "title", "issued", "general", "rules"), ("declared", "signs")
    )
    policy_id = reader.text(members.get("id"), "id")
    revision = reader.whole(members.get("revision"), "revision")
    document_no = reader.text(members.get("document_no"), "document_no")
    title = read_says(reader, members.get("title"), "title")
    issued = reader.day(members.get("issued"), "issued")
    for path, text in (("id", policy_id), ("revision", str(revision)), ("document_no", document_no)):
        reader.value(path, text)
    reader.value("title.zh", title.zh)
    reader.value("title.en", title.en)
    reader.value("issued", issued.isoformat())
    general = _general(reader, members.get("general"), issued)
    rules, rule_readings = _rules(reader, members.get("rules"))
    declared, declared_readings = read_declared(reader, members.get("declared"), taken=tuple(_RULES))
    signs = read_risk_flags(reader, members.get("signs"))
    if reader.faults:
        raise PolicyError(file, reader.faults)
    return Policy(
        id=policy_id,
        revision=revision,
        document_no=document_no,
        title=title,
        issued=issued,
        in_force=general.in_force,
        in_force_alternative=general.in_force_alternative,
        closes_month=general.closes[0],
        closes_day=general.closes[1],
        budget_fen=general.budget_fen,
        first_listing=_only(rules, OnceFixed),
        first_purchase=_only(rules, OnceAtRate),
        annual_listed_trading=_only(rules, YearlyAtRate),
        exchange_tiers=_only(rules, Tiers),
        rules=rules,
        declared=declared,
        readings=(*general.readings, *rule_readings, *declared_readings),
        values=tuple(reader.values),
        digest=hashlib.sha256(content).hexdigest(),
        risk_flags=signs,
    )


# --- general clauses -------------------------------------------------------------------------------------------


class _GeneralTerms(NamedTuple):
    in_force: Interval
    in_force_alternative: Interval
    closes: tuple[int, int]
    budget_fen: int
    readings: tuple[Reading, ...]


def _general(reader: PolicyFile, node: yaml.Node | None, issued: date) -> _GeneralTerms:
    """The clauses G1 to G7 and those beside them, each with its values."""
    found = reader.members(node, "general", tuple(_CLAUSES)) if node is not None else {}
    readings = []
    in_force = alternative = Interval(date.min, date.max)
    closes, budget_fen = (1, 1), 1
    for name, node_of in found.items():
        path = f"general.{name}"
        members, reading = _clause(reader, node_of, path, _CLAUSES[name])
        readings.append(reading)
        if name == "in_force":
            in_force, alternative = _in_force(reader, members, path, issued)
        elif name == "budget":
            budget_fen = reader.yuan(members.get("annual"), f"{path}.annual")
            reader.value(f"{path}.annual", format_yuan(budget_fen))
        elif name == "period_closing":
            closes = reader.month_day(members.get("day"), f"{path}.day")
            reader.value(f"{path}.day", f"{closes[0]:02d}-{closes[1]:02d}")
    return _GeneralTerms(in_force, alternative, closes, budget_fen, tuple(readings))


def _clause(reader: PolicyFile, node: yaml.Node, path: str, form: _Clause) -> tuple[dict[str, yaml.Node], Reading]:
    members = reader.members(
        node, path, ("clause", "article", "mark", "reading", "says", *form.values), ("basis", "alternative")
    )
    clause = reader.one_of(members.get("clause"), f"{path}.clause", (form.number,))
    reader.article = reader.text(members.get("article"), f"{path}.article") or "-"
    alternative_values = ("from", "until") if form.number == "G1" else ()
    place = Place(node, members, path, path, clause)
    return members, read_reading(reader, place, (form.reading,), alternative_values)


def _in_force(reader: PolicyFile, members: dict[str, yaml.Node], path: str, issued: date) -> tuple[Interval, Interval]:
    """G1 and its alternative, each half-open."""
    in_force = _interval(reader, members, path, issued)
    node = members.get("alternative")
    if not isinstance(node, yaml.MappingNode):
        return in_force, in_force
    other = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    return in_force, _interval(reader, other, f"{path}.alternative", issued)


def _interval(reader: PolicyFile, members: dict[str, yaml.Node], path: str, issued: date) -> Interval:
    faults = len(reader.faults)
    start, end = members.get("from"), members.get("until")
    period = Interval(reader.day(start, f"{path}.from"), reader.day(end, f"{path}.until"))
    if start is not None and end is not None and len(reader.faults) == faults:
        if period.start_on < issued:
            reader.fault(start, f"{path}.from", "不得早于 issued / must not be before issued")
        if period.end_on <= period.start_on:
            reader.fault(end, f"{path}.until", "须晚于 from / must be after from")
    reader.value(f"{path}.from", period.start_on.isoformat())
    reader.value(f"{path}.until", period.end_on.isoformat())
    return period


# --- rules -----------------------------------------------------------------------------------------------------


def _rules(reader: PolicyFile, node: yaml.Node | None) -> tuple[tuple[RuleTerms, ...], tuple[Reading, ...]]:
    """The rules in the file's order: each that the code computes, once."""
    terms: dict[str, RuleTerms] = {}
    readings: list[Reading] = []
    for index, item in enumerate(reader.items(node, "rules")):
        path = f"rules[{index}]"
        name = _rule_name(reader, item, path)
        if name is None:
            continue
        if name in terms:
            reader.fault(item, f"{path}.rule", "重复的规则 / repeated rule")
            continue
        terms[name] = _rule(reader, item, path, name, readings)
    if node is not None and terms:
        for name in _RULES:
            if name not in terms:
                reader.fault(node, "rules", f"缺少规则 {name} / rule {name} is missing")
    reader.article = "-"
    reader.value("rules", ", ".join(terms))
    return tuple(terms.values()), tuple(readings)


def _rule_name(reader: PolicyFile, node: yaml.Node, path: str) -> RuleName | None:
    """Which rule an item is of: what other members it may have depends on it."""
    if not isinstance(node, yaml.MappingNode):
        reader.fault(node, path, "须为映射 / must be a mapping")
        return None
    named = [value for key, value in node.value if key.value == "rule"]
    if not named:
        reader.fault(node, f"{path}.rule", "缺少该成员 / missing member")
        return None
    text = reader.one_of(named[0], f"{path}.rule", tuple(_RULES))
    return next((name for name in _RULES if name == text), None)


def _rule(reader: PolicyFile, node: yaml.Node, path: str, rule: RuleName, readings: list[Reading]) -> RuleTerms:
    form = _RULES[rule]
    members = reader.members(node, path, ("rule", "article", "name", "subject", "earned", *form.values, "readings"))
    reader.article = article = reader.text(members.get("article"), f"{path}.article") or "-"
    name = read_says(reader, members.get("name"), f"{path}.name")
    subject = reader.one_of(members.get("subject"), f"{path}.subject", (form.subject,))
    earned = reader.one_of(members.get("earned"), f"{path}.earned", (form.earned,))
    words = [("article", article), ("name.zh", name.zh), ("name.en", name.en), ("subject", subject), ("earned", earned)]
    for member, text in words:
        reader.value(f"rules.{rule}.{member}", text)
    terms = _terms(reader, members, path, rule, name)
    readings.extend(_rule_readings(reader, members.get("readings"), path, rule))
    return terms


def _terms(reader: PolicyFile, members: dict[str, yaml.Node], path: str, rule: RuleName, name: Texts) -> RuleTerms:
    article = reader.article

    def yuan(member: str) -> int:
        fen = reader.yuan(members.get(member), f"{path}.{member}")
        reader.value(f"rules.{rule}.{member}", format_yuan(fen))
        return fen

    def rate() -> Decimal:
        found = reader.rate(members.get("rate"), f"{path}.rate")
        reader.value(f"rules.{rule}.rate", str(found))
        return found

    match rule:
        case "first_listing":
            return OnceFixed(rule, article, name, amount_fen=yuan("amount"))
        case "first_purchase":
            return OnceAtRate(rule, article, name, rate=rate(), cap_fen=yuan("cap"))
        case "annual_listed_trading":
            at_least_fen = yuan("at_least")
            return YearlyAtRate(rule, article, name, at_least_fen=at_least_fen, rate=rate(), cap_fen=yuan("cap"))
        case "exchange_tiers":
            return Tiers(rule, article, name, _tiers(reader, members.get("tiers"), f"{path}.tiers", rule))


def _tiers(reader: PolicyFile, node: yaml.Node | None, path: str, rule: str) -> tuple[Tier, ...]:
    """Tiers with thresholds and amounts that rise strictly."""
    tiers: list[Tier] = []
    for index, item in enumerate(reader.items(node, path)):
        member = f"{path}[{index}]"
        members = reader.members(item, member, ("over", "amount"))
        faults = len(reader.faults)
        over, amount = members.get("over"), members.get("amount")
        tier = Tier(reader.yuan(over, f"{member}.over"), reader.yuan(amount, f"{member}.amount"))
        reader.value(f"rules.{rule}.tiers[{index}].over", format_yuan(tier.over_fen))
        reader.value(f"rules.{rule}.tiers[{index}].amount", format_yuan(tier.amount_fen))
        if over is None or amount is None or len(reader.faults) > faults:
            continue
        if tiers and tier.over_fen <= tiers[-1].over_fen:
            reader.fault(over, f"{member}.over", "须大于上一档 / must be more than that of the tier before")
        if tiers and tier.amount_fen <= tiers[-1].amount_fen:
            reader.fault(amount, f"{member}.amount", "须大于上一档 / must be more than that of the tier before")
        tiers.append(tier)
    return tuple(tiers)


def _rule_readings(reader: PolicyFile, node: yaml.Node | None, path: str, rule: RuleName) -> list[Reading]:
    """The readings of a rule: each that the code computes, once."""
    known = _RULES[rule].readings
    readings: list[Reading] = []
    for index, item in enumerate(reader.items(node, f"{path}.readings")):
        member = f"{path}.readings[{index}]"
        members = reader.members(item, member, ("mark", "reading", "says"), ("basis", "alternative"))
        value_path = f"rules.{rule}.readings.{_plain(members.get('reading'))}"
        reading = read_reading(reader, Place(item, members, member, value_path, rule), known)
        if reading.reading in {known_one.reading for known_one in readings}:
            reader.fault(item, f"{member}.reading", "重复的读法 / repeated reading")
        readings.append(reading)
    if node is not None:
        for name in known:
            if name not in {reading.reading for reading in readings}:
                reader.fault(node, f"{path}.readings", f"缺少读法 {name} / reading {name} is missing")
    return readings


def _plain(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "?"


def _only(rules: tuple[RuleTerms, ...], kind: type[_Terms]) -> _Terms:
    return next(terms for terms in rules if isinstance(terms, kind))
