"""Exchanges' topics back in a broker, with the offsets, timestamps, keys and headers that they had."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from deploy.backup.exchange_topics import stored_batches
from deploy.backup.log_writer import LogWriter
from deploy.backup.manifest import PartitionCopy, TopicCopy, Vault
from deploy.backup.partition_reader import PartitionReader
from deploy.broker.replication import replication_among
from deploy.broker.topics import EVENTS_CONFIG, registered_brokers
from shared.kafka.record_batch import StoredBatch, detached
from shared.operator_errors import OperatorError

_REQUEST_BYTES: Final = 16 << 20
_OFFSET_BYTES: Final = 8
# Records keep their timestamps, also if the broker's default is its own clock.
_KEEP_TIMES: Final = {"message.timestamp.type": "CreateTime"}


class RestoredPartition(NamedTuple):
    """The size of a restored partition in batches and records, and the hash of what it holds."""

    batches: int
    records: int
    digest: str


class PartitionDigest:
    """The hash of a partition: of each batch with its offset, but not of what a broker adds."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._batches = self._records = 0

    def add(self, batch: StoredBatch) -> None:
        self._hash.update(batch.base_offset.to_bytes(_OFFSET_BYTES, "big") + detached(batch))
        self._batches += 1
        self._records += batch.count

    def result(self) -> RestoredPartition:
        return RestoredPartition(self._batches, self._records, self._hash.hexdigest())


Restored = dict[TopicPartition, RestoredPartition]


def create_topics(admin: KafkaAdminClient, topics: Sequence[TopicCopy], reader: PartitionReader) -> None:
    """Create the topics as they were. OperatorError if one of them exists and is not empty."""
    existing = set(admin.list_topics())
    there = [
        TopicPartition(topic.name, one.number) for topic in topics if topic.name in existing for one in topic.partitions
    ]
    full = sorted({one.topic for one, (_, end) in reader.bounds(there).items() if end > 0}) if there else []
    if full:
        raise OperatorError(f"主题不为空 / topics are not empty: {', '.join(full)}")
    replication = replication_among(len(registered_brokers(admin)))
    config = {**EVENTS_CONFIG, **replication.topic_config, **_KEEP_TIMES}
    wanted = {
        topic.name: {
            "num_partitions": len(topic.partitions),
            "replication_factor": replication.factor,
            "configs": config,
        }
        for topic in topics
        if topic.name not in existing
    }
    if wanted:
        admin.create_topics(wanted, wait_for_metadata=True)


def restore_topics(writer: LogWriter, vault: Vault, topics: Sequence[TopicCopy]) -> Restored:
    """Write the copies into empty partitions; return what each then holds. RestoreRefusedError, DamagedObjectError."""
    digests: dict[TopicPartition, PartitionDigest] = {}
    waiting: dict[TopicPartition, Iterator[StoredBatch]] = {}
    ends: Counter[TopicPartition] = Counter()
    copies = {TopicPartition(topic.name, one.number): one for topic in topics for one in topic.partitions}
    for partition, copy in copies.items():
        digests[partition] = PartitionDigest()
        waiting[partition] = stored_batches(vault, copy)
    while waiting:
        batches = _next_batches(waiting)
        for partition, batch in batches.items():
            _fill_up(writer, partition, batch.base_offset - ends[partition])
        if batches:
            writer.append(batches)
        for partition, batch in batches.items():
            ends[partition] = batch.last_offset + 1
            digests[partition].add(batch)
    for partition, copy in copies.items():
        _fill_up(writer, partition, copy.end - ends[partition])
    return {partition: digest.result() for partition, digest in digests.items()}


def _next_batches(waiting: dict[TopicPartition, Iterator[StoredBatch]]) -> dict[TopicPartition, StoredBatch]:
    """Take one batch of each partition, as many as fit into a request; forget partitions that are done."""
    found: dict[TopicPartition, StoredBatch] = {}
    size = 0
    for partition in list(waiting):
        batch = next(waiting[partition], None)
        if batch is None:
            del waiting[partition]
            continue
        found[partition] = batch
        size += len(batch)
        if size >= _REQUEST_BYTES:
            break
    return found


def _fill_up(writer: LogWriter, partition: TopicPartition, offsets: int) -> None:
    if offsets > 0:
        writer.fill(partition, offsets)


def cut_beginnings(admin: KafkaAdminClient, topics: Sequence[TopicCopy]) -> None:
    """Delete what lies before the first offset of a copy, as in the broker that was copied."""
    first = {
        TopicPartition(topic.name, one.number): one.begin for topic in topics for one in topic.partitions if one.begin
    }
    if first:
        admin.delete_records(first)


def compare_topics(
    reader: PartitionReader, topics: Sequence[TopicCopy], restored: Mapping[TopicPartition, RestoredPartition]
) -> list[str]:
    """Read the topics again; return a line for each partition that is not exactly as in the backup."""
    return [
        f"{topic.name}[{one.number}]: 与备份不同 / differs from the backup"
        for topic in topics
        for one in topic.partitions
        if not _is_equal(reader, TopicPartition(topic.name, one.number), one, restored)
    ]


def _is_equal(
    reader: PartitionReader,
    partition: TopicPartition,
    copy: PartitionCopy,
    restored: Mapping[TopicPartition, RestoredPartition],
) -> bool:
    first, end = reader.bounds([partition])[partition]
    if (first, end) != (copy.begin, copy.end):
        return False
    digest = PartitionDigest()
    for batch in reader.batches(partition, first, end):
        digest.add(batch)
    return digest.result() == restored[partition]
