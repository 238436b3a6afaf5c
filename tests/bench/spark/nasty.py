"""Differences between `jiangbu-spark` and the verifier over millions of nasty events (tests/support/spark)."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import click

from deploy.archive.records import SCHEMA, record_row
from deploy.archive.store import ArchiveStore, TableWriter
from shared.events.topics import exchange_of, kind_of
from shared.settings import POLICY_FILE
from tests.bench.bed import say
from tests.support.spark.archives import SentRecord
from tests.support.spark.nasty_worlds import NastyWorld, awards_of_exchanges, differences, nasty_world, whitelist_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from services.incentive.verifier.expected import ExpectedAward

EVENTS_OF_A_WORLD: Final = 2_000
WORLDS_OF_A_FILE: Final = 50
SHOWN: Final = 20


def nasty(folder: Path, events: int) -> dict[str, Any]:
    """Compute that many events by both. ClickException if an award differs; the first ones are named on stderr."""
    from jiangbu_spark.archive import ParquetArchive  # noqa: PLC0415 - it needs PySpark
    from jiangbu_spark.recompute import accepted_of, awards_by  # noqa: PLC0415
    from jiangbu_spark.session import open_session  # noqa: PLC0415
    from jiangbu_spark.what_if import awards_by_terms, read_terms  # noqa: PLC0415

    began_s = time.monotonic()
    expected = _Expected(folder / "archive")
    expected.write(range(max(1, events // EVENTS_OF_A_WORLD)))
    say(f"{expected.events:,} nasty events written in {time.monotonic() - began_s:.0f} s")
    (folder / "exchanges.yaml").write_text(whitelist_text(), "utf-8")
    began_s = time.monotonic()
    spark = open_session("local[*]")
    try:
        archive = ParquetArchive(spark, str(folder / "archive"))
        terms = read_terms(archive, [POLICY_FILE], folder / "exchanges.yaml")
        awards = awards_by(awards_by_terms(archive, accepted_of(archive.records()), terms), 0)
        found = differences(expected.awards | awards_of_exchanges(expected.totals), awards.toLocalIterator())
    finally:
        spark.stop()
    for line in found[:SHOWN]:
        say(line)
    if found:
        raise click.ClickException(f"差异 / differences: {len(found)}")
    return {
        "events": expected.events, "documents": expected.accepted, "awards": len(expected.awards),
        "differences": len(found), "s": round(time.monotonic() - began_s, 1), "load": os.getloadavg()[0],
    }  # fmt: skip


@dataclass
class _Expected:
    """Writes an archive of worlds, and adds up what is expected of it."""

    place: Path
    events: int = 0
    accepted: int = 0
    awards: dict[str, ExpectedAward] = field(default_factory=dict)
    totals: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _ends: Counter[str] = field(default_factory=Counter)

    def write(self, worlds: Sequence[int]) -> None:
        store = ArchiveStore(str(self.place))
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(partial(nasty_world, events=EVENTS_OF_A_WORLD), worlds, chunksize=2)
            for place, several in enumerate(iter(lambda: list(islice(made, WORLDS_OF_A_FILE)), [])):
                self._add(store, f"0-{place}.parquet", several)
        store.commit()

    def _add(self, store: ArchiveStore, name: str, worlds: Sequence[NastyWorld]) -> None:
        rows: dict[str, list[SentRecord]] = defaultdict(list)
        for world in worlds:
            self.events += len(world.records)
            self.accepted += world.accepted
            self.awards |= world.awards
            self.totals.update(world.totals)
            for topic, value, headers in world.records:
                rows[topic].append(SentRecord(topic, self._ends[topic], value, headers))
                self._ends[topic] += 1
        for topic, records in rows.items():
            writer = TableWriter(store, SCHEMA, name)
            for record in records:
                folder = f"records/kind={kind_of(topic)}/exchange={exchange_of(topic)}/month=2030-03"
                writer.add(folder, record_row(record), len(record.value or b""))
            writer.finish()
