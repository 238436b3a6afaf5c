"""Records and batches that cannot be taken in: each becomes an item of the quarantine, and the stream goes on."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple

import msgspec
from kafka import TopicPartition

from shared.events.decode import MAX_VALUE_BYTES, FieldError, too_large_error
from shared.kafka.batch_records import MAX_HEADERS, MAX_UNPACKED_BYTES, CutRecord, StoredRecord
from shared.kafka.record_batch import StoredBatch

_NO_TIME: Final = -1  # counted on the day of its receipt


class SetAsidePlan(NamedTuple):
    """Offsets, first to last, that are to be set aside, and why."""

    partition: TopicPartition
    first_offset: int
    last_offset: int
    why: str


class SetAside(msgspec.Struct, gc=False):
    """A record, or a span of offsets, that is set aside; handlers see it as a `Record` too.

    `value` is the first 256 KiB of the record's value or of the stored batch; `value_size` (bytes) and `value_sha256`
    describe the whole. `last_offset` is None for a single record, `records` None if their number is unknown.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    reason: Literal["too_large", "unreadable"]
    errors: list[FieldError]
    value_size: int | None
    value_sha256: bytes | None
    last_offset: int | None = None
    records: int | None = None
    key: bytes | None = None


def cut_record(topic: str, partition: int, record: CutRecord) -> SetAside:
    """Set aside a record that is over a limit of intake."""
    errors, limit = [], f"{MAX_VALUE_BYTES >> 10} KiB"
    if record.size is not None and record.size > MAX_VALUE_BYTES:
        errors.append(too_large_error(record.size))
    if record.headers is None:
        many = f"或多于 {MAX_HEADERS} 个 / headers are over {limit} or more than {MAX_HEADERS}"
        errors.append(FieldError("headers", f"头部 {record.headers_size} 字节，超过 {limit} {many}"))
    if not errors:
        errors.append(FieldError("key", f"键超过 {limit} / the key is over {limit}"))
    return SetAside(
        topic,
        partition,
        record.offset,
        record.timestamp,
        record.head,
        record.headers or [],
        "too_large",
        errors,
        record.size,
        record.digest,
    )


def giant_batch(topic: str, partition: int, batch: StoredBatch, offset: int) -> SetAside:
    """Set aside a batch, from `offset` on, that unpacks to more than the bound."""
    limit = f"{MAX_UNPACKED_BYTES >> 20} MiB"
    said = f"整批记录解压后超过 {limit} / the batch of records unpacks to more than {limit}"
    whole = batch.base_offset >= offset
    return SetAside(
        topic,
        partition,
        offset,
        batch.max_timestamp,
        **_stored(batch),
        reason="too_large",
        errors=[FieldError("batch", said)],
        last_offset=batch.last_offset,
        records=batch.count if whole else None,
    )


def unreadable_batch(topic: str, partition: int, batch: StoredBatch, span: tuple[int, int], why: str) -> SetAside:
    """Set aside the offsets of `span`, first to last, of a batch that cannot be read."""
    said = f"该批记录无法读取 / the batch of records cannot be read: {why}"
    return SetAside(
        topic,
        partition,
        span[0],
        _NO_TIME,
        **_stored(batch),
        reason="unreadable",
        errors=[FieldError("batch", said)],
        last_offset=span[1],
    )


def unreadable_record(record: StoredRecord, why: str) -> SetAside:
    """Set aside a record that cannot be taken in."""
    value = record.value
    return SetAside(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        value,
        record.headers,
        "unreadable",
        [FieldError("value", f"该记录无法读取 / the record cannot be read: {why}")],
        None if value is None else len(value),
        None if value is None else sha256(value).digest(),
    )


def _stored(batch: StoredBatch) -> dict[str, Any]:
    data = batch.data
    return {
        "value": data[:MAX_VALUE_BYTES],
        "headers": [],
        "value_size": len(data),
        "value_sha256": sha256(data).digest(),
    }
