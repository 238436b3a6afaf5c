"""The exchange topics read again from offset 0, and held record by record against what a register keeps.

Each record below the stored position must be exactly one of: the document accepted from that place, a row of the
quarantine from that place, or one more copy of a document that is stored. Which of two contents of a revision came
first is history: what stands is taken for it. Places are the spine: records come by topic, partition and offset, and
so do the rows, so that neither side is ever held as a whole.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from shared.events.decode import MAX_VALUE_BYTES
from shared.events.topics import topic_of
from shared.kafka.partition_state import check_partitions
from shared.kafka.positions import load_positions
from shared.kafka.replay import replay_records
from shared.postgres.query import driver_connection
from shared.register.head import lock_head
from shared.register.intake import prepare_document
from shared.register.quarantine import RejectedRecord, record_time
from shared.register.rebuild.daily_counts import Day, compare_duplicates, load_duplicates
from shared.register.record_outcomes import CONFLICT
from shared.register.revisions import Arrival
from shared.register.stored_documents import stored_document, stored_headers, stored_versions
from shared.register.tables import ACCEPTED, DUPLICATE
from shared.values.times import shanghai_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from shared.events.decode import Kind as DocumentKind
    from shared.kafka.handler import Record
    from shared.kafka.positions import StoredPosition
    from shared.register.consumer import RegisterKind
    from shared.register.intake import RegisterContext
    from shared.register.rebuild.report import RebuildReport
    from shared.register.stored_documents import Version

_ROWS = 5000
_MOST_LOST = 10_000  # taken in at once
_UNREADABLE = "无法比对：在册字节无法解读 / cannot be told: the stored bytes cannot be read"
_NO_TIME = datetime.min.replace(tzinfo=UTC)

Place = tuple[str, int, int]  # topic, partition, offset


@dataclass
class TopicComparison:
    """One reading again, for one register and in one transaction; `mending_at` None: nothing is written.

    `all_known` afterwards: each record of an exchange is accounted for, or was taken in.
    """

    connection: Connection
    service: str
    kind: RegisterKind
    document: DocumentKind
    register: RegisterContext
    report: RebuildReport
    client_config: Mapping[str, Any]
    mending_at: datetime | None
    all_known: bool = False
    _lost: list[Any] = field(default_factory=list)

    def lose(self, where: str, prepared: Any, follows: str, *, mendable: bool = True) -> None:
        """A record left no trace: said, and taken in as a new entry where this is for mending."""
        self.report.add(f"{where} 丢失 / lost", None, follows, mendable=mendable)
        if mendable:
            self._lost.append(prepared)
        if len(self._lost) >= _MOST_LOST:
            self.take_in()

    def take_in(self) -> None:
        """What was lost goes the way of every batch; positions stay where they are."""
        if self._lost and self.mending_at is not None:
            head = lock_head(self.connection)
            self.kind.apply(self.connection, head, self.register, self._lost, [], self.mending_at)
            self.connection.execute(text("SET LOCAL transaction_timeout = 0"))
        self._lost.clear()

    def positions(self, is_mine: Callable[[str], bool]) -> list[StoredPosition]:
        """Where the register stands in some topics, after a look whether they are still those that were read."""
        positions = [one for one in load_positions(self.connection).values() if is_mine(one.topic)]
        check_partitions(self.client_config, positions, self.service)
        return positions


class _Row(NamedTuple):
    """A stored document (`reason` None) or a row of the quarantine, in the order of places."""

    topic: str
    partition: int
    offset: int
    reason: str | None
    name: str
    record_at: datetime
    value_sha256: bytes | None
    headers_sha256: bytes | None
    value_size: int | None

    @property
    def place(self) -> Place:
        return (self.topic, self.partition, self.offset)


class _Unclear(NamedTuple):
    """A record that is not plainly the one accepted from its place, and the rows that name that place."""

    record: Record
    rows: list[_Row]


class _Rows:
    """The rows of a register by place, as far as they are not yet taken."""

    def __init__(self, rows: Iterator[_Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def before(self, place: Place) -> Iterator[_Row]:
        """Take those of places that were passed."""
        while self._next is not None and self._next.place < place:
            yield self._take()

    def at(self, place: Place) -> list[_Row]:
        """Take those of this place."""
        found = []
        while self._next is not None and self._next.place == place:
            found.append(self._take())
        return found

    def rest(self) -> Iterator[_Row]:
        while self._next is not None:
            yield self._take()

    def _take(self) -> _Row:
        taken, self._next = self._next, next(self._rows, None)
        if taken is None:
            raise LookupError
        return taken


def compare_records(reread: TopicComparison) -> Counter[Day]:
    """Hold all records against what is kept; what to add to the counts of duplicates."""
    connection, report = reread.connection, reread.report
    before, after = topic_of(reread.document, "/").split("/")
    positions = reread.positions(lambda topic: topic.startswith(before) and topic.endswith(after))
    ends = {(one.topic, one.partition): one.next_offset for one in positions}
    counted, found = load_duplicates(connection), Counter[Day]()
    not_mendable = report.not_mendable
    rows = _Rows(_stored_rows(reread))
    for records in replay_records(reread.client_config, ends):
        unclear = []
        for record in records:
            place = (record.topic, record.partition, record.offset)
            _foreign(rows.before(place), report)
            here = rows.at(place)
            if len(here) != 1 or not _is_accepted_from(here[0], record):
                unclear.append(_Unclear(record, here))
        _account_for(reread, unclear, found)
        report.compared("Kafka 记录 / records", len(records))
    _foreign(rows.rest(), report)
    reread.take_in()
    reread.all_known = report.not_mendable == not_mendable
    return compare_duplicates(counted, found, report, all_known=reread.all_known)


def _stored_rows(reread: TopicComparison) -> Iterator[_Row]:
    document = reread.document
    before, after = topic_of(document, "/").split("/")
    halves = [
        f"""
        SELECT '{before}' || exchange || '{after}' COLLATE "C" AS topic, partition, "offset",
               CAST(NULL AS text) AS reason, exchange || '/' || number || ' r' || revision AS name, record_at,
               sha256(value), sha256(headers), length(value), seq
        FROM {table}
        """
        for table in (document, f"{document}_past")
    ]
    statement = f"""
        {" UNION ALL ".join(halves)}
        UNION ALL
        SELECT topic, partition, "offset", reason, 'quarantine ' || id, record_at, sha256(value), NULL, value_size, id
        FROM quarantine
        ORDER BY topic, partition, "offset", reason NULLS FIRST, seq
    """
    with driver_connection(reread.connection).cursor("every_place", binary=True) as cursor:
        cursor.execute(statement.encode())
        while rows := cursor.fetchmany(_ROWS):
            for row in rows:
                yield _Row(*row[:-1])  # type: ignore[arg-type]  # as the statement has them


def _is_accepted_from(row: _Row, record: Record) -> bool:
    """Whether the row is a document with this record's bytes."""
    return (
        row.reason is None
        and row.value_sha256 == _sha256(record.value)
        and row.headers_sha256 == _sha256(stored_headers(record.headers))
        and _is_time_of(row, record)
    )


