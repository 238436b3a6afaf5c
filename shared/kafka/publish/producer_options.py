"""Options that save producers most of their processor time: large batches, and partitions remembered by key."""

from functools import lru_cache
from typing import Final

from kafka.cluster import ClusterMetadata
from kafka.partitioner import murmur2
from kafka.partitioner.default import DefaultPartitioner

BATCH_BYTES: Final = 256 * 1024
"""The most bytes of a batch; by the client's default of 16 KiB, batches cost client and broker more than records."""
_REMEMBERED_KEYS: Final = 65_536


class RememberingPartitioner(DefaultPartitioner):  # type: ignore[misc]  # the client has no types
    """Chooses as Kafka's clients do by default, and hashes a key once: murmur2 in Python is slow."""

    def partition(
        self,
        topic: str,
        key: object,
        serialized_key: bytes | None,
        value: object,
        serialized_value: bytes | None,
        cluster: ClusterMetadata,
    ) -> int:
        """Return the partition of a record."""
        if serialized_key is None:
            return int(super().partition(topic, key, serialized_key, value, serialized_value, cluster))
        return partition_of(serialized_key, len(cluster.partitions_for_topic(topic)))


@lru_cache(_REMEMBERED_KEYS)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that clients of Kafka choose for a key among so many."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
