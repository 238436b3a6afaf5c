"""The partition of a key is the one that Kafka's clients choose by default."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import DefaultPartitioner

from shared.kafka.publish.producer_options import RememberingPartitioner

TOPIC = "fictional"


@dataclass(frozen=True)
class Cluster:
    """The part of a cluster's metadata that partitioners read."""

    partitions: frozenset[int]

    def topics(self) -> set[str]:
        return {TOPIC}

    def partitions_for_topic(self, _: str) -> frozenset[int]:
        return self.partitions

    available_partitions_for_topic = partitions_for_topic


@given(keys=st.lists(st.binary(max_size=80), min_size=1), counts=st.lists(st.integers(1, 100), min_size=1))
def test_a_key_goes_where_other_clients_send_it(keys: list[bytes], counts: list[int]) -> None:
    """Also when it was remembered, and when the topic has got more partitions since."""
    remembering, default = RememberingPartitioner(), DefaultPartitioner()
    for count in counts:
        cluster = Cluster(frozenset(range(count)))
        for key in (*keys, *keys):
            chosen = (one.partition(TOPIC, key, key, b"", b"", cluster) for one in (remembering, default))
            assert len(set(chosen)) == 1


def test_a_record_without_a_key_goes_to_any_partition() -> None:
    cluster = Cluster(frozenset(range(3)))
    assert {RememberingPartitioner().partition(TOPIC, None, None, b"", b"", cluster) for _ in range(200)} == {0, 1, 2}
