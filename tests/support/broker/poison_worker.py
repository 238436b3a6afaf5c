"""A worker process that stores each record as a row, and is killed by records with certain contents."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine, text

from shared.kafka import unread_batches
from shared.kafka.consumer import BatchConsumer
from shared.kafka.set_aside import SetAside
from shared.values.times import now
from tests.support.consumption import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

# Contents of a value, by where it kills the process.
WHILE_UNPACKING: Final = b"kills while unpacking"
WHILE_DECODING: Final = b"kills while decoding"
WHILE_WRITING: Final = b"kills while writing"
_SPAWN = multiprocessing.get_context("spawn")


class PoisonedRows(Rows):
    """Stores what is set aside with its reason and last offset in place of the headers."""

    def prepare(self, records):
        for record in records:
            if (record.value or b"").startswith(WHILE_DECODING) and not isinstance(record, SetAside):
                die()
        rows = super().prepare(records)
        return [
            (*row[:4], [record.reason, str(record.last_offset)]) if isinstance(record, SetAside) else row
            for row, record in zip(rows, records, strict=True)
        ]

    def apply(self, connection, prepared, moves, now) -> None:
        if any(row[3].startswith(WHILE_WRITING) and not row[4] for row in prepared):
            die()
        super().apply(connection, prepared, moves, now)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def _consume(kafka: str, url: str, topic: str, ends: Mapping[int, int], start: int) -> None:
    """Read until the positions are the ends."""
    of_batch = unread_batches.BatchRecords

    def opened(batch, *arguments):
        if WHILE_UNPACKING in batch.data:
            die()
        return of_batch(batch, *arguments)

    unread_batches.BatchRecords = opened  # type: ignore[assignment,misc]
    engine = create_engine(url)
    stop = threading.Event()

    def committed() -> None:
        with engine.begin() as connection:
            found = dict(connection.execute(text("SELECT partition, next_offset FROM position")).all())
        if found == ends:
            stop.set()

    BatchConsumer(
        handler=PoisonedRows(),
        engine=engine,
        client_config={"bootstrap_servers": kafka},
        service="listing",
        group=f"test.{topic}.{start}",  # the group does not wait for the killed member
        topics=[topic],
        clock=now,
        stop=stop,
        committed=committed,
        sets_aside=True,
    ).run()


def run_until_done(kafka: str, url: str, topic: str, ends: Mapping[int, int], most_deaths: int) -> int:
    """Restart the worker each time it is killed; return how often it was killed."""
    for deaths in range(most_deaths + 1):
        process = _SPAWN.Process(target=_consume, args=(kafka, url, topic, ends, deaths))
        process.start()
        process.join(90)
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        if process.exitcode == 0:
            return deaths
    raise AssertionError(f"killed more than {most_deaths} times")
