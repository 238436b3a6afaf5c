"""A witness outside the database of how far the database had come: the offsets of the service's consumer group.

An older backup that is put back knows nothing of what came after it. Kafka does: workers show it what the database has
committed, as the committed offsets of their group, with metadata that says so and names the topic by its id. Nothing is
read by these offsets. Offsets without that metadata (from a command line tool) and offsets that are gone (a broker that
came back without them, a group that was idle for a week) prove nothing and change nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import structlog
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from shared.operator_errors import OperatorError
from shared.telemetry.masking import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka import KafkaConsumer

    from shared.kafka.positions import Move, StoredPosition

_SHOW_EVERY_S: Final = 1.0
_LAST_SHOW_MS: Final = 1_000
_STORED: Final = "stored:"

log = structlog.get_logger(__name__)


class DatabaseBehindError(OperatorError):
    """The database is older than what the world outside has seen of it: an older backup was put back."""


def attested(position: StoredPosition) -> OffsetAndMetadata:
    """What a committed offset says when the database has committed this position."""
    return OffsetAndMetadata(position.next_offset, f"{_STORED}{position.topic_id}", -1)


class OffsetWitness:
    """Shows Kafka where the database stands: at most once a second, only what has moved, and never what is to come.

    `begin` and `show` are called by the thread that reads, `committed` by the one that writes.
    """

    def __init__(self) -> None:
        self._stands: dict[TopicPartition, StoredPosition] = {}
        self._shown: dict[TopicPartition, OffsetAndMetadata] = {}
        self._next_show_s = 0.0

    def begin(self, positions: Mapping[TopicPartition, StoredPosition]) -> None:
        """Partitions were assigned, and stand there in the database."""
        self._stands = dict(positions)
        # Others may have shown older or newer ones meanwhile.
        self._shown = {}

    def committed(self, moves: Iterable[Move]) -> None:
        """The database has committed these moves."""
        stands = self._stands
        for move in moves:
            partition = TopicPartition(move.topic, move.partition)
            position = stands.get(partition)
            # Else it was assigned anew since: it stands where `begin` says, perhaps in another topic of that name.
            if position is not None and position.next_offset == move.from_offset:
                stands[partition] = position._replace(next_offset=move.to_offset)

    def show(self, consumer: KafkaConsumer) -> None:
        """Show what has moved, if the last time is long enough ago; what fails is shown again."""
        if time.monotonic() < self._next_show_s:
            return
        moved = self._moved(consumer)
        if moved:
            self._next_show_s = time.monotonic() + _SHOW_EVERY_S
            consumer.commit_async(moved, callback=self._answered)

    def show_last(self, consumer: KafkaConsumer) -> None:
        """Show what has moved before the reader ends, and wait for the answer."""
        moved = self._moved(consumer)
        try:
            if moved:
                consumer.commit(moved, timeout_ms=_LAST_SHOW_MS)
        except KafkaError as error:
            log.info("offsets not shown at the end", error=reason_of(error))

    def _moved(self, consumer: KafkaConsumer) -> dict[TopicPartition, OffsetAndMetadata]:
        mine = consumer.assignment()
        stands = {partition: attested(position) for partition, position in self._stands.items() if partition in mine}
        return {partition: found for partition, found in stands.items() if found != self._shown.get(partition)}

    def _answered(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], answer: object) -> None:
        if not isinstance(answer, Exception):
            self._shown.update(offsets)


def witnessed_offsets(admin: KafkaAdminClient, group: str) -> dict[tuple[str, int], OffsetAndMetadata]:
    """All that workers of the group have shown as committed by the database; offsets of others are left out."""
    committed: Mapping[TopicPartition, OffsetAndMetadata] = admin.list_group_offsets(group)[group]
    return {
        (partition.topic, partition.partition): offset
        for partition, offset in committed.items()
        if (offset.metadata or "").startswith(_STORED)
    }


def read_witnessed_offsets(client_config: Mapping[str, Any], group: str) -> dict[tuple[str, int], OffsetAndMetadata]:
    """`witnessed_offsets` by a client of its own."""
    admin = KafkaAdminClient(**client_config)
    try:
        return witnessed_offsets(admin, group)
    finally:
        admin.close()


def check_offset_witness(
    shown: Mapping[tuple[str, int], OffsetAndMetadata], stored: Mapping[tuple[str, int], StoredPosition], service: str
) -> None:
    """Raise DatabaseBehindError if the database had committed more than it holds.

    `shown` must have been read before `stored`: then a database that is sound is never behind it. All partitions of the
    group are looked at, whoever reads them: of a database that is behind in one, none may be read on.
    """
    behind = []
    for partition, offset in sorted(shown.items()):
        position = stored.get(partition)
        stands = 0 if position is None else position.next_offset
        if (position is None or attested(position).metadata == offset.metadata) and stands < offset.offset:
            behind.append(f"{partition[0]}[{partition[1]}] {offset.offset} > {stands}")
    if behind:
        raise DatabaseBehindError(
            "恢复了旧备份 / an older backup was put back: Kafka 所见已提交的偏移 > 数据库的偏移 / offsets that Kafka"
            f" has seen committed > where the database stands: {', '.join(behind)}. 请恢复更新的备份，或由此继续 /"
            f" Put a newer backup back, or go on from here by `jiangbu new-generation --service {service}`"
        )
