"""Read topics outside any consumer group, to compare or to rebuild: from their beginning, or newest records alone."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError

from shared.events.topics import is_exchanges
from shared.kafka.handler import Record
from shared.kafka.set_aside import SetAsidePlan, unreadable_batch
from shared.kafka.stored_batches import stored_batch_reader
from shared.kafka.unread_batches import DamagedPlaceError, Portion, UnreadBatches
from shared.operator_errors import OperatorError
from shared.settings import ClientConfig

NOTHING_READ: Mapping[tuple[str, int], int] = MappingProxyType({})
_POLL_MS = 500
_TAIL_RECORDS = 500
_MAX_RECORDS = 10_000
_MAX_BYTES = 16 << 20
_LOG_INTERVAL_S = 10.0

log = structlog.get_logger(__name__)


class TopicTruncatedError(OperatorError):
    """The broker no longer has a topic from offset 0: deleted records cannot be read again."""


class TopicShortenedError(OperatorError):
    """A topic ends before the offset that was read once: it was recreated, or records were lost."""


class UnreadableError(OperatorError):
    """A stored batch cannot be read, and it is not in an exchange's topic or its last offset is unknown."""


def replay_records(
    client_config: ClientConfig,
    ends: Mapping[tuple[str, int], int],
    plans: Sequence[SetAsidePlan] = (),
    starts: Mapping[tuple[str, int], int] = NOTHING_READ,
) -> Iterator[list[Record]]:
    """Yield the committed records of each (topic, partition) from its start (default: 0) to its end (exclusive).

    Yields portions of up to about 10,000 records, one partition after the other. In exchanges' topics, what intake sets
    aside and `plans` come as `SetAside`; any other batch that cannot be read raises UnreadableError. Before reading
    anything it raises TopicTruncatedError if a partition begins after its start, and TopicShortenedError if one
    does not reach its end. While the broker is unavailable it waits and logs that.
    """
    with stored_batch_reader(client_config) as consumer:
        partitions = {TopicPartition(topic, number): end for (topic, number), end in sorted(ends.items()) if end > 0}
        begin = {tp: starts.get((tp.topic, tp.partition), 0) for tp in partitions}
        beginnings = consumer.beginning_offsets(list(partitions)) if partitions else {}
        gone = [
            f"{tp.topic}[{tp.partition}]: {begin[tp]} .. {first - 1}"
            for tp, first in beginnings.items()
            if first > begin[tp]
        ]
        if gone:
            missing = ", ".join(gone)
            raise TopicTruncatedError(f"消息系统已不再保存 {missing} / the broker no longer has {missing}")
        reached = consumer.end_offsets(list(partitions)) if partitions else {}
        short = [
            f"{tp.topic}[{tp.partition}]: {end} < {partitions[tp]}"
            for tp, end in reached.items()
            if end < partitions[tp]
        ]
        if short:
            which = ", ".join(short)
            raise TopicShortenedError(f"主题短于已读位置：{which} / topics end before where they were read to: {which}")
        for partition, end in partitions.items():
            yield from _read(consumer, partition, (begin[partition], end), plans)


def stable_end_offsets(
    client_config: ClientConfig, partitions: Collection[tuple[str, int]]
) -> dict[tuple[str, int], int]:
    """Return the offset after the last committed record of each (topic, partition)."""
    if not partitions:
        return {}
    consumer = KafkaConsumer(
        **client_config, isolation_level="read_committed", enable_auto_commit=False, metrics_enabled=False
    )
    try:
        ends = consumer.end_offsets([TopicPartition(*partition) for partition in partitions])
        return {(tp.topic, tp.partition): end for tp, end in ends.items()}
    finally:
        consumer.close(autocommit=False)


def _read(
    consumer: KafkaConsumer, partition: TopicPartition, span: tuple[int, int], plans: Sequence[SetAsidePlan]
) -> Iterator[list[Record]]:
    start, end = span
    consumer.assign([partition])
    consumer.seek(partition, start)
    unread = UnreadBatches()
    unread.begin({partition: start}, plans)
    records: list[Record] = []
    last_record_s = time.monotonic()
    # Positions pass transaction markers and aborted records too, so the end may lie beyond the last record.
    while (offset := consumer.position(partition)) < end:
        unread.add(consumer.poll(timeout_ms=_POLL_MS))
        if unread:
            last_record_s = time.monotonic()
        elif time.monotonic() - last_record_s > _LOG_INTERVAL_S:
            log.warning(
                "no records received, waiting", topic=partition.topic, partition=partition.partition, offset=offset
            )
            last_record_s = time.monotonic()
        size_bytes = 0
        while unread:
            portion = _portion(consumer, unread)
            records += [record for record in portion.records if record.offset < end]
            size_bytes += portion.size_bytes
            if records and (not unread or len(records) >= _MAX_RECORDS or size_bytes >= _MAX_BYTES):
                yield records
                records, size_bytes = [], 0


def _portion(consumer: KafkaConsumer, unread: UnreadBatches) -> Portion:
    try:
        return unread.take()
    except DamagedPlaceError as error:
        topic, partition = error.partition
        last = error.batch.last_offset if error.last_planned is None else error.last_planned
        if not is_exchanges(topic) or last < error.offset:
            raise UnreadableError(f"无法读取 / cannot be read: {error}") from error
        unread.drop(error.partition, last + 1)
        consumer.seek(error.partition, last + 1)
        span = (error.offset, last)
        return Portion([unreadable_batch(topic, partition, error.batch, span, error.reason)], 0)


def newest_records(
    consumer: KafkaConsumer,
    partition: TopicPartition,
    wanted: Callable[[Record], bool],
    within_s: float | None = None,
) -> list[Record]:
    """Return the wanted records of the last 500 offsets, or of ten times as many and so on until there is one.

    In order of offset; empty if the partition has none. KafkaTimeoutError after `within_s` seconds.
    """
    first, end = consumer.beginning_offsets([partition])[partition], consumer.end_offsets([partition])[partition]
    consumer.assign([partition])
    deadline_s = None if within_s is None else time.monotonic() + within_s
    tail, start = _TAIL_RECORDS, end
    found: list[Record] = []
    while start > first and not found:
        start = max(first, end - tail)
        consumer.seek(partition, start)
        while consumer.position(partition) < end:
            if deadline_s is not None and time.monotonic() > deadline_s:
                raise KafkaTimeoutError(f"{partition.topic}[{partition.partition}] was not read within {within_s} s")
            polled = consumer.poll(timeout_ms=_POLL_MS).get(partition, ())
            found += [record for record in polled if wanted(record)]
        tail *= 10
    return found
