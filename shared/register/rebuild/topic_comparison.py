"""Comparison of the exchange topics, read again from offset 0, with what the register stores, record by record.

Each record below the stored position must be exactly one of: the document accepted from that place, a quarantine row
from that place, or a duplicate of a stored document. Which of two contents of a revision came first is history: the
stored one is taken as the first. Both records and rows are read in order of topic, partition and offset and merged, so
neither side is ever held in memory as a whole.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from kafka import TopicPartition
from sqlalchemy import Connection

from shared.events.decode import MAX_VALUE_BYTES, REVISION_CONFLICT, Kind
from shared.events.documents import Document
from shared.events.topics import topic_of
from shared.kafka.handler import Record
from shared.kafka.partition_state import check_partitions
from shared.kafka.positions import StoredPosition, load_positions
from shared.kafka.replay import replay_records
from shared.kafka.set_aside import SetAside, SetAsidePlan
from shared.language import localized, say
from shared.postgres.query import execute, fetch, stream
from shared.register.context import RegisterContext
from shared.register.daily_counts import ACCEPTED, DUPLICATE, record_time
from shared.register.head import lock_head
from shared.register.intake import prepare_document
from shared.register.kind import RegisterKind
from shared.register.quarantine import CUT_BYTES, RejectedRecord
from shared.register.rebuild.daily_counts import Day, compare_duplicates, load_duplicates
from shared.register.rebuild.report import RebuildReport
from shared.register.revisions import AnyArrival, Arrival
from shared.register.stored_documents import Version, stored_document, stored_headers, stored_versions
from shared.settings import ClientConfig
from shared.values.times import shanghai_date

_ROWS = 5000
_LOST_PER_BATCH = 10_000
_UNREADABLE = "无法比对：在册字节无法解读 / cannot be compared: the stored bytes cannot be decoded"
_NO_TIME = datetime.min.replace(tzinfo=UTC)

Place = tuple[str, int, int]  # topic, partition, offset


@dataclass
class TopicComparison:
    """Reading the topics again for one register in one transaction; `repairing_at` None: nothing is written.

    `all_known`: afterwards, whether each record of an exchange is accounted for or was taken in.
    """

    connection: Connection
    kind: RegisterKind
    register: RegisterContext
    report: RebuildReport
    client_config: ClientConfig
    repairing_at: datetime | None
    all_known: bool = False
    _lost: list[object] = field(default_factory=list)

    def add_lost(self, place: str, prepared: object, expected: str, *, repairable: bool = True) -> None:
        """Report a record that left no trace; a repair takes it in as a new entry."""
        self.report.add(f"{place} {say('丢失', 'lost')}", None, localized(expected), repairable=repairable)
        if repairable:
            self._lost.append(prepared)
        if len(self._lost) >= _LOST_PER_BATCH:
            self.take_in_lost()

    def take_in_lost(self) -> None:
        """Apply lost records like any batch; positions stay unchanged."""
        if self._lost and self.repairing_at is not None:
            head = lock_head(self.connection)
            self.kind.apply(self.connection, head, self.register, self._lost, [], self.repairing_at)
            execute(self.connection, "SET LOCAL transaction_timeout = 0")
        self._lost.clear()

    def positions(self, is_mine: Callable[[str], bool]) -> list[StoredPosition]:
        """Return the stored positions in some topics, after checking that these are still the topics that were read."""
        positions = [one for one in load_positions(self.connection).values() if is_mine(one.topic)]
        check_partitions(self.client_config, positions, self.kind.service)
        return positions


class _StoredRow(NamedTuple):
    """A stored document (`reason` None) or a row of the quarantine."""

    topic: str
    partition: int
    offset: int
    reason: str | None
    name: str
    record_at: datetime
    value_sha256: bytes | None
    headers_sha256: bytes | None
    value_size: int | None
    is_cut: bool
    seq: int  # or the id of the quarantine's row

    @property
    def place(self) -> Place:
        return (self.topic, self.partition, self.offset)

    def __str__(self) -> str:
        return f"{self.name} {self.reason or ACCEPTED}"

    def is_accepted_from(self, record: Record) -> bool:
        """Return True if the row is a document with the record's bytes and timestamp."""
        return self.reason is None and self.has_bytes_of(record) and self.has_time_of(record)

    def has_time_of(self, record: Record) -> bool:
        return self.record_at == record_time(record, self.record_at)

    def has_bytes_of(self, record: Record) -> bool:
        """Return True if the row has the record's bytes; of a large record, quarantine has the beginning and size."""
        value = record.value
        if self.reason is None:
            headers_sha256 = _sha256(stored_headers(record.headers))
            return self.value_sha256 == _sha256(value) and self.headers_sha256 == headers_sha256
        size = None if value is None else len(value)
        if isinstance(record, SetAside):
            size = record.value_size
        most_bytes = CUT_BYTES if self.is_cut else MAX_VALUE_BYTES
        return self.value_size == size and self.value_sha256 == _sha256(value and value[:most_bytes])


