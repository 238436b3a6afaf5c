"""One local Spark for all tests of this folder."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession


@pytest.fixture(scope="package")
def spark(extended: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session on two threads and 1 GB; skipped without Java or PySpark, which fails where CI is set."""
    pytest.importorskip("pyspark", reason="PySpark is missing: run `make setup-spark`")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("no Java on this machine")
    from jiangbu_spark.session import open_session  # noqa: PLC0415 - without PySpark there is none

    folder = str(tmp_path_factory.mktemp("spark"))
    session = open_session(
        "local[2]", "1g", **{
            "spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2", "spark.local.dir": folder,
            "spark.sql.warehouse.dir": folder, "spark.sql.codegen.wholeStage": "false",
            # So little is computed that Java's second compiler would cost more than it saves.
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        },
    )  # fmt: skip
    yield session
    session.stop()
