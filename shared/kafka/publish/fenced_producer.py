"""A transactional producer that fences its predecessors; records count as sent once consumers can read them.

The transaction is used as a fence: a producer that was suspended and wakes up later cannot send anything more.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final, NamedTuple

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from shared.kafka.client_patches import force_close_producer
from shared.kafka.publish.commit_readback import CommitReadback
from shared.kafka.publish.producer_options import BATCH_BYTES, RememberingPartitioner
from shared.postgres.errors import is_transient
from shared.settings import ClientConfig
from shared.telemetry.masking import reason_of

_SEND_TIMEOUT_S: Final = 30.0
_READBACK_TIMEOUT_S: Final = 60.0  # longer than the timeout of a transaction that another dead producer left open
_PLACEHOLDER_KEY: Final = b"-"  # compacted topics refuse records without a key


class OutgoingRecord(NamedTuple):
    """A record to send."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class FencedProducer:
    """Sends records in transactions, in their order within a partition."""

    def __init__(self, producer: KafkaProducer, readback: CommitReadback) -> None:
        self._producer = producer
        self._readback = readback

    def send(self, records: Sequence[OutgoingRecord]) -> None:
        """Send records in one transaction; return once consumers of committed records can read them. KafkaError."""
        self._producer.begin_transaction()
        sent = [
            self._producer.send(one.topic, key=one.key, value=one.value, headers=list(one.headers)) for one in records
        ]
        self._producer.flush()
        metadata = [future.get(timeout=_SEND_TIMEOUT_S) for future in sent]
        self._producer.commit_transaction()
        self._readback.await_readable(((m.topic, m.partition, m.offset) for m in metadata), _READBACK_TIMEOUT_S)


@contextmanager
def fenced_producer(
    client_config: ClientConfig, transactional_id: str, topics: Sequence[str]
) -> Iterator[FencedProducer]:
    """Provide a producer for these topics; all earlier producers with the same id are fenced. KafkaError."""
    producer = KafkaProducer(
        **client_config,
        transactional_id=transactional_id,
        acks="all",
        compression_type="lz4",
        linger_ms=5,
        batch_size=BATCH_BYTES,
        partitioner=RememberingPartitioner(),
        # After a broker outage of a minute the client did not resend its records until their delivery timed out; then
        # they are rendered again and sent by a new producer.
        request_timeout_ms=10_000,
        delivery_timeout_ms=15_000,
        # Consumers wait behind the open transaction of a killed producer until it times out or another starts.
        transaction_timeout_ms=30_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    try:
        _fence(producer, topics)
        with closing(CommitReadback(client_config, topics)) as readback:
            yield FencedProducer(producer, readback)
        producer.close(timeout=2)
    except BaseException:
        # Leave the transaction open: the next producer of this id ends it and raises its epoch, so that no record in
        # flight can arrive after the end. After an abort under the same epoch, a late record would begin a new
        # transaction that nobody ends.
        force_close_producer(producer)
        raise


def fence_producers(client_config: ClientConfig, transactional_id: str, topics: Sequence[str]) -> None:
    """End the open transaction of a stopped producer, and keep it from sending if it comes back."""
    producer = KafkaProducer(**client_config, transactional_id=transactional_id, acks="all", metrics_enabled=False)
    try:
        _fence(producer, topics)
    finally:
        producer.close(timeout=2)


def why_retry(error: Exception) -> str | None:
    """Return the reason of an error of database or broker after which sending is retried; None for others."""
    # A fenced producer is retried, too: another worker sends now, and this one waits for the lock again.
    is_fatal = isinstance(
        error,
        kafka_errors.AuthorizationError | kafka_errors.KafkaConfigurationError | kafka_errors.MessageSizeTooLargeError,
    )
    is_retriable = is_transient(error) or (isinstance(error, kafka_errors.KafkaError) and not is_fatal)
    return reason_of(error) if is_retriable else None


def _fence(producer: KafkaProducer, topics: Sequence[str]) -> None:
    """Fence the producer's predecessors and end whatever they left open.

    `init_transactions` ends a transaction known to the broker's coordinator. A broker that stopped in the middle of one
    may leave records open in a partition that the coordinator does not know of, and consumers of committed records
    would wait behind them for ever. The markers of an abort end whatever the producer's id has open in the partitions
    that take part. So all of them take part, with a record that nobody will see.
    """
    producer.init_transactions()
    producer.begin_transaction()
    sent = [
        producer.send(topic, key=_PLACEHOLDER_KEY, value=b"", partition=partition)
        for topic in topics
        for partition in sorted(producer.partitions_for(topic))
    ]
    producer.flush()
    for future in sent:
        future.get(timeout=_SEND_TIMEOUT_S)
    producer.abort_transaction()
