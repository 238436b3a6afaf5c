"""From ceilings to payables: 就高不重复 (highest only, G6), limits over several items (G11), other grants.

All of it is windows over the awards of a subject in one world (module `ceilings`). The years come one after the other,
because what was payable in earlier years uses up the limits that run over years.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions

from jiangbu_spark.policy import APART, TIERS, Limit
from jiangbu_spark.sql import literal
from jiangbu_spark.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from jiangbu_spark.policy import ComputedPolicy

LADDER = Limit("exchange_tiers of one operator", "subject", 0)  # its amount follows from the tiers that were earned
WHOSE = "world, subject"
# The awards that compete with each other as one: a kind, or an award; none by the reading of matters.
GROUP = "CASE highest_only WHEN 'kinds_compete' THEN kind WHEN 'all_compete' THEN award_id ELSE '' END"
_TURN = f"day, rule_rank, if(rule = '{TIERS}', -claim_fen, 0), award_id"
_READINGS = "world INT, highest_only STRING, other_grants STRING, has_ladder BOOLEAN, matters ARRAY<STRING>"
_LIMITS = (
    "world INT, rule STRING, limit_name STRING, most_fen BIGINT, is_over_years BOOLEAN, wide_name STRING,"
    " wide_fen BIGINT, least_fen BIGINT"
)
_IS_DECLARED_SAME = "array_contains(rules, rule) OR array_contains(awards, award_id)"
_IS_DEDUCTED = (
    f"(CASE other_grants WHEN 'same_matter' THEN {_IS_DECLARED_SAME}"
    f" WHEN 'all_of_year' THEN kind <> '{APART}' ELSE false END)"
)


def payables(claims: DataFrame, policies: Sequence[ComputedPolicy], grants: DataFrame) -> DataFrame:
    """The payable of each award, and what suppresses it.

    `claims`: ceilings with `standing_fen` (approved less returned), `is_aside` (rejected, returned, waived, or earned
    while its rule is suspended) and `world`, the place of the policy that they are settled by; all awards of each
    subject and world. `grants`: those under other policies. Adds payable_fen and suppressed_by.
    """
    # Each is computed here and now: as parts of one plan, every year would contain those before it once more.
    ready = _with_limits(_with_claims(claims), policies).localCheckpoint()
    settled: list[DataFrame] = []
    most = _most_grants(grants)
    for year in sorted({year for policy in policies for year in policy.years}):
        given = grants.where(f"year = {year}")
        left_in = settle(ready.where(f"year = {year}"), settled, given, policies)
        settled.append(_less_grants(left_in, given, most).localCheckpoint())
    return _with_tiers_that_the_ladder_used_up(reduce(lambda one, other: one.unionByName(other), settled))


def _with_claims(ceilings: DataFrame) -> DataFrame:
    """The claim of each award; one that is set aside claims only what stands approved."""
    approved = "least(ceiling_fen, standing_fen)"
    return ceilings.selectExpr(
        "*", f"{approved} AS approved_fen", f"if(is_aside, {approved}, ceiling_fen) AS claim_fen"
    )


def _with_limits(claims: DataFrame, policies: Sequence[ComputedPolicy]) -> DataFrame:
    """The readings of each world, and the limits over several items that each award is under, if any.

    A limit has a name, an amount, whether it runs over years, the wider limit of the year that contains it, and the
    least that is payable after it.
    """
    spark = claims.sparkSession
    limits = [
        (world, rule, *_columns(*policy.payable_limits(rule)), policy.least_payable(rule))
        for world, policy in enumerate(policies)
        for rule in policy.declared
    ]
    limited = claims.join(table(spark, _READINGS, list(map(_readings, range(len(policies)), policies))), "world").join(
        table(spark, _LIMITS, limits), ["world", "rule"], "left"
    )
    # The ladder of (六) 2 is the operator's: the highest tier that any of its exchanges earned so far.
    is_tier = f"has_ladder AND rule = '{TIERS}' AND claim_fen > 0"
    tier_fen = f"if({is_tier}, cap_fen, 0)"
    return limited.selectExpr(
        "* EXCEPT (limit_name, most_fen, is_over_years, has_ladder)",
        f"if({is_tier}, {literal(LADDER.name)}, limit_name) AS limit_name",
        f"if({is_tier}, max({tier_fen}) OVER (PARTITION BY {WHOSE} ORDER BY year), most_fen) AS most_fen",
        f"if({is_tier}, true, is_over_years) AS is_over_years",
    )


def _columns(narrow: Limit | None, wide: Limit | None) -> tuple[object, ...]:
    is_over_years = narrow is not None and narrow.per == "subject"
    return narrow and narrow.name, narrow and narrow.most, is_over_years, wide and wide.name, wide and wide.most


def _readings(world: int, policy: ComputedPolicy) -> tuple[object, ...]:
    said = policy.readings
    return (
        world, said["highest_only"], said["other_grants"], said["operators_ladder"] == "operator",
        list(policy.matters),
    )  # fmt: skip


def settle(
    claims: DataFrame, earlier: list[DataFrame], grants: DataFrame, policies: Sequence[ComputedPolicy]
) -> DataFrame:
    """The awards of one year with payable_fen, suppressed_by and is_beaten.

    `earlier`: those of the years before; `grants`: those of the year.
    """
    rooms = _with_rooms(_with_losses(_with_rivals(claims, grants, policies), policies), earlier)
    has_minimum = any(policy.least_payable(rule) for policy in policies for rule in policy.declared)
    compared = _compared(_limited(rooms, has_minimum=has_minimum))
    return compared.selectExpr(
        "*",
        "if(is_beaten, 0, limited_fen) AS payable_fen",
        "if(is_beaten, coalesce(lost_to, winner.award_id), NULL) AS suppressed_by",
    )


def _with_rivals(claims: DataFrame, grants: DataFrame, policies: Sequence[ComputedPolicy]) -> DataFrame:
    """The greatest grant of the subject's year, where grants compete with awards: `rival`, with name and amount_fen."""
    if not any(policy.readings["other_grants"] == "highest" for policy in policies):
        return claims.selectExpr("*", "CAST(NULL AS STRUCT<name: STRING, amount_fen: BIGINT>) AS rival")
    greatest = (
        grants.selectExpr("subject", "struct(-amount_fen AS less_fen, name) AS one")
        .groupBy("subject")
        .agg({"one": "min"})
        .selectExpr("subject", "struct(`min(one)`.name, -`min(one)`.less_fen AS amount_fen) AS greatest")
    )
    return claims.join(greatest, "subject", "left").selectExpr(
        "* EXCEPT (greatest)", "if(other_grants = 'highest', greatest, NULL) AS rival"
    )


