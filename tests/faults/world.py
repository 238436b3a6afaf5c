"""Seeded worlds of events, published as by exchanges, partly in transactions that are aborted."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import AbortTransactionSpec, OffsetSpec
from kafka.protocol.consumer import IsolationLevel

from exchange_kit.sample.year import sample_events
from shared.events.records import event_of
from shared.whitelist import load_whitelist

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator, Sequence

    from kafka.producer.future import FutureRecordMetadata

    from shared.events.records import SampleRecord

EXCHANGES_FILE = Path(__file__).with_name("exchanges.yaml")
YEAR = 2026
CHUNK_RECORDS = 20
CHUNK_EVERY_S = 0.08
ABORT_EVERY_CHUNKS = 8
ACKNOWLEDGED_WITHIN_S = 240.0


class Sent(NamedTuple):
    """A record, the position that the broker gave it, and its timestamp in milliseconds."""

    record: SampleRecord
    partition: int
    offset: int
    timestamp_ms: int


def trade_event(exchange: str, number: str, amount: str = "1.23", buyer: str | None = None) -> bytes:
    """Return the event of a valid trade between two fictional parties; `buyer`: a USCC, which can earn an award."""
    document = {
        "trade_no": number,
        "revision": 1,
        "status": "completed",
        "mode": "negotiated",
        "provider": {"id": "FAULT-PROVIDER", "id_scheme": "overseas", "name": "虚构供方"},
        "buyer": {"id": buyer or "FAULT-BUYER", "id_scheme": "uscc" if buyer else "overseas", "name": "虚构买方"},
        "amount": amount,
        "currency": "CNY",
        "completed_at": f"{YEAR}-06-01T10:00:00+08:00",
    }
    return event_of("trade", exchange, document)


class World:
    """Events of three exchanges over a year: corrections, refunds, cancellations, duplicates, disorder, rubbish."""

    def __init__(self, seed: int, events: int) -> None:
        self.exchanges = load_whitelist(EXCHANGES_FILE)
        self._records: Iterator[SampleRecord] = sample_events(seed, self.exchanges.ids, events, YEAR, rubbish=True)

    def take(self, events: int) -> list[SampleRecord]:
        return [record for record, _ in zip(self._records, range(events), strict=False)]


def patient_producer(kafka: str | Sequence[str], within_s: float) -> KafkaProducer:
    """Return an idempotent producer that sends again for `within_s`, soon after a killed broker is back."""
    return KafkaProducer(
        bootstrap_servers=kafka,
        acks="all",
        enable_idempotence=True,
        max_block_ms=int(within_s * 1000),
        delivery_timeout_ms=int(within_s * 1000),
        # A killed broker never answers the requests that it has.
        request_timeout_ms=4_000,
        reconnect_backoff_max_ms=1000,
        allow_auto_create_topics=False,
    )


def send(producer: KafkaProducer, record: SampleRecord, time_ms: int) -> FutureRecordMetadata:
    """Send a record; the client refuses one with neither key nor value, so that it then gets an empty key."""
    key = b"" if record.key is None and record.value is None else record.key
    return producer.send(record.topic, record.value, key, list(record.headers), timestamp_ms=time_ms)


class Publisher(threading.Thread):
    """A thread that sends a slice of the world at a steady pace, so that a fault can occur in the middle of it.

    Every record is acknowledged in the end, however long the broker is unavailable; idempotence keeps order and number.
    Records of aborted transactions in between must leave no trace.
    """

    def __init__(self, kafka: str, records: Sequence[SampleRecord], rng: random.Random) -> None:
        super().__init__(name="publisher", daemon=True)
        self._kafka = kafka
        self._records = records
        self._rng = rng
        self._failure: Exception | None = None
        self.begun = threading.Event()
        self.sent: list[Sent] = []

    def result(self) -> list[Sent]:
        """Return everything sent, once it is acknowledged; raise the error that stopped it, if any."""
        self.join()
        if self._failure is not None:
            raise self._failure
        return self.sent

    def run(self) -> None:
        try:
            self._send_all()
        except Exception as error:  # noqa: BLE001 - raised again by `result`, in the thread that asks for it
            self._failure = error
            self.begun.set()

    def _send_all(self) -> None:
        producer = patient_producer(self._kafka, ACKNOWLEDGED_WITHIN_S)
        try:
            futures, times_ms = [], []
            for number, start in enumerate(range(0, len(self._records), CHUNK_RECORDS)):
                for record in self._records[start : start + CHUNK_RECORDS]:
                    times_ms.append(int(time.time() * 1000))
                    futures.append(send(producer, record, times_ms[-1]))
                if number % ABORT_EVERY_CHUNKS == 0:
                    self._send_and_abort(self._records[start])
                self.begun.set()
                time.sleep(CHUNK_EVERY_S)
            for record, future, time_ms in zip(self._records, futures, times_ms, strict=True):
                metadata = future.get(timeout=ACKNOWLEDGED_WITHIN_S)
                self.sent.append(Sent(record, metadata.partition, metadata.offset, time_ms))
        finally:
            producer.close()

    def _send_and_abort(self, like: SampleRecord) -> None:
        """Send a valid document of great value in a transaction that is aborted."""
        value = trade_event(like.exchange, f"ABORTED-{self._rng.randrange(10**9)}", "9999999999.00")
        try:
            producer = KafkaProducer(
                bootstrap_servers=self._kafka,
                transactional_id=f"fault-{like.exchange}",
                transaction_timeout_ms=10_000,
                max_block_ms=5_000,
                allow_auto_create_topics=False,
            )
        except kafka_errors.KafkaError:
            return  # the broker is unavailable: nothing to abort
        try:
            producer.init_transactions()
            producer.begin_transaction()
            producer.send(f"exchange.{like.exchange}.trades.v1", value, b"aborted")
            producer.flush(timeout=5)
            producer.abort_transaction()
        except kafka_errors.KafkaError:
            pass  # never committed; `end_transactions` handles what it left open
        finally:
            with contextlib.suppress(kafka_errors.KafkaError):
                producer.close(timeout=1)


def committed_ends(kafka: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """Return the end of committed records in each partition."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed")
    try:
        partitions = [
            TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic)
        ]
        return {(tp.topic, tp.partition): end for tp, end in consumer.end_offsets(partitions).items()}
    finally:
        consumer.close(autocommit=False)


