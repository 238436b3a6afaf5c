"""Read the topic to which services publish checkpoints, from its beginning on."""

from typing import Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

import shared.kafka.client_patches  # noqa: F401 - patches the client
from shared.language import say
from shared.settings import ClientConfig
from shared.translog.checkpoint import TOPIC

_CONNECT_TIMEOUT_MS: Final = 10_000
_POLL_MS: Final = 200
_POLLS: Final = 100


class TopicError(RuntimeError):
    """The topic cannot be read now; the message is one line."""


class CheckpointTopic:
    """A reader of the checkpoint topic. An exchange may read it without a consumer group."""

    def __init__(self, client_config: ClientConfig) -> None:
        try:
            self._consumer = KafkaConsumer(
                **client_config,
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",  # the topic is compacted, so old segments disappear
                allow_auto_create_topics=False,
                bootstrap_timeout_ms=_CONNECT_TIMEOUT_MS,
                metrics_enabled=False,
            )
            found = self._consumer.partitions_for_topic(TOPIC)
        except KafkaError as error:
            failure = f"{type(error).__name__}: {error}"
            raise TopicError(say(f"无法连接 Kafka：{failure}", f"cannot reach Kafka: {failure}")) from error
        if not found:
            self.close()
            raise TopicError(say(f"主题不存在或无权访问：{TOPIC}", f"topic not found or not authorized: {TOPIC}"))
        self._partitions = [TopicPartition(TOPIC, number) for number in sorted(found)]
        self._consumer.assign(self._partitions)
        self._consumer.seek_to_beginning()

    def new(self) -> list[bytes]:
        """Return the notes since the last call (all at the first), in order. TopicError."""
        notes: list[bytes] = []
        try:
            ends = self._consumer.end_offsets(self._partitions)
            for _ in range(_POLLS):
                if all(self._consumer.position(partition) >= end for partition, end in ends.items()):
                    return notes
                for records in self._consumer.poll(timeout_ms=_POLL_MS).values():
                    notes += [record.value for record in records if record.value]
        except KafkaError as error:
            failure = f"{TOPIC}: {type(error).__name__}: {error}"
            raise TopicError(say(f"无法读取 {failure}", f"cannot read {failure}")) from error
        raise TopicError(say(f"Kafka 无应答：{TOPIC}", f"Kafka does not respond: {TOPIC}"))

    def close(self) -> None:
        self._consumer.close(autocommit=False)
