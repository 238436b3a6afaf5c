"""Sending records to an exchange's topics: acknowledged by all replicas, each once, in order of their keys."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from exchange_kit.records import SampleRecord

_REPORT_EVERY: Final = 500
_MAX_BLOCK_MS: Final = 60_000
_MAX_FAILURES_TOLD: Final = 5


class PublishError(RuntimeError):
    """Nothing more can be sent; the message is one line."""


@dataclass
class Published:
    """What became of the records: how many of each topic were acknowledged, and what was said of the others.

    `offsets`: the first and the last of each topic's partition. `in_order`: how many records, from the first on, are
    acknowledged without a gap.
    """

    acknowledged: Counter[str] = field(default_factory=Counter)
    offsets: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    in_order: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    _ahead: set[int] = field(default_factory=set)
    _first_failed: int | None = None

    def add(self, index: int, topic: str, partition: int, offset: int) -> None:
        """Record `index`, counted from 0, was acknowledged."""
        self.acknowledged[topic] += 1
        first, last = self.offsets.get((topic, partition), (offset, offset))
        self.offsets[topic, partition] = min(first, offset), max(last, offset)
        if self._first_failed is None or index < self._first_failed:  # what comes after is never in order
            self._ahead.add(index)
        while self.in_order in self._ahead:
            self._ahead.remove(self.in_order)
            self.in_order += 1

    def fail(self, index: int, said: str) -> None:
        """Record `index`, counted from 0, was not taken."""
        self.failed += 1
        self._first_failed = index if self._first_failed is None else min(index, self._first_failed)
        if len(self.failures) < _MAX_FAILURES_TOLD:
            self.failures.append(said)


def publish(
    records: Iterable[SampleRecord], client_config: Mapping[str, Any], progress: Callable[[Published], None]
) -> Published:
    """Send all records and wait until each is acknowledged or has failed.

    `client_config`: keyword arguments of kafka-python's clients. `progress` is told now and then what became of them so
    far, and in any case at the end. PublishError when the broker cannot be reached or a topic does not exist.
    """
    published = Published()
    lock = threading.Lock()  # acknowledgements come in the producer's own thread

    def acknowledged(index: int, metadata: Any) -> None:
        with lock:
            published.add(index, metadata.topic, metadata.partition, metadata.offset)

    def failed(index: int, error: Exception) -> None:
        with lock:
            published.fail(index, f"{type(error).__name__}: {error}")

    known, producer = _connect(client_config)
    try:
        for index, record in enumerate(records):
            if record.topic not in known:
                raise PublishError(f"主题不存在或无权访问 / no such topic, or not yours to see: {record.topic}")
            # The client sends nothing that has neither key nor value.
            key = b"" if record.key is None and record.value is None else record.key
            future = producer.send(record.topic, record.value, key, list(record.headers))
            future.add_callback(acknowledged, index)
            future.add_errback(failed, index)
            if index % _REPORT_EVERY == 0:
                progress(published)
        producer.flush()
    except KafkaError as error:
        raise PublishError(f"无法发送 / cannot send: {type(error).__name__}: {error}") from error
    finally:
        producer.close()
        progress(published)
    return published


def cluster_of(client_config: Mapping[str, Any]) -> str:
    """The id of the Kafka cluster, which two clusters at one address in turn do not share. PublishError if away."""
    try:
        with KafkaAdminClient(**client_config) as admin:
            return str(admin.describe_cluster()["cluster_id"])
    except KafkaError as error:
        raise _unreachable(client_config, error) from error


def _unreachable(client_config: Mapping[str, Any], error: KafkaError) -> PublishError:
    servers = ", ".join(client_config.get("bootstrap_servers", ()))
    return PublishError(f"无法连接 Kafka / cannot reach Kafka at {servers}: {error}")


def _connect(client_config: Mapping[str, Any]) -> tuple[frozenset[str], Any]:
    """The topics that may be seen, and a producer. Asked for first: a producer waits a minute for an unknown topic."""
    try:
        with KafkaAdminClient(**client_config) as admin:
            known = frozenset(admin.list_topics())
        return known, KafkaProducer(
            **client_config,
            acks="all",
            enable_idempotence=True,
            # One request at a time would be slow; up to five keep their order under idempotence.
            max_in_flight_requests_per_connection=5,
            compression_type="lz4",
            linger_ms=20,
            batch_size=256 * 1024,
            max_block_ms=_MAX_BLOCK_MS,
            # A misspelt exchange must not bring topics into being.
            allow_auto_create_topics=False,
        )
    except KafkaError as error:
        raise _unreachable(client_config, error) from error
