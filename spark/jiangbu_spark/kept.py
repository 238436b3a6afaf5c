"""Documents of an archive kept as columns, so that a later run reads only the archive's new files.

A file of an archive never changes, and its documents follow from it and the reader alone. A *portion* is the documents
of all files that one run found new. Its list names these files and the kept ones, each with its SHA-256. The list is
written last: what an interrupted run leaves has none, and does not count. Each portion has a name of its own, so two
runs at once do not write into one folder, and of portions with the same files of the archive one is used.
"""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from pyspark.errors import AnalysisException

from jiangbu_spark.documents import TYPES, documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from jiangbu_spark.archive import ParquetArchive

# The modules that decide which documents records are, and how these are kept.
READER = ("archive", "documents", "kept", "session", "sql", "tables")
# Of a kept file, about 10 MB: a task has the whole file in memory while it computes the SHA-256.
ROWS_OF_A_FILE = 100_000
SHOWN = 20  # files of an error


class KeptError(Exception):
    """The kept files are not those that an earlier run wrote."""


class KeptPortion(NamedTuple):
    """The list of a portion: files of the archive by path, kept ones by `<portion>/<kind>/<file>`, with SHA-256."""

    archived: Mapping[str, str]
    kept: Mapping[str, str]


def kept_documents(archive: ParquetArchive, folder: str) -> dict[str, DataFrame]:
    """The accepted documents by kind, as columns in a folder, to which those of new files of the archive are added.

    KeptError if a kept file that is needed was altered, is missing, or is one too many: nothing is repaired silently.
    """
    root = f"{folder}/reader={_reader(archive.spark)}"
    used, missing = _used(archive, _portions(archive.spark, root))
    _check(archive.spark, root, used)
    if missing:
        used.append(_keep(archive, root, missing))
    tables = {}
    for kind in TYPES:
        paths = [f"{root}/{path}" for portion in used for path in portion.kept if f"/{kind}/" in path]
        tables[kind] = archive.spark.read.parquet(*paths) if paths else documents(archive.records(()), kind)
    return tables


def _reader(spark: SparkSession) -> str:
    """A name for the code that makes documents of records."""
    code = b"".join(files(__package__).joinpath(f"{name}.py").read_bytes() for name in READER)
    return sha256(spark.version.encode() + code).hexdigest()[:16]


def _portions(spark: SparkSession, root: str) -> Iterator[KeptPortion]:
    """Yield the portions of a folder that have a list."""
    try:
        lists = spark.read.text(f"{root}/*/list", wholetext=True)
    except AnalysisException as error:
        if error.getCondition() == "PATH_NOT_FOUND":
            return
        raise
    for row in _rows(lists.selectExpr("value", "_metadata.file_path AS path")):
        try:
            yield KeptPortion(**json.loads(row.value))
        except (TypeError, ValueError) as error:
            raise KeptError(_told(root, [f"{row.path}: 不是清单 / not a list"])) from error


def _used(archive: ParquetArchive, portions: Iterable[KeptPortion]) -> tuple[list[KeptPortion], dict[str, str]]:
    """The portions to use, of which no two have a file of the archive in common, and the files that none of them has.

    A portion counts if the archive has each of its files, with the same SHA-256; one with many files comes first.
    """
    used, missing = [], dict(archive.record_files)
    for portion in sorted(portions, key=lambda one: (-len(one.archived), sorted(one.kept))):
        if portion.archived.items() <= missing.items():
            used.append(portion)
            for path in portion.archived:
                del missing[path]
    return used, missing


def _check(spark: SparkSession, root: str, portions: Sequence[KeptPortion]) -> None:
    """Compare the kept files of portions with their lists. KeptError."""
    expected = {path: digest for portion in portions for path, digest in portion.kept.items()}
    found = _digests(spark, root, sorted({path.partition("/")[0] for path in expected}))
    problems = {path: "已改动 / altered" for path, _ in expected.items() ^ found.items()}
    problems |= dict.fromkeys(expected.keys() - found, "缺失或损坏 / missing or damaged")
    problems |= dict.fromkeys(found.keys() - expected, "多余 / one too many")
    if problems:
        raise KeptError(_told(root, [f"{root}/{path}: {how}" for path, how in sorted(problems.items())]))


def _keep(archive: ParquetArchive, root: str, missing: Mapping[str, str]) -> KeptPortion:
    """Write the documents of files of the archive as a portion. ArchiveError for a file that its manifest denies."""
    archive.check(missing)
    name, records = uuid4().hex, archive.records(missing)
    parts = -(-archive.rows_of(missing) // ROWS_OF_A_FILE)
    for kind in TYPES:
        rows = documents(records, kind).coalesce(max(1, parts)).write
        rows.option("maxRecordsPerFile", ROWS_OF_A_FILE).option("compression", "zstd").parquet(f"{root}/{name}/{kind}")
    portion = KeptPortion(missing, _digests(archive.spark, root, [name]))
    line = archive.spark.createDataFrame([(json.dumps(portion._asdict()),)], "value STRING")
    line.coalesce(1).write.text(f"{root}/{name}/list")
    return portion


def _digests(spark: SparkSession, root: str, names: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of each file with documents in the folders of portions, by the last three parts of its path."""
    if not names:
        return {}
    every = spark.read.format("binaryFile").options(recursiveFileLookup="true", pathGlobFilter="*.parquet")
    # A file that the file system finds damaged is skipped, and so is not among those that are found.
    contents = every.option("ignoreCorruptFiles", "true").load([f"{root}/{name}" for name in names])
    rows = _rows(contents.selectExpr("path", "sha2(content, 256) AS digest"))
    return {"/".join(row.path.split("/")[-3:]): row.digest for row in rows}


def _rows(frame: DataFrame) -> Iterator[Any]:
    """Yield a few rows, computed in parallel."""
    yield from frame.repartition(1).toLocalIterator()


def _told(root: str, problems: Sequence[str]) -> str:
    advice = "查明原因后删除该目录，下次从存档重读 / find out why, then delete it: the next run reads the archive"
    return "\n".join([*problems[:SHOWN], f"{root}: {advice}"])
