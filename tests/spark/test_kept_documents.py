"""Documents that an earlier run kept as columns, against those read of the archive's bytes."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from shared.settings import POLICY_FILE
from tests.support.paths import ROOT
from tests.support.spark import by_hand
from tests.support.spark.archives import SentRecord, in_order, write_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

Rows = dict[str, list[Any]]


class Kept(NamedTuple):
    """An archive, a folder with its documents in one portion, and the documents as read of the bytes."""

    place: Path
    folder: Path
    rows: Rows


@pytest.fixture(scope="module")
def kept_once(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    from jiangbu_spark.archive import ParquetArchive  # noqa: PLC0415 - it needs PySpark
    from jiangbu_spark.recompute import accepted_of  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("kept")
    write_archive(folder / "archive", _records_of(*by_hand.EXCHANGES))
    read = _rows(accepted_of(ParquetArchive(spark, str(folder / "archive")).records()))
    assert _kept_rows(spark, folder / "archive", folder / "kept") == read
    return Kept(folder / "archive", folder / "kept", read)


def test_each_file_is_read_once(spark: SparkSession, tmp_path: Path, kept_once: Kept) -> None:
    place, kept = tmp_path / "archive", tmp_path / "kept"
    first, then = by_hand.EXCHANGES
    write_archive(place, _records_of(first))
    assert _kept_rows(spark, place, kept) == {
        kind: [row for row in rows if row.exchange == first] for kind, rows in kept_once.rows.items()
    }
    write_archive(place, _records_of(then))
    for file in place.glob(f"records/*/exchange={first}/*/*.parquet"):
        file.unlink()
    assert _kept_rows(spark, place, kept) == kept_once.rows
    assert len(_lists(kept)) == 2


def test_a_new_file_that_is_not_as_its_manifest_says_is_not_read(
    spark: SparkSession, tmp_path: Path, kept_once: Kept
) -> None:
    from jiangbu_spark.archive import ArchiveError  # noqa: PLC0415 - it needs PySpark

    place, kept = tmp_path / "archive", tmp_path / "kept"
    shutil.copytree(kept_once.place, place)
    shutil.copytree(kept_once.folder, kept)
    file = next(place.glob("records/kind=trade/*/*/*.parquet"))
    _alter(file)
    with pytest.raises(ArchiveError, match=f"{file}: .*not of the SHA-256 in the manifest"):
        _kept_rows(spark, place, tmp_path / "nothing")
    # What was kept counts for the file that was read, and not for another one with its path.
    manifest = (place / "manifest.json").read_text("utf-8")
    named = next(one for one in json.loads(manifest)["files"] if str(file).endswith(one["path"]))
    (place / "manifest.json").write_text(manifest.replace(named["sha256"], "0" * 64), "utf-8")
    with pytest.raises(ArchiveError, match=f"{file}: .*not of the SHA-256 in the manifest"):
        _kept_rows(spark, place, kept)


def test_a_portion_counts_once_it_has_its_list_and_no_file_counts_twice(
    spark: SparkSession, tmp_path: Path, kept_once: Kept
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(kept_once.folder, kept)
    [first] = _lists(kept)
    first.parent.rename(first.parents[1] / "_temporary")  # as a run that is killed before its list is in place
    assert _kept_rows(spark, kept_once.place, kept) == kept_once.rows
    [_] = _lists(kept)
    (first.parents[1] / "_temporary").rename(first.parent)  # as two runs at once
    assert _kept_rows(spark, kept_once.place, kept) == kept_once.rows
    assert len(_lists(kept)) == 2


def _without_its_checksum(file: Path) -> None:
    (file.parent / f".{file.name}.crc").unlink()
    _alter(file)


def _alter(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _add(file: Path) -> None:
    shutil.copy(file, file.with_name("part-9.parquet"))


def _cut(file: Path) -> None:
    [of_portion] = file.parents[1].glob("list/part-*")
    (of_portion.parent / f".{of_portion.name}.crc").unlink()
    of_portion.write_bytes(of_portion.read_bytes()[:-9])


@pytest.mark.parametrize(
    ("change", "named", "how"),
    [
        (_without_its_checksum, "part-0", "已改动 / altered"),
        (_alter, "part-0", "缺失或损坏 / missing or damaged"),
        (lambda file: file.unlink(), "part-0", "缺失或损坏 / missing or damaged"),
        (lambda file: shutil.rmtree(file.parent), "part-0", "缺失或损坏 / missing or damaged"),
        (_add, "part-9", "多余 / one too many"),
        (_cut, "part-0", "不是清单 / not a list"),
    ],
)
def test_a_kept_file_that_is_altered_lost_or_added_is_named(
    spark: SparkSession, tmp_path: Path, kept_once: Kept, change: Callable[[Path], None], named: str, how: str
) -> None:
    from jiangbu_spark.kept import KeptError  # noqa: PLC0415 - it needs PySpark

    place, kept = kept_once.place, tmp_path / "kept"
    shutil.copytree(kept_once.folder, kept)
    [file] = kept.glob("reader=*/*/trade/*.parquet")
    change(file)
    with pytest.raises(KeptError, match=rf"{named}.*{how}"):
        _kept_rows(spark, place, kept)
    assert len(list(kept.glob("reader=*/*"))) == 1


def test_the_command_stops_with_2_at_an_altered_file(tmp_path: Path, kept_once: Kept) -> None:
    place, kept = kept_once.place, tmp_path / "kept"
    shutil.copytree(kept_once.folder, kept)
    [file] = kept.glob("reader=*/*/trade/*.parquet")
    _without_its_checksum(file)
    words = ["--policy", str(POLICY_FILE), "--whitelist", str(ROOT / "exchanges.yaml"), "--master", "local[1]"]
    command = [sys.executable, "-m", "jiangbu_spark", "recompute", "--archive", place, "--documents", kept, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "spark")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert file.name in done.stderr
    assert "Traceback" not in done.stderr


def test_the_name_of_the_reader_is_of_all_modules_that_it_imports() -> None:
    pytest.importorskip("pyspark", reason="PySpark is missing: run `make setup-spark`")
    from jiangbu_spark.kept import READER  # noqa: PLC0415 - it needs PySpark

    for name in READER:
        tree = ast.parse((resources.files("jiangbu_spark") / f"{name}.py").read_text("utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        own = {module.removeprefix("jiangbu_spark.") for module in imported if module.startswith("jiangbu_spark")}
        assert own <= set(READER), name


def _records_of(*exchanges: str) -> list[SentRecord]:
    """The documents of exchanges, and one record that is none."""
    records = in_order([*by_hand.records_by_hand(), ("exchange.hand.trades.v1", b"{", ())])
    return [record for record in records if record.topic.split(".")[1] in exchanges]


def _kept_rows(spark: SparkSession, place: Path, kept: Path) -> Rows:
    from jiangbu_spark.archive import ParquetArchive  # noqa: PLC0415 - it needs PySpark
    from jiangbu_spark.kept import kept_documents  # noqa: PLC0415

    return _rows(kept_documents(ParquetArchive(spark, str(place)), str(kept)))


def _rows(documents: Mapping[str, DataFrame]) -> Rows:
    return {kind: sorted(table.collect()) for kind, table in documents.items()}


def _lists(kept: Path) -> list[Path]:
    return list(kept.glob("reader=*/*/list/part-*"))
