"""Rewards that a person declares: ceilings from the bureau's declarations, by the terms of the policy file.

Declarations that can reduce each other are a *matter*: those of one kind for one item, whoever declares it (G11), or
of one kind by one subject. Each matter is a short list in order of days, which SQL folds from left to right: what a
declaration gets depends on what the ones before it got.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jiangbu_spark.events import CEILINGS
from jiangbu_spark.policy import AFTER_ALL, fen, ratio
from jiangbu_spark.sql import HOUR_US, literal, rated
from jiangbu_spark.sql import fen as fen_of
from jiangbu_spark.tables import table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from jiangbu_spark.policy import ComputedPolicy, Rule

_VALUE = (
    "party STRUCT<id_scheme: STRING, id: STRING>, rule STRING, item STRING, earned_on DATE,"
    " measure MAP<STRING, STRING>, exchange STRING, assessed STRING, withdrawn BOOLEAN"
)
_DONE = (
    "ARRAY<STRUCT<subject: STRING, rule: STRING, item: STRING, year: INT, is_once: BOOLEAN, is_before: BOOLEAN,"
    " limit_name: STRING, worth_fen: BIGINT, ceiling_fen: BIGINT>>"
)
# Another declaration `o` of the matter whose reward cannot be earned again by `x`, or is deducted.
_IS_SAME = (
    "(x.is_shared OR o.subject = x.subject) AND"
    " if(x.is_once AND o.is_once, o.item = x.item,"
    "    o.rule = x.rule AND (x.per = 'subject' OR o.item = x.item) AND (x.earned <> 'yearly' OR o.year = x.year))"
)
_EARNED_BEFORE = f"filter(done, o -> {_IS_SAME} AND o.ceiling_fen > 0)"
_HISTORY = f"filter(done, o -> {_IS_SAME} AND o.is_before AND o.worth_fen > 0)"

DEDUCTED, IGNORED = "less_steps_before_the_policy_too", "steps_before_the_policy_are_ignored"


def declared_ceilings(declarations: DataFrame, policy: ComputedPolicy) -> DataFrame:
    """The ceilings over zero of declarations, with the columns CEILINGS. `declarations`: those of the archive."""
    told = _in_order(_with_terms(_newest(declarations), policy), policy)
    folded = told.selectExpr("matter", f"{_fold()} AS done").selectExpr("explode(arrays_zip(matter, done)) AS pair")
    return folded.selectExpr(
        "concat_ws('/', pair.matter.rule, pair.matter.subject, CAST(pair.matter.year AS STRING), pair.matter.item)"
        " AS award_id",
        *(f"pair.matter.{name} AS {name}" for name in CEILINGS if name not in ("award_id", "ceiling_fen")),
        "pair.done.ceiling_fen AS ceiling_fen",
    ).where("ceiling_fen > 0")


def _newest(declarations: DataFrame) -> DataFrame:
    """The declarations in force: the last version of each key, unless it withdraws."""
    latest = declarations.selectExpr("key", "struct(version, value) AS last").groupBy("key").agg({"last": "max"})
    return (
        latest.selectExpr(f"from_json(CAST(`max(last)`.value AS STRING), {literal(_VALUE)}) AS told")
        .selectExpr("told.*")
        .where("NOT withdrawn")
        .selectExpr("* EXCEPT (party)", "concat(party.id_scheme, ':', party.id) AS subject")
    )


def _with_terms(declarations: DataFrame, policy: ComputedPolicy) -> DataFrame:
    """Declarations under rules of the file, each with the terms of its rule, its base and its worth by itself."""
    rules = table(
        declarations.sparkSession,
        "rule STRING, rule_rank INT, kind STRING, earned STRING, per STRING, years INT, is_shared BOOLEAN,"
        " history STRING, measured STRING, any_years BOOLEAN, limit_name STRING, most_fen BIGINT",
        [_terms(rule, policy) for rule in policy.declared.values()],
    )
    measured = fen_of("measure[measured]")
    # A declaration must measure exactly what the file names.
    is_measured = "map_keys(measure) = if(measured IS NULL, CAST(array() AS ARRAY<STRING>), array(measured))"
    cases = " ".join(f"WHEN {literal(rule.name)} THEN {_worth(rule, policy)}" for rule in policy.declared.values())
    by_sum = [rule.name for rule in policy.declared.values() if "steps" in rule.terms or "rate" in rule.terms]
    return (
        declarations.join(rules, "rule")
        .selectExpr("*", f"if(rule IN ({', '.join(map(literal, by_sum))}), {measured}, 0) AS measured_fen")
        .selectExpr(
            "*",
            "CAST(measured_fen AS DECIMAL(38, 0)) AS base_fen",
            f"if({is_measured}, CASE rule {cases} ELSE 0 END, 0) AS worth_fen",
        )
    )


def _terms(rule: Rule, policy: ComputedPolicy) -> tuple[object, ...]:
    terms, limit = rule.terms, policy.item_limit(rule.name)
    years = int(terms["years"]) if "years" in terms else None
    is_shared = policy.readings["items"] == "whoever_declares" and "item" in terms and terms["per"] == "item"
    return (
        rule.name, rule.rank, rule.kind, terms["earned"], terms["per"], years, is_shared, _history(rule),
        terms.get("measure", {}).get("name"),
        "any_years_with_a_reward" in rule.readings, limit and limit.name, limit and limit.most,
    )  # fmt: skip


def _history(rule: Rule) -> str:
    """How steps that were reached before the policy affect later ones (G12)."""
    return next((reading for reading in (DEDUCTED, IGNORED) if reading in rule.readings), "")


def _worth(rule: Rule, policy: ComputedPolicy) -> str:
    """The worth of a declaration by itself, before other declarations and limits, in fen."""
    terms = rule.terms
    if terms["earned"] == "recorded":
        return "0"
    if "amounts" in terms:
        grades = " ".join(f"WHEN {literal(one['grade'])} THEN {fen(one['amount'])}" for one in terms["amounts"])
        return f"CASE measure[measured] {grades} ELSE 0 END"
    if "steps" in terms:
        steps = [f"if(measured_fen >= {fen(one['at_least'])}, {fen(one['amount'])}, 0)" for one in terms["steps"]]
        return f"greatest({', '.join(steps)}, 0)"
    if "rate" in terms:
        share = rated("measured_fen", ratio(terms["rate"]), str(AFTER_ALL), policy.readings["rounding"])
        return f"if({share} >= {fen(terms.get('at_least', '0'))}, {share}, 0)"
    at_most = f"try_cast(measure[measured] AS DECIMAL(38, 18)) > {terms['at_most']}" if "at_most" in terms else "false"
    return f"if({at_most}, 0, {fen(terms['amount'])})"


def _in_order(declarations: DataFrame, policy: ComputedPolicy) -> DataFrame:
    """One row for each matter: its declarations in order of day, rule, item and subject."""
    day_us = f"unix_micros(CAST(earned_on AS TIMESTAMP)) - {8 * HOUR_US}"
    fields = (
        "CAST(earned_on AS STRING) AS day, rule_rank, item, subject, rule, kind, earned, per, years, any_years,"
        " is_shared, history, limit_name, most_fen, exchange, year(earned_on) AS year, base_fen,"
        f" worth_fen AS cap_fen, CAST(worth_fen AS BIGINT) AS worth_fen, {fen_of('assessed')} AS assessed_fen,"
        f" {day_us} AS earned_from_us, {day_us} + {24 * HOUR_US} AS earned_until_us,"
        " kind <> 'none' AND earned = 'once' AND per = 'item' AS is_once,"
        f" {day_us} < {policy.in_force[0]} AS is_before,"
        f" {day_us} >= {policy.in_force[0]} AND {day_us} < {policy.in_force[1]} AS is_in_force"
    )
    whose = "concat_ws('/', kind, if(is_shared, concat('item/', item), concat('subject/', subject)))"
    return (
        declarations.selectExpr(f"{whose} AS matter_of", f"struct({fields}) AS one")
        .groupBy("matter_of")
        .agg({"one": "collect_list"})
        .selectExpr("sort_array(`collect_list(one)`) AS matter")
    )


def _fold() -> str:
    """The matter's declarations with their ceilings."""
    step = (
        "struct(x.subject, x.rule, x.item, x.year, x.is_once, x.is_before, x.limit_name, x.worth_fen,"
        f" CAST(if(x.worth_fen > 0 AND x.is_in_force, {_within_limit(_due())}, 0) AS BIGINT) AS ceiling_fen)"
    )
    return f"aggregate(matter, CAST(array() AS {_DONE}), (done, x) -> array_append(done, {step}))"


