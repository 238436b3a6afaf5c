"""Quarantine of rejected records, with their raw bytes up to a quota of each exchange and day."""

import base64
import json
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final

import msgspec
import structlog
from sqlalchemy import Connection

from shared.events.decode import MAX_VALUE_BYTES, FieldError, Headers
from shared.events.marks import marks_of
from shared.events.topics import kind_of
from shared.kafka.handler import Record
from shared.kafka.set_aside import SetAside
from shared.postgres.binary_copy import RowFormat, bytes_field, copy_rows, pg_microseconds
from shared.postgres.query import fetch, pg_array, pg_arrays
from shared.register.daily_counts import record_us
from shared.register.quarantine_quota import DailyQuota
from shared.register.refused_document import refused_document

CUT_BYTES: Final = 1024  # of the value of an item beyond the quota
_LOGGED_PER_BATCH: Final = 10
# Errors that so many records of a batch share are stored once.
_SHARED_FROM: Final = 10
_FIXED: Final = {
    "offset": "int8",
    "record_at": "timestamptz",
    "received_at": "timestamptz",
    "partition": "int4",
    "cut": "bool",
}
_OTHERS: Final = (
    *("exchange", "topic", "reason", "errors", "errors_id", "headers", "value", "value_size", "value_sha256"),
    *("last_offset", "records", "number", "revision", "document_at"),
)
_FORMAT: Final = RowFormat("quarantine", [*_FIXED, *_OTHERS], list(_FIXED.values()))
_INT4, _INT8 = struct.Struct(">i"), struct.Struct(">q")
_JSONB: Final = b"\x01"  # the version of its binary format
_KNOWN_ERRORS = "SELECT digest, id FROM quarantine_errors WHERE digest = ANY(CAST(%(digests)s AS bytea[]))"
_ADD_ERRORS = """
    INSERT INTO quarantine_errors (digest, errors)
    SELECT digest, CAST(errors AS jsonb)
    FROM unnest(CAST(%(digests)s AS bytea[]), CAST(%(errors)s AS text[])) AS a(digest, errors)
    RETURNING digest, id
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


class _Kept(msgspec.Struct, gc=False):
    """The part of a record that an item keeps: the beginning of its value, and headers."""

    value: bytes | None
    headers: Headers
    is_cut: bool

    @property
    def size_bytes(self) -> int:
        return len(self.value or b"") + sum(len(name) + len(value or b"") for name, value in self.headers)


def quarantine(
    connection: Connection, rejected: Sequence[RejectedRecord], daily_bytes: int, now: datetime
) -> list[bool]:
    """Store rejected records; of one that is too large, and of a batch, the first 256 KiB.

    An item with which an exchange's items of a Shanghai day would keep more than `daily_bytes` is cut: it keeps the
    first KiB of its value and no headers. Returns for each record whether its item is cut.
    """
    if not rejected:
        return []
    _log_rejected(rejected)
    quota = DailyQuota(connection, {item.exchange for item in rejected}, daily_bytes, now)
    errors = [_errors_json(tuple(item.errors)) for item in rejected]
    shared_ids = _shared_errors(connection, errors)
    kept = [_kept(item, quota) for item in rejected]
    received_us = pg_microseconds(now)
    rows = (
        _row(item, part, text, shared_ids.get(text), received_us)
        for item, part, text in zip(rejected, kept, errors, strict=True)
    )
    copy_rows(connection, _FORMAT.copy_sql, rows)
    quota.store(connection)
    return [part.is_cut for part in kept]


def _kept(item: RejectedRecord, quota: DailyQuota) -> _Kept:
    value = item.record.value
    kept = _Kept(None if value is None else value[:MAX_VALUE_BYTES], item.record.headers, is_cut=False)
    if not quota.has_room(item.exchange, kept.size_bytes):
        kept = _Kept(None if value is None else value[:CUT_BYTES], (), is_cut=True)
    quota.take(item.exchange, kept.size_bytes, is_cut=kept.is_cut)
    return kept


def _row(item: RejectedRecord, kept: _Kept, errors: bytes, errors_id: int | None, received_us: int) -> bytes:
    record, value = item.record, item.record.value
    size = None if value is None else len(value)
    digest = None if value is None else sha256(value).digest()
    last_offset = records = None
    if isinstance(record, SetAside):
        size, digest, last_offset, records = record.value_size, record.value_sha256, record.last_offset, record.records
    number, revision, at = refused_document(kind_of(record.topic), item.reason, value, record.headers)
    fixed = record.offset, record_us(record, received_us), received_us, record.partition, kept.is_cut
    return b"".join(
        (
            _FORMAT.pack_fixed(*fixed),
            bytes_field(item.exchange.encode()),
            bytes_field(record.topic.encode()),
            bytes_field(item.reason.encode()),
            bytes_field(_JSONB + errors if errors_id is None else None),
            _number(_INT4, errors_id),
            bytes_field(_JSONB + _jsonb(headers_json(kept.headers))),
            bytes_field(kept.value),
            _number(_INT4, size),
            bytes_field(digest),
            _number(_INT8, last_offset),
            _number(_INT4, records),
            bytes_field(None if number is None else number.encode()),
            _number(_INT4, revision),
            _number(_INT8, None if at is None else pg_microseconds(at)),
        )
    )


def _number(layout: struct.Struct, value: int | None) -> bytes:
    return bytes_field(None if value is None else layout.pack(value))


@lru_cache(maxsize=1024)
def _errors_json(errors: tuple[FieldError, ...]) -> bytes:
    return _jsonb([{"field": error.field, "message": error.message} for error in errors])


def _shared_errors(connection: Connection, errors: Sequence[bytes]) -> dict[bytes, int]:
    """Return the ids of those errors that many records of the batch share, stored once."""
    digests = {sha256(text).digest(): text for text, times in Counter(errors).items() if times >= _SHARED_FROM}
    if not digests:
        return {}
    ids = dict(fetch(connection, _KNOWN_ERRORS, tuple[bytes, int], digests=pg_array(digests)))
    if missing := [(digest, text.decode()) for digest, text in digests.items() if digest not in ids]:
        ids |= dict(fetch(connection, _ADD_ERRORS, tuple[bytes, int], **pg_arrays(missing, "digests", "errors")))
    return {text: ids[digest] for digest, text in digests.items()}


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


def _jsonb(value: object) -> bytes:
    return json.dumps(_storable(value), ensure_ascii=True).encode()


def _storable(value: object) -> object:
    """Replace what jsonb cannot hold (U+0000 and lone surrogates in header names or quoted fields) by U+FFFD."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
