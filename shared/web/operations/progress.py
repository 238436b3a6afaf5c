"""Progress of a service: ends of its topics, offsets it has processed, and since when records wait, by samples."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from shared.events.topics import is_exchanges, prefix_of
from shared.kafka.offset_witness import DatabaseBehindError
from shared.language import localized
from shared.postgres.clock import ahead_s, clock_error_s
from shared.postgres.database import snapshot
from shared.postgres.query import fetch, fetch_one, fetch_optional
from shared.postgres.replication_state import ReplicationState, read_replication
from shared.register.daily_counts import ACCEPTED, DUPLICATE
from shared.service_log.published import NotComparedError, PublishedComparison
from shared.telemetry.masking import reason_of
from shared.values.times import shanghai_date
from shared.web.operations.broker import Broker, End, OffsetsUnavailableError
from shared.web.service import Backlog, ServiceInfo

EVERY_S: Final = 5.0
_log = structlog.get_logger(__name__)


class PartitionProgress(NamedTuple):
    """A partition: the next offset to process, and where the broker's records end."""

    topic: str
    partition: int
    next_offset: int
    end_offset: int
    stable_offset: int

    @property
    def lag(self) -> int:
        """Distance to the high watermark; 0 if offsets, which were read later, are beyond it."""
        return max(0, self.end_offset - self.next_offset)

    @property
    def waits(self) -> bool:
        """True if a record is ready to be processed.

        Records of an exchange behind its open transaction are not, however long its producer takes. Transactions of
        facts are our own and last for seconds.
        """
        end = self.stable_offset if is_exchanges(self.topic) else self.end_offset
        return end > self.next_offset

    def is_seen_by(self, exchange: str | None) -> bool:
        """True for topics of the key's exchange, and all for a key of none."""
        return exchange is None or self.topic.startswith(prefix_of(exchange))

    @property
    def held(self) -> int:
        """Number of offsets behind an open transaction."""
        return max(0, self.end_offset - max(self.stable_offset, self.next_offset))


class LastRun(NamedTuple):
    """The latest run of the consumer program; `ending` is None while it runs and after it was killed."""

    ending: str | None
    reason: str | None

    @property
    def has_halted(self) -> bool:
        """True if it ended by a fatal condition that needs an operator, or by a bug."""
        return self.ending in ("halted", "failed")


class QuotaUse(NamedTuple):
    """An exchange's use of the quarantine: bytes kept of today's items, and all items that are cut."""

    kept_bytes_today: int
    cut_items: int


@dataclass(frozen=True)
class Stored:
    """Progress as stored in the database, from one snapshot; counts are optional.

    `quarantined`: records by (exchange, reason). `quotas`: by exchange. `in_force`: computed with the settings of this
    program.
    `outbox_oldest_id`: the change that has been waiting longest. `starts`, `endings`: counts of consumer runs.
    `clock_error_s`: seconds that this process's clock is ahead of the database's. `ahead_s`: seconds that the newest
    entry's instant lies ahead of the database's clock; None for a service whose entries need not follow each other.
    `replication`: None if a standby was asked. `backlogs`: work that waits for background programs, by name.
    """

    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    moved_at: datetime | None = None
    outbox_oldest_id: int | None = None
    last_run: LastRun | None = None
    outbox: int = 0
    outbox_oldest_at: datetime | None = None
    quarantined: dict[tuple[str, str], int] = field(default_factory=dict)
    quotas: dict[str, QuotaUse] = field(default_factory=dict)
    next_seq: int | None = None
    in_force: bool = True
    starts: int = 0
    endings: dict[str, int] = field(default_factory=dict)
    unknown_commits: int = 0
    clock_error_s: float = 0.0
    ahead_s: float | None = None
    replication: ReplicationState | None = None
    backlogs: Mapping[str, Backlog] = field(default_factory=dict)


class ServiceProgress(NamedTuple):
    """Partitions by topic and number, and the database snapshot, which was taken after reading their ends."""

    partitions: tuple[PartitionProgress, ...]
    stored: Stored


