"""Poll and decode topics in a thread that runs ahead of the database."""

import queue
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka import errors as kafka_errors
from kafka.structs import MemberState

from shared.events.topics import is_exchanges
from shared.kafka.batch_size import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, BatchShares, BatchSize, sender_of
from shared.kafka.errors import ANSWER_TIMEOUT_MS, is_transient_kafka_error
from shared.kafka.handler import BatchHandler
from shared.kafka.offset_witness import OffsetWitness
from shared.kafka.partition_state import RecordLossError, accept_loss_hint
from shared.kafka.poison import PoisonDetector
from shared.kafka.positions import Move
from shared.kafka.reading_notes import Level
from shared.kafka.set_aside import SetAsidePlan, unreadable_batch
from shared.kafka.source import Source, partition_names
from shared.kafka.unread_batches import DamagedPlaceError, Portion, UnreadBatches
from shared.language import join
from shared.operator_errors import OperatorError
from shared.process.backoff import Backoff
from shared.process.heartbeat import Heartbeat
from shared.process.pace import Rhythm
from shared.telemetry.masking import reason_of

_IDLE_POLL_MS = 200
_BUSY_POLL_MS = 20
# While a batch waits for the writer, because the writer must not wait long for the end of a poll.
_FULL_POLL_MS = 10
_ALONE_POLL_MS = 2
# Unread records are decoded for so long between two fetches, which bring what other senders published.
_READ_FOR_S = 0.02
# Records that are read as soon as they are published arrive in many small fetches: after one so small, wait for the
# next batch.
_SMALL_FETCH_RECORDS = 500
_WRITER_WAIT_S = 0.2
_REBALANCE_TIMEOUT_S = 30.0
_LAST_BATCH_TIMEOUT_S = 2.0
_MAX_HOLD_S = 60.0
# A damaged batch is set aside after so many tries over so long a time, in which another replica may become the leader.
_LEAST_TRIES = 3
_DAMAGED_FOR_S = 60.0
# The marker of a transaction may be fetched just after its records.
_MARKER_WITHIN_S = 1.0
_CHECK_INTERVAL_S = 5.0
_MAX_CHECK_INTERVAL_S = 60.0

log = structlog.get_logger(__name__)

P = TypeVar("P")  # what a handler makes of a record


@dataclass
class _Pending(Generic[P]):
    """Decoded records that are not handed over yet, and the offset of each partition before them."""

    prepared: dict[str, list[P]]  # by sender
    from_offsets: dict[TopicPartition, int]
    shares: BatchShares

    def split(self, senders: set[str] | None) -> tuple[list[P], dict[str, list[P]]]:
        """Return the records of these senders (None: of all), and the rest."""
        chosen = [one for name, part in self.prepared.items() if senders is None or name in senders for one in part]
        rest = {} if senders is None else {name: part for name, part in self.prepared.items() if name not in senders}
        return chosen, rest


class Batch(NamedTuple, Generic[P]):
    """Records that the writer applies in one transaction; `has_backlog`: more of these senders' may wait."""

    prepared: list[P]
    moves: list[Move]
    has_backlog: bool


class _Hold(NamedTuple):
    """A partition that is paused because the batch at `offset` is damaged, since its first try."""

    offset: int
    since_s: float
    tries: int
    pause_s: float
    until_s: float


