"""The bureau's acts on which payables depend: decisions, suspensions, grants under other policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jiangbu_spark.sql import literal

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_DECISION = "award_id STRING, action STRING, to_state STRING, amount_fen BIGINT, subject STRING, year INT"
_SUSPENSION = "id STRING, rule STRING, from_at STRING, until_at STRING"
_NAMED = "rules ARRAY<STRING>, awards ARRAY<STRING>"
_GRANT = f"id STRING, subject STRING, year INT, amount_fen BIGINT, granted_on STRING, {_NAMED}"


def claims(ceilings: DataFrame, acts: DataFrame | None) -> DataFrame:
    """Ceilings with `standing_fen` and `is_aside`, from the archive's acts; without acts nothing stands or is aside."""
    if acts is None:
        return ceilings.selectExpr("*", "0L AS standing_fen", "false AS is_aside")
    steps = _read(acts, "decision", _DECISION)
    return (
        ceilings.join(_standing(steps), ["award_id", "subject", "year"], "left")
        .join(_set_aside(steps), "award_id", "left")
        .join(_suspended(ceilings, acts), "award_id", "left")
        .selectExpr(
            *(f"`{name}`" for name in ceilings.columns),
            "coalesce(standing_fen, 0L) AS standing_fen",
            "coalesce(is_refused, false) OR coalesce(is_suspended, false) AS is_aside",
        )
    )


def _read(acts: DataFrame, kind: str, schema: str) -> DataFrame:
    return (
        acts.where(f"act = '{kind}'")
        .selectExpr("seq", f"from_json(content, {literal(schema)}) AS content")
        .selectExpr("seq", "content.*")
    )


def _standing(steps: DataFrame) -> DataFrame:
    """Amounts approved less revoked and returned, by award and by the subject and year of the approval."""
    signed = (
        "CASE WHEN action = 'approve' THEN amount_fen WHEN action IN ('revoke', 'return') THEN -amount_fen ELSE 0 END"
    )
    return (
        steps.selectExpr("award_id", "subject", "year", f"{signed} AS standing_fen")
        .groupBy("award_id", "subject", "year")
        .agg({"standing_fen": "sum"})
        .withColumnRenamed("sum(standing_fen)", "standing_fen")
    )


def _set_aside(steps: DataFrame) -> DataFrame:
    """Awards that are rejected, returned or waived, or whose rise is refused: they claim no more than what stands."""
    steps.createOrReplaceTempView("steps")
    return steps.sparkSession.sql("""
        SELECT award_id,
               max_by(to_state, seq) IN ('rejected', 'returned')
               OR coalesce(max_by(action = 'withdraw', seq)
                           FILTER (WHERE action IN ('withdraw', 'apply', 'list')), false)
               OR coalesce(max_by(action = 'reject' AND to_state <> 'rejected', seq)
                           FILTER (WHERE action IN ('reject', 'reopen')), false) AS is_refused
        FROM steps GROUP BY award_id
    """)


def _suspended(ceilings: DataFrame, acts: DataFrame) -> DataFrame:
    """Awards that were earned while their rule was suspended, by a suspension that was not lifted (G9)."""
    lifted = _read(acts, "hold_release", "hold_id STRING").selectExpr("hold_id AS id")
    periods = (
        _read(acts, "suspension", _SUSPENSION)
        .join(lifted, "id", "left_anti")
        .selectExpr(
            "rule",
            "coalesce(unix_micros(CAST(from_at AS TIMESTAMP)), 0) AS from_us",
            "coalesce(unix_micros(CAST(until_at AS TIMESTAMP)), 100000000000000000) AS until_us",
        )
    )
    return (
        ceilings.join(periods, "rule")
        .where("from_us < earned_until_us AND earned_from_us < until_us")
        .select("award_id")
        .distinct()
        .selectExpr("award_id", "true AS is_suspended")
    )


def other_grants(acts: DataFrame) -> DataFrame:
    """Grants under other municipal policies that were not withdrawn: subject, year, name and what they name."""
    withdrawn = _read(acts, "grant_withdrawal", "other_grant_id STRING").selectExpr("other_grant_id AS id")
    return (
        _read(acts, "other_grant", _GRANT)
        .join(withdrawn, "id", "left_anti")
        .selectExpr(
            "subject", "year", "concat('other_grant/', id) AS name", "amount_fen", "coalesce(granted_on, '') AS day",
            "coalesce(rules, CAST(array() AS ARRAY<STRING>)) AS rules",
            "coalesce(awards, CAST(array() AS ARRAY<STRING>)) AS awards",
        )
    )  # fmt: skip
