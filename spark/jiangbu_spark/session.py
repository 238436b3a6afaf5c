"""The Spark session of the job."""

from __future__ import annotations

from pyspark.sql import SparkSession

# The contract's meaning of JSON and of time, whatever the cluster's defaults are.
MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.variant.allowDuplicateKeys": "true",  # of a repeated member the last counts
}
# Java interprets a method of more bytes than these; Spark makes several of a larger one.
SPEED = {
    "spark.sql.codegen.hugeMethodLimit": "8000",
    # To choose a compression for each column of a kept table takes longer than to compress its bytes.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    "spark.rdd.compress": "true",
}
LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    # A local folder is listed faster by the driver than by a job.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",
}
# Without Java's second compiler. It makes code fast that sees many records, and takes longer than a small archive does.
FIRST_COMPILER = {"spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1"}
# Partial sums of fewer records hardly shrink. Two tasks sort so many each as fast with 2 GB of memory as with 6.
RECORDS_OF_A_PARTITION = 1_000_000


def open_session(master: str, memory: str = "2g", **more: str) -> SparkSession:
    """A session on a master such as `local[*]`. `memory` is the driver's, which in local mode does all the work."""
    builder = SparkSession.builder.appName("jiangbu-spark").master(master).config("spark.driver.memory", memory)
    for name, value in {**MEANING, **SPEED, **(LOCAL if master.startswith("local") else {}), **more}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def fit_shuffles(spark: SparkSession, records: int) -> None:
    """Let shuffles have as many parts as so many records need. A cluster's own setting stays.

    Each part is a task in every stage, also in the many that only see awards.
    """
    context = spark.sparkContext
    if context.master.startswith("local"):
        parts = max(context.defaultParallelism, -(-records // RECORDS_OF_A_PARTITION))
        spark.conf.set("spark.sql.shuffle.partitions", parts)
