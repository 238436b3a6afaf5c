"""The consumer loop in a thread, with a handler that stores each record as a row."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, TopicPartition
from sqlalchemy import text

from shared.kafka.consumer import BatchConsumer
from shared.kafka.positions import move_positions
from shared.process.heartbeat import Heartbeat
from shared.process.liveness import STUCK_AFTER_S, stall_reason
from shared.values.times import now

if TYPE_CHECKING:
    from pathlib import Path


class Rows:
    """A handler that stores each record as a row."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []

    def prepare(self, records):
        return [(r.topic, r.partition, r.offset, r.value or b"", [name for name, _ in r.headers]) for r in records]

    def apply(self, connection, prepared, moves, now) -> None:
        move_positions(connection, moves, now)
        if prepared:
            connection.execute(
                text("INSERT INTO seen VALUES (:topic, :partition, :offset, :value, :headers)"),
                [dict(zip(("topic", "partition", "offset", "value", "headers"), row, strict=True)) for row in prepared],
            )
        if self.failures:
            raise self.failures.pop()


@contextmanager
def running(kafka, engine, topics, handler=None, begun=lambda: None, heartbeat=None, *, sets_aside=False, **options):
    consumption = BatchConsumer(
        handler=handler or Rows(),
        engine=engine,
        client_config={"bootstrap_servers": kafka},
        service="listing",
        group=f"test.{topics[0]}",
        topics=topics,
        clock=now,
        stop=threading.Event(),
        committed=lambda: None,
        begun=begun,
        heartbeat=heartbeat or Heartbeat(None, ()),
        sets_aside=sets_aside,
        **options,
    )
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            consumption.run()
        except BaseException as error:  # noqa: BLE001 - checked by the test
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield outcome
    finally:
        consumption.stop.set()
        thread.join(timeout=60)
        assert not thread.is_alive()


def positions(engine) -> dict[int, int]:
    with engine.begin() as connection:
        return dict(connection.execute(text("SELECT partition, next_offset FROM position")).all())


def values(engine) -> list[bytes]:
    with engine.begin() as connection:
        return [bytes(v) for v in connection.execute(text("SELECT value FROM seen ORDER BY value")).scalars()]


def end_offsets(kafka, topic) -> dict[int, int]:
    consumer = KafkaConsumer(bootstrap_servers=kafka)
    found = consumer.end_offsets([TopicPartition(topic, 0), TopicPartition(topic, 1)])
    consumer.close()
    return {tp.partition: offset for tp, offset in found.items()}


PARTS = ("reader", "writer")
# A heartbeat is written every second; the machine may be busy.
SILENT_S = 5.0


def silent(file: Path) -> set[str]:
    """Return the parts without a recent heartbeat; all parts before the first heartbeat."""
    said = stall_reason(str(file), time.monotonic() + STUCK_AFTER_S - SILENT_S)
    return set() if said is None else {part for part in PARTS if part in said} or set(PARTS)