# Sums of days: counting the quarantine itself would read all of it at each request.
_QUARANTINED = """
    SELECT exchange, outcome, CAST(sum(records) AS bigint) FROM intake_day
    WHERE outcome <> ALL (CAST(%(taken)s AS text[])) GROUP BY 1, 2
"""
_QUOTAS = """
    SELECT exchange, coalesce(CAST(sum(kept_bytes) FILTER (WHERE day = %(today)s) AS bigint), 0),
           CAST(sum(cut_items) AS bigint)
    FROM quarantine_day GROUP BY 1
"""
_RUNS = "SELECT ending, count(*), CAST(sum(unknown_commits) AS bigint) FROM worker_run GROUP BY ending"
_POSITIONS = "SELECT topic, partition, next_offset, moved_at FROM position"


def stored_snapshot(service: ServiceInfo, *, with_counts: bool = True) -> Stored:
    """Read the stored progress in one snapshot."""
    with snapshot(service.engine) as connection:
        rows = fetch(connection, _POSITIONS, tuple[str, int, int, datetime])
        stored = Stored(
            next_offsets={(topic, partition): offset for topic, partition, offset, _ in rows},
            moved_at=max((moved_at for *_, moved_at in rows), default=None),
            in_force=service.in_force is None or service.in_force(connection),
            last_run=fetch_one(connection, "SELECT ending, reason FROM worker_run ORDER BY id DESC LIMIT 1", LastRun),
            outbox_oldest_id=fetch_optional(connection, "SELECT min(id) FROM outbox", int)
            if service.takes_documents
            else None,
            clock_error_s=clock_error_s(connection),
            replication=read_replication(connection),
        )
        return _with_counts(connection, service, stored) if with_counts else stored


def _with_counts(connection: Connection, service: ServiceInfo, stored: Stored) -> Stored:
    runs = fetch(connection, _RUNS, tuple[str | None, int, int])
    stored = replace(
        stored,
        starts=sum(number for _, number, _ in runs),
        endings={ending: number for ending, number, _ in runs if ending is not None},
        unknown_commits=sum(unknown for *_, unknown in runs),
    )
    if service.next_seq is not None:
        stored = replace(stored, next_seq=service.next_seq(connection))
    if service.last_instant is not None:
        stored = replace(stored, ahead_s=ahead_s(connection, service.last_instant(connection)))
    if service.backlogs is not None:
        stored = replace(stored, backlogs=service.backlogs(connection))
    if not service.takes_documents:
        return stored
    ((outbox, oldest_at),) = fetch(
        connection, "SELECT count(*), min(dirty_at) FROM outbox", tuple[int, datetime | None]
    )
    refused = fetch(connection, _QUARANTINED, tuple[str, str, int], taken=[ACCEPTED, DUPLICATE])
    quarantined = {(exchange, reason): number for exchange, reason, number in refused}
    used = fetch(connection, _QUOTAS, tuple[str, int, int], today=shanghai_date(service.clock()))
    quotas = {exchange: QuotaUse(*use) for exchange, *use in used}
    return replace(stored, outbox=outbox, outbox_oldest_at=oldest_at, quarantined=quarantined, quotas=quotas)


def combine(ends: dict[str, dict[int, End]], stored: Stored, broker: Broker) -> ServiceProgress:
    """Combine ends with stored offsets; partitions without one are read from their beginning."""
    unread = [
        (topic, partition)
        for topic, partitions in ends.items()
        for partition in partitions
        if (topic, partition) not in stored.next_offsets
    ]
    next_offsets = {**broker.beginnings(unread), **stored.next_offsets}
    partitions = tuple(
        PartitionProgress(topic, partition, next_offsets[topic, partition], end.end_offset, end.stable_offset)
        for topic in sorted(ends)
        for partition, end in sorted(ends[topic].items())
    )
    return ServiceProgress(partitions, stored)


def read_progress(service: ServiceInfo, broker: Broker, *, with_counts: bool = True) -> ServiceProgress:
    """Read the broker first, then the database. Raises OffsetsUnavailableError or errors of the driver."""
    ends = broker.ends(service.topics)
    return combine(ends, stored_snapshot(service, with_counts=with_counts), broker)


