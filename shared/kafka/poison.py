"""Detect poison records, which end the process however often it is restarted, and have them set aside.

A killed process reports nothing, so offsets are noted in the database before they are unpacked. Only the offsets behind
the position of a start are noted, where a killed process may have been; later batches cost nothing. A note that a start
finds was left by a process that ended there. Its offsets are then read one stored batch at a time, and those of a batch
that ended the process again one record at a time, while other partitions are read in between. A batch or record that
ended the process three times while it was read alone is set aside.
"""

from collections.abc import Callable, Mapping
from typing import Final

import structlog
from kafka import TopicPartition
from sqlalchemy import Connection

from shared.events.topics import is_exchanges
from shared.kafka.reading_notes import (
    Level,
    ReadingNote,
    SetAsideOrder,
    clear_notes,
    load_notes,
    load_orders,
    put_back_notes,
    write_notes,
)
from shared.kafka.set_aside import SetAsidePlan
from shared.kafka.source import Result, Source

MOST_ATTEMPTS: Final = 3
# A process reads less than this ahead of the position that it stored.
_CAREFUL_OFFSETS: Final = 100_000

log = structlog.get_logger(__name__)


class PoisonDetector:
    """Notes what a worker reads, and finds what ended the process; does nothing for a source that sets nothing aside.

    Transient errors of the database are retried.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._careful_until: dict[TopicPartition, int] = {}
        self._noted_to: dict[TopicPartition, int] = {}
        self._suspects: dict[TopicPartition, ReadingNote] = {}
        # The notes that this process replaced by its own; None where there was no note.
        self._found: dict[TopicPartition, ReadingNote | None] = {}

    def begin(self, positions: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> list[SetAsidePlan]:
        """Start from stored positions, where partitions end at `ends`; return the offsets to set aside.

        A rebalance does not count as an end of the process: notes are put back as its start found them.
        """
        if not self._source.sets_aside:
            return []
        self._take_back()
        mine = {tp: offset for tp, offset in positions.items() if is_exchanges(tp.topic)}
        self._careful_until = {tp: min(ends[tp], offset + _CAREFUL_OFFSETS) for tp, offset in mine.items()}
        notes, orders = self._transact(lambda connection: (load_notes(connection), load_orders(connection)))
        self._suspects = {tp: note for tp, note in notes.items() if tp in mine and note.last_offset >= mine[tp]}
        self._noted_to = {tp: note.last_offset for tp, note in notes.items() if tp in mine}
        plans = [_ordered(order) for order in orders]
        for partition, note in self._suspects.items():
            log.warning("a process ended here", place=_place(note), level=note.level, attempts=note.attempts)
            if note.level != "group" and note.attempts >= MOST_ATTEMPTS:
                why = f"处理时进程 {note.attempts} 次中断 / the process ended {note.attempts} times while reading it"
                plans.append(SetAsidePlan(partition, note.first_offset, note.last_offset, why))
        return plans

    def fetched(self, spans: Mapping[TopicPartition, tuple[int, int]]) -> None:
        """Note fetched offsets, first to last by partition, where an earlier process may have ended."""
        notes = [
            ReadingNote(tp.topic, tp.partition, first, last, "group")
            for tp, (first, last) in spans.items()
            if first < self._careful_until.get(tp, 0) and tp not in self._suspects and last > self._noted_to.get(tp, -1)
        ]
        if notes:
            self._write(*notes)

    def suspicion(self, partition: TopicPartition, offset: int) -> Level | None:
        """Return `batch` or `record` if an offset has to be read alone as such; None if not."""
        note = self._suspects.get(partition)
        if note is None or offset > note.last_offset:
            return None
        return "batch" if note.level == "group" else "record"

    def must_note_batch(self, partition: TopicPartition) -> bool:
        """Return False if the process ended at a record of this batch: unpacking the batch did not end it."""
        return self._suspects[partition].level != "record"

    def note(self, partition: TopicPartition, first: int, last: int, level: Level) -> None:
        """Note offsets that are read alone."""
        self._write(ReadingNote(partition.topic, partition.partition, first, last, level))

    def passed(self, stored: Mapping[TopicPartition, int]) -> None:
        """Delete the notes that the stored positions have passed."""
        done = [tp for tp, last in self._noted_to.items() if stored.get(tp, -1) > last]
        for partition in done:
            suspect = self._suspects.get(partition)
            if suspect is not None and stored[partition] > suspect.last_offset:
                del self._suspects[partition]
                self._found.pop(partition, None)
        self._clear([tp for tp in done if tp not in self._suspects])

    def end(self) -> None:
        """Delete all notes of this worker at a graceful stop."""
        self._clear(list(self._noted_to))

    def orders(self) -> list[SetAsidePlan]:
        """Return the offsets that operators ordered to be set aside."""
        return [_ordered(order) for order in self._transact(load_orders)] if self._source.sets_aside else []

    def _take_back(self) -> None:
        found, self._found = self._found, {}

        def put_back(connection: Connection) -> None:
            put_back_notes(connection, [note for note in found.values() if note is not None])
            clear_notes(connection, [tp for tp, note in found.items() if note is None])

        if found:
            self._transact(put_back)

    def _write(self, *notes: ReadingNote) -> None:
        for note in notes:
            self._found.setdefault(note.tp, self._suspects.get(note.tp))
        self._transact(lambda connection: write_notes(connection, notes, self._source.clock()))
        self._noted_to.update({note.tp: note.last_offset for note in notes})

    def _clear(self, partitions: list[TopicPartition]) -> None:
        if partitions:
            self._transact(lambda connection: clear_notes(connection, partitions))
            for partition in partitions:
                self._noted_to.pop(partition, None)
                self._found.pop(partition, None)

    def _transact(self, work: Callable[[Connection], Result]) -> Result:
        return self._source.transact(work, "database unavailable, reading not noted")


def _ordered(order: SetAsideOrder) -> SetAsidePlan:
    partition = TopicPartition(order.topic, order.partition)
    return SetAsidePlan(partition, order.first_offset, order.last_offset, "由运维人员决定 / an operator decided so")


def _place(note: ReadingNote) -> str:
    return f"{note.topic}[{note.partition}] {note.first_offset}..{note.last_offset}"
