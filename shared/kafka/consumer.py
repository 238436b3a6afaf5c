"""Reading topics into a database: poll and decode run ahead in one thread, transactions are made in another.

Three kinds of failure end differently here. What a sender did wrong is the handler's to keep; the batch goes on. What
the world did (broker or database away) is tried again, with the same batch. What we did wrong, and what would skip
records unseen (a topic made anew, records deleted before they were read), stops the program with a message that says
what is missing.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import KafkaAdminClient
from kafka.structs import MemberState

from shared.kafka.client_patches import CorruptBatchError
from shared.kafka.offset_witness import OffsetWitness, check_offset_witness, witnessed_offsets
from shared.kafka.partition_state import RecordLossError, accept_loss_hint, check_partition, read_bounds
from shared.kafka.positions import Move, PartitionLostError, StoredPosition, load_positions, start_positions
from shared.postgres.database import is_transient
from shared.process.backoff import Backoff
from shared.process.heartbeat import Heartbeat
from shared.telemetry.masking import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

MAX_BATCH_RECORDS = 10_000
MAX_BATCH_BYTES = 32 * 1024 * 1024
_IDLE_POLL_MS = 200
_BUSY_POLL_MS = 20
# Records that come as they are published are many fetches of few: after so few it waits a little for more.
_A_SIP = 500
# A transaction has its price, however few its records: with this between two of them it is shared by more.
_BETWEEN_BATCHES_S = 0.1
_LONGEST_REBALANCE_S = 30.0
_LAST_BATCH_S = 2.0
_LONGEST_HOLD_S = 60.0
_LOOK_FOR_BROKER_EVERY_S = 10.0
_TELL_OF_BROKER_EVERY_S = 60.0
# A first answer comes within this time or is asked for anew.
_ASK_WITHIN_MS = 4000
# A run that has read for so long without a record has its checks behind it.
_PROVEN_AFTER_S = 3.0

log = structlog.get_logger(__name__)

P = TypeVar("P")  # what a handler makes of a record


class MissingTopicsError(Exception):
    """Topics are not there (yet); the message names them and says what to do."""


class Record(Protocol):
    """What a handler sees of a Kafka record."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Handler(Protocol[P]):
    """A service's intake."""

    def prepare(self, records: Sequence[Record]) -> list[P]:
        """Decode records, one result each; no database, runs ahead in the reading thread."""

    def apply(self, connection: Connection, prepared: list[P], moves: Sequence[Move], now: datetime) -> None:
        """Do all that follows from a batch, `move_positions` included, in the transaction that is open."""


@dataclass
class _Pending(Generic[P]):
    """What was read and not yet handed over, and where each partition stood before it."""

    prepared: list[P]
    size: int
    stood: dict[TopicPartition, int]

    @property
    def is_full(self) -> bool:
        return len(self.prepared) >= MAX_BATCH_RECORDS or self.size >= MAX_BATCH_BYTES


class _Hold(NamedTuple):
    """A partition that is not read for now, because what comes at `offset` is damaged."""

    offset: int
    pause_s: float
    until_s: float


