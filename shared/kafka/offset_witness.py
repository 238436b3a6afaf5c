"""Detect a restored backup: the offsets of the consumer group in Kafka witness how far the database had committed.

A restored older backup does not know what came after it, but Kafka does: workers commit the database's positions as
offsets of their group, with metadata that marks them and names the topic by its id. Nobody reads from these offsets.
Offsets without the metadata (from a command line tool) and missing offsets (a broker that lost them, a group that was
idle for a week) prove nothing and change nothing.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Final

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from shared.kafka.positions import Move, StoredPosition
from shared.operator_errors import OperatorError
from shared.settings import ClientConfig
from shared.telemetry.masking import reason_of

_SHOW_EVERY_S: Final = 1.0
_LAST_SHOW_MS: Final = 1_000
_STORED: Final = "stored:"

log = structlog.get_logger(__name__)


class DatabaseBehindError(OperatorError):
    """The database is behind what others have seen of it: an older backup was restored."""


def attested(position: StoredPosition) -> OffsetAndMetadata:
    """Return the group offset that witnesses a committed position."""
    return OffsetAndMetadata(position.next_offset, f"{_STORED}{position.topic_id}", -1)


class OffsetWitness:
    """Commits the database's positions to Kafka: at most once a second, only those that moved, never ahead of it.

    The reading thread calls `begin` and `show`, the writing thread `committed`.
    """

    def __init__(self) -> None:
        self._stands: dict[TopicPartition, StoredPosition] = {}
        self._shown: dict[TopicPartition, OffsetAndMetadata] = {}
        self._next_show_s = 0.0

    def begin(self, positions: Mapping[TopicPartition, StoredPosition]) -> None:
        """Start with the stored positions of the assigned partitions."""
        self._stands = dict(positions)
        # Other workers may have committed older or newer offsets meanwhile.
        self._shown = {}

    def committed(self, moves: Iterable[Move]) -> None:
        """Record moves that the database committed."""
        stands = self._stands
        for move in moves:
            partition = TopicPartition(move.topic, move.partition)
            position = stands.get(partition)
            # Otherwise it was reassigned since, and `begin` has set it, possibly for a recreated topic.
            if position is not None and position.next_offset == move.from_offset:
                stands[partition] = position._replace(next_offset=move.to_offset)

    def show(self, consumer: KafkaConsumer) -> None:
        """Commit what moved, if the last commit is a second ago; a failed commit is repeated."""
        if time.monotonic() < self._next_show_s:
            return
        moved = self._moved(consumer)
        if moved:
            self._next_show_s = time.monotonic() + _SHOW_EVERY_S
            consumer.commit_async(moved, callback=self._answered)

    def show_last(self, consumer: KafkaConsumer) -> None:
        """Commit what moved before the reader ends, and wait for the answer."""
        moved = self._moved(consumer)
        try:
            if moved:
                consumer.commit(moved, timeout_ms=_LAST_SHOW_MS)
        except KafkaError as error:
            log.info("last offsets not committed to Kafka", error=reason_of(error))

    def _moved(self, consumer: KafkaConsumer) -> dict[TopicPartition, OffsetAndMetadata]:
        mine = consumer.assignment()
        stands = {partition: attested(position) for partition, position in self._stands.items() if partition in mine}
        return {partition: found for partition, found in stands.items() if found != self._shown.get(partition)}

    def _answered(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], answer: object) -> None:
        if not isinstance(answer, Exception):
            self._shown.update(offsets)


def witnessed_offsets(admin: KafkaAdminClient, group: str) -> dict[tuple[str, int], OffsetAndMetadata]:
    """Return the offsets that workers of the group committed as witnesses; other offsets are left out."""
    committed: Mapping[TopicPartition, OffsetAndMetadata] = admin.list_group_offsets(group)[group]
    return {
        (partition.topic, partition.partition): offset
        for partition, offset in committed.items()
        if (offset.metadata or "").startswith(_STORED)
    }


def read_witnessed_offsets(client_config: ClientConfig, group: str) -> dict[tuple[str, int], OffsetAndMetadata]:
    """Call `witnessed_offsets` with a client of its own."""
    admin = KafkaAdminClient(**client_config)
    try:
        return witnessed_offsets(admin, group)
    finally:
        admin.close()


def offsets_behind(
    shown: Mapping[tuple[str, int], OffsetAndMetadata], stored: Mapping[tuple[str, int], StoredPosition]
) -> list[str]:
    """Return a text for each partition in which the database had committed more than it holds now."""
    behind = []
    for partition, offset in sorted(shown.items()):
        position = stored.get(partition)
        stands = 0 if position is None else position.next_offset
        if (position is None or attested(position).metadata == offset.metadata) and stands < offset.offset:
            behind.append(f"{partition[0]}[{partition[1]}] {offset.offset} > {stands}")
    return behind


def check_offset_witness(
    shown: Mapping[tuple[str, int], OffsetAndMetadata], stored: Mapping[tuple[str, int], StoredPosition], service: str
) -> None:
    """Raise DatabaseBehindError if the database had committed more than it holds now.

    `shown` must be read before `stored`, so that a sound database is never behind it. All partitions of the group are
    checked, also those that another worker reads: if the database is behind in one, none may be read on.
    """
    behind = offsets_behind(shown, stored)
    if behind:
        places, command = ", ".join(behind), f"`jiangbu new-generation --service {service}`"
        raise DatabaseBehindError(
            f"恢复了旧备份：{places}（Kafka 所见已提交的偏移 > 数据库的偏移）。"
            f"请恢复更新的备份，或用 {command} 由此继续"
            f" / an older backup was restored: {places} (offset that Kafka has seen committed > the database's offset)."
            f" Restore a newer backup, or continue from here with {command}"
        )
