"""Read partitions as the broker stores them: whole batches, checked and not unpacked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError

from shared.kafka.record_batch import StoredBatch
from shared.kafka.stored_batches import stored_batch_reader
from shared.operator_errors import OperatorError
from shared.settings import ClientConfig

_POLL_MS: Final = 500
_SILENCE_S: Final = 60.0


class PartitionReader:
    """Reads one partition after the other, in bounded memory. Only committed batches are returned."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer

    def bounds(self, partitions: list[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
        """Return the first offset of each partition, and the one after its last committed record."""
        first, end = self._consumer.beginning_offsets(partitions), self._consumer.end_offsets(partitions)
        return {partition: (first[partition], end[partition]) for partition in partitions}

    def batches(self, partition: TopicPartition, start: int, end: int) -> Iterator[StoredBatch]:
        """Yield the batches from offset `start` to `end` (exclusive), in order; damaged ones have `damage`.

        Raises KafkaTimeoutError after a minute without any, OperatorError at a batch whose end is unknown.
        """
        consumer = self._consumer
        consumer.assign([partition])
        consumer.seek(partition, start)
        offset, deadline_s = start, time.monotonic() + _SILENCE_S
        while offset < end:
            for record in consumer.poll(timeout_ms=_POLL_MS).get(partition, ()):
                batch: StoredBatch = record.value
                if batch.damage is not None:
                    self._pass(partition, batch)
                yield batch
            reached = consumer.position(partition)
            if reached > offset:
                offset, deadline_s = reached, time.monotonic() + _SILENCE_S
            elif time.monotonic() > deadline_s:
                raise KafkaTimeoutError(f"{partition.topic}[{partition.partition}] at {offset}: no answer")

    def _pass(self, partition: TopicPartition, batch: StoredBatch) -> None:
        """Continue after a damaged batch."""
        if batch.last_offset < max(batch.base_offset, 0):
            raise OperatorError(
                f"{partition.topic}[{partition.partition}] {batch.base_offset}: 批次损坏，长度未知"
                f" / the batch is damaged and its end is unknown: {batch.damage}"
            )
        self._consumer.seek(partition, batch.last_offset + 1)


@contextmanager
def partition_reader(client_config: ClientConfig) -> Iterator[PartitionReader]:
    """Connect a reader that belongs to no consumer group. KafkaError."""
    with stored_batch_reader(client_config) as consumer:
        yield PartitionReader(consumer)
