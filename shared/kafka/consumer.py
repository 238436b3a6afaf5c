"""Consume topics into a database: one thread polls and decodes ahead, another commits transactions.

Failures end in three ways. A record that its sender got wrong is kept by the handler, and the batch goes on. Transient
errors of the broker or database are retried with the same batch. Bugs and data loss (a recreated topic, records that
were deleted before they were read) stop the process with a message that says what is missing.
"""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import KafkaAdminClient

from shared.kafka.errors import ANSWER_TIMEOUT_MS, MissingTopicsError, check_topics
from shared.kafka.offset_witness import check_offset_witness, witnessed_offsets
from shared.kafka.partition_state import RecordLossError, check_partition, read_bounds
from shared.kafka.positions import PartitionLostError, StoredPosition, load_positions, start_positions
from shared.kafka.reader import MAX_BATCH_RECORDS, Reader, partition_names
from shared.postgres.database import is_transient
from shared.process.backoff import Backoff
from shared.process.heartbeat import Heartbeat
from shared.telemetry.masking import reason_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from shared.kafka.positions import Move

# A run that has read for so long without a record counts as started.
_STARTED_AFTER_S = 3.0

log = structlog.get_logger(__name__)

P = TypeVar("P")  # what a handler makes of a record


class Record(Protocol):
    """A Kafka record as handlers see it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class BatchHandler(Protocol[P]):
    """The intake of a service."""

    def prepare(self, records: Sequence[Record]) -> list[P]:
        """Decode records, one result each. Runs ahead in the reading thread, without the database."""

    def apply(self, connection: Connection, prepared: list[P], moves: Sequence[Move], now: datetime) -> None:
        """Apply a batch in the open transaction, `move_positions` included."""


@dataclass
class BatchConsumer(Generic[P]):
    """One worker of a consumer group: topics into the database of one service.

    `run` calls `committed` after each transaction, and `begun` once: after the first transaction, or when no record
    came for some seconds after the positions were checked. A run that stops earlier has done no work. `heartbeat`
    receives the beats of "reader" and "writer".
    """

    handler: BatchHandler[P]
    engine: Engine
    client_config: Mapping[str, Any]
    service: str
    group: str
    topics: Sequence[str]
    clock: Callable[[], datetime]
    stop: threading.Event
    committed: Callable[[], None]
    begun: Callable[[], None] = lambda: None
    heartbeat: Heartbeat = field(default_factory=lambda: Heartbeat(None, ()))
    has_backlog: bool = field(default=False, init=False)  # the newest batch was full
    _has_begun: bool = field(default=False, init=False)

    def run(self) -> None:
        """Consume until `stop` is set; raise bugs and data loss."""
        reader = Reader(self)
        reader.start()
        try:
            while not self.stop.is_set():
                if reader.failure is not None:
                    raise reader.failure
                try:
                    prepared, moves = reader.batches.get(timeout=0.2)
                except queue.Empty:
                    self.heartbeat.beat("writer")
                    if reader.reading_for_s >= _STARTED_AFTER_S:
                        self._report_begun()
                    continue
                self._apply(reader, prepared, moves)
        finally:
            self.stop.set()
            reader.writer_ended.set()
            reader.join(timeout=5.0)

    def _apply(self, reader: Reader[P], prepared: list[P], moves: list[Move]) -> None:
        backoff = Backoff(self.stop, first_s=0.1)
        while not self.stop.is_set() and reader.failure is None:
            try:
                with self.engine.begin() as connection:
                    self.handler.apply(connection, prepared, moves, self.clock())
            except PartitionLostError as lost:
                # Another worker continued from here, or our own commit succeeded though its answer was lost.
                log.warning("batch does not start at the stored position, rereading", partitions=str(lost))
                reader.must_reread.set()
                return
            except Exception as error:
                if not is_transient(error):
                    log.error("batch failed", error=reason_of(error), **_batch_fields(prepared, moves))  # noqa: TRY400 - the traceback is logged where the program ends
                    raise
                log.warning("database unavailable, retrying", error=reason_of(error), pause_s=backoff.next_s)
                backoff.wait()
            else:
                self.heartbeat.beat("writer")
                reader.witness.committed(moves)
                self.has_backlog = len(prepared) >= MAX_BATCH_RECORDS
                if prepared:
                    log.info("batch committed", **_batch_fields(prepared, moves))
                self.committed()
                self._report_begun()
                return

    def _report_begun(self) -> None:
        if self._has_begun:
            return
        try:
            self.begun()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("database unavailable, start of the run not recorded yet", error=reason_of(error))
        else:
            self._has_begun = True

    def make_consumer(self) -> KafkaConsumer:
        """Create the Kafka client of this worker."""
        return KafkaConsumer(
            **self.client_config,
            group_id=self.group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            # Positions come from the database; deleted records must stop the worker, not be skipped.
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            max_poll_records=MAX_BATCH_RECORDS,
            max_partition_fetch_bytes=8 * 1024 * 1024,
            metadata_max_age_ms=10_000,
            session_timeout_ms=10_000,
            bootstrap_timeout_ms=ANSWER_TIMEOUT_MS,
            metrics_enabled=False,
        )

    def check_topics_exist(self) -> None:
        """Raise RecordLossError if a topic was deleted: kafka-python would silently go on with the others."""
        try:
            check_topics(self.client_config, self.topics)
        except MissingTopicsError as missing:
            raise RecordLossError(
                f"主题在运行中被删除 / topics were deleted while they were read: {missing}"
            ) from missing

    def stored_positions(self, partitions: set[TopicPartition]) -> dict[TopicPartition, StoredPosition]:
        """Return where the database stands in each partition, or its beginning where nothing is stored yet.

        Raises RecordLossError if records are missing, and DatabaseBehindError if Kafka has seen later commits.
        """
        if not partitions:
            return {}
        admin = KafkaAdminClient(**self.client_config)
        try:
            # Read before the database is: whatever was witnessed had been committed by then.
            witnessed = witnessed_offsets(admin, self.group)
            bounds = read_bounds(admin, self.client_config, partitions)
        finally:
            admin.close()
        if len(bounds) < len(partitions):
            raise kafka_errors.UnknownTopicOrPartitionError(partition_names(partitions - bounds.keys()))
        stored = self._load_positions(
            [StoredPosition(tp.topic, tp.partition, bounds[tp].topic_id, bounds[tp].first) for tp in partitions]
        )
        for tp in partitions:
            check_partition(stored[tp], bounds[tp], self.service)
        check_offset_witness(witnessed, stored, self.service)
        return {tp: stored[tp] for tp in partitions}

    def _load_positions(self, beginnings: list[StoredPosition]) -> dict[tuple[str, int], StoredPosition]:
        while True:
            try:
                with self.engine.begin() as connection:
                    start_positions(connection, beginnings, self.clock())
                    return load_positions(connection)
            except Exception as error:
                if self.stop.is_set() or not is_transient(error):
                    raise
                log.warning("database unavailable, positions unknown", error=reason_of(error))
                self.stop.wait(1.0)


def _batch_fields(prepared: list[Any], moves: Sequence[Move]) -> dict[str, Any]:
    """Return the log fields that say which records a batch holds."""
    return {"records": len(prepared), "offsets": [str(move) for move in moves]}
