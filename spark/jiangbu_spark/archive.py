"""An archive that `jiangbu archive` wrote: the files that its manifest names, as DataFrames."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from pyspark.sql import DataFrame, SparkSession

VERSION = 1
RECORDS_FOLDER = "records/"
RECORDS = (
    "topic STRING, partition INT, offset BIGINT, last_offset BIGINT, timestamp_ms BIGINT, key BINARY, value BINARY,"
    " value_size BIGINT, value_sha256 BINARY, headers ARRAY<STRUCT<name: STRING, value: BINARY>>, set_aside STRING,"
    " kind STRING, exchange STRING, month STRING"
)
ACTS = "seq BIGINT, id STRING, recorded_at TIMESTAMP, act STRING, content STRING, month STRING"
SETTINGS = "id BIGINT, from_seq BIGINT, recorded_at TIMESTAMP, policy_source STRING, whitelist STRING, registers STRING"
DECLARATIONS = "id BIGINT, key STRING, version BIGINT, recorded_at TIMESTAMP, value BINARY"


FEW_RECORDS = 200_000


def has_few_records(place: str) -> bool:
    """True for a small archive in a folder of this machine, as far as can be told without Spark."""
    manifest = Path(place, "manifest.json")
    if not manifest.is_file():
        return False
    named = json.loads(manifest.read_text("utf-8"))["files"]
    records: int = sum(file["rows"] for file in named if file["path"].startswith(RECORDS_FOLDER))
    return records < FEW_RECORDS


class ArchiveError(Exception):
    """The archive is of another version, or has not what is asked for."""


@dataclass
class ParquetArchive:
    """The archive in a folder, or at an address that Spark reads."""

    spark: SparkSession
    place: str
    rows: int = field(init=False)  # of records
    record_files: dict[str, str] = field(init=False)  # the SHA-256 of each by its path, as the manifest says
    _rows: dict[str, int] = field(init=False)  # of each file

    def __post_init__(self) -> None:
        [row] = self.spark.read.text(f"{self.place}/manifest.json", wholetext=True).take(1)
        manifest = json.loads(row.value)
        if manifest["version"] != VERSION:
            raise ArchiveError(f"{self.place}: an archive of version {manifest['version']}, not {VERSION}")
        self._rows = {file["path"]: file["rows"] for file in manifest["files"]}
        self.record_files = {
            file["path"]: file["sha256"] for file in manifest["files"] if file["path"].startswith(RECORDS_FOLDER)
        }
        self.rows = self.rows_of(self.record_files)

    def records(self, files: Collection[str] | None = None) -> DataFrame:
        """The records, or those of some files."""
        return self._read(RECORDS_FOLDER, RECORDS, self.record_files if files is None else files)

    def rows_of(self, files: Collection[str]) -> int:
        return sum(self._rows[path] for path in files)

    def check(self, files: Collection[str]) -> None:
        """Compare files of records with their SHA-256 in the manifest. ArchiveError."""
        with ThreadPoolExecutor(self.spark.sparkContext.defaultParallelism) as threads:
            for path, digest in zip(files, threads.map(self._digest, files), strict=True):
                if digest != self.record_files[path]:
                    raise ArchiveError(
                        f"{self.place}/{path}: 与清单的 SHA-256 不符 / not of the SHA-256 in the manifest"
                    )

    def _digest(self, path: str) -> str:
        """The SHA-256 of a file of any size, read in the driver: tasks of Spark hold a file in memory to compute it."""
        java, session = self.spark._jvm, self.spark._jsparkSession  # noqa: SLF001 - PySpark opens no files
        file = java.org.apache.hadoop.fs.Path(f"{self.place}/{path}")
        opened = file.getFileSystem(session.sessionState().newHadoopConf()).open(file)
        try:
            return str(java.org.apache.commons.codec.digest.DigestUtils.sha256Hex(opened))
        finally:
            opened.close()

    def declarations(self) -> DataFrame:
        return self._table("ledger/declarations/", DECLARATIONS)

    def acts(self) -> DataFrame:
        return self._table("ledger/acts/", ACTS)

    def settings_in_force(self) -> tuple[str, str]:
        """The policy file and the whitelist of the last settings that the ledger put in force."""
        last = self._table("ledger/settings/", SETTINGS).orderBy("id", ascending=False).take(1)
        if not last:
            raise ArchiveError(f"{self.place}: has no settings: name --policy and --whitelist")
        return last[0].policy_source, last[0].whitelist

    def _table(self, folder: str, schema: str) -> DataFrame:
        return self._read(folder, schema, [path for path in self._rows if path.startswith(folder)])

    def _read(self, folder: str, schema: str, files: Collection[str]) -> DataFrame:
        paths = [f"{self.place}/{path}" for path in files]
        if not paths:
            return self.spark.createDataFrame([], schema)
        return self.spark.read.schema(schema).option("basePath", f"{self.place}/{folder}").parquet(*paths)
