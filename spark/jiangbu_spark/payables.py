"""From ceilings to payables: 就高不重复 (highest only, G6), limits over several items (G11), other grants.

All of it is windows over the awards of a subject. The years come one after the other, because what was payable in
earlier years uses up the limits that run over years.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions

from jiangbu_spark.policy import APART, TIERS, Limit
from jiangbu_spark.sql import literal
from jiangbu_spark.tables import table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from jiangbu_spark.policy import ComputedPolicy

LADDER = Limit("exchange_tiers of one operator", "subject", 0)  # its amount follows from the tiers that were earned


def payables(claims: DataFrame, policy: ComputedPolicy, grants: DataFrame) -> DataFrame:
    """The payable of each award, and what suppresses it.

    `claims`: ceilings with `standing_fen` (approved less returned) and `is_aside` (rejected, returned, waived, or
    earned while its rule is suspended), all awards of each subject. `grants`: those under other
    policies. Adds payable_fen and suppressed_by.
    """
    # Each is computed here and now: as parts of one plan, every year would contain those before it once more.
    ready = _with_limits(_with_claims(claims), policy).localCheckpoint()
    settled: list[DataFrame] = []
    most = _most_grants(grants)
    for year in policy.years:
        left_in = settle(ready.where(f"year = {year}"), settled, policy)
        settled.append(_less_grants(left_in, grants.where(f"year = {year}"), most, policy).localCheckpoint())
    return _with_tiers_that_the_ladder_used_up(reduce(lambda one, other: one.unionByName(other), settled))


def _with_claims(ceilings: DataFrame) -> DataFrame:
    """The claim of each award; one that is set aside claims only what stands approved."""
    approved = "least(ceiling_fen, standing_fen)"
    return ceilings.selectExpr(
        "*", f"{approved} AS approved_fen", f"if(is_aside, {approved}, ceiling_fen) AS claim_fen"
    )


def _with_limits(claims: DataFrame, policy: ComputedPolicy) -> DataFrame:
    """The limit over several items that each award is under, if any: name, amount, whether it runs over years."""
    rules = table(
        claims.sparkSession,
        "rule STRING, limit_name STRING, most_fen BIGINT, is_over_years BOOLEAN",
        [
            (rule.name, limit.name, limit.most, limit.per == "subject")
            for rule in policy.declared.values()
            for limit in map(policy.limits.__getitem__, rule.terms.get("limits", ()))
            if limit.per != "item"  # those of an item cut ceilings
        ],
    )
    limited = claims.join(rules, "rule", "left")
    if policy.readings["operators_ladder"] != "operator":
        return limited
    # The ladder of (六) 2 is the operator's: the highest tier that any of its exchanges earned so far.
    is_tier = f"rule = '{TIERS}' AND claim_fen > 0"
    tier_fen = f"if({is_tier}, cap_fen, 0)"
    return limited.selectExpr(
        "* EXCEPT (limit_name, most_fen, is_over_years)",
        f"if({is_tier}, {literal(LADDER.name)}, limit_name) AS limit_name",
        f"if({is_tier}, max({tier_fen}) OVER (PARTITION BY subject ORDER BY year), most_fen) AS most_fen",
        f"if({is_tier}, true, is_over_years) AS is_over_years",
    )


def settle(claims: DataFrame, earlier: list[DataFrame], policy: ComputedPolicy) -> DataFrame:
    """The awards of one year with payable_fen, suppressed_by and is_beaten; `earlier`: those of the years before."""
    group = "kind" if policy.readings["highest_only"] == "kinds_compete" else "award_id"
    compared = _compared(_limited(_with_rooms(claims, earlier), group), group)
    return compared.selectExpr(
        "*",
        "if(is_beaten, 0, limited_fen) AS payable_fen",
        "if(is_beaten, winner.award_id, NULL) AS suppressed_by",
    )


def _with_rooms(claims: DataFrame, earlier: list[DataFrame]) -> DataFrame:
    """The room that each limit leaves after the payables of earlier years."""
    if not earlier:
        return claims.selectExpr("*", "most_fen AS room_fen")
    used = (
        reduce(lambda one, other: one.unionByName(other), earlier)
        .where("is_over_years")
        .groupBy("subject", "limit_name")
        .agg({"payable_fen": "sum"})
        .withColumnRenamed("sum(payable_fen)", "used_fen")
    )
    left = "greatest(0, most_fen - if(is_over_years, coalesce(used_fen, 0), 0))"
    return claims.join(used, ["subject", "limit_name"], "left").selectExpr(
        "* EXCEPT (used_fen)", f"if(limit_name IS NULL, NULL, {left}) AS room_fen"
    )


def _limited(claims: DataFrame, group: str) -> DataFrame:
    """Cut claims to their limits: what stands approved first, then in order of day, rule and item; adds limited_fen.

    A claim is two parts, the approved one and the rest. In that order, a part gets what the sum of parts up to it is
    within the room, less the same of the part before.
    """
    parts = claims.selectExpr(
        "*", f"{group} AS competing", "stack(2, 0, approved_fen, 1, claim_fen - approved_fen) AS (share, part_fen)"
    )
    order = f"share, day, rule_rank, if(rule = '{TIERS}', -claim_fen, 0), award_id"
    summed = parts.selectExpr(
        "award_id", "part_fen", "room_fen",
        f"sum(part_fen) OVER (PARTITION BY subject, limit_name, competing ORDER BY {order}) AS sum_fen",
    )  # fmt: skip
    got = summed.selectExpr(
        "award_id",
        "if(room_fen IS NULL, part_fen, least(sum_fen, room_fen) - least(sum_fen - part_fen, room_fen)) AS part_fen",
    )
    limited = got.groupBy("award_id").agg({"part_fen": "sum"}).withColumnRenamed("sum(part_fen)", "limited_fen")
    return claims.join(limited, "award_id")


def _compared(claims: DataFrame, group: str) -> DataFrame:
    """Only the group with the greatest sum of a subject and year is payable (G6): a kind, or one award.

    Equal sums: the group whose rule stands first in the file. Adds is_beaten and winner, the greatest claim of the
    group that won.
    """
    competes = f"kind <> '{APART}' AND claim_fen > 0"
    grouped = claims.selectExpr(
        "*",
        f"CASE WHEN {competes} THEN struct("
        f" -sum(limited_fen) OVER (PARTITION BY subject, {group}) AS less_fen,"
        f" min(if(claim_fen > 0, struct(rule_rank, award_id), NULL)) OVER (PARTITION BY subject, {group}) AS first,"
        f" {group} AS name) END AS own",
    )
    best = grouped.selectExpr("*", "min(own) OVER (PARTITION BY subject) AS best")
    return best.selectExpr(
        "* EXCEPT (own, best)",
        "coalesce(own.name <> best.name AND best.less_fen < 0, false) AS is_beaten",
        "min(if(own.name = best.name, struct(-claim_fen AS less_fen, award_id), NULL)) OVER (PARTITION BY subject)"
        " AS winner",
    )


def _most_grants(grants: DataFrame) -> int:
    """The greatest number of grants of one subject and year; each takes a round."""
    counted = grants.groupBy("subject", "year").count().selectExpr("coalesce(max(count), 0) AS most").take(1)
    return int(counted[0].most)


def _less_grants(settled: DataFrame, grants: DataFrame, rounds: int, policy: ComputedPolicy) -> DataFrame:
    """Deduct grants for the same matter from the awards that they name, the greatest payable first (G6).

    They take turns: those that are deducted from the fewest awards first, then by day, amount, and what they name.
    """
    named = "array_contains(rules, rule) OR array_contains(awards, award_id)"
    is_deducted = f"({named})" if policy.readings["other_grants"] == "same_matter" else f"kind <> '{APART}'"
    order = "taken, day, amount_fen, rules, awards, name"
    turns = (
        grants.join(
            settled.selectExpr("subject", "award_id", "rule", "kind", "payable_fen AS due_fen"), "subject", "left"
        )
        .selectExpr("*", f"{is_deducted} AND due_fen > 0 AS is_taken")
        .groupBy("subject", "name", "amount_fen", "day", "rules", "awards")
        .agg(functions.expr("count_if(is_taken) AS taken"))
        .selectExpr("*", f"row_number() OVER (PARTITION BY subject ORDER BY {order}) AS turn")
        .select("subject", "turn", "name", "amount_fen", "rules", "awards")
    )
    left = settled.selectExpr("*", "payable_fen AS due_fen")
    for turn in range(1, rounds + 1):
        left = _less_one(left, turns.where(f"turn = {turn}").drop("turn"), is_deducted)
    return left.drop("due_fen")


def _less_one(left: DataFrame, grants: DataFrame, is_deducted: str) -> DataFrame:
    """Deduct at most one grant of each subject: of the sum so far, what is within its amount."""
    amount = f"if({is_deducted} AND due_fen > 0, payable_fen, 0)"
    summed = left.join(grants, "subject", "left").selectExpr(
        "*",
        f"coalesce({amount}, 0) AS open_fen",
        f"sum(coalesce({amount}, 0)) OVER (PARTITION BY subject ORDER BY due_fen DESC, award_id) AS sum_fen",
    )
    part = "coalesce(least(sum_fen, amount_fen) - least(sum_fen - open_fen, amount_fen), 0)"
    return summed.selectExpr(
        *(f"`{name}`" for name in left.columns if name not in {"payable_fen", "suppressed_by"}),
        f"payable_fen - {part} AS payable_fen",
        f"if({part} > 0 AND {part} = payable_fen, name, suppressed_by) AS suppressed_by",
    )


def _with_tiers_that_the_ladder_used_up(settled: DataFrame) -> DataFrame:
    """A tier left with nothing by its operator's ladder names the greatest tier that was payable so far."""
    paid = f"if(rule = '{TIERS}' AND payable_fen > 0, struct(-claim_fen AS less_fen, award_id), NULL)"
    is_used_up = f"rule = '{TIERS}' AND claim_fen > 0 AND NOT is_beaten AND limited_fen = 0"
    return settled.selectExpr("*", f"min({paid}) OVER (PARTITION BY subject ORDER BY year) AS greatest").selectExpr(
        "* EXCEPT (suppressed_by, is_beaten, winner, limited_fen, greatest)",
        f"if({is_used_up}, greatest.award_id, suppressed_by) AS suppressed_by",
    )