def _is_time_of(row: _Row, record: Record) -> bool:
    return row.record_at == record_time(record, row.record_at)


def _sha256(value: bytes | None) -> bytes | None:
    return None if value is None else hashlib.sha256(value).digest()


def _foreign(rows: Iterator[_Row], report: RebuildReport) -> None:
    for row in rows:
        report.add(f"{_where(row)} 外来 / foreign", _told(row), None, mendable=False)


def _where(row: _Row | Record) -> str:
    return f"{row.topic}[{row.partition}]@{row.offset}"


def _told(row: _Row) -> str:
    return f"{row.name} {row.reason or ACCEPTED}"


def _account_for(reread: TopicComparison, unclear: Sequence[_Unclear], duplicates: Counter[Day]) -> None:
    """Decide on records by what is stored of their revision."""
    prepared = [prepare_document(reread.document, one.record) for one in unclear]
    stored = _stored(reread, [item for item in prepared if isinstance(item, Arrival)])
    for (record, rows), item in zip(unclear, prepared, strict=True):
        follows = _what_follows(item, stored)
        if _is_explained(record, rows, follows, reread.report):
            continue
        if follows == DUPLICATE:
            duplicates[item.exchange, _day(record)] += 1
        else:
            # Where something else took its place, or what is stored of it is broken, a person must look first.
            reread.lose(_where(record), item, follows, mendable=not rows and follows != _UNREADABLE)


def _is_explained(record: Record, rows: Sequence[_Row], follows: str, report: RebuildReport) -> bool:
    """Whether a row of its place is this record's; says what rows have no business there."""
    explained = False
    for row in rows:
        what = _where(row)
        if not _is_of(row, record):
            report.add(f"{what} 外来 / foreign", _told(row), None, mendable=False)
        elif explained:
            report.add(f"{what} 重复 / doubled", _told(row), None, mendable=False)
        else:
            explained = True
            if row.reason != follows and not (row.reason is None and follows == DUPLICATE):
                report.add(f"{what} 处置不同 / other outcome", _told(row), follows, mendable=False)
            if not _is_time_of(row, record):
                report.add(f"{what} record_at", row.record_at, record_time(record, row.record_at), mendable=False)
    return explained


def _is_of(row: _Row, record: Record) -> bool:
    """Whether the row has this record's bytes; the quarantine keeps the first of what is too large, and its size."""
    if row.reason is None:
        return row.value_sha256 == _sha256(record.value) and row.headers_sha256 == _sha256(
            stored_headers(record.headers)
        )
    value = record.value
    size = None if value is None else len(value)
    return row.value_size == size and row.value_sha256 == _sha256(None if value is None else value[:MAX_VALUE_BYTES])


def _stored(reread: TopicComparison, arrivals: Sequence[Arrival[Any]]) -> dict[Version, Any]:
    """The stored content of each revision that came; None where its bytes cannot be read."""
    wanted = {(arrival.exchange, arrival.number, arrival.revision) for arrival in arrivals}
    found: dict[Version, Any] = {}
    for row in stored_versions(reread.connection, reread.document, wanted):
        try:
            document = stored_document(reread.document, row.exchange, row.value, row.headers)
        except ValueError:
            document = None
        found[row.exchange, row.number, row.revision] = document
    return found


def _what_follows(item: Arrival[Any] | RejectedRecord, stored: dict[Version, Any]) -> str:
    """The outcome of a record: `accepted` if nothing of its revision is stored, `duplicate` if the same is."""
    if isinstance(item, RejectedRecord):
        return item.reason
    version = (item.exchange, item.number, item.revision)
    if version not in stored:
        return ACCEPTED
    if stored[version] is None:
        return _UNREADABLE
    return DUPLICATE if stored[version] == item.document else CONFLICT


def _day(record: Record) -> Any:
    """None for a record without a usable timestamp: it was counted on the day it came."""
    instant = record_time(record, _NO_TIME)
    return None if instant is _NO_TIME else shanghai_date(instant)
