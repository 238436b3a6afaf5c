"""Facts that changed, on their way to Kafka: dirty keys are written with what made them dirty, and rendered when sent.

What is sent is the newest state of a key, as a function of entries 0 .. seq-1 in one snapshot. At least once: readers
keep the greatest (generation, seq) of a key. A transactional id of the register's fences a sender that comes back from
the dead, so that the last record of a key in the compacted topic is its newest.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from kafka import KafkaProducer
from kafka import errors as kafka_errors
from sqlalchemy import text

from shared.kafka.client_patches import force_close_producer
from shared.postgres.database import change
from shared.postgres.errors import is_transient
from shared.postgres.leader_lock import exclude_leader, leader_lock
from shared.postgres.query import pg_array
from shared.process.backoff import Backoff
from shared.process.heartbeat import Heartbeat
from shared.register.head import Head, read_head
from shared.register.publish.commit_readback import CommitReadback
from shared.register.publish.send_schedule import IntakeActivity, LaneThrottle, topics_of
from shared.telemetry.masking import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from shared.register.publish.send_schedule import Lane

_SENDING = "outbox"
_LOOKED_THROUGH = 20  # times as many rows are looked at for what is dirty more than once
_CHECK_EVERY_S = 0.5
_ROUND_S = 0.15  # from one to the next at least: each has its price, however few the keys
_LONGEST_REST_S = 5.0
_SENT_WITHIN_S = 30.0
_READABLE_WITHIN_S = 60.0  # another register's sender that died in a transaction is timed out in less
_NOBODYS_KEY = b"-"  # a compacted topic takes no record without one

log = structlog.get_logger(__name__)

DirtyKey = tuple[str, str]  # topic, key without the register

_MARK_DIRTY = b"""
    INSERT INTO outbox (topic, key, dirty_at)
    SELECT topic, key, %(now)s FROM unnest(CAST(%(topics)s AS text[]), CAST(%(keys)s AS text[])) AS k(topic, key)
"""


class HeartbeatReceiver(Protocol):
    """Who is told that a part of the program got on."""

    def beat(self, part: str, /) -> None: ...


class RenderFacts(Protocol):
    def __call__(self, connection: Connection, head: Head, keys: list[DirtyKey]) -> dict[DirtyKey, bytes]:
        """The value of each key in this snapshot."""


def mark_dirty(connection: Connection, keys: Iterable[DirtyKey], now: datetime) -> None:
    """Write down keys whose fact may have changed."""
    pairs = sorted(set(keys))
    if pairs:
        change(
            connection,
            _MARK_DIRTY,
            {
                "topics": pg_array(pair[0] for pair in pairs),
                "keys": pg_array(pair[1] for pair in pairs),
                "now": now,
            },
        )


def fence_senders(client_config: Mapping[str, Any], name: str, register: str, topics: Sequence[str]) -> None:
    """End what a sender that was stopped in the middle has open, and keep it from sending when it comes back."""
    producer = KafkaProducer(
        **client_config, transactional_id=transactional_id(register, name), acks="all", metrics_enabled=False
    )
    try:
        _begin_anew(producer, topics)
    finally:
        producer.close(timeout=2)


@dataclass
class OutboxSender:
    """Sends the facts of one register; of all workers one at a time, the others wait for its lock.

    While `throttled` is set it rests between two rounds: intake has a backlog, and what is sent now is changed again
    by its next batch, with all that the ledger makes of it.
    """

    engine: Engine
    client_config: Mapping[str, Any]
    name: str  # of the register's kind: listings or trades
    register: str
    lanes: Sequence[Lane]  # of its facts
    render: RenderFacts
    stop: threading.Event
    throttled: threading.Event = field(default_factory=threading.Event)
    heartbeat: HeartbeatReceiver = field(default_factory=lambda: Heartbeat(None, ()))

    def __post_init__(self) -> None:
        self.is_leading = False
        self._backoff = Backoff(self.stop)

    def run(self) -> None:
        """Send until `stop` is set; raises what is a fault of ours."""
        while not self.stop.is_set():
            try:
                self._send_while_leading()
            except Exception as error:
                if not is_transient(error) and not _may_try_again(error):
                    raise
                log.warning("facts not sent, trying again", error=reason_of(error), pause_s=self._backoff.next_s)
                self._backoff.wait()

    def _send_while_leading(self) -> None:
        with leader_lock(self.engine, _SENDING) as leader:
            while not leader.try_acquire():
                self.heartbeat.beat("sender")
                if self.stop.wait(_CHECK_EVERY_S):
                    return
            producer = KafkaProducer(
                **self.client_config,
                transactional_id=transactional_id(self.register, self.name),
                acks="all",
                compression_type="lz4",
                linger_ms=5,
                # After a broker was away for a minute the client did not send again what was under way, until its time
                # was over; then it is rendered anew, and by a new producer.
                request_timeout_ms=10_000,
                delivery_timeout_ms=15_000,
                # Readers wait behind the open transaction of a sender that was killed, if none comes after it.
                transaction_timeout_ms=30_000,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
            try:
                _begin_anew(producer, topics_of(self.lanes))
                with CommitReadback(self.client_config) as read_back:
                    self._send_until_stopped(leader.session, producer, read_back)
                producer.close(timeout=2)
            except BaseException:
                # Its transaction is left open on purpose: the next producer of this id ends it and raises its epoch, so
                # that nothing that is still under way can come after the end. Aborted here, under the same epoch, a
                # record that came late began a transaction anew that nobody would ever end.
                force_close_producer(producer)
                raise
            finally:
                self.is_leading = False

    def _send_until_stopped(self, session: Connection, producer: KafkaProducer, read_back: CommitReadback) -> None:
        self.is_leading = True
        log.info("sending facts", register=self.register)
        self._backoff.reset()
        together = [LaneThrottle(lane) for lane in self.lanes if not lane.apart]
        apart = [[LaneThrottle(lane)] for lane in self.lanes if lane.apart]
        news = IntakeActivity()
        while not self.stop.is_set():
            began_s = time.monotonic()
            intake_works = news.come(_newest_change(session), began_s)
            for lanes in (together, *apart):
                self._send_some(producer, read_back, lanes, intake_works=intake_works)
                self.heartbeat.beat("sender")
            self.stop.wait(max(0.0, began_s + _ROUND_S - time.monotonic()))
            self._hold_back()

    def _hold_back(self) -> None:
        until_s = time.monotonic() + _LONGEST_REST_S
        while self.throttled.is_set() and time.monotonic() < until_s and not self.stop.wait(_ROUND_S):
            self.heartbeat.beat("sender")

    def _send_some(
        self, producer: KafkaProducer, read_back: CommitReadback, lanes: Sequence[LaneThrottle], *, intake_works: bool
    ) -> None:
        """Send some of what is dirty now of lanes, in one transaction."""
        began_s = time.monotonic()
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            found = {
                resting: _dirty(connection, resting.lane, resting.at_most(began_s, intake_works=intake_works))
                for resting in lanes
            }
            ids = [one for of_lane, _ in found.values() for one in of_lane]
            keys = [key for _, of_lane in found.values() for key in of_lane]
            if not ids:
                return
            values = self.render(connection, read_head(connection), keys)
        missing = [f"{topic} {key}" for topic, key in keys if (topic, key) not in values]
        if missing:
            raise LookupError(f"no value for {len(missing)} keys of the outbox: {', '.join(missing[:10])}")
        producer.begin_transaction()
        sent = [
            producer.send(topic, key=f"{self.register}/{key}".encode(), value=values[topic, key]) for topic, key in keys
        ]
        producer.flush()
        metadata = [future.get(timeout=_SENT_WITHIN_S) for future in sent]
        producer.commit_transaction()
        read_back.await_all(((found.topic, found.partition, found.offset) for found in metadata), _READABLE_WITHIN_S)
        with self.engine.begin() as connection:
            connection.execute(
                text("DELETE FROM outbox WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": pg_array(ids)}
            )
        for resting, (sent_ids, _) in found.items():
            if sent_ids:
                resting.begin(began_s, time.monotonic())


def transactional_id(register: str, name: str) -> str:
    """Of a register's senders, one after the other: `name` is that of its kind, listings or trades."""
    return f"jiangbu.{register}.{name}"


