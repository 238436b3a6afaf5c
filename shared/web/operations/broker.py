"""A Kafka client for the HTTP side: first and last offsets of partitions, with one client per process."""

import os
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError, UnknownTopicOrPartitionError, for_code
from kafka.protocol.consumer import IsolationLevel

from shared.kafka.client_patches import open_admin
from shared.settings import ClientConfig

REQUEST_TIMEOUT_S: Final = 4.0
# Delay after a failed connection: requests and the sampler must not queue up behind a dead broker.
RETRY_AFTER_S: Final = 2.0
# The death of a broker is noticed after 6 s, and partitions that it led have another leader some seconds later.
ELECTION_S: Final = 15.0
_LIMITS: Final = {
    "request_timeout_ms": int(REQUEST_TIMEOUT_S * 1000),
    "bootstrap_timeout_ms": int(REQUEST_TIMEOUT_S * 1000),
    "reconnect_backoff_max_ms": 1000,
    # One per thread. At the default of 5, kafka-python 3.0.12 answers the sixth request with NodeNotReadyError.
    "max_in_flight_requests_per_connection": 64,
}


class OffsetsUnavailableError(Exception):
    """The broker did not answer, or answered with an error; the message is for the log."""


class End(NamedTuple):
    """The end of a partition: the high watermark, and the last stable offset of committed records.

    `lacks_replicas` is True if a replica of it is out of sync, as after the death of a broker.
    """

    end_offset: int
    stable_offset: int
    lacks_replicas: bool = False


class Broker:
    """Queries the offsets of a Kafka cluster. Thread-safe; after a fork each process creates its own client."""

    def __init__(self, config: ClientConfig, client_id: str) -> None:
        self._config = dict(config)
        self._client_id = client_id
        self._lock = threading.Lock()
        self._admin: KafkaAdminClient | None = None
        self._owner_pid = 0
        self._retry_at_s = 0.0
        self._answered_at_s: float | None = None

    def ends(self, topics: Sequence[str]) -> dict[str, dict[int, End]]:
        """Return the end of each partition by topic; missing topics have none. Raises OffsetsUnavailableError."""
        admin = self._client()
        try:
            partitions = _partitions(admin, topics)
            wanted = dict.fromkeys(partitions, OffsetSpec.LATEST)
            # Read the stable end first, so that it cannot lie beyond the end.
            stable = _offsets(admin, wanted, IsolationLevel.READ_COMMITTED)
            end = _offsets(admin, wanted, IsolationLevel.READ_UNCOMMITTED)
        except (KafkaError, OSError) as error:
            raise OffsetsUnavailableError(repr(error)) from error
        found: dict[str, dict[int, End]] = {topic: {} for topic in topics}
        for partition, lacks_replicas in partitions.items():
            found[partition.topic][partition.partition] = End(end[partition], stable[partition], lacks_replicas)
        self._answered_at_s = time.monotonic()
        return found

    def is_electing(self) -> bool:
        """Return True if ends may be unavailable because one of several brokers died a moment ago."""
        servers = self._config.get("bootstrap_servers", ())
        if isinstance(servers, str):
            servers = servers.split(",")
        answered_at_s = self._answered_at_s
        return len(servers) > 1 and answered_at_s is not None and time.monotonic() - answered_at_s < ELECTION_S

    def beginnings(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Return the first offsets that the broker still has. Raises OffsetsUnavailableError."""
        wanted = {TopicPartition(topic, partition): OffsetSpec.EARLIEST for topic, partition in partitions}
        if not wanted:
            return {}
        admin = self._client()
        try:
            offsets = _offsets(admin, wanted, IsolationLevel.READ_UNCOMMITTED)
        except (KafkaError, OSError) as error:
            raise OffsetsUnavailableError(repr(error)) from error
        return {(partition.topic, partition.partition): offset for partition, offset in offsets.items()}

    def close(self) -> None:
        with self._lock:
            if self._admin is not None and self._owner_pid == os.getpid():
                self._admin.close()
            self._admin = None

    def _client(self) -> KafkaAdminClient:
        with self._lock:
            if self._admin is None or self._owner_pid != os.getpid():
                if time.monotonic() < self._retry_at_s:
                    raise OffsetsUnavailableError("did not answer a moment ago")
                self._admin = self._connect()
                self._owner_pid = os.getpid()
            return self._admin

    def _connect(self) -> KafkaAdminClient:
        try:
            return open_admin({**self._config, **_LIMITS, "client_id": self._client_id})
        except (KafkaError, OSError) as error:
            self._retry_at_s = time.monotonic() + RETRY_AFTER_S
            raise OffsetsUnavailableError(repr(error)) from error


def _partitions(admin: KafkaAdminClient, topics: Sequence[str]) -> dict[TopicPartition, bool]:
    """Return the partitions of the topics that exist; True for those of which a replica is out of sync."""
    found = {}
    for topic in admin.describe_topics(list(topics)) if topics else ():
        error = for_code(topic["error_code"])
        if topic["error_code"] and error is not UnknownTopicOrPartitionError:
            raise error(topic["name"])
        for partition in topic["partitions"]:
            lacks_replicas = len(partition["isr_nodes"]) < len(partition["replica_nodes"])
            found[TopicPartition(topic["name"], partition["partition_index"])] = lacks_replicas
    return found


def _offsets(
    admin: KafkaAdminClient, wanted: dict[TopicPartition, OffsetSpec], isolation: IsolationLevel
) -> dict[TopicPartition, int]:
    if not wanted:
        return {}
    timeout_ms = int(REQUEST_TIMEOUT_S * 1000)
    answers = admin.list_partition_offsets(wanted, isolation_level=isolation, timeout_ms=timeout_ms)
    return {partition: answer.offset for partition, answer in answers.items()}
