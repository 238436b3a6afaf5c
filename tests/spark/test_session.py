"""The session in a process of its own, as the command opens it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

_SHOW = """
from jiangbu_spark.session import FIRST_COMPILER, open_session
spark = open_session("local[1]", "512m", **FIRST_COMPILER)
print(*spark._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments(), sep="\\n")
spark.stop()
"""


def test_a_small_archive_leaves_the_users_java_options(spark: SparkSession, tmp_path: Path) -> None:
    del spark  # it says that Java and PySpark are there
    (tmp_path / "spark-defaults.conf").write_text("spark.driver.extraJavaOptions -Dof.the=user -Xss3m\n", "utf-8")
    environment = {**os.environ, "SPARK_CONF_DIR": str(tmp_path), "PYTHONPATH": str(ROOT / "spark")}
    command = [sys.executable, "-c", _SHOW]
    shown = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert {"-Dof.the=user", "-Xss3m", "-XX:TieredStopAtLevel=1"} <= set(shown.stdout.splitlines())
