"""A Kafka record without a broker."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FakeRecord:
    """The attributes of a Kafka record that intake reads."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
