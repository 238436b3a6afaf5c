"""The whole computation: from an archive to every award, by one policy or many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark import StorageLevel

from jiangbu_spark.acts import claims, other_grants
from jiangbu_spark.ceilings import ceilings_of, in_worlds
from jiangbu_spark.documents import TYPES, documents, newest
from jiangbu_spark.events import Facts, Sides, facts_of, sides_of
from jiangbu_spark.payables import payables
from jiangbu_spark.sql import HOUR_US, literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame

    from jiangbu_spark.archive import ParquetArchive
    from jiangbu_spark.policy import ComputedPolicy, CountedExchange

# The columns of awards. `month`: in which a document or declaration earned it, NULL for a total of a year;
# `traded_fen`: all that the subject bought and sold in the award's year.
AWARDS = (
    "award_id", "rule", "kind", "subject", "exchange", "year", "month", "base_fen", "ceiling_fen", "payable_fen",
    "suppressed_by", "traded_fen",
)  # fmt: skip
_MONTH = (
    f"if(earned_until_us - earned_from_us > {24 * HOUR_US}, NULL,"
    f" date_format(timestamp_micros(earned_from_us + {8 * HOUR_US}), 'yyyy-MM')) AS month"
)
_STATE = ("exchange", "number", "status", "at_us", "is_mirrored", "provider")
_COLUMNS = {"listing": _STATE, "trade": (*_STATE, "buyer", "mode", "listing_no", "net_fen")}


@dataclass(frozen=True)
class States:
    """The newest document of each number."""

    listings: DataFrame
    trades: DataFrame


def accepted_of(records: DataFrame) -> dict[str, DataFrame]:
    """The accepted documents by kind."""
    return {kind: documents(records, kind) for kind in TYPES}


def states_of(accepted: Mapping[str, DataFrame]) -> States:
    return States(*(newest(accepted[kind]).select(*columns) for kind, columns in _COLUMNS.items()))


def kept_facts(states: States, whitelist: Sequence[CountedExchange], policies: Sequence[ComputedPolicy]) -> Facts:
    """The facts for policies, computed here and now and kept by the executors: all that follows begins from them.

    States grow with the documents, and several facts are computed from each, so they are kept on disks.
    """
    for table in (states.listings, states.trades):
        table.persist(StorageLevel.DISK_ONLY)
    cuts = [cut for policy in policies for cut in policy.cuts]
    sides = sides_of(states.trades, whitelist, cuts)
    sides = Sides(sides.sold.localCheckpoint(), sides.bought.localCheckpoint())
    facts = facts_of(states.listings, states.trades, sides, whitelist, cuts)
    kept = Facts(
        facts.first_listings.localCheckpoint(),
        facts.first_purchases.localCheckpoint(),
        facts.provider_totals.localCheckpoint(),
        facts.exchange_totals.localCheckpoint(),
        facts.traded.localCheckpoint(),
    )
    for table in (states.listings, states.trades):
        table.unpersist()
    return kept


def awards_of(
    facts: Facts, archive: ParquetArchive, policies: Sequence[ComputedPolicy], whitelist: Sequence[CountedExchange]
) -> DataFrame:
    """Every award over zero by every policy: by facts and declarations, under the acts of the archive.

    Columns: AWARDS and `policies`, the places in the sequence of the policies by which the award is so.
    """
    acts = archive.acts()
    claimed = in_worlds(claims(ceilings_of(facts, archive.declarations(), policies, whitelist), acts), policies)
    paid = payables(claimed, policies, other_grants(acts)).join(facts.traded, ["subject", "year"], "left")
    return paid.selectExpr("* EXCEPT (traded_fen)", _MONTH, "coalesce(traded_fen, 0) AS traded_fen").select(
        *AWARDS, "policies"
    )


def awards_by(awards: DataFrame, place: int) -> DataFrame:
    """The awards by the policy at a place of the sequence, with the columns AWARDS."""
    return awards.where(f"array_contains(policies, {place})").select(*AWARDS)


def write_awards(awards: DataFrame, names: Sequence[str], folder: str) -> None:
    """Write the awards of `awards_of` by each policy as Parquet, in a folder `policy=<name>` each."""
    texts = ", ".join(map(literal, names))
    rows = awards.selectExpr(*AWARDS, "explode(policies) AS place").selectExpr(
        *AWARDS, f"array({texts})[place] AS policy"
    )
    rows.write.mode("overwrite").partitionBy("policy").parquet(folder)
