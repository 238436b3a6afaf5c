"""Sending records to an exchange's topics: acknowledged by all replicas, each once, in order of their keys."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, KafkaTimeoutError

from exchange_kit.records import SampleRecord
from shared.kafka.client_patches import force_close_producer

_REPORT_EVERY: Final = 500
GIVE_UP_S: Final = 120.0
_LOOK_EVERY_S: Final = 1.0
_REACH_WITHIN_MS: Final = 10_000
_DELIVER_WITHIN_MS: Final = 600_000
_MAX_FAILURES_TOLD: Final = 5


T = TypeVar("T")


class PublishError(RuntimeError):
    """Nothing more can be sent; the message is one line."""


@dataclass
class Published:
    """What became of the records: how many of each topic were acknowledged, and what was said of the others.

    `offsets`: the first and the last of each topic's partition. `in_order`: how many records, from the first on, are
    acknowledged without a gap. `waiting_s`: for how long nothing more was acknowledged.
    """

    acknowledged: Counter[str] = field(default_factory=Counter)
    offsets: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    in_order: int = 0
    waiting_s: float = 0.0
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
    unknown = None
    patience = _Patience(published, progress)
    try:
        for index, record in enumerate(records):
            if record.topic not in known:
                unknown = record.topic
                break
            future = patience.attempt(partial(_send, producer, record))
            future.add_callback(acknowledged, index)
            future.add_errback(failed, index)
            if index % _REPORT_EVERY == 0:
                patience.tell()
        patience.attempt(partial(producer.flush, timeout=_LOOK_EVERY_S))
        patience.tell()
        if unknown is not None:
            raise PublishError(f"主题不存在或无权访问 / no such topic, or not yours to see: {unknown}")
    except KafkaError as error:
        raise PublishError(f"无法发送 / cannot send: {type(error).__name__}: {error}") from error
    finally:
        # Nothing is left in it, or nobody waits for what is.
        force_close_producer(producer)
        progress(published)
    return published


def _send(producer: KafkaProducer, record: SampleRecord) -> Any:
    # The client sends nothing that has neither key nor value.
    key = b"" if record.key is None and record.value is None else record.key
    return producer.send(record.topic, record.value, key, list(record.headers))


class _Patience:
    """Waits as long as acknowledgements come, and a while longer: a broker that restarts is back soon.

    The client's own limit for the delivery of a record would leave us with failed ones, and goes on waiting for others.
    """

    def __init__(self, published: Published, progress: Callable[[Published], None]) -> None:
        self._published = published
        self._progress = progress
        self._settled = 0
        self._since = time.monotonic()

    def attempt(self, act: Callable[[], T]) -> T:
        """The outcome of what times out while the client waits for the broker. PublishError when it was too long."""
        while True:
            try:
                return act()
            except KafkaTimeoutError as error:
                self.tell()
                if self._published.waiting_s > GIVE_UP_S:
                    said = f"Kafka 已 {GIVE_UP_S:.0f} 秒没有确认任何记录；再次运行同一命令即可续发"
                    also = "nothing was acknowledged for so long: the same command goes on"
                    raise PublishError(f"{said} / {also}") from error

    def tell(self) -> None:
        """Tell how far it is, and for how long nothing came."""
        published, now = self._published, time.monotonic()
        settled = published.acknowledged.total() + published.failed
        if settled > self._settled:
            self._settled, self._since = settled, now
        published.waiting_s = now - self._since
        self._progress(published)


def cluster_of(client_config: Mapping[str, Any]) -> str:
    """The id of the Kafka cluster, which two clusters at one address in turn do not share. PublishError if away."""
    try:
        with _admin(client_config) as admin:
            return str(admin.describe_cluster()["cluster_id"])
    except KafkaError as error:
        raise _unreachable(client_config, error) from error


def _admin(client_config: Mapping[str, Any]) -> KafkaAdminClient:
    return KafkaAdminClient(**client_config, bootstrap_timeout_ms=_REACH_WITHIN_MS)


def _unreachable(client_config: Mapping[str, Any], error: KafkaError) -> PublishError:
    servers = ", ".join(client_config.get("bootstrap_servers", ()))
    return PublishError(f"无法连接 Kafka / cannot reach Kafka at {servers}: {error}")


def _connect(client_config: Mapping[str, Any]) -> tuple[frozenset[str], Any]:
    """The topics that may be seen, and a producer. Asked for first: a producer waits a minute for an unknown topic."""
    try:
        with _admin(client_config) as admin:
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
            max_block_ms=int(_LOOK_EVERY_S * 1000),
            # One that is silent is asked again, or its successor is.
            request_timeout_ms=10_000,
            # We give up before.
            delivery_timeout_ms=_DELIVER_WITHIN_MS,
            # A misspelt exchange must not bring topics into being.
            allow_auto_create_topics=False,
        )
    except KafkaError as error:
        raise _unreachable(client_config, error) from error
