"""Payables and prices under the acts of a real ledger, from an archive, against that ledger and an extract of it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from deploy.archive.ledger import archive_ledger
from services.incentive.commands.price_readings import price_readings
from services.incentive.store.readings import reading_years
from tests.support.incentive.extract_makers import Makers, makers_of
from tests.support.reading_cases import IN_FORCE, POLICY, tree_by
from tests.support.registers.web_register import RegisterSet
from tests.support.spark.archives import SentRecord, write_archive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pytest
    from jiangbu_spark.archive import ParquetArchive
    from jiangbu_spark.policy import ComputedPolicy
    from pyspark.sql import SparkSession
    from sqlalchemy import Engine

    from tests.support.engines.session import FreshDatabase

POLICIES = 5  # at once: that in force, and readings that change something; each takes some seconds


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


def years_by_reading(ledger: Engine) -> dict[str, dict[int, tuple[int, int]]]:
    """The ledger's price list: what is payable of a year before and after, of each reading that changes something."""
    assert price_readings(ledger) is not None
    paths = {one.id: one.path for one in POLICY.computable_readings}
    paths |= {one.id_of(other): f"{one.path}={other.reading}" for one in POLICY.readings for other in one.others}
    found: dict[str, dict[int, tuple[int, int]]] = {}
    with ledger.connect() as connection:
        for one in reading_years(connection):
            found.setdefault(paths[one.reading], {})[one.year] = (one.before_fen, one.after_fen)
    return found


def computed(readings: Iterable[str]) -> dict[str, ComputedPolicy]:
    from jiangbu_spark.policy import UncomputedError, policy_of  # noqa: PLC0415 - as below

    found = {}
    for reading in readings:
        with suppress(UncomputedError):
            found[reading] = policy_of(tree_by(reading))
    return found


def test_payables_under_acts_are_those_of_the_ledger(
    spark: SparkSession, postgres: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jiangbu_spark.compare import award_differences, document_differences, read_ledger  # noqa: PLC0415 - as above
    from jiangbu_spark.documents import registered  # noqa: PLC0415
    from jiangbu_spark.kept import kept_documents  # noqa: PLC0415
    from jiangbu_spark.policy import read_whitelist  # noqa: PLC0415
    from jiangbu_spark.prices import prices  # noqa: PLC0415
    from jiangbu_spark.recompute import awards_by, awards_of, kept_facts, states_of  # noqa: PLC0415

    with recorded(monkeypatch) as records, makers_of(postgres, tmp_path) as makers:
        archive = archive_of(spark, makers, records, tmp_path / "archive")
        exchanges = read_whitelist(archive.settings_in_force()[1])
        listed = years_by_reading(makers.set.ledger)
        named = dict(islice(computed([IN_FORCE, *listed]).items(), POLICIES))
        policies = list(named.values())
        accepted = kept_documents(archive, str(tmp_path / "documents"))
        facts = kept_facts(states_of(accepted), exchanges, policies)
        every = awards_of(facts, archive, policies, exchanges).localCheckpoint()
        awards = awards_by(every, 0)
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
        by_year = {
            (one.policy, int(one.value)): (one.payable - one.difference, one.payable)
            for one in prices(every, list(named))
            if one.dimension == "year"
        }
        assert len(named) == POLICIES
        for (reading, year), payables in by_year.items():
            unchanged = (by_year[IN_FORCE, year][1],) * 2
            assert payables == listed.get(reading, {}).get(year, unchanged), (reading, year)
        assert {(reading, year) for reading in named for year in listed.get(reading, {})} <= by_year.keys()
