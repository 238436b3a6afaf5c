"""Copies of the exchanges' topics: their batches byte by byte, from where the previous run ended."""

from collections.abc import Iterator, Sequence
from typing import Final

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from deploy.backup.manifest import (
    PART_BYTES,
    BackupManifest,
    PartitionCopy,
    TopicCopy,
    TopicPart,
    Vault,
    next_run,
    object_name,
)
from deploy.backup.partition_reader import PartitionReader
from shared.kafka.record_batch import LENGTH, StoredBatch, parse_batch
from shared.operator_errors import OperatorError

# A last part that is smaller is written again with what follows, so that frequent runs leave few objects.
_SMALL_BYTES: Final = 1 << 20


class DiscontinuedTopicError(OperatorError):
    """A topic does not continue what the backup has of it: it was recreated, cut, or lost records."""


def copy_topics(
    admin: KafkaAdminClient,
    reader: PartitionReader,
    vault: Vault,
    topics: Sequence[str],
    previous: BackupManifest | None,
) -> Iterator[TopicCopy]:
    """Yield a copy of each topic that exists. DiscontinuedTopicError, KafkaError."""
    run = next_run(previous)
    known = {} if previous is None else {topic.name: topic for topic in previous.topics}
    existing = sorted(set(admin.list_topics()).intersection(topics))
    gone = known.keys() - set(existing)
    if gone:
        raise _discontinued(", ".join(sorted(gone)), "不存在", "does not exist")
    for found in admin.describe_topics(existing) if existing else ():
        name, topic_id = found["name"], str(found["topic_id"])
        before = known.get(name)
        if before is not None and before.topic_id != topic_id:
            raise _discontinued(name, "已被删除后重建", "was deleted and recreated")
        earlier = {} if before is None else {one.number: one for one in before.partitions}
        partitions = sorted(TopicPartition(name, one["partition_index"]) for one in found["partitions"])
        bounds = reader.bounds(partitions)
        copies = (
            _Copying(reader, vault, one, run).copied(earlier.get(one.partition), *bounds[one]) for one in partitions
        )
        yield TopicCopy(name, topic_id, tuple(copies))


def stored_batches(vault: Vault, copy: PartitionCopy) -> Iterator[StoredBatch]:
    """Yield the batches of a partition's copy, in order. DamagedObjectError."""
    for part in copy.parts:
        content, position = vault.get(part.part), 0
        while position < len(content):
            size = LENGTH.size + LENGTH.unpack_from(content, position)[1]
            yield parse_batch(content[position : position + size])
            position += size


def _discontinued(where: str, zh: str, en: str) -> DiscontinuedTopicError:
    return DiscontinuedTopicError(
        f"{where}: {zh}，备份不能继续。请先恢复，或另开备份目录"
        f" / {en}, so the backup cannot go on. Restore it first, or begin a backup in another place"
    )


class _Copying:
    """The copying of what is new in one partition."""

    def __init__(self, reader: PartitionReader, vault: Vault, partition: TopicPartition, run: int) -> None:
        self._reader = reader
        self._vault = vault
        self._partition = partition
        self._run = run
        self._parts: list[TopicPart] = []
        self._start_part(0)

    def _start_part(self, first: int) -> None:
        self._first, self._content, self._size = first, [b""], 0
        self._batches, self._unreadable = 0, list[tuple[int, int]]()

    def copied(self, before: PartitionCopy | None, first: int, end: int) -> PartitionCopy:
        """Copy up to `end`; return the whole copy."""
        before = before or PartitionCopy(self._partition.partition, first)
        self._check(before, first, end)
        if end == before.end:
            return before
        self._continue(before)
        for batch in self._reader.batches(self._partition, before.end, end):
            self._add(batch)
            if self._size >= PART_BYTES:
                self._write(batch.last_offset + 1)
        if self._first < end:
            self._write(end)
        return PartitionCopy(before.number, before.begin, tuple(self._parts))

    def _check(self, before: PartitionCopy, first: int, end: int) -> None:
        where = f"{self._partition.topic}[{self._partition.partition}]"
        if end < before.end:
            raise _discontinued(f"{where} {end} < {before.end}", "记录丢失", "lost records")
        if first > before.end:
            raise _discontinued(f"{where} {before.end} .. {first - 1}", "记录未备份即被删除", "deleted before a backup")

    def _continue(self, before: PartitionCopy) -> None:
        """Begin where the previous run ended, with its last part if that is small."""
        self._parts = list(before.parts)
        self._start_part(before.end)
        if self._parts and self._parts[-1].part.content_size < _SMALL_BYTES:
            last = self._parts.pop()
            content = self._vault.get(last.part)
            self._first, self._content, self._size = last.first, [content], len(content)
            self._batches, self._unreadable = last.batches, list(last.unreadable)

    def _add(self, batch: StoredBatch) -> None:
        if batch.damage is not None:
            self._unreadable.append((batch.base_offset, batch.last_offset))
            return
        self._content.append(batch.data)
        self._size += len(batch.data)
        self._batches += 1

    def _write(self, end: int) -> None:
        topic, number = self._partition
        name = object_name(self._run, "topics", topic, number, f"{self._first:019}")
        part = self._vault.put(name, b"".join(self._content))
        self._parts.append(TopicPart(part, self._first, end, self._batches, tuple(self._unreadable)))
        self._start_part(end)
