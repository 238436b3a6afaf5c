"""The producer of facts, and the read-back of what it sent, against a real broker."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from kafka.admin import KafkaAdminClient
from kafka.cluster import ClusterMetadata

from shared.kafka.publish.fenced_producer import OutgoingRecord, fenced_producer

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture
def topics(kafka: str) -> Sequence[str]:
    names = [f"sent-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.create_topics(
            {name: {"num_partitions": 3, "replication_factor": 1} for name in names}, wait_for_metadata=True
        )
    return names


def test_topics_that_take_turns_need_no_further_metadata(
    kafka: str, topics: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each turn waits up to 100 ms before the client asks where the partitions are."""
    asked: list[object] = []
    request = ClusterMetadata.metadata_request

    def note(cluster: ClusterMetadata) -> object:
        asked.append(cluster)
        return request(cluster)

    monkeypatch.setattr(ClusterMetadata, "metadata_request", note)
    with fenced_producer({"bootstrap_servers": kafka}, f"test.{uuid.uuid4()}", topics) as producer:
        for topic in topics:
            producer.send([OutgoingRecord(topic, b"key", b"value")])
        asked.clear()
        for number in range(10):
            producer.send([OutgoingRecord(topics[number % 2], b"key", b"value")])
    assert not asked
