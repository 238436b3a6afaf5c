"""Many policies at once: what several of them read alike is computed once for all of these.

The *worlds* of a subject are policies by which it has the same claims and is settled by the same terms. Most readings
change the awards of few subjects. So payables are computed once in each world of a subject, which stands for all
policies in it, and not once for each policy.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from jiangbu_spark.declared import declared_ceilings
from jiangbu_spark.events import CEILINGS, EVENT_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.sql import DataFrame

    from jiangbu_spark.events import Facts
    from jiangbu_spark.policy import Basis, ComputedPolicy, CountedExchange


def ceilings_of(
    facts: Facts, declarations: DataFrame, policies: Sequence[ComputedPolicy], whitelist: Sequence[CountedExchange]
) -> DataFrame:
    """The ceilings over zero by every policy.

    Columns: CEILINGS and `policies`, the places in the sequence of the policies that give the ceiling so.
    """
    parts = [
        _by_policies(earned(facts, policies[places[0]], whitelist), places)
        for rule, earned in EVENT_RULES.items()
        for places in _alike([policy.basis_of(rule) for policy in policies])
    ]
    parts += [
        _by_policies(declared_ceilings(declarations, policies[places[0]]), places)
        for places in _alike([policy.declared_basis for policy in policies])
        if policies[places[0]].declared
    ]
    every = reduce(lambda one, other: one.unionByName(other), parts).where("ceiling_fen > 0")
    if len(policies) == 1:
        return every
    # Other terms often give the same ceiling.
    whole = every.groupBy(*CEILINGS).agg({"policies": "collect_list"})
    return whole.selectExpr(*CEILINGS, "array_sort(flatten(`collect_list(policies)`)) AS policies")


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


def _alike(bases: Sequence[Basis]) -> Iterator[list[int]]:
    """Yield the places of equal bases."""
    for place, basis in enumerate(bases):
        if basis not in bases[:place]:
            yield [other for other, one in enumerate(bases) if one == basis]


def _by_policies(ceilings: DataFrame, places: list[int]) -> DataFrame:
    return ceilings.selectExpr("*", f"array({', '.join(map(str, places))}) AS policies")
