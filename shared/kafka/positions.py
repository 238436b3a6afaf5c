"""Consumer positions, stored in the service's database and moved in the transaction of each batch.

These are the truth; Kafka's committed offsets are only a witness. A row moves by compare-and-set, so the batch of a
consumer that lost its partition to another is rolled back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from shared.postgres.query import execute, execute_many, fetch, pg_array


class Move(NamedTuple):
    """A partition read from one offset (inclusive) to another (exclusive)."""

    topic: str
    partition: int
    from_offset: int
    to_offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}] {self.from_offset}..{self.to_offset - 1}"


class StoredPosition(NamedTuple):
    topic: str
    partition: int
    topic_id: str
    next_offset: int


class PartitionLostError(Exception):
    """Another worker moved a partition of this batch: drop the batch and read again from the stored position."""


def load_positions(connection: Connection) -> dict[tuple[str, int], StoredPosition]:
    rows = fetch(connection, "SELECT topic, partition, topic_id, next_offset FROM position", StoredPosition)
    return {(row.topic, row.partition): row for row in rows}


def start_positions(connection: Connection, positions: Iterable[StoredPosition], now: datetime) -> None:
    """Store the first position of partitions seen for the first time; existing rows stay."""
    execute_many(connection, _START, [{**position._asdict(), "now": now} for position in positions])


def replace_position(connection: Connection, old: StoredPosition, new: StoredPosition, now: datetime) -> None:
    """Move a partition, possibly to a recreated topic of the same name. PartitionLostError if `old` is outdated."""
    if execute(connection, _REPLACE, **old._asdict(), new_id=new.topic_id, new_offset=new.next_offset, now=now) != 1:
        raise PartitionLostError(f"{old.topic}[{old.partition}] at {old.next_offset}")


_START = """
    INSERT INTO position (topic, partition, topic_id, next_offset, moved_at)
    VALUES (%(topic)s, %(partition)s, %(topic_id)s, %(next_offset)s, %(now)s) ON CONFLICT DO NOTHING
"""
_REPLACE = """
    UPDATE position SET topic_id = %(new_id)s, next_offset = %(new_offset)s, moved_at = %(now)s
    WHERE topic = %(topic)s AND partition = %(partition)s AND topic_id = %(topic_id)s AND next_offset = %(next_offset)s
"""
_MOVE = """
    UPDATE position p SET next_offset = m.to_offset, moved_at = %(now)s
    FROM unnest(CAST(%(topics)s AS text[]), CAST(%(partitions)s AS int[]),
                CAST(%(froms)s AS bigint[]), CAST(%(tos)s AS bigint[])) AS m(topic, partition, from_offset, to_offset)
    WHERE p.topic = m.topic AND p.partition = m.partition AND p.next_offset = m.from_offset
"""


def move_positions(connection: Connection, moves: Sequence[Move], now: datetime) -> None:
    """Move every partition of a batch; PartitionLostError if one is not where the batch began."""
    moved = execute(
        connection,
        _MOVE,
        topics=pg_array(move.topic for move in moves),
        partitions=pg_array(move.partition for move in moves),
        froms=pg_array(move.from_offset for move in moves),
        tos=pg_array(move.to_offset for move in moves),
        now=now,
    )
    if moved != len(moves):
        raise PartitionLostError(", ".join(f"{move.topic}[{move.partition}] at {move.from_offset}" for move in moves))
