"""An archive that `jiangbu archive` wrote: the files that its manifest names, as DataFrames."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    return manifest.is_file() and _records_of(json.loads(manifest.read_text("utf-8"))) < FEW_RECORDS


def _records_of(manifest: dict[str, Any]) -> int:
    return sum(file["rows"] for file in manifest["files"] if file["path"].startswith(RECORDS_FOLDER))


class ArchiveError(Exception):
    """The archive is of another version, or has not what is asked for."""


@dataclass
class ParquetArchive:
    """The archive in a folder, or at an address that Spark reads."""

    spark: SparkSession
    place: str
    rows: int = field(init=False)  # of records
    _files: list[str] = field(init=False)

    def __post_init__(self) -> None:
        [row] = self.spark.read.text(f"{self.place}/manifest.json", wholetext=True).take(1)
        manifest = json.loads(row.value)
        if manifest["version"] != VERSION:
            raise ArchiveError(f"{self.place}: an archive of version {manifest['version']}, not {VERSION}")
        self._files = [file["path"] for file in manifest["files"]]
        self.rows = _records_of(manifest)

    def records(self) -> DataFrame:
        return self._table(RECORDS_FOLDER, RECORDS)

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
        paths = [f"{self.place}/{path}" for path in self._files if path.startswith(folder)]
        if not paths:
            return self.spark.createDataFrame([], schema)
        return self.spark.read.schema(schema).option("basePath", f"{self.place}/{folder}").parquet(*paths)
