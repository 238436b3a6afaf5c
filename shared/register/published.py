"""Whether a register's database is behind what the register has published: an older backup was put back.

Going on would publish other facts under numbers that readers already hold for newer ones, and they would ignore them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from kafka import KafkaConsumer, TopicPartition

from shared.witness import DatabaseBehind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.register.head import Head

_TAIL_RECORDS = 500
_POLL_MS = 500

Version = tuple[int, int]  # generation, seq


class _Published(msgspec.Struct):
    generation: int
    seq: int


_decode = msgspec.json.Decoder(_Published).decode


def check_not_behind(head: Head, published: Version | None) -> None:
    """Raise DatabaseBehind if facts were published that this head cannot have made."""
    if published is not None and published > (head.generation, head.next_seq):
        raise DatabaseBehind(
            f"register {head.register}: facts were published as of generation {published[0]}, seq {published[1]}, but"
            f" the database stands at generation {head.generation}, seq {head.next_seq}: an older backup was put back."
            " Put a newer one back, or run `jiangbu new-generation --service ...` to go on from here as the next"
            " generation"
        )


def newest_published(client_config: Mapping[str, Any], topics: Sequence[str], register: str) -> Version | None:
    """The greatest (generation, seq) among the last facts of the register in each partition; None if there are none."""
    consumer = KafkaConsumer(
        **client_config, isolation_level="read_committed", enable_auto_commit=False, metrics_enabled=False
    )
    try:
        partitions = [
            TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic) or ()
        ]
        found = [_last_of(consumer, partition, f"{register}/".encode()) for partition in partitions]
    finally:
        consumer.close()
    return max((version for version in found if version is not None), default=None)


def _last_of(consumer: KafkaConsumer, partition: TopicPartition, prefix: bytes) -> Version | None:
    """Read ever longer tails of a partition until one holds a fact of the register, or all of it was read."""
    first, end = consumer.beginning_offsets([partition])[partition], consumer.end_offsets([partition])[partition]
    consumer.assign([partition])
    tail = _TAIL_RECORDS
    start = end
    while start > first:
        start = max(first, end - tail)
        version = _greatest(consumer, partition, (start, end), prefix)
        if version is not None:
            return version
        tail *= 10
    return None


def _greatest(
    consumer: KafkaConsumer, partition: TopicPartition, span: tuple[int, int], prefix: bytes
) -> Version | None:
    consumer.seek(partition, span[0])
    greatest: Version | None = None
    while consumer.position(partition) < span[1]:
        for record in consumer.poll(timeout_ms=_POLL_MS).get(partition, ()):
            if record.key is not None and record.key.startswith(prefix) and record.value is not None:
                value = _decode(record.value)
                greatest = max(greatest or (0, 0), (value.generation, value.seq))
    return greatest
