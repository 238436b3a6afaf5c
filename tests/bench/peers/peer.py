"""Other stream processors that do the core of trade-ingest's work on the same topic; each does only part of it."""

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


class NotHere(Exception):  # noqa: N818 - not an error
    """A stream processor that cannot run on this machine; the message says why."""


def rate_beside(bed: Bed, group: str, command: Sequence[str | Path], folder: Path) -> float:
    """Measure trades per second of a program that reads the bed's trades as this consumer group; then stop it."""
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
    """Return the sum of the offsets that a consumer group has committed."""
    try:
        offsets = admin.list_group_offsets([group])[group]
    except _NOT_YET:  # nothing committed so far
        return 0
    return sum(max(0, offsets[one].offset) for one in partitions if one in offsets)
