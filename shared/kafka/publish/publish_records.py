"""Publish records to an exchange's topics: acknowledged by all replicas, each once, in order by key."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, KafkaTimeoutError, SaslAuthenticationFailedError
from kafka.producer.future import FutureRecordMetadata, RecordMetadata

from shared.events.records import SampleRecord
from shared.kafka.client_patches import force_close_producer, open_admin
from shared.kafka.publish.producer_options import BATCH_BYTES, RememberingPartitioner
from shared.language import LocalizedError
from shared.settings import ClientConfig

_REPORT_EVERY: Final = 500
GIVE_UP_S: Final = 120.0
_POLL_S: Final = 1.0
_CONNECT_TIMEOUT_MS: Final = 10_000
_DELIVERY_TIMEOUT_MS: Final = 600_000
_MAX_FAILURES_KEPT: Final = 5


T = TypeVar("T")


class PublishError(LocalizedError):
    """Publishing failed."""


@dataclass
class PublishResult:
    """Result of publishing: acknowledged records by topic, and the reasons of failures.

    `offsets`: first and last offset of each partition. `in_order`: how many records from the first on are acknowledged
    without a gap. `waiting_s`: time since the last acknowledgement or failure.
    """

    acknowledged: Counter[str] = field(default_factory=Counter)
    offsets: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    in_order: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    _ahead: set[int] = field(default_factory=set)
    _first_failed: int | None = None
    _settled_s: float = field(default_factory=time.monotonic)

    @property
    def waiting_s(self) -> float:
        return time.monotonic() - self._settled_s

    def add(self, index: int, topic: str, partition: int, offset: int) -> None:
        """Count record `index` (from 0) as acknowledged."""
        self._settled_s = time.monotonic()
        self.acknowledged[topic] += 1
        first, last = self.offsets.get((topic, partition), (offset, offset))
        self.offsets[topic, partition] = min(first, offset), max(last, offset)
        if self._first_failed is None or index < self._first_failed:  # later records are never in order
            self._ahead.add(index)
        while self.in_order in self._ahead:
            self._ahead.remove(self.in_order)
            self.in_order += 1

    def fail(self, index: int, reason: str) -> None:
        """Count record `index` (from 0) as failed."""
        self._settled_s = time.monotonic()
        self.failed += 1
        self._first_failed = index if self._first_failed is None else min(index, self._first_failed)
        if len(self.failures) < _MAX_FAILURES_KEPT:
            self.failures.append(reason)


def publish(
    records: Iterable[SampleRecord],
    client_config: ClientConfig,
    progress: Callable[[PublishResult], None],
    on_place: Callable[[int, int, int], None] | None = None,
    give_up_s: float | None = None,
) -> PublishResult:
    """Send all records and wait until each is acknowledged or has failed.

    `client_config`: keyword arguments of kafka-python's clients. `progress` is called regularly and at the end,
    `on_place` with the index (from 0), partition and offset of each acknowledged record, from another thread.
    PublishError if the broker is unreachable, a topic does not exist, or nothing is acknowledged for `give_up_s`
    (default GIVE_UP_S).
    """
    patience_s = GIVE_UP_S if give_up_s is None else give_up_s
    known, producer = connect(client_config)
    published = PublishResult()
    lock = threading.Lock()  # acknowledgements arrive in the producer's thread

    def acknowledged(index: int, metadata: RecordMetadata) -> None:
        with lock:
            published.add(index, metadata.topic, metadata.partition, metadata.offset)
            if on_place is not None:
                on_place(index, metadata.partition, metadata.offset)

    def failed(index: int, error: Exception) -> None:
        with lock:
            published.fail(index, f"{type(error).__name__}: {error}")

    unknown = None
    try:
        for index, record in enumerate(records):
            if record.topic not in known:
                unknown = record.topic
                break
            future = _attempt(partial(_send, producer, record), published, progress, patience_s)
            future.add_callback(acknowledged, index)
            future.add_errback(failed, index)
            if index % _REPORT_EVERY == 0:
                progress(published)
        _attempt(partial(producer.flush, timeout=_POLL_S), published, progress, patience_s)
        if unknown is not None:
            raise PublishError(f"主题不存在或无权访问：{unknown}", f"topic not found or not authorized: {unknown}")
    except KafkaError as error:
        failure = f"{type(error).__name__}: {error}"
        raise PublishError(f"无法发送：{failure}", f"cannot send: {failure}") from error
    finally:
        # Nothing is left to send, or nobody waits for it.
        force_close_producer(producer)
        progress(published)
    return published


def _send(producer: KafkaProducer, record: SampleRecord) -> FutureRecordMetadata:
    # The client does not send a record with neither key nor value.
    key = b"" if record.key is None and record.value is None else record.key
    return producer.send(record.topic, record.value, key, list(record.headers))


def _attempt(
    act: Callable[[], T], published: PublishResult, progress: Callable[[PublishResult], None], patience_s: float
) -> T:
    """Retry `act` while it times out. PublishError after `patience_s` without an acknowledgement.

    A restarting broker is back soon. The client's own delivery timeout would fail single records and keep waiting for
    others.
    """
    while True:
        try:
            return act()
        except KafkaTimeoutError as error:
            progress(published)
            if published.waiting_s > patience_s:
                raise PublishError(
                    f"Kafka 已 {patience_s:.0f} 秒没有确认任何记录；再次运行同一命令即可续发",
                    f"Kafka acknowledged nothing for {patience_s:.0f} s; run the same command to continue",
                ) from error


def cluster_of(client_config: ClientConfig) -> str:
    """Return the id of the Kafka cluster, which distinguishes two clusters at one address. PublishError."""
    try:
        with _admin(client_config) as admin:
            return str(admin.describe_cluster()["cluster_id"])
    except KafkaError as error:
        raise _unreachable(client_config, error) from error


def visible_topics(client_config: ClientConfig) -> frozenset[str]:
    """Return the topics that the user sees. PublishError."""
    try:
        with _admin(client_config) as admin:
            return frozenset(admin.list_topics())
    except KafkaError as error:
        raise _unreachable(client_config, error) from error


def _admin(client_config: ClientConfig) -> KafkaAdminClient:
    return open_admin({**client_config, "bootstrap_timeout_ms": _CONNECT_TIMEOUT_MS})


def _unreachable(client_config: ClientConfig, error: KafkaError) -> PublishError:
    servers = ", ".join(client_config.get("bootstrap_servers", ()))
    if isinstance(error, SaslAuthenticationFailedError):
        user = client_config.get("sasl_plain_username")
        return PublishError(
            f"Kafka {servers} 不接受用户 {user} 的密码：{error}",
            f"Kafka at {servers} does not accept the password of user {user}: {error}",
        )
    return PublishError(f"无法连接 Kafka {servers}：{error}", f"cannot reach Kafka at {servers}: {error}")


def connect(client_config: ClientConfig) -> tuple[frozenset[str], KafkaProducer]:
    """Return the visible topics and a producer, which would wait a minute for an unknown topic. PublishError."""
    known = visible_topics(client_config)
    try:
        return known, KafkaProducer(
            **client_config,
            acks="all",
            enable_idempotence=True,
            # Up to five requests in flight keep their order under idempotence.
            max_in_flight_requests_per_connection=5,
            compression_type="lz4",
            linger_ms=20,
            batch_size=BATCH_BYTES,
            partitioner=RememberingPartitioner(),
            max_block_ms=int(_POLL_S * 1000),
            # Repeat the request to a silent broker, or to its successor.
            request_timeout_ms=10_000,
            # GIVE_UP_S comes first.
            delivery_timeout_ms=_DELIVERY_TIMEOUT_MS,
            # A misspelt exchange must not create topics.
            allow_auto_create_topics=False,
        )
    except KafkaError as error:
        raise _unreachable(client_config, error) from error
