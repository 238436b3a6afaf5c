"""The outbox sender: publishes changed facts to Kafka in transactions, from one worker at a time.

Each round sends the newest state of its keys, rendered in one snapshot. Delivery is at least once: readers keep the
greatest (generation, seq) of a key. The register's transactional id fences a former sender, so that the last record of
a key in the compacted topic is its newest.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import Connection, Engine

from shared.kafka.publish.fenced_producer import (
    FencedProducer,
    OutgoingRecord,
    fence_producers,
    fenced_producer,
    why_retry,
)
from shared.postgres.database import plan_again_after_growth
from shared.postgres.leader_lock import exclude_leader, leader_lock
from shared.postgres.replication import require_replication
from shared.process.backoff import Backoff
from shared.process.pace import Pace, Rhythm
from shared.register.head import Head, read_head
from shared.register.publish.outbox import Dirty, DirtyKey, batches_of, delete_rows, load_dirty, newest_change
from shared.register.publish.send_schedule import IntakeActivity, Lane, LaneThrottle
from shared.settings import ClientConfig
from shared.telemetry.tracing import Tracing

Headers = tuple[tuple[str, bytes], ...]
RenderFacts = Callable[[Connection, Head, list[DirtyKey]], dict[DirtyKey, bytes]]

_LOCK = "outbox"
_TRY_LOCK_EVERY_S = 0.5
_PACE = Pace(share=0.5, least_s=0.1, most_s=0.3)
_MAX_THROTTLE_S = 5.0

log = structlog.get_logger(__name__)


@dataclass
class OutboxSender:
    """Sends the facts of a register while it holds the leader lock; other workers wait for the lock.

    While `throttled` is set, it pauses between rounds: intake has a backlog, and facts sent now would change again with
    the next batch, and with them all that the ledger computes.
    """

    engine: Engine
    client_config: ClientConfig
    name: str  # of the register's kind: listings or trades
    register: str
    lanes: Sequence[Lane]
    render: RenderFacts
    stop: threading.Event
    throttled: threading.Event = field(default_factory=threading.Event)
    work: threading.Event = field(default_factory=threading.Event)  # intake has committed
    beat: Callable[[str], None] = lambda _part: None  # notes that a part of the program made progress
    tracing: Tracing | None = None

    def __post_init__(self) -> None:
        self.is_leading = False
        self._sent = 0  # changes
        self._backoff = Backoff(self.stop)

    def run(self) -> None:
        """Send until `stop` is set. Transient errors are retried; bugs are raised."""
        self._backoff.retry(self._send_while_leading, why_retry, "facts not sent, retrying")

    def _send_while_leading(self) -> None:
        with leader_lock(self.engine, _LOCK) as leader:
            while not leader.try_acquire():
                self.beat("sender")
                if self.stop.wait(_TRY_LOCK_EVERY_S):
                    return
            topics = [topic for lane in self.lanes for topic in lane.topics]
            try:
                with fenced_producer(
                    self.client_config, transactional_id(self.register, self.name), topics
                ) as producer:
                    self._send_until_stopped(leader.session, producer)
            finally:
                self.is_leading = False

    def _send_until_stopped(self, session: Connection, producer: FencedProducer) -> None:
        self.is_leading = True
        log.info("sending facts", register=self.register)
        self._backoff.reset()
        together = [LaneThrottle(lane) for lane in self.lanes if not lane.own_transaction]
        apart = [[LaneThrottle(lane)] for lane in self.lanes if lane.own_transaction]
        transactions = [together, *apart]
        lanes = [lane for of_transaction in transactions for lane in of_transaction]
        activity, rounds = IntakeActivity(), Rhythm(_PACE)
        while not self.stop.is_set():
            began_s = time.monotonic()
            self.work.clear()
            # Raises if the session, and the leader lock with it, is gone.
            intake_active = activity.observe(newest_change(session), began_s)
            sent = 0
            for of_transaction in transactions:
                sent += self._send_round(producer, of_transaction, intake_active=intake_active)
                self.beat("sender")
            rounds.observe(sent, time.monotonic() - began_s)
            self._rest(began_s + rounds.interval_s, min(lane.wait_s(time.monotonic(), rounds.look_s) for lane in lanes))
            self._wait_while_throttled()

    def _rest(self, until_s: float, look_s: float) -> None:
        """Wait until an instant, and after that for work, but no longer than `look_s`.

        What other workers of the register commit, and what waits for the end of a pause, is found by looking.
        """
        self.stop.wait(max(0.0, until_s - time.monotonic()))
        self.work.wait(look_s)

    def _wait_while_throttled(self) -> None:
        until_s = time.monotonic() + _MAX_THROTTLE_S
        while self.throttled.is_set() and time.monotonic() < until_s and not self.stop.wait(_PACE.least_s):
            self.beat("sender")

    def _send_round(self, producer: FencedProducer, lanes: Sequence[LaneThrottle], *, intake_active: bool) -> int:
        """Send dirty keys of the lanes in one transaction; return how many changes."""
        began_s = time.monotonic()
        rendering = self.engine.connect().execution_options(isolation_level="REPEATABLE READ")
        with rendering as connection, connection.begin():
            plan_again_after_growth(connection, self._sent)
            dirty: dict[LaneThrottle, Dirty] = {}
            for lane in lanes:
                most = lane.most_keys(intake_active=intake_active)
                row_limit = lane.row_limit(began_s, intake_active=intake_active)
                dirty[lane] = load_dirty(connection, lane.lane.topics, most, row_limit)
                lane.is_full = len(dirty[lane].keys) >= most
            ids = [row_id for of_lane in dirty.values() for row_id in of_lane.ids]
            keys = [key for of_lane in dirty.values() for key in of_lane.keys]
            if not ids:
                return 0
            values = self.render(connection, read_head(connection), keys)
            batches = [] if self.tracing is None else batches_of(connection, ids)
            require_replication(connection)
        missing = [f"{topic} {key}" for topic, key in keys if (topic, key) not in values]
        if missing:
            raise LookupError(f"no value for {len(missing)} keys of the outbox: {', '.join(missing[:10])}")
        with self._traced(batches) as headers:
            producer.send(
                [
                    OutgoingRecord(topic, f"{self.register}/{key}".encode(), values[topic, key], headers)
                    for topic, key in keys
                ]
            )
        with self.engine.begin() as connection:
            delete_rows(connection, [*ids, *(row_id for of_lane in dirty.values() for row_id in of_lane.repeated)])
        self._sent += len(ids)
        for lane, of_lane in dirty.items():
            if of_lane.keys:
                lane.pause(began_s, time.monotonic())
        return len(ids)

    @contextmanager
    def _traced(self, batches: Sequence[datetime]) -> Iterator[Headers]:
        """Trace the sending of what batches changed; yields the headers of its records."""
        if self.tracing is None:
            yield ()
            return
        with self.tracing.send(transactional_id(self.register, self.name), batches) as traceparent:
            yield (("traceparent", traceparent.encode()),)


def transactional_id(register: str, name: str) -> str:
    """Return the transactional id of a register's senders; `name`: listings or trades."""
    return f"jiangbu.{register}.{name}"


def fence_senders(client_config: ClientConfig, name: str, register: str, topics: Sequence[str]) -> None:
    """End the open transaction of a stopped sender, and keep it from sending if it comes back."""
    fence_producers(client_config, transactional_id(register, name), topics)


def exclude_senders(connection: Connection) -> bool:
    """Return True if no sender is working; then none starts before this transaction ends."""
    return exclude_leader(connection, _LOCK)
