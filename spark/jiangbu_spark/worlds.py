"""The worlds of a subject: policies by which it has the same claims and is settled by the same terms.

Most readings change the awards of few subjects. So payables are computed once in each world of a subject, which stands
for all policies in it, and not once for each policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from jiangbu_spark.policy import ComputedPolicy


def in_worlds(claims: DataFrame, policies: Sequence[ComputedPolicy]) -> DataFrame:
    """A row of each claim in each world of its subject that has the claim.

    `claims` has `policies`, as ceilings do. Here these are all policies of the world, and `world` is the first of them.
    """
    if len(policies) == 1:
        return claims.selectExpr("*", "0 AS world")
    every = f"sequence(0, {len(policies) - 1})"
    bases = [policy.settling for policy in policies]
    terms = f"array({', '.join(str(bases.index(one)) for one in bases)})"
    # For each policy: the terms that settle the subject, and which of the sets of claims it has.
    gives = f"transform({every}, p -> struct({terms}[p], transform(sets, those -> array_contains(those, p))))"
    firsts = "transform(gives, one -> CAST(array_position(gives, one) AS INT) - 1)"
    return (
        claims.selectExpr("*", "collect_set(policies) OVER (PARTITION BY subject) AS sets")
        .selectExpr("* EXCEPT (sets)", f"{gives} AS gives")
        .selectExpr("* EXCEPT (gives)", f"{firsts} AS firsts")
        .selectExpr("*", "explode(array_distinct(transform(policies, p -> firsts[p]))) AS world")
        .selectExpr("* EXCEPT (firsts, policies)", "filter(policies, p -> firsts[p] = world) AS policies")
    )
