"""What runs beside ours: others' ways to do the core of trade-ingest's job on the same topic. All of them do less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka import TopicPartition
    from kafka.admin import KafkaAdminClient

_NOT_YET = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)


class NotHere(Exception):  # noqa: N818 - no fault
    """It cannot be run on this machine; the message says why."""


def read_offsets(admin: KafkaAdminClient, group: str, partitions: Sequence[TopicPartition]) -> int:
    """How many records a consumer group has done with."""
    try:
        offsets = admin.list_group_offsets([group])[group]
    except _NOT_YET:  # its first commit is yet to come
        return 0
    return sum(max(0, offsets[one].offset) for one in partitions if one in offsets)