class _Reader(threading.Thread, Generic[P]):
    """Polls, decodes and hands over batches.

    Rebalances are told in a thread of kafka-python's own, at any moment. So they only raise a flag, before anything
    else: whatever was read when the flag is found up is dropped and read again from where the database stands.
    """

    def __init__(self, run: BatchConsumer[P]) -> None:
        super().__init__(name="reader", daemon=True)
        self._run = run
        self.failure: BaseException | None = None
        self.must_reread = threading.Event()
        self.batches: queue.Queue[tuple[list[P], list[Move]]] = queue.Queue(maxsize=1)
        self.witness = OffsetWitness()
        self.writer_ended = threading.Event()
        self._pending: _Pending[P] = _Pending([], 0, {})
        self._next_batch_s = 0.0
        self._sips = False
        self._backoff = Backoff(run.stop)
        self._held: dict[TopicPartition, _Hold] = {}
        self._held_before: dict[TopicPartition, _Hold] = {}
        self._reads_since_s: float | None = None
        self._look_at_s = time.monotonic() + _LOOK_FOR_BROKER_EVERY_S
        self._look_every_s = _LOOK_FOR_BROKER_EVERY_S
        self._gets_on = True
        self._waited_at: dict[TopicPartition, int] = {}

    @property
    def reads_for_s(self) -> float:
        """How long ago it first had all its partitions where the database says; 0 if it never had."""
        return 0.0 if self._reads_since_s is None else time.monotonic() - self._reads_since_s

    def run(self) -> None:
        try:
            while not self._run.stop.is_set():
                try:
                    self._read_until_stopped()
                except kafka_errors.KafkaError as error:
                    if not is_transient_kafka_error(error):
                        raise
                    log.warning("broker away, trying again", error=reason_of(error), pause_s=self._backoff.next_s)
                    self._backoff.wait()
        except kafka_errors.OffsetOutOfRangeError as error:
            self.failure = RecordLossError(
                f"未读即被删除 / records were deleted before they were read: {error};"
                f" {accept_loss_hint(self._run.service)}"
            )
        except kafka_errors.LogTruncationError as error:
            self.failure = RecordLossError(
                f"已读的记录不复存在 / records that were read are no longer there: {error};"
                f" {accept_loss_hint(self._run.service)}"
            )
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which raises it
            self.failure = error

    def _read_until_stopped(self) -> None:
        consumer = self._run.make_consumer()
        self._pending = _Pending([], 0, {})
        joined_at = time.monotonic()
        try:
            consumer.subscribe(list(self._run.topics), listener=_Assignments(self.must_reread, consumer))
            # kafka-python 3.0.12 joins by what it knows of the topics, and joins again when it knows more; in one start
            # of ten it waits for ever in that second rebalance. Asked for them after `subscribe` (what it learns before
            # it does not count), and before the first poll, it knows them when it joins.
            consumer.topics()
            while not self._run.stop.is_set():
                try:
                    self._step(consumer)
                except (kafka_errors.IllegalStateError, AssertionError):
                    # A rebalance took a partition away in the middle of a step: its flag is up.
                    if not self.must_reread.is_set():
                        raise
                if consumer.group_metadata().state is MemberState.STABLE:
                    joined_at = time.monotonic()
                    self._backoff.reset()
                    if self._gets_on:
                        self._run.heartbeat.beat("reader")
                    if self._reads_since_s is None and not self.must_reread.is_set():
                        self._reads_since_s = joined_at
                elif time.monotonic() - joined_at > _LONGEST_REBALANCE_S:
                    log.warning("a rebalance does not end, joining anew")
                    return
                self.witness.show(consumer)
            self.writer_ended.wait(_LAST_BATCH_S)
            self.witness.show_last(consumer)
        finally:
            consumer.close(autocommit=False, timeout_ms=2000)

    def _step(self, consumer: KafkaConsumer) -> None:
        if self.must_reread.is_set():
            self._seek(consumer)
        self._try_held(consumer)
        try:
            self._poll(consumer)
        except CorruptBatchError as error:
            self._hold(consumer, error)
        self._hand_over(consumer)
        self._look_at_ends(consumer)

    def _look_at_ends(self, consumer: KafkaConsumer) -> None:
        """See whether reading gets on: the broker answers, and no partition stands where it stood with records to read.

        Polled, kafka-python brings nothing when the broker is away, as on a quiet night, and goes on by itself. That is
        told with growing pauses.
        """
        if time.monotonic() < self._look_at_s:
            return
        partitions = list(consumer.assignment())
        # Who has nothing to read asks too: a member of a group does not notice by itself that the broker is away.
        asked = partitions or [TopicPartition(self._run.topics[0], 0)]
        try:
            ends = consumer.end_offsets(asked, timeout_ms=_ASK_WITHIN_MS)
        except kafka_errors.KafkaError as error:
            if not is_transient_kafka_error(error):
                raise
            log.warning("broker away, going on when it is back", error=reason_of(error))
            self._look_every_s = min(self._look_every_s * 2, _TELL_OF_BROKER_EVERY_S)
            self._gets_on = False
        else:
            self._look_every_s = _LOOK_FOR_BROKER_EVERY_S
            # Of a reader of committed records these ends are before open transactions: what lies below can be read.
            reached = {tp: consumer.position(tp) for tp in partitions}
            waits_at = {tp: reached[tp] for tp in partitions if reached[tp] < ends[tp]}
            self._gets_on = not (waits_at.items() & self._waited_at.items())
            self._waited_at = waits_at
        self._look_at_s = time.monotonic() + self._look_every_s

    def _seek(self, consumer: KafkaConsumer) -> None:
        """Go to where the database says each partition stands, and drop what was read ahead."""
        self.must_reread.clear()
        self._pending = _Pending([], 0, {})
        self._held.clear()
        _drop(self.batches)
        self._run.check_that_topics_stay()
        positions = self._run.where_to_read(set(consumer.assignment()))
        self.witness.begin(positions)
        stood = {tp: position.next_offset for tp, position in positions.items()}
        for tp, offset in stood.items():
            consumer.seek(tp, offset)
        consumer.resume(*stood)
        self._pending = _Pending([], 0, stood)

    def _poll(self, consumer: KafkaConsumer) -> None:
        pending = self._pending
        if pending.is_full:
            # Polling goes on, for the group's sake, but brings nothing.
            consumer.pause(*pending.stood)
            consumer.poll(timeout_ms=_BUSY_POLL_MS)
            if not self.must_reread.is_set():
                consumer.resume(*(tp for tp in pending.stood if tp not in self._held))
            return
        if self._sips:
            self._run.stop.wait(_BUSY_POLL_MS / 1000)
        wait_ms = _BUSY_POLL_MS if pending.prepared else _IDLE_POLL_MS
        polled = consumer.poll(timeout_ms=wait_ms, max_records=MAX_BATCH_RECORDS - len(pending.prepared))
        if self.must_reread.is_set():
            return
        self._sips = 0 < sum(map(len, polled.values())) < _A_SIP
        for records in polled.values():
            pending.prepared.extend(self._run.handler.prepare(records))
            pending.size += sum(len(record.value or b"") for record in records)

    def _hold(self, consumer: KafkaConsumer, error: CorruptBatchError) -> None:
        """Leave a partition alone for a while whose next batch is damaged: never skipped, and the others go on."""
        before = self._held_before.get(error.partition)
        pause_s = 1.0 if before is None or before.offset != error.offset else min(before.pause_s * 2, _LONGEST_HOLD_S)
        where = f"{error.partition.topic}[{error.partition.partition}]"
        log.error(
            "a stored batch is damaged, trying again",
            partition=where,
            offset=error.offset,
            error=reason_of(error.__cause__ or error),
            pause_s=pause_s,
        )
        consumer.pause(error.partition)
        hold = _Hold(error.offset, pause_s, time.monotonic() + pause_s)
        self._held[error.partition] = self._held_before[error.partition] = hold

    def _try_held(self, consumer: KafkaConsumer) -> None:
        """Let partitions be read again whose time has come."""
        for tp, hold in list(self._held.items()):
            if time.monotonic() >= hold.until_s:
                del self._held[tp]
                consumer.resume(tp)

    def _hand_over(self, consumer: KafkaConsumer) -> None:
        pending = self._pending
        if self.batches.full() or (not pending.is_full and time.monotonic() < self._next_batch_s):
            return
        # Positions pass markers of transactions and aborted records too: a batch may bring moves alone.
        reached = {tp: consumer.position(tp) for tp in pending.stood}
        # A rebalance raises its flag before it touches a position: with the flag down, these are of what was polled.
        if self.must_reread.is_set():
            return
        moves = [
            Move(tp.topic, tp.partition, stood, reached[tp])
            for tp, stood in pending.stood.items()
            if reached[tp] != stood
        ]
        if moves:
            self.batches.put((pending.prepared, moves))
            self._next_batch_s = time.monotonic() + _BETWEEN_BATCHES_S
            self._pending = _Pending([], 0, reached)