def end_transactions(kafka: str, topics: Sequence[str]) -> bool:
    """Return True if no transaction is open in the topics; abort those that the broker no longer knows.

    A broker killed or stopped in the middle of a transaction leaves it open, even if it acknowledged the abort, and
    readers of committed records wait behind it until an operator aborts it.
    """
    try:
        with KafkaAdminClient(bootstrap_servers=kafka) as admin:
            held = _held(admin, topics)
            for partition in held:
                _abort_hanging(admin, partition)
    except kafka_errors.KafkaError as error:
        if not error.retriable:
            raise
        return False  # the broker is unavailable
    return not held


def _held(admin: KafkaAdminClient, topics: Sequence[str]) -> list[TopicPartition]:
    """Return the partitions in which committed records cannot be read to the end."""
    partitions = [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in admin.describe_topics(list(topics))
        for partition in topic["partitions"]
    ]
    wanted = dict.fromkeys(partitions, OffsetSpec.LATEST)
    stable, end = (
        admin.list_partition_offsets(wanted, isolation_level=level)
        for level in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED)
    )
    return [partition for partition in partitions if stable[partition].offset < end[partition].offset]


def _abort_hanging(admin: KafkaAdminClient, partition: TopicPartition) -> None:
    for producer in admin.describe_producers([partition])[partition].active_producers:
        if producer.current_transaction_start_offset >= 0:
            # The partition knows the epoch of the transaction's coordinator and refuses a marker of an older one.
            spec = AbortTransactionSpec(
                partition, producer.producer_id, producer.producer_epoch, producer.coordinator_epoch
            )
            admin.abort_transaction(spec)
