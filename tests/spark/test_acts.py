"""Payables under the acts of a real ledger, from an archive, against that ledger and against an extract of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deploy.archive.ledger import archive_ledger
from tests.support.incentive.extract_makers import Makers, makers_of
from tests.support.registers.web_register import RegisterSet
from tests.support.spark.archives import SentRecord, write_archive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pytest
    from jiangbu_spark.archive import ParquetArchive
    from pyspark.sql import SparkSession

    from tests.support.engines.session import FreshDatabase


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[SentRecord]]:
    """The records of exchanges that registers take in from now on."""
    taken: list[SentRecord] = []
    take_all = RegisterSet.take_all

    def take_and_record(
        register: RegisterSet, triples: Sequence[tuple[str, bytes | None, bytes | None]], *more: Any
    ) -> list[int]:
        offsets = take_all(register, triples, *more)
        taken.extend(
            SentRecord(topic, offset, value)
            for (topic, _, value), offset in zip(triples, offsets, strict=True)
            if topic.startswith("exchange.")
        )
        return offsets

    with monkeypatch.context() as patched:
        patched.setattr(RegisterSet, "take_all", take_and_record)
        yield taken


def archive_of(spark: SparkSession, makers: Makers, records: list[SentRecord], folder: Path) -> ParquetArchive:
    from jiangbu_spark.archive import ParquetArchive  # noqa: PLC0415 - it needs PySpark

    store = write_archive(folder, records)
    list(archive_ledger(store, makers.set.ledger))
    store.commit()
    return ParquetArchive(spark, str(folder))


def test_payables_under_acts_are_those_of_the_ledger(
    spark: SparkSession, postgres: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jiangbu_spark.compare import award_differences, document_differences, read_ledger  # noqa: PLC0415 - as above
    from jiangbu_spark.documents import registered  # noqa: PLC0415
    from jiangbu_spark.policy import read_policy, read_whitelist  # noqa: PLC0415
    from jiangbu_spark.recompute import accepted_of, awards_by, awards_of, kept_facts, states_of  # noqa: PLC0415

    with recorded(monkeypatch) as records, makers_of(postgres, tmp_path) as makers:
        archive = archive_of(spark, makers, records, tmp_path / "archive")
        policy_source, whitelist = archive.settings_in_force()
        policies, exchanges = [read_policy(policy_source)], read_whitelist(whitelist)
        accepted = accepted_of(archive.records())
        facts = kept_facts(states_of(accepted), exchanges, policies)
        awards = awards_by(awards_of(facts, archive, policies, exchanges), 0).localCheckpoint()
        extract = tmp_path / "extract.zip"
        extract.write_bytes(makers.extract(evidence="registers"))
        (tmp_path / "rows").mkdir()
        (tmp_path / "files").mkdir()
        database = read_ledger(spark, makers.set.ledger_owner_url, tmp_path / "rows")
        taken_home = read_ledger(spark, str(extract), tmp_path / "files")
        for ledger in (database, taken_home):
            assert award_differences(awards, ledger).collect() == []
        assert taken_home.documents is not None
        assert document_differences(registered(accepted), taken_home.documents).collect() == []
        # Acts have reduced an award beside a grant, one that is revoked in part, and those of a suspended rule.
        reduced = awards.where("payable_fen < ceiling_fen AND coalesce(suppressed_by, '') NOT LIKE '%/uscc:%'")
        assert reduced.count() >= 3
        altered = database.awards.selectExpr(
            "* EXCEPT (payable_fen)", "payable_fen + if(award_id = min(award_id) OVER (), 1, 0) AS payable_fen"
        )
        [difference] = award_differences(awards, replace(database, awards=altered)).collect()
        assert difference.field == "payable_fen"
