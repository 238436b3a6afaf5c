"""Fetched batches whose records are still to be read: senders take turns, and so do the partitions of each."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from kafka import TopicPartition

from shared.events.decode import MAX_VALUE_BYTES
from shared.events.topics import is_exchanges
from shared.kafka.batch_records import AnyRecord, BatchRecords, CutRecord, DamagedBatchError, GiantBatchError
from shared.kafka.batch_size import SHARE_BYTES, SHARE_RECORDS, sender_of
from shared.kafka.handler import Record
from shared.kafka.record_batch import StoredBatch
from shared.kafka.set_aside import SetAsidePlan, cut_record, giant_batch, unreadable_batch, unreadable_record

# Nothing more is fetched from a partition with so much unread, so that fetches are free for the others.
_ENOUGH_RECORDS = 10_000
_ENOUGH_BYTES = 2 << 20
_MOST_BYTES = 8 << 20  # of all partitions together


class DamagedPlaceError(Exception):
    """A stored batch cannot be read from `offset` on; `last_planned` is the end of a plan to set it aside, if any."""

    def __init__(
        self, partition: TopicPartition, offset: int, batch: StoredBatch, reason: str, last_planned: int | None
    ) -> None:
        super().__init__(f"{partition.topic}[{partition.partition}] from offset {offset}: {reason}")
        self.partition = partition
        self.offset = offset
        self.batch = batch
        self.reason = reason
        self.last_planned = last_planned


class Portion(NamedTuple):
    """Records of one partition, and the bytes that they take up in their batches."""

    records: list[Record]
    size_bytes: int


class UnreadBatches:
    """Reads the records of fetched batches; sets aside planned offsets, and too large records of exchanges' topics."""

    def __init__(self) -> None:
        self._turns: deque[str] = deque()
        self._partitions: dict[str, deque[TopicPartition]] = {}  # by sender, those that have something to read
        self._batches: dict[TopicPartition, deque[StoredBatch]] = {}
        self._opened: dict[TopicPartition, BatchRecords] = {}
        self._streamed: BatchRecords | None = None
        self._next_offsets: dict[TopicPartition, int] = {}
        self._plans: list[SetAsidePlan] = []

    def __bool__(self) -> bool:
        return bool(self._turns)

    @property
    def partition(self) -> TopicPartition:
        """The partition whose turn it is."""
        return self._partitions[self._turns[0]][0]

    def turn_to(self, has_room: Callable[[str], bool]) -> bool:
        """Turn to the next sender for which `has_room` is True; return False if there is none."""
        for _ in range(len(self._turns)):
            if has_room(self._turns[0]):
                return True
            self._turns.rotate(-1)
        return False

    def enough(self) -> set[TopicPartition]:
        """Return the partitions that have enough unread; all with something unread if that is much together."""
        sizes = {tp: sum(len(batch) for batch in batches) for tp, batches in self._batches.items()}
        if sum(sizes.values()) >= _MOST_BYTES:
            return set(sizes)
        return {
            tp
            for tp, size_bytes in sizes.items()
            if size_bytes >= _ENOUGH_BYTES
            or self._batches[tp][-1].last_offset - self._next_offsets[tp] >= _ENOUGH_RECORDS
        }

    def begin(self, next_offsets: Mapping[TopicPartition, int], plans: Sequence[SetAsidePlan] = ()) -> None:
        """Forget everything, and start from these offsets."""
        self._turns.clear()
        self._partitions.clear()
        self._batches.clear()
        self._opened.clear()
        self._streamed = None
        self._next_offsets = dict(next_offsets)
        self._plans = list(plans)

    def add(self, polled: Mapping[TopicPartition, Iterable[Any]]) -> int:
        """Add what a consumer of stored batches polled; return the number of records."""
        count = 0
        for partition, fetched in polled.items():
            batches: list[StoredBatch] = [one.value for one in fetched]
            count += sum(batch.count for batch in batches)
            if partition not in self._batches:
                self._queue(partition)
            self._batches.setdefault(partition, deque()).extend(batches)
        return count

    def spans(self) -> dict[TopicPartition, tuple[int, int]]:
        """Return the first and last offset of what is unread, by partition."""
        return {tp: (self._next_offsets[tp], batches[-1].last_offset) for tp, batches in self._batches.items()}

    def position(self, partition: TopicPartition) -> int | None:
        """Return the offset of the first record that is not read yet; None if there is none."""
        return self._next_offsets[partition] if partition in self._batches else None

    def advance(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Go on from these offsets: nothing but markers and aborted records lies between them and what was read."""
        self._next_offsets.update(next_offsets)

    def drop(self, partition: TopicPartition, next_offset: int) -> None:
        """Forget what was fetched of a partition; it goes on from this offset."""
        if self._batches.pop(partition, None) is not None:
            self._unqueue(partition)
        self._opened.pop(partition, None)
        self._next_offsets[partition] = next_offset

    def take(self) -> Portion:
        """Read a portion of the partition whose turn it is. DamagedPlaceError if it begins with a damaged batch."""
        partition = self.partition
        records: list[Record] = []
        size_bytes = 0
        while self._batches[partition] and len(records) < SHARE_RECORDS and size_bytes < SHARE_BYTES:
            try:
                size_bytes += self._read(partition, records, SHARE_RECORDS, SHARE_BYTES - size_bytes)
            except DamagedPlaceError:
                if records:
                    break
                raise
        self.pass_turn()
        return Portion(records, size_bytes)

    def batch_span(self) -> tuple[int, int]:
        """Return the first unread and the last offset of the batch whose turn it is."""
        return self._next_offsets[self.partition], self._batches[self.partition][0].last_offset

    def open_batch(self) -> None:
        """Unpack the batch whose turn it is, unless it is damaged, too large or planned to be set aside."""
        batch = self._batches[self.partition][0]
        if self.partition not in self._opened and self._plan_of_all(self.partition, batch) is None:
            with suppress(GiantBatchError, DamagedBatchError):  # reading the batch raises them again
                self._open(self.partition, batch)

    def take_alone(self, most_records: int, most_bytes: int) -> Portion:
        """Read records of the batch whose turn it is alone. DamagedPlaceError."""
        records: list[Record] = []
        size_bytes = self._read(self.partition, records, most_records, most_bytes)
        self.pass_turn()
        return Portion(records, size_bytes)

    def pass_turn(self) -> None:
        """Let the next sender, and the sender's next partition, have its turn."""
        partition = self.partition
        if self._batches[partition]:
            self._partitions[self._turns[0]].rotate(-1)
            self._turns.rotate(-1)
        else:
            del self._batches[partition]
            self._unqueue(partition)

    def _queue(self, partition: TopicPartition) -> None:
        sender = sender_of(partition.topic)
        if sender not in self._partitions:
            self._partitions[sender] = deque()
            self._turns.append(sender)
        self._partitions[sender].append(partition)

    def _unqueue(self, partition: TopicPartition) -> None:
        """Take a partition out of the turns; the next sender is first if it was this one's turn."""
        sender = sender_of(partition.topic)
        partitions = self._partitions[sender]
        partitions.remove(partition)
        is_first = self._turns[0] == sender
        if not partitions:
            del self._partitions[sender]
            self._turns.remove(sender)
        elif is_first:
            self._turns.rotate(-1)

    def _read(self, partition: TopicPartition, records: list[Record], most_records: int, most_bytes: int) -> int:
        batch = self._batches[partition][0]
        topic, number = partition
        if (plan := self._plan_of_all(partition, batch)) is not None:
            span = (self._next_offsets[partition], batch.last_offset)
            records.append(unreadable_batch(topic, number, batch, span, plan.why))
            self._pass(partition, batch)
            return 0
        found: list[AnyRecord] = []
        try:
            opened = self._opened.get(partition) or self._open(partition, batch)
            self._stream(opened)
            read = opened.take(most_records - len(records), most_bytes, found)
        except GiantBatchError as error:
            if not is_exchanges(topic):
                raise self._damaged(partition, batch, error) from error
            records.append(giant_batch(topic, number, batch, self._next_offsets[partition]))
            self._pass(partition, batch)
            return 0
        except DamagedBatchError as error:
            if not found:
                raise self._damaged(partition, batch, error) from error
            read = 0
        records += [self._item(partition, record) for record in found]
        self._next_offsets[partition] = opened.next_offset
        if opened.is_done:
            self._pass(partition, batch)
        return read

    def _item(self, partition: TopicPartition, record: AnyRecord) -> Record:
        if isinstance(record, CutRecord):
            return cut_record(partition.topic, partition.partition, record)
        plan = self._plan(partition, record.offset) if self._plans else None
        return record if plan is None else unreadable_record(record, plan.why)

    def _plan(self, partition: TopicPartition, offset: int) -> SetAsidePlan | None:
        covering = (one for one in self._plans if one.first_offset <= offset <= one.last_offset)
        return next((one for one in covering if one.partition == partition), None)

    def _plan_of_all(self, partition: TopicPartition, batch: StoredBatch) -> SetAsidePlan | None:
        """Return the plan that covers the whole unread part of the batch; None for a damaged one.

        The consumer is far behind a damaged batch, so its reader has to seek: DamagedPlaceError tells it.
        """
        if not self._plans or batch.damage is not None:
            return None
        plan = self._plan(partition, self._next_offsets[partition])
        return None if plan is None or plan.last_offset < batch.last_offset else plan

    def _open(self, partition: TopicPartition, batch: StoredBatch) -> BatchRecords:
        keep_bytes = MAX_VALUE_BYTES if is_exchanges(partition.topic) else None
        opened = BatchRecords(batch, partition.topic, partition.partition, self._next_offsets[partition], keep_bytes)
        self._opened[partition] = opened
        return opened

    def _stream(self, opened: BatchRecords) -> None:
        """Let one large batch at a time hold a decompressor: each may take up to what its batch unpacks to."""
        if opened.is_streamed and opened is not self._streamed:
            if self._streamed is not None and not self._streamed.is_done:
                self._streamed.release()
            self._streamed = opened

    def _pass(self, partition: TopicPartition, batch: StoredBatch) -> None:
        self._batches[partition].popleft()
        self._opened.pop(partition, None)
        self._next_offsets[partition] = batch.last_offset + 1

    def _damaged(self, partition: TopicPartition, batch: StoredBatch, error: ValueError) -> DamagedPlaceError:
        offset = self._next_offsets[partition]
        plan = self._plan(partition, offset)
        return DamagedPlaceError(partition, offset, batch, str(error), None if plan is None else plan.last_offset)
