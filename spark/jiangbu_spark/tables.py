"""Small tables of the driver, such as whitelist and rules, which every executor gets whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession


def table(spark: SparkSession, schema: str, rows: Sequence[tuple[object, ...]]) -> DataFrame:
    """A table of a few rows, joined by broadcast."""
    return functions.broadcast(spark.createDataFrame(list(rows), schema))
