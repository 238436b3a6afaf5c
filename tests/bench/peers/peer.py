"""Other stream processors that do the core of trade-ingest's work on the same topic. All of them do less."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from kafka.admin import KafkaAdminClient
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kafka import TopicPartition

    from tests.bench.bed import Bed

from tests.bench.bed import rate_of

_NOT_YET = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)


class NotHere(Exception):  # noqa: N818 - no fault
    """It cannot be run on this machine; the message says why."""


def rate_beside(bed: Bed, group: str, command: Sequence[str | Path], folder: Path) -> float:
    """Trades a second of a program that reads the bed's trades as this consumer group; it is ended then."""
    partitions = bed.partitions("trade")
    admin = KafkaAdminClient(bootstrap_servers=bed.kafka.bootstrap_servers)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        return rate_of(lambda: read_offsets(admin, group, partitions), lambda: True, bed.counts["trade"])
    finally:
        process.terminate()
        process.wait()
        admin.close()


def read_offsets(admin: KafkaAdminClient, group: str, partitions: Sequence[TopicPartition]) -> int:
    """How many records a consumer group has done with."""
    try:
        offsets = admin.list_group_offsets([group])[group]
    except _NOT_YET:  # its first commit is yet to come
        return 0
    return sum(max(0, offsets[one].offset) for one in partitions if one in offsets)