def lag_for(progress: ServiceProgress, exchange: str | None) -> int:
    """Return the lag of what a key sees: its exchange's topics and the facts between services."""
    return sum(
        partition.lag
        for partition in progress.partitions
        if partition.is_seen_by(exchange) or not is_exchanges(partition.topic)
    )


class Movement:
    """Seconds (monotonic clock) for which records or changed facts have been waiting without progress.

    Partitions are watched one by one: progress of one must not hide that another is stalled. The time of the last
    progress is not enough: a record that arrives after a quiet night has waited for a moment only. Waiting continues
    while nothing can be observed; only progress ends it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Waiting partitions: the position of the last observed progress, and since when.
        self._partitions: dict[tuple[str, int], tuple[int, float]] = {}
        self._outbox: tuple[int, float] | None = None

    def observe(self, progress: ServiceProgress, at_s: float) -> None:
        with self._lock:
            self._partitions = {
                key: _since(self._partitions.get(key), partition.next_offset, at_s)
                for partition in progress.partitions
                if partition.waits
                for key in [(partition.topic, partition.partition)]
            }
            oldest = progress.stored.outbox_oldest_id
            self._outbox = None if oldest is None else _since(self._outbox, oldest, at_s)

    def waiting_s(self, at_s: float) -> float:
        """Return the longest time that records of a partition have waited without progress; 0 if none wait."""
        with self._lock:
            return max((at_s - since_s for _, since_s in self._partitions.values()), default=0.0)

    def outbox_waiting_s(self, at_s: float) -> float:
        """Return how long the same change has been the oldest in the outbox; 0 if none wait."""
        with self._lock:
            return 0.0 if self._outbox is None else at_s - self._outbox[1]


def _since(before: tuple[int, float] | None, position: int, at_s: float) -> tuple[int, float]:
    return before if before is not None and before[0] == position else (position, at_s)


class Sampler:
    """The broker client, the observed movement and the thread of one worker process that samples it for `readyz`.

    Once started it also compares the log with what was published of it; `published` is None before.
    """

    def __init__(self, service: ServiceInfo, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self.broker = Broker(service.kafka, f"jiangbu-{service.name}-api")
        self.movement = Movement()
        self.monotonic = monotonic
        self.published: PublishedComparison | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._owner_pid = 0

    def start(self) -> None:
        """Start the thread, once per process, after the fork."""
        if self._owner_pid == os.getpid():
            return
        self._owner_pid = os.getpid()
        self.published = PublishedComparison(self.service.kafka, self.service.name)
        self._thread = threading.Thread(target=self._run, name="progress-sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and close the broker client."""
        self._stopped.set()
        if self._thread is not None and self._owner_pid == os.getpid():
            self._thread.join()
        self.broker.close()

    @property
    def has_died(self) -> bool:
        """True if the thread ended by a bug; its traceback is in the log."""
        return self._thread is not None and not self._thread.is_alive() and not self._stopped.is_set()

    def look(self) -> None:
        """Take a sample; log it if broker or database are unavailable."""
        try:
            progress = read_progress(self.service, self.broker, with_counts=False)
        except (OffsetsUnavailableError, SQLAlchemyError) as error:
            _log.warning("progress cannot be read", error=type(error).__name__)
        else:
            self.movement.observe(progress, self.monotonic())

    def lost(self) -> str | None:
        """Return what the log lacks of what was published of it; None if nothing, or if that cannot be known now."""
        if self.published is None:
            return None
        try:
            with self.service.engine.connect() as connection:
                self.published.check(connection)
        except DatabaseBehindError as error:
            return str(error)
        except (NotComparedError, SQLAlchemyError) as error:
            _log.warning("log not compared with what was published", error=reason_of(error))
        return None

    def _run(self) -> None:
        self.lost()
        while not self._stopped.wait(EVERY_S):
            self.look()
            lost = self.lost()
            if lost is not None:
                _log.critical("the database is behind what was published", reason=localized(lost))
