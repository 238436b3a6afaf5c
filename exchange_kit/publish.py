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
    """What became of the records: how many of each topic were acknowledged, and what was said of the others."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    failures: list[str] = field(default_factory=list)


def publish(
    records: Iterable[SampleRecord], client_config: Mapping[str, Any], progress: Callable[[int], None]
) -> Published:
    """Send all records and wait until each is acknowledged or has failed.

    `client_config`: keyword arguments of kafka-python's clients. `progress` is told now and then how many are
    acknowledged. PublishError when the broker cannot be reached or a topic does not exist.
    """
    published = Published()
    lock = threading.Lock()  # acknowledgements come in the producer's own thread

    def acknowledged(metadata: Any) -> None:
        with lock:
            published.acknowledged[metadata.topic] += 1

    def failed(error: Exception) -> None:
        with lock:
            published.failed += 1
            if len(published.failures) < _MAX_FAILURES_TOLD:
                published.failures.append(f"{type(error).__name__}: {error}")

    known, producer = _connect(client_config)
    try:
        for count, record in enumerate(records, start=1):
            if record.topic not in known:
                raise PublishError(f"主题不存在或无权访问 / no such topic, or not yours to see: {record.topic}")
            # The client sends nothing that has neither key nor value.
            key = b"" if record.key is None and record.value is None else record.key
            future = producer.send(record.topic, record.value, key, list(record.headers))
            future.add_callback(acknowledged)
            future.add_errback(failed)
            if count % _REPORT_EVERY == 0:
                progress(published.acknowledged.total())
        producer.flush()
    except KafkaError as error:
        raise PublishError(f"无法发送 / cannot send: {type(error).__name__}: {error}") from error
    finally:
        producer.close()
    progress(published.acknowledged.total())
    return published


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
        servers = ", ".join(client_config.get("bootstrap_servers", ()))
        raise PublishError(f"无法连接 Kafka / cannot reach Kafka at {servers}: {type(error).__name__}") from error
