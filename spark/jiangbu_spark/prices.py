"""The price of each policy: its sum of payables, the difference to the first policy, and the distribution."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.sql import DataFrame, SparkSession

TOTAL = "total"
SIZES_YUAN = (0, 10_000, 100_000, 500_000, 2_000_000)
MORE = "more"
TRADED_YUAN = (0, 100_000, 1_000_000, 10_000_000, 100_000_000)


def _class_of(fen: str, most_yuan: Sequence[int]) -> str:
    """The most yuan of the class that an amount is in, or `more`."""
    classes = " ".join(f"WHEN {fen} <= {most * 100} THEN '{most}'" for most in most_yuan)
    return f"CASE {classes} ELSE '{MORE}' END"


# By what payables are distributed. A reward over all exchanges has no exchange, a total of a year no month. No document
# tells the size of a company, so companies are told apart by what they bought and sold in the award's year.
DIMENSIONS = {
    TOTAL: "''",
    "rule": "rule",
    "kind": "kind",
    "exchange": "coalesce(exchange, '')",
    "year": "CAST(year AS STRING)",
    "month": "coalesce(month, '')",
    "size": _class_of("payable_fen", SIZES_YUAN),
    "traded": _class_of("traded_fen", TRADED_YUAN),
}
PRICES = (
    "policy STRING, dimension STRING, value STRING, awards BIGINT, ceiling STRING, payable STRING, difference STRING"
)
COLUMNS = tuple(column.split()[0] for column in PRICES.split(","))


class Price(NamedTuple):
    """The awards of a policy that have a value in a dimension; amounts in fen.

    `difference`: the payables less those of the first policy.
    """

    policy: str
    dimension: str
    value: str
    awards: int
    ceiling: int
    payable: int
    difference: int

    def row(self) -> tuple[object, ...]:
        """The columns PRICES, amounts in yuan."""
        return *self[:4], *map(yuan, self[4:])


class Affected(NamedTuple):
    """How many subjects have more or less payable by a policy than by the first one."""

    more: int
    less: int


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def prices(awards: DataFrame, names: Sequence[str]) -> list[Price]:
    """The prices of all policies by name, in order of dimensions, values and names.

    `awards`: with `policies`, as `awards_of` returns them. Every policy has a price wherever the first one has.
    """
    first = {(TOTAL, ""): 0}
    found = dict.fromkeys(((name, TOTAL, "") for name in names), (0, 0, 0))
    for place, dimension, value, *sums in _sums(awards):
        found[names[place], dimension, value] = (int(sums[0]), int(sums[1]), int(sums[2]))
        if place == 0:
            first[dimension, value] = int(sums[2])
    found |= {(name, *key): (0, 0, 0) for name in names for key in first if (name, *key) not in found}
    told = [Price(*key, *sums, sums[2] - first.get(key[1:], 0)) for key, sums in found.items()]
    return sorted(
        told, key=lambda one: (list(DIMENSIONS).index(one.dimension), *_rank(one.value), names.index(one.policy))
    )


def _rank(value: str) -> tuple[float, str]:
    return (int(value), "") if value.isdigit() else (inf, value)


def _sums(awards: DataFrame) -> Iterator[tuple[int, str, str, int, int, int]]:
    """Yield place, dimension, value, number, ceilings and payables of awards.

    Summed up first over the awards that the same policies give, then over these policies: few rows are multiplied.
    """
    values = [f"{value} AS of_{name}" for name, value in DIMENSIONS.items()]
    pairs = ", ".join(f"struct('{name}' AS dimension, of_{name} AS value)" for name in DIMENSIONS)
    together = (
        awards.selectExpr("policies", "ceiling_fen", "payable_fen", *values)
        .groupBy("policies", *(f"of_{name}" for name in DIMENSIONS))
        .agg({"*": "count", "ceiling_fen": "sum", "payable_fen": "sum"})
    )
    sums = (
        together.selectExpr("*", f"explode(array({pairs})) AS pair")
        .selectExpr("explode(policies) AS place", "pair.*", "`count(1)` AS awards", "`sum(ceiling_fen)` AS ceiling",
                    "`sum(payable_fen)` AS payable")
        .groupBy("place", "dimension", "value")
        .agg({"awards": "sum", "ceiling": "sum", "payable": "sum"})
        .select("place", "dimension", "value", "sum(awards)", "sum(ceiling)", "sum(payable)")
    )  # fmt: skip
    yield from sums.toLocalIterator()


def affected(awards: DataFrame, names: Sequence[str]) -> dict[str, Affected]:
    """The subjects that have more or less by each policy than by the first one."""
    total = "aggregate(filter(sums, one -> array_contains(one.policies, p)), 0L, (sum, one) -> sum + one.payable_fen)"
    totals = f"transform(sequence(0, {len(names) - 1}), p -> {total})"
    compared = (
        awards.groupBy("subject", "policies")
        .agg({"payable_fen": "sum"})
        .selectExpr("subject", "struct(policies, `sum(payable_fen)` AS payable_fen) AS one")
        .groupBy("subject")
        .agg({"one": "collect_list"})
        .selectExpr("`collect_list(one)` AS sums")
        .selectExpr(f"{totals} AS totals")
        .selectExpr("totals[0] AS first", "posexplode(totals) AS (place, payable)")
        .selectExpr("place", "if(payable > first, 1L, 0L) AS more", "if(payable < first, 1L, 0L) AS less")
        .groupBy("place")
        .agg({"more": "sum", "less": "sum"})
        .select("place", "sum(more)", "sum(less)")
    )
    counts = {names[place]: Affected(more, less) for place, more, less in compared.toLocalIterator()}
    return {name: counts.get(name, Affected(0, 0)) for name in names}


def write_prices(spark: SparkSession, found: Sequence[Price], folder: str) -> None:
    """Write prices as Parquet and as CSV into folders of their own."""
    rows = spark.createDataFrame([one.row() for one in found], PRICES).coalesce(1)
    rows.write.mode("overwrite").parquet(f"{folder}/prices.parquet")
    rows.write.mode("overwrite").option("header", "true").csv(f"{folder}/prices.csv")