def _with_losses(claims: DataFrame, policies: Sequence[ComputedPolicy]) -> DataFrame:
    """Where kinds compete for items: the greater award of another kind for the same item, or the greater grant.

    Adds `lost_to`, what an award loses to before limits, or NULL.
    """
    if not any(policy.readings["highest_only"] == "same_matter" for policy in policies):
        return claims.selectExpr("*", "CAST(NULL AS STRING) AS lost_to")
    claims_items = "highest_only = 'same_matter' AND claim_fen > 0"
    competes = f"{claims_items} AND array_contains(matters, kind)"
    item = "array_join(slice(split(award_id, '/'), 4, 1000), '/')"
    own = "struct(-claim_fen AS less_fen, rule_rank, award_id, kind)"
    best = f"min(if({competes}, {own}, NULL)) OVER (PARTITION BY {WHOSE}, {item})"
    return claims.selectExpr("*", f"{best} AS best").selectExpr(
        "* EXCEPT (best)",
        f"CASE WHEN {claims_items} AND claim_fen < rival.amount_fen THEN rival.name"
        f" WHEN {competes} AND best.kind <> kind THEN best.award_id END AS lost_to",
    )


def _with_rooms(claims: DataFrame, earlier: list[DataFrame]) -> DataFrame:
    """The room that each limit leaves after the payables of earlier years."""
    if not earlier:
        return claims.selectExpr("*", "most_fen AS room_fen")
    used = (
        reduce(lambda one, other: one.unionByName(other), earlier)
        .where("is_over_years")
        .groupBy("world", "subject", "limit_name")
        .agg({"payable_fen": "sum"})
        .withColumnRenamed("sum(payable_fen)", "used_fen")
    )
    left = "greatest(0, most_fen - if(is_over_years, coalesce(used_fen, 0), 0))"
    return claims.join(used, ["world", "subject", "limit_name"], "left").selectExpr(
        "* EXCEPT (used_fen)", f"if(limit_name IS NULL, NULL, {left}) AS room_fen"
    )


