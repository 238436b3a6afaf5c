"""The whole computation: from an archive to every award."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from jiangbu_spark.acts import claims, other_grants
from jiangbu_spark.declared import declared_ceilings
from jiangbu_spark.documents import documents, newest
from jiangbu_spark.events import event_ceilings, facts_of
from jiangbu_spark.payables import payables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from jiangbu_spark.archive import ParquetArchive
    from jiangbu_spark.events import Facts
    from jiangbu_spark.policy import ComputedPolicy, CountedExchange

# The columns of the awards that are written.
AWARDS = (
    "award_id", "rule", "subject", "exchange", "year", "base_fen", "ceiling_fen", "payable_fen", "suppressed_by",
)  # fmt: skip


@dataclass(frozen=True)
class States:
    """The newest document of each number."""

    listings: DataFrame
    trades: DataFrame


def states_of(records: DataFrame) -> States:
    return States(*(newest(documents(records, kind)) for kind in ("listing", "trade")))


def persisted_facts(states: States, whitelist: Sequence[CountedExchange], policies: Sequence[ComputedPolicy]) -> Facts:
    """The facts for policies, kept by the executors: each of them is read again for each policy."""
    facts = facts_of(states.listings, states.trades, whitelist, [cut for policy in policies for cut in policy.cuts])
    for table in (facts.first_listings, facts.first_purchases, facts.provider_totals, facts.exchange_totals):
        table.persist()
    return facts


def awards_of(
    facts: Facts, archive: ParquetArchive, policy: ComputedPolicy, whitelist: Sequence[CountedExchange]
) -> DataFrame:
    """Every award over zero, with the columns AWARDS: by facts and declarations, under the acts of the archive."""
    ceilings = event_ceilings(facts, policy, whitelist)
    if policy.declared:
        ceilings = ceilings.unionByName(declared_ceilings(archive.declarations(), policy))
    acts = archive.acts()
    return payables(claims(ceilings, acts), policy, other_grants(acts)).select(*AWARDS)


class Report(NamedTuple):
    """The result of a run: awards, ceilings and payables by rule, in yuan; None differences: nothing was compared."""

    policy: str
    rules: dict[str, dict[str, str]]
    differences: int | None


def sums_by_rule(awards: DataFrame) -> dict[str, dict[str, str]]:
    """How many awards each rule earned, and the sums of ceilings and payables in yuan."""
    sums = awards.groupBy("rule").agg({"*": "count", "ceiling_fen": "sum", "payable_fen": "sum"}).orderBy("rule")
    return {
        row["rule"]: {
            "awards": str(row["count(1)"]),
            "ceiling": _yuan(row["sum(ceiling_fen)"]),
            "payable": _yuan(row["sum(payable_fen)"]),
        }
        for row in sums.toLocalIterator()
    }


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"
