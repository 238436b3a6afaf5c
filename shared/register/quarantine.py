"""What was refused, with its raw bytes, and the daily count of what came and what became of it."""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog
from sqlalchemy import text

from shared.events.decode import MAX_VALUE_BYTES, FieldError
from shared.events.marks import marks_of
from shared.postgres.database import change
from shared.postgres.query import pg_array
from shared.values.times import shanghai_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from shared.kafka.handler import Record

_TOLD_OF_A_BATCH = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNTIL_2000_US = 946_684_800_000_000
_FIRST_MS, _LAST_MS = 0, 253_402_214_400_000  # 1970 to 9999: what both Python and PostgreSQL can say as a date
_COUNT = b"""
    INSERT INTO intake_day AS d (exchange, day, outcome, records, amount_fen)
    SELECT * FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(days)s AS date[]), CAST(%(outcomes)s AS text[]),
                         CAST(%(records)s AS bigint[]), CAST(%(amounts)s AS numeric[]))
    ON CONFLICT (exchange, day, outcome)
    DO UPDATE SET records = d.records + excluded.records, amount_fen = d.amount_fen + excluded.amount_fen
"""

log = structlog.get_logger(__name__)


class RejectedRecord(msgspec.Struct, gc=False):
    """A record that goes to quarantine."""

    exchange: str
    record: Record
    reason: str
    errors: list[FieldError]


class DailyCounts:
    """Records and money by exchange, Shanghai day of the record's timestamp, and outcome."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._days: dict[int, date] = {}
        self.records: Counter[tuple[str, date, str]] = Counter()
        self.amounts_fen: Counter[tuple[str, date, str]] = Counter()

    def add(self, exchange: str, record: Record, outcome: str, amount_fen: int = 0) -> None:
        hour = record.timestamp // 3_600_000
        day = self._days.get(hour)
        if day is None:
            day = self._days[hour] = shanghai_date(record_time(record, self._now))
        key = (exchange, day, outcome)
        self.records[key] += 1
        self.amounts_fen[key] += amount_fen

    def store(self, connection: Connection) -> None:
        if not self.records:
            return
        counts = sorted(self.records.items())
        parameters = {
            "exchanges": pg_array(exchange for (exchange, _, _), _ in counts),
            "days": pg_array(day.isoformat() for (_, day, _), _ in counts),
            "outcomes": pg_array(outcome for (_, _, outcome), _ in counts),
            "records": pg_array(records for _, records in counts),
            "amounts": pg_array(self.amounts_fen[key] for key, _ in counts),
        }
        change(connection, _COUNT, parameters)


def record_time(record: Record, now: datetime) -> datetime:
    """When the record says it was sent; now, for one without a usable timestamp."""
    if _FIRST_MS <= record.timestamp <= _LAST_MS:
        return _EPOCH + timedelta(milliseconds=record.timestamp)
    return now


def record_us(record: Record, now_us: int) -> int:
    """The same in microseconds since 2000, PostgreSQL's own form."""
    if _FIRST_MS <= record.timestamp <= _LAST_MS:
        return record.timestamp * 1000 - _UNTIL_2000_US
    return now_us


def headers_json(headers: Iterable[tuple[str, bytes | None]]) -> list[list[str | None]]:
    """Kafka headers as pairs of name and base64, in order, repeated ones included."""
    return [[name, None if value is None else base64.b64encode(value).decode()] for name, value in headers]


def quarantine(connection: Connection, refused: Sequence[RejectedRecord], days: DailyCounts, now: datetime) -> None:
    """Keep refused records, of too large ones the first 256 KiB."""
    rows = []
    for item in refused:
        record = item.record
        value = record.value
        days.add(item.exchange, record, item.reason)
        rows.append(
            {
                "exchange": item.exchange,
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "record_at": record_time(record, now),
                "received_at": now,
                "reason": item.reason,
                "errors": _jsonb([{"field": error.field, "message": error.message} for error in item.errors]),
                "headers": _jsonb(headers_json(record.headers)),
                "value": None if value is None else value[:MAX_VALUE_BYTES],
                "value_size": None if value is None else len(value),
            }
        )
    _tell(refused)
    if rows:
        connection.execute(
            text(
                'INSERT INTO quarantine (exchange, topic, partition, "offset", record_at, received_at, reason, errors,'
                " headers, value, value_size) VALUES (:exchange, :topic, :partition, :offset, :record_at, :received_at,"
                " :reason, CAST(:errors AS jsonb), CAST(:headers AS jsonb), :value, :value_size)"
            ),
            rows,
        )


def _tell(refused: Sequence[RejectedRecord]) -> None:
    """Name the first of a batch in the log, and count the others: rubbish may come by the thousands a second."""
    for item in refused[:_TOLD_OF_A_BATCH]:
        record = item.record
        marks = marks_of(record.value, record.headers)
        log.warning(
            "record refused",
            reason=item.reason,
            fields=[error.field for error in item.errors],
            event_id=marks.event_id,
            trace_id=marks.trace_id,
            exchange=item.exchange,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )
    others = Counter(item.reason for item in refused[_TOLD_OF_A_BATCH:])
    if others:
        log.warning("more records refused", records=others.total(), reasons=[f"{n} {of}" for of, n in others.items()])


def _jsonb(value: object) -> str:
    return json.dumps(_replaced(value), ensure_ascii=True)


def _replaced(value: object) -> object:
    """U+FFFD for what jsonb cannot hold: U+0000 and lone surrogates, from a header's name or a quoted member."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_replaced(item) for item in value]
    if isinstance(value, dict):
        return {_replaced(key): _replaced(item) for key, item in value.items()}
    return value