def _limited(claims: DataFrame, *, has_minimum: bool) -> DataFrame:
    """Cut claims to their limits: what stands approved first, then in order of day, rule and item; adds limited_fen.

    An award that lost to another for its item claims nothing. The wider limit is used after the narrower one, which
    is the same as both at once: once the wider one is used up, nothing is left for any award under it. A rule with a
    minimum after its limit has no wider one.
    """
    parts = claims.selectExpr(
        "*",
        "if(lost_to IS NULL, approved_fen, 0) AS approved_part",
        "if(lost_to IS NULL, claim_fen - approved_fen, 0) AS open_part",
    )
    for limit, room in (("limit_name", "room_fen"), ("wide_name", "wide_fen")):
        those = f"PARTITION BY {WHOSE}, {limit}, {GROUP}"
        if has_minimum and limit == "limit_name":
            parts = _without_small_rests(parts, those, room)
        parts = _cut(parts, those, room)
    return parts.selectExpr("* EXCEPT (approved_part, open_part)", "approved_part + open_part AS limited_fen")


def _cut(parts: DataFrame, those: str, room: str) -> DataFrame:
    """Cut approved_part and open_part to a room.

    In the order of turns, a part gets what the sum of parts up to it is within the room, less the same of the part
    before.
    """
    sums = parts.selectExpr(
        "*",
        f"sum(approved_part) OVER ({those} ORDER BY {_TURN}) AS approved_sum",
        f"sum(approved_part) OVER ({those}) + sum(open_part) OVER ({those} ORDER BY {_TURN}) AS open_sum",
    )
    cut = (
        f"if({room} IS NULL, {name}_part, least({name}_sum, {room}) - least({name}_sum - {name}_part, {room}))"
        f" AS {name}_part"
        for name in ("approved", "open")
    )
    return sums.selectExpr("* EXCEPT (approved_part, open_part, approved_sum, open_sum)", *cut)


def _without_small_rests(parts: DataFrame, those: str, room: str) -> DataFrame:
    """Take away each open_part of which the room leaves so little that the award falls below its minimum.

    An award leaves to the next what it does not take, so the parts up to each are folded in the order of turns.
    """
    so_far = f"({those} ORDER BY {_TURN} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    part = f"if({room} IS NULL, x.open, least(x.open, greatest(0L, {room} - seen.used)))"
    taken = f"if(x.approved + {part} < x.least, 0L, {part})"
    begin = "struct(approved_sum AS used, 0L AS part)"
    step = f"struct(seen.used + {taken} AS used, {taken} AS part)"
    listed = parts.selectExpr(
        "*",
        f"coalesce(sum(approved_part) OVER ({those}), 0L) AS approved_sum",
        "collect_list(struct(approved_part AS approved, open_part AS open, coalesce(least_fen, 0L) AS least))"
        f" OVER {so_far} AS turns",
    )
    return listed.selectExpr(
        "* EXCEPT (open_part, approved_sum, turns)",
        f"aggregate(turns, {begin}, (seen, x) -> {step}).part AS open_part",
    )


