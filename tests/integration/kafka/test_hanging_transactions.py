"""End transactions that a producer left open, as an operator would."""

from __future__ import annotations

import uuid

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from tests.faults.world import end_transactions


@pytest.mark.parametrize("earlier", [0, 1])
def test_an_open_transaction_is_ended_whatever_its_producer_did_before(kafka: str, earlier: int) -> None:
    topic = f"hanging-{uuid.uuid4()}"
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    producer = KafkaProducer(bootstrap_servers=kafka, transactional_id=topic, acks="all")
    try:
        producer.init_transactions()
        for _ in range(earlier):
            producer.begin_transaction()
            producer.send(topic, b"taken back").get(timeout=30)
            producer.abort_transaction()
        producer.begin_transaction()
        producer.send(topic, b"left open").get(timeout=30)
        assert not end_transactions(kafka, [topic])
        assert end_transactions(kafka, [topic])
    finally:
        producer.close(timeout=1)