def _sum(ceilings: str) -> str:
    return f"aggregate({ceilings}, 0L, (total, o) -> total + o.ceiling_fen)"


def _due() -> str:
    """The amount due after earlier rewards of the matter, at most the amount that the bureau assessed."""
    left = f"greatest(0L, x.worth_fen - {_sum(_EARNED_BEFORE)})"
    # By difference (G12): nothing for a step that was reached before the policy, unless the file reads otherwise.
    highest = f"if(x.history = '{DEDUCTED}', coalesce(array_max(transform({_HISTORY}, o -> o.worth_fen)), 0L), 0L)"
    by_difference = (
        f"if(x.history <> '{IGNORED}' AND exists({_HISTORY}, o -> o.worth_fen >= x.worth_fen), 0L,"
        f" greatest(0L, x.worth_fen - {_sum(_EARNED_BEFORE)} - {highest}))"
    )
    own_years = (
        "transform(filter(done, o -> o.subject = x.subject AND o.rule = x.rule AND o.ceiling_fen > 0), o -> o.year)"
    )
    spent = f"if(x.any_years, size(array_union({own_years}, array(x.year))), x.year - array_min({own_years}) + 1)"
    once = (
        f"CASE WHEN exists({_EARNED_BEFORE}, o -> o.subject = x.subject) THEN 0L"
        f" WHEN x.earned = 'first' AND size({_HISTORY}) > 0 THEN 0L"
        f" WHEN x.years IS NOT NULL AND size({own_years}) > 0 AND {spent} > x.years THEN 0L ELSE {left} END"
    )
    due = f"if(x.earned = 'by_difference', {by_difference}, {once})"
    return f"least({due}, coalesce(x.assessed_fen, {AFTER_ALL}))"


def _within_limit(due: str) -> str:
    """Cut to the limit of the item (单个集聚区), which rules of one kind share."""
    used = _sum(
        "filter(done, o -> o.limit_name = x.limit_name AND o.item = x.item AND (x.is_shared OR o.subject = x.subject))"
    )
    return f"least({due}, if(x.limit_name IS NULL, {AFTER_ALL}, greatest(0L, x.most_fen - {used})))"
