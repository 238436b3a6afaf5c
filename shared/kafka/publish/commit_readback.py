"""Read-back of a committed transaction as consumers of committed records see it.

A broker acknowledges a commit before the markers that end the transaction are in its partitions. After restarts under
load, records were missing that had been acknowledged. So a row leaves the outbox only once its record was read back.
"""

import time
from collections.abc import Iterable, Sequence

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from shared.settings import ClientConfig

_POLL_MS = 200
_WAIT_AT_END_MS = 5  # how long the broker waits for more records; the next read, of other partitions, is queued behind

Place = tuple[str, int, int]  # topic, partition, offset


class NotReadableError(KafkaError):  # type: ignore[misc]  # kafka-python has no types
    """Records acknowledged as committed are not visible to consumers of committed records."""


class CommitReadback:
    """A consumer of committed records of the producer's topics, with the lifetime of the producer."""

    def __init__(self, client_config: ClientConfig, topics: Sequence[str]) -> None:
        self._consumer = KafkaConsumer(
            **client_config,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=_WAIT_AT_END_MS,
            metrics_enabled=False,
        )
        # The client fetches metadata again when it is assigned a topic that was not among the last ones it looked up,
        # at most every 100 ms. So it looks up all of them once.
        self._consumer.assign([TopicPartition(topic, 0) for topic in topics])

    def close(self) -> None:
        self._consumer.close(autocommit=False)

    def await_readable(self, places: Iterable[Place], within_s: float) -> None:
        """Return once every record at these places was read.

        Raises NotReadableError if consumers skip one of them, KafkaTimeoutError if they do not reach it in time.
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
                raise NotReadableError(_listed(missing))
            if missing and time.monotonic() > deadline:
                raise KafkaTimeoutError(f"committed but not readable after {within_s:.0f} s: {_listed(missing)}")


def _listed(places: set[Place]) -> str:
    some = ", ".join(f"{topic}[{partition}] {offset}" for topic, partition, offset in sorted(places)[:5])
    return f"{len(places)} records: {some}"
