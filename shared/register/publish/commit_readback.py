"""What a transaction committed, read back as those who read committed records see it.

A broker answers a commit before the markers that end the transaction are in its partitions. After restarts under load
records were missing that had been answered as committed; so its word alone takes nothing off the outbox.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Self

_POLL_MS = 200
_WAIT_AT_END_MS = 50  # what the broker waits for more; the next round's read waits behind it

Place = tuple[str, int, int]  # topic, partition, offset


class NotReadableError(KafkaError):  # type: ignore[misc]  # kafka-python has no types
    """Records that were answered as committed are none that readers of committed records see."""


class CommitReadback:
    """A reader of committed records, for as long as its producer lives."""

    def __init__(self, client_config: Mapping[str, Any]) -> None:
        self._consumer = KafkaConsumer(
            **client_config,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=_WAIT_AT_END_MS,
            metrics_enabled=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close(autocommit=False)

    def await_all(self, places: Iterable[Place], within_s: float) -> None:
        """Return once every record at these places was read.

        Raises NotReadableError if readers pass over one of them, KafkaTimeoutError if they do not get there in time.
        """
        missing = set(places)
        first: dict[TopicPartition, int] = {}
        last: dict[TopicPartition, int] = {}
        for topic, number, offset in missing:
            partition = TopicPartition(topic, number)
            first[partition] = min(first.get(partition, offset), offset)
            last[partition] = max(last.get(partition, offset), offset)
        self._consumer.assign(list(first))
        for partition, offset in first.items():
            self._consumer.seek(partition, offset)
        deadline = time.monotonic() + within_s
        while missing:
            for records in self._consumer.poll(timeout_ms=_POLL_MS).values():
                missing.difference_update((record.topic, record.partition, record.offset) for record in records)
            if missing and all(self._consumer.position(partition) > end for partition, end in last.items()):
                raise NotReadableError(_told(missing))
            if missing and time.monotonic() > deadline:
                raise KafkaTimeoutError(f"committed, and not readable after {within_s:.0f} s: {_told(missing)}")


def _told(places: set[Place]) -> str:
    some = ", ".join(f"{topic}[{partition}] {offset}" for topic, partition, offset in sorted(places)[:5])
    return f"{len(places)} records: {some}"