class _Assignments(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Raises the reader's flag; runs in kafka-python's thread and must not wait for anything."""

    def __init__(self, must_reread: threading.Event, consumer: KafkaConsumer) -> None:
        self._must_reread = must_reread
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._must_reread.set()
        if revoked:
            log.info("partitions given back", partitions=_names(revoked))

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._must_reread.set()
        log.info("partitions assigned", partitions=_names(assigned))
        if not assigned:
            return
        # Held until the reader has asked the database: Kafka's own committed offsets are for show.
        self._consumer.pause(*assigned)
        for tp in assigned:
            self._consumer.seek(tp, 0)


def _drop(batches: queue.Queue[Any]) -> None:
    try:
        batches.get_nowait()
    except queue.Empty:
        return


@dataclass
class BatchConsumer(Generic[P]):
    """One worker of a consumer group, from topics into the database of one service.

    `committed` is called after each transaction, in the thread that runs `run`. So is `begun`, once: after the first
    transaction, or when nothing has come for some seconds after the positions were found right. Before that, whatever
    stops the run has kept it from working at all. `heartbeat` is told when "reader" and "writer" get on.
    """

    handler: Handler[P]
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
    has_backlog: bool = field(default=False, init=False)  # the newest batch was as large as one may be
    _has_begun: bool = field(default=False, init=False)

    def run(self) -> None:
        """Consume until `stop` is set; raises what is a fault of ours or of the stream."""
        reader = _Reader(self)
        reader.start()
        try:
            while not self.stop.is_set():
                if reader.failure is not None:
                    raise reader.failure
                try:
                    prepared, moves = reader.batches.get(timeout=0.2)
                except queue.Empty:
                    self.heartbeat.beat("writer")
                    if reader.reads_for_s >= _PROVEN_AFTER_S:
                        self._tell_begun()
                    continue
                self._apply(reader, prepared, moves)
        finally:
            self.stop.set()
            reader.writer_ended.set()
            reader.join(timeout=5.0)

    def _apply(self, reader: _Reader[P], prepared: list[P], moves: list[Move]) -> None:
        pauses = Backoff(self.stop, first_s=0.1)
        while not self.stop.is_set() and reader.failure is None:
            try:
                with self.engine.begin() as connection:
                    self.handler.apply(connection, prepared, moves, self.clock())
            except PartitionLostError as lost:
                # Another worker went on from here, or our own commit came through though its answer did not.
                log.warning("a batch was read from where the database no longer stands", partitions=str(lost))
                reader.must_reread.set()
                return
            except Exception as error:
                if not is_transient(error):
                    log.error("a batch failed by a fault", error=reason_of(error), **_told(prepared, moves))  # noqa: TRY400 - its traceback comes where it ends the program
                    raise
                log.warning("database away, trying again", error=reason_of(error), pause_s=pauses.next_s)
                pauses.wait()
            else:
                self.heartbeat.beat("writer")
                reader.witness.committed(moves)
                self.has_backlog = len(prepared) >= MAX_BATCH_RECORDS
                if prepared:
                    log.info("batch taken in", **_told(prepared, moves))
                self.committed()
                self._tell_begun()
                return

    def _tell_begun(self) -> None:
        if self._has_begun:
            return
        try:
            self.begun()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("database away, the run is not on record yet", error=reason_of(error))
        else:
            self._has_begun = True

    def make_consumer(self) -> KafkaConsumer:
        return KafkaConsumer(
            **self.client_config,
            group_id=self.group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            # Every position is set from the database; records that are gone must stop us, not be skipped.
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            max_poll_records=MAX_BATCH_RECORDS,
            max_partition_fetch_bytes=8 * 1024 * 1024,
            metadata_max_age_ms=10_000,
            session_timeout_ms=10_000,
            bootstrap_timeout_ms=_ASK_WITHIN_MS,
            metrics_enabled=False,
        )

    def check_that_topics_stay(self) -> None:
        """RecordLossError if a topic was deleted: kafka-python would read the others on and say nothing."""
        try:
            check_topics(self.client_config, self.topics)
        except MissingTopicsError as missing:
            raise RecordLossError(
                f"主题在运行中被删除 / topics were deleted while they were read: {missing}"
            ) from missing

    def where_to_read(self, partitions: set[TopicPartition]) -> dict[TopicPartition, StoredPosition]:
        """Where the database stands, or the beginning where it has nothing yet.

        Raises RecordLossError if a topic does not fit, and DatabaseBehindError if Kafka has seen the database further.
        """
        if not partitions:
            return {}
        admin = KafkaAdminClient(**self.client_config)
        try:
            # Before the database is asked: what is shown was committed by then.
            shown = witnessed_offsets(admin, self.group)
            bounds = read_bounds(admin, self.client_config, partitions)
        finally:
            admin.close()
        if len(bounds) < len(partitions):
            raise kafka_errors.UnknownTopicOrPartitionError(_names(partitions - bounds.keys()))
        stored = self._stored_positions(
            [StoredPosition(tp.topic, tp.partition, bounds[tp].topic_id, bounds[tp].first) for tp in partitions]
        )
        for tp in partitions:
            check_partition(stored[tp], bounds[tp], self.service)
        check_offset_witness(shown, stored, self.service)
        return {tp: stored[tp] for tp in partitions}

    def _stored_positions(self, beginnings: list[StoredPosition]) -> dict[tuple[str, int], StoredPosition]:
        while True:
            try:
                with self.engine.begin() as connection:
                    start_positions(connection, beginnings, self.clock())
                    return load_positions(connection)
            except Exception as error:
                if self.stop.is_set() or not is_transient(error):
                    raise
                log.warning("database away, positions unknown", error=reason_of(error))
                self.stop.wait(1.0)


def check_topics(client_config: Mapping[str, Any], topics: Sequence[str]) -> None:
    """MissingTopicsError if the broker does not have all of them, or does not show them to us; KafkaError."""
    limits = {"bootstrap_timeout_ms": _ASK_WITHIN_MS, "request_timeout_ms": _ASK_WITHIN_MS}
    admin = KafkaAdminClient(**{**client_config, **limits})
    try:
        described = admin.describe_topics(sorted(topics))
    finally:
        admin.close()
    for said, error in (
        ("缺少主题 / topics are missing", kafka_errors.UnknownTopicOrPartitionError),
        ("无权读写主题 / no right to these topics", kafka_errors.TopicAuthorizationFailedError),
    ):
        named = [topic["name"] for topic in described if topic["error_code"] == error.errno]
        if named:
            raise MissingTopicsError(f"{said}: {', '.join(named)}: run `jiangbu topics apply`")


def is_transient_kafka_error(error: BaseException) -> bool:
    """Whether a failure is the broker's or the network's (try again) and not ours (stop)."""
    return bool(getattr(error, "retriable", False)) or isinstance(
        error,
        kafka_errors.BrokerNotAvailableError
        | kafka_errors.CommitFailedError
        | kafka_errors.IllegalGenerationError
        | kafka_errors.RebalanceInProgressError
        | kafka_errors.UnknownMemberIdError
        # A broker in trouble, or on its way up or down.
        | kafka_errors.CorruptRecordError
        | kafka_errors.InvalidReceiveError
        | kafka_errors.StaleBrokerEpochError
        | kafka_errors.UnknownBrokerIdError
        | kafka_errors.UnknownError
        | kafka_errors.UnrecognizedBrokerVersion,
    )


def _told(prepared: list[Any], moves: Sequence[Move]) -> dict[str, Any]:
    """Which records a batch has, for the log."""
    return {"records": len(prepared), "offsets": [str(move) for move in moves]}


def _names(partitions: set[TopicPartition]) -> list[str]:
    return sorted(f"{tp.topic}[{tp.partition}]" for tp in partitions)
