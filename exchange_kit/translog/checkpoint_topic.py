"""The topic to which services publish checkpoints, read from its beginning and on."""

from collections.abc import Mapping
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

import shared.kafka.client_patches  # noqa: F401 - mends the client
from shared.translog.checkpoint import TOPIC

_REACH_WITHIN_MS: Final = 10_000
_POLL_MS: Final = 200
_POLLS: Final = 100


class TopicError(RuntimeError):
    """Nothing can be read of the topic for now; the message is one line."""


class CheckpointTopic:
    """All that the topic holds, then what comes into it. An exchange may read it, and needs no group for that."""

    def __init__(self, client_config: Mapping[str, Any]) -> None:
        try:
            self._consumer = KafkaConsumer(
                **client_config,
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",  # the topic is compacted, and segments go
                allow_auto_create_topics=False,
                bootstrap_timeout_ms=_REACH_WITHIN_MS,
                metrics_enabled=False,
            )
            found = self._consumer.partitions_for_topic(TOPIC)
        except KafkaError as error:
            raise TopicError(f"无法连接 Kafka / cannot reach Kafka: {type(error).__name__}: {error}") from error
        if not found:
            self.close()
            raise TopicError(f"主题不存在或无权访问 / no such topic, or not yours to see: {TOPIC}")
        self._partitions = [TopicPartition(TOPIC, number) for number in sorted(found)]
        self._consumer.assign(self._partitions)
        self._consumer.seek_to_beginning()

    def new(self) -> list[bytes]:
        """The notes that came since the last call, in order; all that there are in the first. TopicError."""
        notes: list[bytes] = []
        try:
            ends = self._consumer.end_offsets(self._partitions)
            for _ in range(_POLLS):
                if all(self._consumer.position(partition) >= end for partition, end in ends.items()):
                    return notes
                for records in self._consumer.poll(timeout_ms=_POLL_MS).values():
                    notes += [record.value for record in records if record.value]
        except KafkaError as error:
            raise TopicError(f"无法读取 / cannot read {TOPIC}: {type(error).__name__}: {error}") from error
        raise TopicError(f"Kafka 无应答 / does not answer: {TOPIC}")

    def close(self) -> None:
        self._consumer.close(autocommit=False)
