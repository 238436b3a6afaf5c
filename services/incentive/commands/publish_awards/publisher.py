"""The publisher of awards: compares them when the ledger has grown, and sends new versions to Kafka.

It is a process of its own next to the consumer, so that intake keeps its interpreter; one leader among all workers
publishes. It reads snapshots without the ledger's lock. Delivery is at least once, and what is sent again is the same.
"""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy import Connection, Engine

from services.incentive.commands.publish_awards.comparison import NotLeadingError, record_changes
from services.incentive.commands.publish_awards.topic import TRANSACTIONAL_ID, check_versions, newest_versions
from services.incentive.store.published.versions import compared_state, delete_sent, waiting_versions
from services.incentive.store.readings import ledger_state
from shared.events.award_events import AWARD_HEADERS, AWARDS
from shared.kafka.publish.fenced_producer import FencedProducer, OutgoingRecord, fenced_producer, why_retry
from shared.postgres.leader_lock import exclude_leader, leader_lock
from shared.postgres.replication import require_replication
from shared.process.backoff import Backoff
from shared.process.child_process import ChildSide
from shared.process.pace import Pace
from shared.process.program import lower_cpu_priority
from shared.service_log.store import ServiceLog
from shared.settings import ClientConfig, Settings
from shared.values.times import Clock, now
from shared.worker.guarded_engine import guarded_engine

_LOCK: Final = "awards"
_PART: Final = "awards"
_ROUND_S: Final = 0.5
_PACE: Final = Pace(share=0.1, least_s=0.0, most_s=10.0)  # of one core, while the ledger changes all the time
_MAX_THROTTLE_S: Final = 5.0
_SENT_AT_ONCE: Final = 500

log = structlog.get_logger(__name__)


@dataclass
class AwardPublisher:
    """Publishes new versions of awards while it holds the leader lock; other workers wait for the lock."""

    engine: Engine
    client_config: ClientConfig
    stop: threading.Event
    clock: Clock = now
    throttled: threading.Event = field(default_factory=threading.Event)
    beat: Callable[[str], None] = lambda _part: None  # notes that a part of the program made progress

    def __post_init__(self) -> None:
        self._backoff = Backoff(self.stop)
        self._rested_at_s = 0.0

    def run(self) -> None:
        """Publish until `stop` is set. Transient errors are retried; bugs are raised. Raises DatabaseBehindError."""
        self._backoff.retry(self._publish_while_leading, _why_retry, "awards not published, retrying")

    def _publish_while_leading(self) -> None:
        with leader_lock(self.engine, _LOCK) as leader:
            while not leader.try_acquire():
                self.beat(_PART)
                if self.stop.wait(_ROUND_S):
                    return
            with fenced_producer(self.client_config, TRANSACTIONAL_ID, [AWARDS]) as producer:
                newest = newest_versions(self.client_config)
                with self.engine.connect() as connection:
                    check_versions(connection, newest)
                self._publish_until_stopped(leader.session, producer)

    def _publish_until_stopped(self, session: Connection, producer: FencedProducer) -> None:
        log.info("publishing awards")
        self._backoff.reset()
        self._send(producer)  # what an earlier leader left
        self._rested_at_s = time.thread_time()
        while not self.stop.is_set():
            # Raises if the session, and the leader lock with it, is gone.
            if ledger_state(session) != compared_state(session):
                self._compare(producer)
            self._rest(least_s=_ROUND_S)

    def _compare(self, producer: FencedProducer) -> None:
        """Compare the awards that may have changed, chunk by chunk, and send those that have."""
        with closing(record_changes(self.engine, self.clock())) as chunks:
            for recorded in chunks:
                if recorded:
                    self._send(producer)
                self._rest()
                if self.stop.is_set():
                    return

    def _send(self, producer: FencedProducer) -> None:
        """Send all versions that wait, in their order."""
        while not self.stop.is_set():
            with self.engine.begin() as connection:
                waiting = waiting_versions(connection, _SENT_AT_ONCE)
                require_replication(connection)
            if not waiting:
                return
            producer.send([OutgoingRecord(AWARDS, one.award_id.encode(), one.value, AWARD_HEADERS) for one in waiting])
            with self.engine.begin() as connection:
                delete_sent(connection, waiting)
            self.beat(_PART)

    def _rest(self, least_s: float = 0.0) -> None:
        """Leave the processor to intake: in proportion to the CPU time used, and longer while intake has a backlog."""
        used_s = time.thread_time() - self._rested_at_s
        pause_s = max(least_s, _PACE.rest_s(used_s))
        began_s = time.monotonic()
        while not self.stop.is_set():
            self.beat(_PART)
            wanted_s = max(pause_s, _MAX_THROTTLE_S) if self.throttled.is_set() else pause_s
            left_s = began_s + wanted_s - time.monotonic()
            if left_s <= 0:
                break
            self.stop.wait(min(left_s, _ROUND_S))
        self._rested_at_s = time.thread_time()


def exclude_publishers(connection: Connection) -> bool:
    """Return True if no publisher is working; then none starts before this transaction ends."""
    return exclude_leader(connection, _LOCK)


def publish_awards(settings: Settings, ledger_log: ServiceLog, inside: ChildSide) -> None:
    """Run the publisher in its own process, until it is told to stop."""
    lower_cpu_priority()
    with guarded_engine(settings, ledger_log) as engine:
        inside.unknown_commits.watch(engine)
        AwardPublisher(
            engine=engine,
            client_config=settings.kafka.client_config(),
            stop=inside.stop,
            throttled=inside.throttled,
            beat=inside.beat,
        ).run()


def _why_retry(error: Exception) -> str | None:
    return "another process leads" if isinstance(error, NotLeadingError) else why_retry(error)
