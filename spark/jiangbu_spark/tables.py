"""Small tables of the driver, such as whitelist and rules; columns that a condition reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession


def table(spark: SparkSession, schema: str, rows: Sequence[tuple[object, ...]]) -> DataFrame:
    """A table of a few rows, joined by broadcast."""
    return functions.broadcast(spark.createDataFrame(list(rows), schema))


def computed_where(frame: DataFrame, columns: Sequence[str], condition: str) -> DataFrame:
    """The columns of the rows for which a condition on them holds, each computed once for a row.

    Spark would put the expression of a column into the condition in place of its name, and compute it as often as it is
    named. It moves no condition below a projection that numbers the rows.
    """
    numbered = frame.selectExpr(*columns, "monotonically_increasing_id() AS row_number")
    return numbered.where(f"row_number >= 0 AND ({condition})").drop("row_number")
