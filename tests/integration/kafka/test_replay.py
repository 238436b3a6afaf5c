"""Replay of topics: responses that the broker cuts off, and a broker that is unavailable for a time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import NoError
from structlog.testing import capture_logs

from shared.kafka import replay
from shared.kafka.replay import replay_records, stable_end_offsets
from shared.kafka.stored_batches import STORED_BATCH_OPTIONS
from tests.support.broker.record_batches import built, send_stored
from tests.support.until import until

if TYPE_CHECKING:
    from devset.kafka import Kafka

TOPIC = "again"
# Far more than one fetch returns.
VALUES = [str(number).zfill(500).encode() for number in range(25_000)]
RESPONSE_BYTES = STORED_BATCH_OPTIONS["max_partition_fetch_bytes"]


@pytest.mark.parametrize("left", [1, 11, 12])
def test_a_batch_that_the_broker_cuts_off_is_read_from_the_next_response(kafka: str, topic: str, left: int) -> None:
    """The broker fills a response to its last byte."""
    sizes = [700_000, 700_000, RESPONSE_BYTES - left - 1_400_000]
    overhead = len(built("none", [(None, bytes(700_000), [])])) - 700_000
    values = [bytes(size - overhead) for size in sizes] + [b"last"]
    now_ms = int(time.time() * 1000)
    for value in values:
        batch = built("none", [(None, value, [])], timestamp=now_ms)
        until(lambda batch=batch: send_stored(kafka, topic, 0, batch) is NoError)
    found = [record.value for some in replay_records({"bootstrap_servers": kafka}, {(topic, 0): 4}) for record in some]
    assert found == values


def test_a_broker_that_becomes_unavailable_is_waited_for_and_that_is_reported(
    broker: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "_LOG_INTERVAL_S", 0.5)
    client_config = {"bootstrap_servers": broker.bootstrap_servers}
    with KafkaAdminClient(**client_config) as admin:
        admin.create_topics({TOPIC: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    producer = KafkaProducer(**client_config, acks="all", linger_ms=5)
    for value in VALUES:
        producer.send(TOPIC, value, partition=0)
    producer.close()
    found: list[bytes | None] = []

    def read_on() -> None:
        for batch in batches:
            found.extend(record.value for record in batch)

    batches = replay_records(client_config, stable_end_offsets(client_config, [(TOPIC, 0)]))
    found.extend(record.value for record in next(batches))
    assert len(found) < len(VALUES)
    broker.stop()
    with capture_logs() as logs:
        reader = threading.Thread(target=read_on, daemon=True)
        reader.start()
        until(lambda: [line for line in logs if line["event"] == "no records received, waiting"])
        broker.start()
        reader.join(60)
    assert found == VALUES
    (told, *_) = (line for line in logs if line["event"] == "no records received, waiting")
    assert told["partition"] == 0
