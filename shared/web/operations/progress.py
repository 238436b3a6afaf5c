"""How far a service is: what the broker has, what is handled, and since when records wait without movement."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, text

from shared.events.topics import is_exchanges, prefix_of
from shared.postgres.database import snapshot
from shared.web.operations.broker import Broker, End
from shared.web.service import ServiceInfo


@dataclass(frozen=True)
class PartitionProgress:
    """One partition: the next offset to handle, and where the broker's records end."""

    topic: str
    partition: int
    next_offset: int
    end_offset: int
    stable_offset: int

    @property
    def lag(self) -> int:
        """Distance to the high watermark. Offsets were read after ends, so they may be beyond them by now."""
        return max(0, self.end_offset - self.next_offset)

    @property
    def waits(self) -> bool:
        """Whether a record should be handled now.

        Behind an exchange's open transaction none can, however long its producer takes. Transactions of facts are our
        own, and last for seconds.
        """
        reach = self.stable_offset if is_exchanges(self.topic) else self.end_offset
        return reach > self.next_offset

    @property
    def held(self) -> int:
        """How many offsets lie behind an open transaction."""
        return max(0, self.end_offset - max(self.stable_offset, self.next_offset))


@dataclass(frozen=True)
class LastRun:
    """The newest run of the consumer program: `ending` is None while it runs, and after it was killed."""

    ending: str | None
    reason: str | None

    @property
    def has_halted(self) -> bool:
        """Whether it ended by something that a person must mend, or by a fault of ours."""
        return self.ending in ("halted", "failed")


@dataclass(frozen=True)
class Stored:
    """What the database says, all of one snapshot; counts may be left out.

    `quarantined`: by (exchange, reason). `in_force`: its content was made by the settings of this program.
    `outbox_oldest_id`: of the change of a fact that waits longest. `endings`: of the consumer's runs, how many.
    """

    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    moved_at: datetime | None = None
    outbox_oldest_id: int | None = None
    last_run: LastRun | None = None
    outbox: int = 0
    outbox_oldest_at: datetime | None = None
    quarantined: dict[tuple[str, str], int] = field(default_factory=dict)
    next_seq: int | None = None
    in_force: bool = True
    starts: int = 0
    endings: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceProgress:
    """Partitions in order of topic and number, and the database's snapshot, which was taken after their ends."""

    partitions: tuple[PartitionProgress, ...]
    stored: Stored


def stored_snapshot(service: ServiceInfo, *, with_counts: bool = True) -> Stored:
    """Next offsets, and what is counted if asked for, in a read-only transaction that sees one state."""
    with snapshot(service.engine) as connection:
        rows = connection.execute(text("SELECT topic, partition, next_offset, moved_at FROM position")).all()
        stored = Stored(
            next_offsets={(row.topic, row.partition): row.next_offset for row in rows},
            moved_at=max((row.moved_at for row in rows), default=None),
            in_force=service.in_force is None or bool(connection.execute(service.in_force).scalar()),
            last_run=_last_run(connection),
            outbox_oldest_id=_oldest_of_outbox(connection) if service.takes_documents else None,
        )
        return _with_counts(connection, service, stored) if with_counts else stored


def _last_run(connection: Connection) -> LastRun | None:
    row = connection.execute(text("SELECT ending, reason FROM worker_run ORDER BY id DESC LIMIT 1")).one_or_none()
    return None if row is None else LastRun(*row)


def _oldest_of_outbox(connection: Connection) -> int | None:
    oldest: int | None = connection.execute(text("SELECT min(id) FROM outbox")).scalar()
    return oldest


def _with_counts(connection: Connection, service: ServiceInfo, stored: Stored) -> Stored:
    runs = connection.execute(text("SELECT ending, count(*) AS n FROM worker_run GROUP BY ending")).all()
    endings = {row.ending: row.n for row in runs if row.ending is not None}
    stored = replace(stored, starts=sum(row.n for row in runs), endings=endings)
    if service.next_seq is not None:
        stored = replace(stored, next_seq=connection.execute(service.next_seq).scalar())
    if not service.takes_documents:
        return stored
    outbox, oldest_at = connection.execute(text("SELECT count(*), min(dirty_at) FROM outbox")).one()
    refused = connection.execute(text("SELECT exchange, reason, count(*) AS n FROM quarantine GROUP BY 1, 2"))
    quarantined = {(row.exchange, row.reason): row.n for row in refused}
    return replace(stored, outbox=outbox, outbox_oldest_at=oldest_at, quarantined=quarantined)


def combine(ends: dict[str, dict[int, End]], stored: Stored, broker: Broker) -> ServiceProgress:
    """Ends, and the offsets read after them. A partition without a stored offset will be read from its beginning."""
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
    """Broker first, then the database. BrokerAwayError; errors of the driver."""
    ends = broker.ends(service.topics)
    return combine(ends, stored_snapshot(service, with_counts=with_counts), broker)


def topics_seen(topics: Iterable[str], exchange: str | None) -> list[str]:
    """The topics that a key of `exchange` sees: its own; all for the others (None)."""
    return [topic for topic in topics if exchange is None or topic.startswith(prefix_of(exchange))]


def lag_for(progress: ServiceProgress, exchange: str | None) -> int:
    """What the answers to a key still wait for: its own topics, and the facts between services, which are no one's."""
    return sum(
        partition.lag
        for partition in progress.partitions
        if exchange is None or not is_exchanges(partition.topic) or topics_seen([partition.topic], exchange)
    )


class Movement:
    """Since when records or changes of facts wait and nothing moves. Times are seconds of a clock that does not jump.

    Each partition by itself: one that stands still must not be hidden by others that move. A record that arrives after
    a quiet night has waited for a moment only, whenever the last one was handled: so it is not enough to look at the
    time of the last movement. While nothing can be seen, waiting goes on: only movement ends it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # What waits, where it stood when it was last seen to move, and since when.
        self._partitions: dict[tuple[str, int], tuple[int, float]] = {}
        self._outbox: tuple[int, float] | None = None

    def observe(self, progress: ServiceProgress, at_s: float) -> None:
        """Take note of one look at the service."""
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
        """For how long records of a partition have waited without movement; 0 when none waits."""
        with self._lock:
            return max((at_s - since_s for _, since_s in self._partitions.values()), default=0.0)

    def outbox_waiting_s(self, at_s: float) -> float:
        """For how long the same change of a fact has been the oldest that waits; 0 when none waits."""
        with self._lock:
            return 0.0 if self._outbox is None else at_s - self._outbox[1]


def _since(before: tuple[int, float] | None, stands_at: int, at_s: float) -> tuple[int, float]:
    return before if before is not None and before[0] == stands_at else (stands_at, at_s)
