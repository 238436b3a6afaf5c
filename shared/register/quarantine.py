"""Quarantine of rejected records, with their raw bytes."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256

import msgspec
import structlog
from sqlalchemy import Connection

from shared.events.decode import MAX_VALUE_BYTES, FieldError
from shared.events.marks import marks_of
from shared.kafka.handler import Record
from shared.kafka.set_aside import SetAside
from shared.postgres.query import execute_many
from shared.register.daily_counts import record_time

_LOGGED_PER_BATCH = 10
_INSERT = """
    INSERT INTO quarantine (exchange, topic, partition, "offset", record_at, received_at, reason, errors, headers,
                            value, value_size, value_sha256, last_offset, records)
    VALUES (%(exchange)s, %(topic)s, %(partition)s, %(offset)s, %(record_at)s, %(received_at)s, %(reason)s,
            CAST(%(errors)s AS jsonb), CAST(%(headers)s AS jsonb), %(value)s, %(value_size)s,
            %(value_sha256)s, %(last_offset)s, %(records)s)
"""

log = structlog.get_logger(__name__)


class RejectedRecord(msgspec.Struct, gc=False):
    """A record, or a batch of records, that is not taken in."""

    exchange: str
    record: Record
    reason: str
    errors: list[FieldError]

    @property
    def count(self) -> int:
        """Number of records; 1 for a batch whose number is unknown."""
        return (isinstance(self.record, SetAside) and self.record.records) or 1


def quarantine(connection: Connection, rejected: Sequence[RejectedRecord], now: datetime) -> None:
    """Store rejected records; of one that is too large, and of a batch, the first 256 KiB."""
    _log_rejected(rejected)
    if rejected:
        execute_many(connection, _INSERT, [_row(item, now) for item in rejected])


def _row(item: RejectedRecord, now: datetime) -> dict[str, object]:
    record, value = item.record, item.record.value
    size = None if value is None else len(value)
    digest = None if value is None else sha256(value).digest()
    last_offset = records = None
    if isinstance(record, SetAside):
        size, digest, last_offset, records = record.value_size, record.value_sha256, record.last_offset, record.records
    return {
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
        "value_size": size,
        "value_sha256": digest,
        "last_offset": last_offset,
        "records": records,
    }


def headers_json(headers: Iterable[tuple[str, bytes | None]]) -> list[list[str | None]]:
    """Return Kafka headers as pairs of name and base64, in order, including repeated ones."""
    return [[name, None if value is None else base64.b64encode(value).decode()] for name, value in headers]


def _log_rejected(rejected: Sequence[RejectedRecord]) -> None:
    """Log the first records of a batch and count the others: invalid records may come by the thousands a second."""
    for item in rejected[:_LOGGED_PER_BATCH]:
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
            last_offset=record.last_offset if isinstance(record, SetAside) else None,
        )
    others = Counter(item.reason for item in rejected[_LOGGED_PER_BATCH:])
    if others:
        log.warning("more records refused", records=others.total(), reasons=[f"{n} {of}" for of, n in others.items()])


def _jsonb(value: object) -> str:
    return json.dumps(_storable(value), ensure_ascii=True)


def _storable(value: object) -> object:
    """Replace what jsonb cannot hold (U+0000 and lone surrogates in header names or quoted fields) by U+FFFD."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