class _StoredRows:
    """The rows of a register in order of place, as far as they are not taken yet."""

    def __init__(self, rows: Iterator[_StoredRow]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def take_while(self, is_wanted: Callable[[Place], bool]) -> Iterator[_StoredRow]:
        """Take the next rows as long as their places are wanted."""
        while self._next is not None and is_wanted(self._next.place):
            row, self._next = self._next, next(self._rows, None)
            yield row


def compare_records(comparison: TopicComparison) -> Counter[Day]:
    """Compare all records with what is stored; return what to add to the counts of duplicates."""
    connection, report = comparison.connection, comparison.report
    before, after = topic_of(comparison.kind.document, "/").split("/")
    positions = comparison.positions(lambda topic: topic.startswith(before) and topic.endswith(after))
    ends = {(one.topic, one.partition): one.next_offset for one in positions}
    counted, found = load_duplicates(connection), Counter[Day]()
    not_repairable = report.not_repairable
    rows = _StoredRows(_load_rows(connection, comparison.kind.document))
    for records in replay_records(comparison.client_config, ends, _unreadable(connection)):
        unclear = []
        for record in records:
            place = (record.topic, record.partition, record.offset)
            _report_foreign(rows.take_while(place.__gt__), report)
            here = list(rows.take_while(place.__eq__))
            if len(here) != 1 or not here[0].is_accepted_from(record):
                unclear.append((record, here))
        _account_for(comparison, unclear, found)
        report.compared(say("Kafka 记录", "Kafka records"), len(records))
    _report_foreign(rows.take_while(lambda _: True), report)
    comparison.take_in_lost()
    comparison.all_known = report.not_repairable == not_repairable
    return compare_duplicates(counted, found, report, all_known=comparison.all_known)


def _unreadable(connection: Connection) -> list[SetAsidePlan]:
    """Return what was set aside as unreadable: reading it again might end this process too."""
    statement = """
        SELECT topic, partition, "offset", coalesce(last_offset, "offset") FROM quarantine WHERE reason = 'unreadable'
    """
    rows = fetch(connection, statement, tuple[str, int, int, int])
    return [SetAsidePlan(TopicPartition(topic, number), first, last, "") for topic, number, first, last in rows]


def _load_rows(connection: Connection, kind: Kind) -> Iterator[_StoredRow]:
    before, after = topic_of(kind, "/").split("/")
    halves = [
        f"""
        SELECT '{before}' || exchange || '{after}' COLLATE "C" AS topic, partition, "offset",
               CAST(NULL AS text) AS reason, exchange || '/' || number || ' r' || revision AS name, record_at,
               sha256(value), sha256(headers), length(value), false, seq
        FROM {table}
        """
        for table in (kind, f"{kind}_past")
    ]
    statement = f"""
        {" UNION ALL ".join(halves)}
        UNION ALL
        SELECT topic, partition, "offset", reason, 'quarantine ' || id, record_at, sha256(value), NULL, value_size, cut,
               id
        FROM quarantine
        ORDER BY topic, partition, "offset", reason NULLS FIRST, seq
    """
    return stream(connection, statement, _StoredRow)


def _sha256(value: bytes | None) -> bytes | None:
    return None if value is None else hashlib.sha256(value).digest()


def _report_foreign(rows: Iterator[_StoredRow], report: RebuildReport) -> None:
    for row in rows:
        report.add(f"{_place(row)} {say('外来', 'foreign')}", row, None, repairable=False)


def _place(row: _StoredRow | Record) -> str:
    return f"{row.topic}[{row.partition}]@{row.offset}"


def _account_for(
    comparison: TopicComparison, unclear: Sequence[tuple[Record, list[_StoredRow]]], duplicates: Counter[Day]
) -> None:
    """Decide on records that are not plainly accepted from their place, each given with the rows of that place."""
    prepared = [prepare_document(comparison.kind.document, record) for record, _ in unclear]
    stored = _load_contents(comparison, [item for item in prepared if isinstance(item, Arrival)])
    for (record, rows), item in zip(unclear, prepared, strict=True):
        expected = _expected_outcome(item, stored)
        if _is_explained(record, rows, expected, comparison.report):
            continue
        if expected == DUPLICATE:
            duplicates[item.exchange, _day(record)] += 1
        else:
            # If something else took its place, or the stored bytes are broken, an operator must look first.
            repairable = not rows and expected != _UNREADABLE
            comparison.add_lost(_place(record), item, expected, repairable=repairable)


def _is_explained(record: Record, rows: Sequence[_StoredRow], expected: str, report: RebuildReport) -> bool:
    """Return True if a row of the record's place is the record's; report rows that should not be there."""
    explained = False
    for row in rows:
        place = _place(row)
        if not row.has_bytes_of(record):
            report.add(f"{place} {say('外来', 'foreign')}", row, None, repairable=False)
        elif explained:
            report.add(f"{place} {say('重复', 'doubled')}", row, None, repairable=False)
        else:
            explained = True
            if row.reason != expected and not (row.reason is None and expected == DUPLICATE):
                report.add(f"{place} {say('处置不同', 'other outcome')}", row, expected, repairable=False)
            if not row.has_time_of(record):
                report.add(f"{place} record_at", row.record_at, record_time(record, row.record_at), repairable=False)
    return explained


def _load_contents(comparison: TopicComparison, arrivals: Sequence[AnyArrival]) -> dict[Version, Document | None]:
    """Return the stored content of each revision; None if its bytes cannot be decoded."""
    kind = comparison.kind.document
    wanted = {(arrival.exchange, arrival.number, arrival.revision) for arrival in arrivals}
    found: dict[Version, Document | None] = {}
    for row in stored_versions(comparison.connection, kind, wanted):
        try:
            document = stored_document(kind, row.exchange, row.value, row.headers)
        except ValueError:
            document = None
        found[row.exchange, row.number, row.revision] = document
    return found


def _expected_outcome(item: AnyArrival | RejectedRecord, stored: Mapping[Version, Document | None]) -> str:
    if isinstance(item, RejectedRecord):
        return item.reason
    version = (item.exchange, item.number, item.revision)
    if version not in stored:
        return ACCEPTED
    if stored[version] is None:
        return _UNREADABLE
    return DUPLICATE if stored[version] == item.document else REVISION_CONFLICT.reason


def _day(record: Record) -> date | None:
    """Return the record's day; None without a usable timestamp: it was counted on the day it was received."""
    instant = record_time(record, _NO_TIME)
    return None if instant is _NO_TIME else shanghai_date(instant)
