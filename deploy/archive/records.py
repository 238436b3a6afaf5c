"""Records of exchanges' topics into the archive, read by the bounded decoder that intake uses."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import pyarrow as pa
from kafka.admin import KafkaAdminClient

from deploy.archive.store import ArchiveStore, ReadUpTo, TableWriter, spans
from deploy.broker.admin import admin_config
from shared.events.topics import exchange_of, kind_of, topics_of
from shared.kafka.handler import Record
from shared.kafka.partition_state import Bounds, RecordLossError, missing_records, read_bounds
from shared.kafka.positions import StoredPosition
from shared.kafka.replay import replay_records, stable_end_offsets
from shared.kafka.set_aside import SetAside
from shared.settings import KafkaSettings
from shared.values.times import SHANGHAI

SPAN_OFFSETS: Final = 1_000_000  # of one partition in one range of files
_ROW_BYTES: Final = 500  # of a row beside its value
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SCHEMA: Final = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("last_offset", pa.int64()),  # greater for a whole batch that intake sets aside
        ("timestamp_ms", pa.int64()),
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("value_size", pa.int64()),  # of the record as sent, where `value` is cut
        ("value_sha256", pa.binary(32)),
        ("headers", pa.list_(pa.struct([("name", pa.string()), ("value", pa.binary())]))),
        ("set_aside", pa.string()),  # why intake takes no document from it; null for an ordinary record
    ]
)


def archive_records(store: ArchiveStore, kafka: KafkaSettings, exchanges: Iterable[str]) -> Iterator[str]:
    """Archive what the exchanges' topics have beyond the manifest; yield a line for each range of offsets.

    Raises RecordLossError where a topic was recreated or lost records that were not archived yet.
    """
    client_config = admin_config(kafka)
    with KafkaAdminClient(**client_config) as admin:
        topics = {topic for exchange in exchanges for topic in topics_of(exchange)} & set(admin.list_topics())
        partitions = [
            (topic["name"], partition["partition_index"])
            for topic in (admin.describe_topics(sorted(topics)) if topics else ())
            for partition in topic["partitions"]
        ]
        bounds = read_bounds(admin, client_config, partitions)
    ends = stable_end_offsets(client_config, partitions)
    for partition in sorted(partitions):
        start = _start(store, partition, bounds[partition])
        for first, until in spans(start, ends[partition], SPAN_OFFSETS):
            records = replay_records(client_config, {partition: until}, starts={partition: first})
            written = _write(store, partition, (first, until), records)
            store.manifest.topics[_name(partition)] = ReadUpTo(bounds[partition].topic_id, until)
            store.commit()
            yield f"{partition[0]}[{partition[1]}] {first} .. {until - 1}: {written} 条记录 / {written} records"


def _name(partition: tuple[str, int]) -> str:
    return f"{partition[0]}/{partition[1]}"


def _start(store: ArchiveStore, partition: tuple[str, int], bounds: Bounds) -> int:
    """The first offset that is not archived yet."""
    known = store.manifest.topics.get(_name(partition), ReadUpTo(bounds.topic_id, 0))
    missing = missing_records(StoredPosition(*partition, known.topic_id, known.next_offset), bounds)
    if missing is not None:
        raise RecordLossError(missing)
    return known.next_offset


def _write(
    store: ArchiveStore, partition: tuple[str, int], span: tuple[int, int], portions: Iterator[list[Record]]
) -> int:
    kind, exchange = kind_of(partition[0]), exchange_of(partition[0])
    writer = TableWriter(store, SCHEMA, f"{partition[1]}-{span[0]}-{span[1]}.parquet")
    written = 0
    for portion in portions:
        for record in portion:
            folder = f"records/kind={kind}/exchange={exchange}/month={month_of(record.timestamp)}"
            writer.add(folder, record_row(record), _ROW_BYTES + len(record.value or b""))
        written += len(portion)
    writer.finish()
    return written


def month_of(timestamp_ms: int) -> str:
    """The month of a Kafka timestamp in Shanghai; batches that could not be read have none, and stand in 1970."""
    return (_EPOCH + timedelta(milliseconds=timestamp_ms)).astimezone(SHANGHAI).strftime("%Y-%m")


def record_row(record: Record) -> tuple[object, ...]:
    """The columns of SCHEMA."""
    headers = [{"name": name, "value": value} for name, value in record.headers]
    place = (record.topic, record.partition, record.offset)
    value = record.value
    if isinstance(record, SetAside):
        last_offset = record.offset if record.last_offset is None else record.last_offset
        size, digest, why = record.value_size, record.value_sha256, record.reason
    else:
        last_offset, why = record.offset, None
        size, digest = (None, None) if value is None else (len(value), sha256(value).digest())
    return *place, last_offset, record.timestamp, record.key, value, size, digest, headers, why