def _compared(claims: DataFrame) -> DataFrame:
    """Only the group with the greatest sum of a subject and year is payable (G6): a kind, or one award.

    Equal sums: the group whose rule stands first in the file. Adds is_beaten; in lost_to a grant that is greater than
    all of them; and winner, the greatest claim of the group that won.
    """
    competes = f"highest_only <> 'same_matter' AND kind <> '{APART}' AND claim_fen > 0"
    grouped = claims.selectExpr(
        "*",
        f"CASE WHEN {competes} THEN struct("
        f" -sum(limited_fen) OVER (PARTITION BY {WHOSE}, {GROUP}) AS less_fen,"
        f" min(if(claim_fen > 0, struct(rule_rank, award_id), NULL)) OVER (PARTITION BY {WHOSE}, {GROUP}) AS first,"
        f" {GROUP} AS name) END AS own",
    )
    best = grouped.selectExpr("*", f"min(own) OVER (PARTITION BY {WHOSE}) AS best")
    rival = "if(own IS NOT NULL AND rival.amount_fen > -best.less_fen, rival.name, NULL)"
    found = best.selectExpr(
        "* EXCEPT (lost_to, rival)",
        f"coalesce(lost_to, {rival}) AS lost_to",
        "min(if(own.name = best.name, struct(-claim_fen AS less_fen, award_id), NULL))"
        f" OVER (PARTITION BY {WHOSE}) AS winner",
    )
    return found.selectExpr(
        "* EXCEPT (own, best)",
        "lost_to IS NOT NULL OR coalesce(own.name <> best.name AND best.less_fen < 0, false) AS is_beaten",
    )


def _most_grants(grants: DataFrame) -> int:
    """The greatest number of grants of one subject and year; each takes a round."""
    counted = grants.groupBy("subject", "year").count().selectExpr("coalesce(max(count), 0) AS most").take(1)
    return int(counted[0].most)


def _less_grants(settled: DataFrame, grants: DataFrame, rounds: int) -> DataFrame:
    """Deduct grants for the same matter from the awards that they name, the greatest payable first (G6).

    They take turns: those that are deducted from the fewest awards first, then by day, amount, and what they name.
    """
    order = "taken, day, amount_fen, rules, awards, name"
    turns = (
        grants.join(settled.selectExpr(
            "world", "subject", "award_id", "rule", "kind", "other_grants", "payable_fen AS due_fen"), "subject")
        .selectExpr("*", f"{_IS_DEDUCTED} AND due_fen > 0 AS is_taken")
        .groupBy("world", "subject", "name", "amount_fen", "day", "rules", "awards")
        .agg(functions.expr("count_if(is_taken) AS taken"))
        .selectExpr("*", f"row_number() OVER (PARTITION BY {WHOSE} ORDER BY {order}) AS turn")
        .select("world", "subject", "turn", "name", "amount_fen", "rules", "awards")
    )  # fmt: skip
    left = settled.selectExpr("*", "payable_fen AS due_fen")
    for turn in range(1, rounds + 1):
        left = _less_one(left, turns.where(f"turn = {turn}").drop("turn"))
    return left.drop("due_fen")


def _less_one(left: DataFrame, grants: DataFrame) -> DataFrame:
    """Deduct at most one grant of each subject: of the sum so far, what is within its amount."""
    amount = f"if({_IS_DEDUCTED} AND due_fen > 0, payable_fen, 0)"
    summed = left.join(grants, ["world", "subject"], "left").selectExpr(
        "*",
        f"coalesce({amount}, 0) AS open_fen",
        f"sum(coalesce({amount}, 0)) OVER (PARTITION BY {WHOSE} ORDER BY due_fen DESC, award_id) AS sum_fen",
    )
    part = "if(amount_fen IS NULL, 0, least(sum_fen, amount_fen) - least(sum_fen - open_fen, amount_fen))"
    return summed.selectExpr(
        *(f"`{name}`" for name in left.columns if name not in {"payable_fen", "suppressed_by"}),
        f"payable_fen - {part} AS payable_fen",
        f"if({part} > 0 AND {part} = payable_fen, name, suppressed_by) AS suppressed_by",
    )


def _with_tiers_that_the_ladder_used_up(settled: DataFrame) -> DataFrame:
    """A tier left with nothing by its operator's ladder names the greatest tier that was payable so far."""
    paid = f"if(rule = '{TIERS}' AND payable_fen > 0, struct(-claim_fen AS less_fen, award_id), NULL)"
    is_used_up = f"rule = '{TIERS}' AND claim_fen > 0 AND NOT is_beaten AND limited_fen = 0"
    return settled.selectExpr("*", f"min({paid}) OVER (PARTITION BY {WHOSE} ORDER BY year) AS greatest").selectExpr(
        "* EXCEPT (suppressed_by, is_beaten, lost_to, winner, limited_fen, greatest)",
        f"if({is_used_up}, greatest.award_id, suppressed_by) AS suppressed_by",
    )
