"""Rounds of a witness: check new checkpoints of the topic, then those that the services serve."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

import shared.kafka.client_patches  # noqa: F401 - patches the client
from exchange_kit.api import ApiError
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.witness import RewrittenError, Seen, UnverifiedError, Witness, origin_of
from shared.language import LocalizedError
from shared.settings import ClientConfig
from shared.translog.checkpoint import TOPIC

_CONNECT_TIMEOUT_MS: Final = 10_000
_POLL_MS: Final = 200
_POLLS: Final = 100


class Round(NamedTuple):
    """The results of a round. `unavailable`: no answer, to be retried; `unverified`: not signed by a trusted key.

    `elsewhere`: logs that no service here serves, such as those of other registers and earlier generations.
    """

    seen: list[Seen]
    rewritten: list[RewrittenError]
    unavailable: list[str]
    unverified: list[str]
    elsewhere: set[str]


class Rounds:
    """Runs rounds; a checkpoint that could not be checked for lack of an answer waits for the next round."""

    def __init__(self, witness: Witness, readers: Sequence[LogReader], client_config: ClientConfig) -> None:
        self._witness = witness
        self._readers = readers
        self._client_config = client_config
        self._topic: CheckpointTopic | None = None
        self._waiting: list[bytes] = []

    def turn(self) -> Round:
        """Run one round. FolderError."""
        found = Round([], [], [], [], set())
        self._read_topic(found)
        served = self._read_served(found)
        waiting, self._waiting = self._waiting, []
        for data in waiting:
            self._look_at(data, served, found)
        for data, reader in served.values():
            self._attempt(data, reader, found)
        return found

    def close(self) -> None:
        if self._topic is not None:
            self._topic.close()
            self._topic = None

    def _read_topic(self, found: Round) -> None:
        try:
            if self._topic is None:
                self._topic = CheckpointTopic(self._client_config)
            self._waiting += self._topic.new()
        except TopicError as error:
            found.unavailable.append(str(error))
            self.close()  # the next round reads from the beginning, so nothing is missed

    def _read_served(self, found: Round) -> dict[str, tuple[bytes, LogReader]]:
        served = {}
        for reader in self._readers:
            try:
                data = reader.checkpoint()
                served[origin_of(data)] = (data, reader)
            except ApiError as error:
                found.unavailable.append(str(error))
            except UnverifiedError as error:
                found.unverified.append(f"{reader.api.name}: {error}")
        return served

    def _look_at(self, data: bytes, served: Mapping[str, tuple[bytes, LogReader]], found: Round) -> None:
        try:
            origin = origin_of(data)
        except UnverifiedError as error:
            found.unverified.append(str(error))
            return
        if origin in served:
            if not self._attempt(data, served[origin][1], found):
                self._waiting.append(data)
        elif len(served) < len(self._readers):
            self._waiting.append(data)  # perhaps of an unavailable service
        else:
            found.elsewhere.add(origin)

    def _attempt(self, data: bytes, reader: LogReader, found: Round) -> bool:
        """Check a checkpoint; return False if it must be retried."""
        try:
            found.seen.append(self._witness.look(data, reader))
        except RewrittenError as error:
            found.rewritten.append(error)
        except UnverifiedError as error:
            found.unverified.append(str(error))
        except ApiError as error:
            found.unavailable.append(str(error))
            return False
        return True


class TopicError(LocalizedError):
    """The topic cannot be read now."""


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
            raise TopicError(f"无法连接 Kafka：{failure}", f"cannot reach Kafka: {failure}") from error
        if not found:
            self.close()
            raise TopicError(f"主题不存在或无权访问：{TOPIC}", f"topic not found or not authorized: {TOPIC}")
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
            raise TopicError(f"无法读取 {failure}", f"cannot read {failure}") from error
        raise TopicError(f"Kafka 无应答：{TOPIC}", f"Kafka does not respond: {TOPIC}")

    def close(self) -> None:
        self._consumer.close(autocommit=False)