def _begin_anew(producer: KafkaProducer, topics: Sequence[str]) -> None:
    """Fence the producer's predecessors, and end whatever they left open.

    `init_transactions` ends a transaction that the broker's coordinator knows of. A broker that stopped in the middle
    of one can leave records open in a partition that it knows nothing of, and those who read committed records would
    wait behind them for ever. The markers of an abort end whatever the producer's id has open in the partitions that
    took part; so all of them take part, by a record that nobody will ever see.
    """
    producer.init_transactions()
    producer.begin_transaction()
    sent = [
        producer.send(topic, key=_NOBODYS_KEY, value=b"", partition=partition)
        for topic in topics
        for partition in sorted(producer.partitions_for(topic))
    ]
    producer.flush()
    for future in sent:
        future.get(timeout=_SENT_WITHIN_S)
    producer.abort_transaction()


def _dirty(connection: Connection, lane: Lane, at_most: int | None = None) -> tuple[list[int], list[DirtyKey]]:
    """The keys that have been dirty for longest, and all their rows among those looked through.

    None if more than `at_most` rows wait.
    """
    looked_through = lane.most * _LOOKED_THROUGH if at_most is None else at_most + 1
    rows = connection.execute(
        text(
            """
            SELECT topic, key, array_agg(id) AS ids FROM (
                SELECT id, topic, key FROM outbox WHERE topic = ANY(CAST(:topics AS text[])) ORDER BY id LIMIT :rows
            ) oldest
            GROUP BY topic, key ORDER BY min(id) LIMIT :most
            """
        ),
        {"most": lane.most, "rows": looked_through, "topics": list(lane.topics)},
    ).all()
    ids = [one for row in rows for one in row.ids]
    if at_most is not None and len(ids) > at_most:
        return [], []
    return ids, [(row.topic, row.key) for row in rows]


def exclude_senders(connection: Connection) -> bool:
    """Whether no sender works now; then none begins before the transaction ends."""
    return exclude_leader(connection, _SENDING)


def _newest_change(session: Connection) -> int | None:
    """The number of the newest row that waits; raises when the session is gone, and with it the lock."""
    newest: int | None = session.execute(text("SELECT max(id) FROM outbox")).scalar()
    return newest


def _may_try_again(error: Exception) -> bool:
    if isinstance(error, kafka_errors.ProducerFencedError):
        return True  # another worker sends now; wait for the lock again
    return isinstance(error, kafka_errors.KafkaError) and not isinstance(
        error,
        kafka_errors.AuthorizationError | kafka_errors.KafkaConfigurationError | kafka_errors.MessageSizeTooLargeError,
    )
