"""Notes in the database of the offsets being read (`shared/kafka/poison.py`), and operators' orders to set some aside.

A note is written before its offsets are unpacked, and deleted once the stored position has passed them. Levels:
`group`, everything that was fetched; `batch`, one stored batch alone; `record`, one record alone.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from kafka import TopicPartition
from sqlalchemy import Connection

from shared.postgres.query import execute, execute_many, fetch

Level = Literal["group", "batch", "record"]


class ReadingNote(NamedTuple):
    """Offsets that are being read, first to last; `attempts`: how often reading them began and did not end."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    level: Level
    attempts: int = 1

    @property
    def tp(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)


class SetAsideOrder(NamedTuple):
    """Offsets, first to last, that an operator ordered to be set aside."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int


_NOTES = "SELECT topic, partition, first_offset, last_offset, level, attempts FROM reading_note"
_ORDERS = (
    "SELECT topic, partition, first_offset, last_offset FROM set_aside_order ORDER BY topic, partition, first_offset"
)
_NOTE = """
    INSERT INTO reading_note AS n (topic, partition, first_offset, last_offset, level, attempts, noted_at)
    VALUES (%(topic)s, %(partition)s, %(first_offset)s, %(last_offset)s, %(level)s, 1, %(now)s)
    ON CONFLICT (topic, partition) DO UPDATE SET
        first_offset = excluded.first_offset, last_offset = excluded.last_offset, level = excluded.level,
        noted_at = excluded.noted_at,
        attempts = CASE WHEN (n.first_offset, n.last_offset, n.level)
                             = (excluded.first_offset, excluded.last_offset, excluded.level)
                        THEN n.attempts + 1 ELSE 1 END
"""
_PUT_BACK = """
    UPDATE reading_note SET first_offset = %(first_offset)s, last_offset = %(last_offset)s, level = %(level)s,
                            attempts = %(attempts)s
    WHERE topic = %(topic)s AND partition = %(partition)s
"""
_CLEAR = "DELETE FROM reading_note WHERE topic = %(topic)s AND partition = %(partition)s"
_ORDER = """
    INSERT INTO set_aside_order (topic, partition, first_offset, last_offset, ordered_at)
    VALUES (%(topic)s, %(partition)s, %(first_offset)s, %(last_offset)s, %(now)s) ON CONFLICT DO NOTHING
"""


def load_notes(connection: Connection) -> dict[TopicPartition, ReadingNote]:
    return {note.tp: note for note in fetch(connection, _NOTES, ReadingNote)}


def write_notes(connection: Connection, notes: Iterable[ReadingNote], now: datetime) -> None:
    """Note offsets whose reading begins; noting the same offsets again adds an attempt."""
    execute_many(connection, _NOTE, [{**note._asdict(), "now": now} for note in notes])


def put_back_notes(connection: Connection, notes: Iterable[ReadingNote]) -> None:
    """Replace notes by what they were before."""
    execute_many(connection, _PUT_BACK, [note._asdict() for note in notes])


def clear_notes(connection: Connection, partitions: Iterable[TopicPartition]) -> None:
    execute_many(connection, _CLEAR, [partition._asdict() for partition in partitions])


def load_orders(connection: Connection) -> list[SetAsideOrder]:
    return fetch(connection, _ORDERS, SetAsideOrder)


def write_order(connection: Connection, order: SetAsideOrder, now: datetime) -> bool:
    """Store an order; return False if it was stored before."""
    return execute(connection, _ORDER, **order._asdict(), now=now) == 1