class Reader(threading.Thread, Generic[P]):
    """Polls, decodes and hands over batches.

    kafka-python reports rebalances from a thread of its own, at any moment. Its listener only sets `must_reread`,
    before it does anything else; the reader then drops what it read and starts again from the stored positions.
    """

    def __init__(
        self, source: Source, handler: BatchHandler[P], heartbeat: Heartbeat, batch_size: BatchSize, rhythm: Rhythm
    ) -> None:
        super().__init__(name="reader", daemon=True)
        self._source = source
        self._handler = handler
        self._heartbeat = heartbeat
        self._batch_size = batch_size
        self._rhythm = rhythm
        self.failure: BaseException | None = None
        self.must_reread = threading.Event()
        self.batches: queue.Queue[Batch[P]] = queue.Queue(maxsize=1)
        self.witness = OffsetWitness()
        self.writer_ended = threading.Event()
        self._pending: _Pending[P] = _Pending({}, {}, BatchShares(0))
        # Partitions that may have moved since the last hand-over, and until when they are looked at without records.
        self._moving: dict[TopicPartition, float] = {}
        self._unread = UnreadBatches()
        self._next_batch_s = 0.0
        self._last_was_first = False
        self._last_fetch_was_small = False
        self._backoff = Backoff(source.stop)
        self._holds: dict[TopicPartition, _Hold] = {}  # the last one of each partition
        self._held: set[TopicPartition] = set()  # paused now
        self._poison = PoisonDetector(source)
        self._is_alone = False  # what was read alone is not written yet, and nothing else may be in progress with it
        self._stored: dict[TopicPartition, int] = {}
        self.keeps_notes = False
        self._reading_since_s: float | None = None
        self._next_check_s = time.monotonic() + _CHECK_INTERVAL_S
        self._check_interval_s = _CHECK_INTERVAL_S
        self._makes_progress = True
        self._stalled_at: dict[TopicPartition, int] = {}

    @property
    def reading_for_s(self) -> float:
        """Seconds since all its partitions first stood at their stored positions; 0 if they never did."""
        return 0.0 if self._reading_since_s is None else time.monotonic() - self._reading_since_s

    def run(self) -> None:
        try:
            while not self._source.stop.is_set():
                try:
                    self._read_until_stopped()
                except kafka_errors.KafkaError as error:
                    if not is_transient_kafka_error(error):
                        raise
                    log.warning("broker unavailable, retrying", error=reason_of(error), pause_s=self._backoff.next_s)
                    self._backoff.wait()
        except kafka_errors.OffsetOutOfRangeError as error:
            self.failure = self._record_loss("未读即被删除 / records were deleted before they were read", error)
        except kafka_errors.LogTruncationError as error:
            self.failure = self._record_loss("已读的记录不复存在 / records that were read no longer exist", error)
        except BaseException as error:  # noqa: BLE001 - re-raised in the main thread
            self.failure = error
        if not self.keeps_notes and isinstance(self.failure, OperatorError | None):
            try:
                self._poison.end()
            except Exception as error:  # noqa: BLE001 - the process ends
                log.warning("notes of reading not deleted", error=reason_of(error))

    def raise_failure(self) -> None:
        """Raise what ended the thread, in the caller's."""
        if self.failure is not None:
            raise self.failure

    def committed(self, moves: Sequence[Move]) -> None:
        """Record what the writer committed."""
        self.witness.committed(moves)
        self._stored.update({TopicPartition(move.topic, move.partition): move.to_offset for move in moves})

    def _record_loss(self, text: str, error: Exception) -> RecordLossError:
        return RecordLossError(join(f"{text}: {error}", accept_loss_hint(self._source.service)))

    def _read_until_stopped(self) -> None:
        consumer = self._source.make_consumer()
        self._begin({})
        joined_at_s = time.monotonic()
        try:
            consumer.subscribe(list(self._source.topics), listener=_RebalanceListener(self.must_reread, consumer))
            # kafka-python 3.0.12 joins with the topics that it knows, and joins again when it knows more; in one start
            # of ten it hangs in that second rebalance. If it fetches them after `subscribe` (earlier metadata does not
            # count) and before the first poll, it knows them when it joins.
            consumer.topics()
            while not self._source.stop.is_set():
                try:
                    self._step(consumer)
                except (kafka_errors.IllegalStateError, AssertionError):
                    # A rebalance revoked a partition in the middle of a step, and has set `must_reread`.
                    if not self.must_reread.is_set():
                        raise
                if consumer.group_metadata().state is MemberState.STABLE:
                    joined_at_s = time.monotonic()
                    self._backoff.reset()
                    if self._makes_progress:
                        self._heartbeat.beat("reader")
                    if self._reading_since_s is None and not self.must_reread.is_set():
                        self._reading_since_s = joined_at_s
                elif time.monotonic() - joined_at_s > _REBALANCE_TIMEOUT_S:
                    log.warning("rebalance timed out, rejoining the group")
                    return
                self.witness.show(consumer)
            self.writer_ended.wait(_LAST_BATCH_TIMEOUT_S)
            self.witness.show_last(consumer)
        finally:
            consumer.close(autocommit=False, timeout_ms=2000)

    def _step(self, consumer: KafkaConsumer) -> None:
        if self.must_reread.is_set():
            self._seek(consumer)
        self._resume_held(consumer)
        self._poison.passed(self._stored)
        try:
            self._read(consumer)
        except DamagedPlaceError as error:
            self._hold(consumer, error)
        self._hand_over(consumer)
        self._check_progress(consumer)

    def _check_progress(self, consumer: KafkaConsumer) -> None:
        """Check that the broker answers and that no partition with records to read stays where it was.

        A poll of kafka-python returns nothing while the broker is unavailable, as on a quiet night, and recovers by
        itself. An unavailable broker is logged at growing intervals.
        """
        if time.monotonic() < self._next_check_s:
            return
        partitions = list(consumer.assignment())
        # A member without partitions asks too: it would not notice by itself that the broker is unavailable.
        asked = partitions or [TopicPartition(self._source.topics[0], 0)]
        try:
            ends = consumer.end_offsets(asked, timeout_ms=ANSWER_TIMEOUT_MS)
        except kafka_errors.KafkaError as error:
            if not is_transient_kafka_error(error):
                raise
            log.warning("broker unavailable, waiting for it", error=reason_of(error))
            self._check_interval_s = min(self._check_interval_s * 2, _MAX_CHECK_INTERVAL_S)
            self._makes_progress = False
        else:
            self._check_interval_s = _CHECK_INTERVAL_S
            # For a reader of committed records these ends lie before open transactions: everything below is readable.
            behind = [tp for tp in partitions if self._pending.from_offsets.get(tp, -1) < ends[tp]]
            self._expect_moves(behind)
            reached = self._reached(consumer, behind)
            stalled_at = {tp: reached[tp] for tp in behind if reached[tp] < ends[tp]}
            self._makes_progress = not (stalled_at.items() & self._stalled_at.items())
            self._stalled_at = stalled_at
        self._next_check_s = time.monotonic() + self._check_interval_s

    def _seek(self, consumer: KafkaConsumer) -> None:
        """Seek to the stored positions and drop what was read ahead."""
        self.must_reread.clear()
        self._begin({})
        self._held.clear()
        _drain(self.batches)
        self._source.check_topics_exist()
        positions = self._source.stored_positions(set(consumer.assignment()))
        self.witness.begin(positions)
        offsets = {tp: position.next_offset for tp, position in positions.items()}
        for tp, offset in offsets.items():
            consumer.seek(tp, offset)
        consumer.resume(*offsets)
        self._stored = dict(offsets)
        ends = consumer.end_offsets(list(offsets), timeout_ms=ANSWER_TIMEOUT_MS) if offsets else {}
        self._begin(offsets, self._poison.begin(offsets, ends))

    def _begin(self, offsets: dict[TopicPartition, int], plans: Sequence[SetAsidePlan] = ()) -> None:
        self._pending = _Pending({}, offsets, BatchShares(self._batch_size.most_records))
        self._is_alone = False
        self._moving.clear()
        self._unread.begin(offsets, plans)

    def _expect_moves(self, partitions: Iterable[TopicPartition]) -> None:
        until_s = time.monotonic() + _MARKER_WITHIN_S
        self._moving.update(dict.fromkeys(partitions, until_s))

    def _reached(self, consumer: KafkaConsumer, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offsets up to which partitions were read; the consumer is ahead of them by what is unread.

        The library looks at all its partitions for each position that it returns: ask for few.
        """
        unread = {tp: self._unread.position(tp) for tp in partitions}
        return {tp: consumer.position(tp) if offset is None else offset for tp, offset in unread.items()}

    def _read(self, consumer: KafkaConsumer) -> None:
        pending = self._pending
        self._is_alone = self._is_alone and not self._is_quiet
        if self._is_alone:
            self._keep_alive(consumer)
            return
        self._fetch(consumer)
        until_s = time.monotonic() + _READ_FOR_S
        while self._unread.turn_to(pending.shares.has_room) and not self.must_reread.is_set():
            level = self._suspicion()
            if level is None:
                self._add(self._unread.take())
            elif pending.prepared or not self._is_quiet:
                self._keep_alive(consumer)
                return
            else:
                self._read_alone(level)
            if self._is_alone or time.monotonic() >= until_s:
                return

    def _fetch(self, consumer: KafkaConsumer) -> None:
        """Poll for partitions that do not have enough unread records, so that a flood of one does not block others."""
        count = 0
        if self._unread:
            timeout_ms = 0 if self._unread.turn_to(self._pending.shares.has_room) else _FULL_POLL_MS
        else:
            if self._last_fetch_was_small:
                self._gather()
                # A poll that finds a response in its buffer makes the library fetch again, for the next poll. This poll
                # returns such a response from before the pause, the next one what came since.
                count = self._poll(consumer, 0)
            timeout_ms = _BUSY_POLL_MS if self._pending.prepared or count else _IDLE_POLL_MS
        count += self._poll(consumer, timeout_ms)
        self._last_fetch_was_small = 0 < count < _SMALL_FETCH_RECORDS

    def _poll(self, consumer: KafkaConsumer, timeout_ms: int) -> int:
        """Return the number of records; 0 if a rebalance came."""
        enough = self._unread.enough()
        consumer.pause(*enough)
        polled = consumer.poll(timeout_ms=timeout_ms)
        if self.must_reread.is_set():
            return 0
        consumer.resume(*(enough - self._held))
        count = self._unread.add(polled)
        if polled:
            self._expect_moves(polled)
            self._poison.fetched(self._unread.spans())
        return count

    def _gather(self) -> None:
        """Leave the broker alone until a batch may begin, so that one fetch brings all that came until then."""
        self._source.stop.wait(max(self._next_batch_s - time.monotonic(), _BUSY_POLL_MS / 1000))
        with self.batches.all_tasks_done:
            self.batches.all_tasks_done.wait_for(lambda: self._is_quiet, _WRITER_WAIT_S)

    def _keep_alive(self, consumer: KafkaConsumer) -> None:
        """Poll while paused: the group needs the heartbeat, and no records are fetched."""
        consumer.pause(*self._pending.from_offsets)
        consumer.poll(timeout_ms=_ALONE_POLL_MS if self._is_alone else _FULL_POLL_MS)
        if not self.must_reread.is_set():
            consumer.resume(*(self._pending.from_offsets.keys() - self._held))

    @property
    def _is_quiet(self) -> bool:
        """True if no batch waits or is being written."""
        return self.batches.unfinished_tasks == 0

    def _add(self, portion: Portion) -> None:
        prepared = self._handler.prepare(portion.records)
        if prepared:  # all are of one partition
            sender = sender_of(portion.records[0].topic)
            self._pending.prepared.setdefault(sender, []).extend(prepared)
            self._pending.shares.add(sender, len(prepared), portion.size_bytes)

    def _suspicion(self) -> Level | None:
        """Return the level at which the partition whose turn it is has to be read alone; None if it need not be."""
        partition = self._unread.partition
        return self._poison.suspicion(partition, self._unread.position(partition) or 0)

    def _read_alone(self, level: Level) -> None:
        """Read a suspected batch or record alone, noted before it is unpacked."""
        unread, partition = self._unread, self._unread.partition
        first, last = unread.batch_span()
        self._is_alone = True
        if level == "batch":
            self._poison.note(partition, first, last, "batch")
            self._add(unread.take_alone(MAX_BATCH_RECORDS, MAX_BATCH_BYTES))
            return
        if self._poison.must_note_batch(partition):
            self._poison.note(partition, first, last, "batch")
            unread.open_batch()
        self._poison.note(partition, first, first, "record")
        self._add(unread.take_alone(1, MAX_BATCH_BYTES))

    def _hold(self, consumer: KafkaConsumer, error: DamagedPlaceError) -> None:
        """Pause a partition whose next batch is damaged, then fetch it again; the other partitions go on."""
        partition, at_s, last = error.partition, time.monotonic(), self._holds.get(error.partition)
        if last is None or last.offset != error.offset:
            last = _Hold(error.offset, at_s, 0, 0.5, at_s)
        hold = last._replace(tries=last.tries + 1, pause_s=min(last.pause_s * 2, _MAX_HOLD_S))
        hold = hold._replace(until_s=at_s + hold.pause_s)
        self._holds[partition] = hold
        span = self._span_to_set_aside(consumer, error, hold)
        place = f"{partition.topic}[{partition.partition}]"
        if span is not None:
            log.error("stored batch is corrupt, set aside", partition=place, offsets=span, error=error.reason)
            item = unreadable_batch(partition.topic, partition.partition, error.batch, span, error.reason)
            self._add(Portion([item], 0))
            self._unread.drop(partition, span[1] + 1)
            consumer.seek(partition, span[1] + 1)
            return
        log.error(
            "stored batch is corrupt, retrying",
            partition=place,
            offset=error.offset,
            error=error.reason,
            pause_s=hold.pause_s,
        )
        self._unread.drop(partition, error.offset)
        consumer.seek(partition, error.offset)
        consumer.pause(partition)
        self._held.add(partition)

    def _span_to_set_aside(
        self, consumer: KafkaConsumer, error: DamagedPlaceError, hold: _Hold
    ) -> tuple[int, int] | None:
        """Return the offsets of a damaged batch to set aside now, first to last; None to try again.

        The last offset is that of the batch header, if the partition has such a record, or that of an operator's order.
        """
        if not (self._source.sets_aside and is_exchanges(error.partition.topic)):
            return None
        (end,) = consumer.end_offsets([error.partition], timeout_ms=ANSWER_TIMEOUT_MS).values()
        last = error.batch.last_offset if error.offset <= error.batch.last_offset < end else None
        for partition, first, ordered, _ in self._poison.orders():
            if partition == error.partition and first <= error.offset <= ordered:
                return error.offset, ordered if last is None else max(ordered, last)
        if last is None or hold.tries < _LEAST_TRIES or time.monotonic() - hold.since_s < _DAMAGED_FOR_S:
            return None
        return error.offset, last

    def _resume_held(self, consumer: KafkaConsumer) -> None:
        """Resume partitions whose pause is over."""
        over = {tp for tp in self._held if time.monotonic() >= self._holds[tp].until_s}
        consumer.resume(*over)
        self._held -= over

    def _hand_over(self, consumer: KafkaConsumer) -> None:
        pending = self._pending
        is_full = self._is_alone or pending.shares.is_full
        if not self._is_quiet or (not is_full and time.monotonic() < self._next_batch_s):
            return
        first = None if self._last_was_first or self._is_alone else pending.shares.first()
        partitions = [tp for tp in self._moving if first is None or sender_of(tp.topic) in first]
        # Positions pass transaction markers and aborted records too, so a batch may consist of moves alone.
        reached = self._reached(consumer, partitions)
        # A rebalance sets its flag before it changes a position: while it is not set, these belong to what was polled.
        if self.must_reread.is_set():
            return
        if any(reached[tp] < pending.from_offsets[tp] for tp in partitions):
            # The library went back, as after a change of the partition's leader: nothing is stored that moves back.
            # The stored positions are compared with the ends of the partitions before they are read from again.
            log.warning("position moved back, rereading")
            self.must_reread.set()
            return
        for tp in partitions:
            if time.monotonic() > self._moving[tp] and self._unread.position(tp) is None:
                del self._moving[tp]
        moves = [
            Move(tp.topic, tp.partition, pending.from_offsets[tp], reached[tp])
            for tp in partitions
            if reached[tp] != pending.from_offsets[tp]
        ]
        if moves:
            self._last_was_first = first is not None
            prepared, rest = pending.split(first)
            # Facts of senders with few records are published although others have a backlog.
            self.batches.put(Batch(prepared, moves, is_full and first is None))
            self._next_batch_s = time.monotonic() + self._rhythm.interval_s
            shares = BatchShares(self._batch_size.most_records)
            if first is not None:
                shares = pending.shares
                shares.remove(first)
            self._pending = _Pending(rest, pending.from_offsets | reached, shares)
            self._unread.advance(reached)


class _RebalanceListener(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Sets the reader's flag. It runs in kafka-python's thread and must not wait for anything."""

    def __init__(self, must_reread: threading.Event, consumer: KafkaConsumer) -> None:
        self._must_reread = must_reread
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._must_reread.set()
        if revoked:
            log.info("partitions revoked", partitions=partition_names(revoked))

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._must_reread.set()
        log.info("partitions assigned", partitions=partition_names(assigned))
        if not assigned:
            return
        # Paused until the reader knows the stored positions: Kafka's committed offsets are not the truth.
        self._consumer.pause(*assigned)
        for tp in assigned:
            self._consumer.seek(tp, 0)


def _drain(batches: queue.Queue[Any]) -> None:
    try:
        batches.get_nowait()
    except queue.Empty:
        return
    batches.task_done()
