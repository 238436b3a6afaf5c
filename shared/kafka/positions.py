"""Consumer positions, stored in the service's database and moved in the transaction of each batch.

These are the truth; Kafka's committed offsets are only a witness. A row moves by compare-and-set, so the batch of a
consumer that lost its partition to another is rolled back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Table, Text, text

from shared.postgres.database import change
from shared.postgres.query import pg_array

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection


def position_table(metadata: MetaData) -> Table:
    """Declare the table `position` of a service."""
    return Table(
        "position",
        metadata,
        Column("topic", Text(collation="C"), primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("topic_id", Text, nullable=False),
        Column("next_offset", BigInteger, nullable=False),
        Column("moved_at", DateTime(timezone=True), nullable=False),
    )


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
    rows = connection.execute(text("SELECT topic, partition, topic_id, next_offset FROM position"))
    return {(row.topic, row.partition): StoredPosition(*row) for row in rows}


def start_positions(connection: Connection, positions: Iterable[StoredPosition], now: datetime) -> None:
    """Store the first position of partitions seen for the first time; existing rows stay."""
    rows = [{**position._asdict(), "now": now} for position in positions]
    if rows:
        connection.execute(
            text(
                "INSERT INTO position (topic, partition, topic_id, next_offset, moved_at)"
                " VALUES (:topic, :partition, :topic_id, :next_offset, :now) ON CONFLICT DO NOTHING"
            ),
            rows,
        )


def replace_position(connection: Connection, old: StoredPosition, new: StoredPosition, now: datetime) -> None:
    """Move a partition, possibly to a recreated topic of the same name. PartitionLostError if `old` is outdated."""
    result = connection.execute(
        text(
            "UPDATE position SET topic_id = :new_topic_id, next_offset = :new_offset, moved_at = :now"
            " WHERE topic = :topic AND partition = :partition AND topic_id = :topic_id AND next_offset = :next_offset"
        ),
        {**old._asdict(), "new_topic_id": new.topic_id, "new_offset": new.next_offset, "now": now},
    )
    if result.rowcount != 1:
        raise PartitionLostError(f"{old.topic}[{old.partition}] at {old.next_offset}")


_MOVE = b"""
    UPDATE position p SET next_offset = m.to_offset, moved_at = %(now)s
    FROM unnest(CAST(%(topics)s AS text[]), CAST(%(partitions)s AS int[]),
                CAST(%(froms)s AS bigint[]), CAST(%(tos)s AS bigint[])) AS m(topic, partition, from_offset, to_offset)
    WHERE p.topic = m.topic AND p.partition = m.partition AND p.next_offset = m.from_offset
"""


def move_positions(connection: Connection, moves: Sequence[Move], now: datetime) -> None:
    """Move every partition of a batch; PartitionLostError if one is not where the batch began."""
    parameters = {
        "topics": pg_array(move.topic for move in moves),
        "partitions": pg_array(move.partition for move in moves),
        "froms": pg_array(move.from_offset for move in moves),
        "tos": pg_array(move.to_offset for move in moves),
        "now": now,
    }
    if change(connection, _MOVE, parameters) != len(moves):
        raise PartitionLostError(", ".join(f"{move.topic}[{move.partition}] at {move.from_offset}" for move in moves))
