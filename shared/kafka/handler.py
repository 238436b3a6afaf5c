"""The interface between Kafka and the intake of a service."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from shared.kafka.positions import Move

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
