"""Checkpoints on their way to `logs.checkpoints.v1`, on a real PostgreSQL and a real Kafka."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

from deploy.broker.topics import apply_topics
from shared.process.background import background_thread
from shared.translog.checkpoint import TOPIC, open_checkpoint
from shared.worker.checkpoint_publisher import CheckpointPublisher
from tests.integration.kafka.test_consumer import until
from tests.integration.translog.test_service_log import ORIGIN, fill, vkeys
from tests.support.registers.web_register import register_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kafka.consumer.fetcher import ConsumerRecord

    from shared.settings import WitnessAddress
    from tests.support.registers.web_register import RegisterSet

INTERVAL_S = 0.4


@pytest.fixture
def listing(postgres, kafka, tmp_path) -> Iterator[RegisterSet]:
    with register_set("listing", postgres("listing"), tmp_path) as made:
        with KafkaAdminClient(bootstrap_servers=kafka) as admin:
            apply_topics(admin, made.register.exchanges)
        yield made


class Topic:
    """What comes into the topic from now on, under our log's origin as its key."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.consumer = KafkaConsumer(bootstrap_servers=bootstrap_servers, isolation_level="read_committed")
        partitions = [TopicPartition(TOPIC, one) for one in sorted(self.consumer.partitions_for_topic(TOPIC))]
        self.consumer.assign(partitions)
        self.consumer.seek_to_end()
        for partition in partitions:
            self.consumer.position(partition)
        self.records: list[ConsumerRecord] = []

    def has(self, listing: RegisterSet, size: int) -> bool:
        """Whether the checkpoint of this size has come."""
        for found in self.consumer.poll(timeout_ms=50).values():
            self.records += [record for record in found if record.key == ORIGIN.encode()]
        return bool(self.sizes(listing)) and self.sizes(listing)[-1] == size

    def sizes(self, listing: RegisterSet) -> list[int]:
        keys = vkeys(listing)
        return [open_checkpoint(record.value, keys).size for record in self.records]


@contextmanager
def publishing(
    listing: RegisterSet, bootstrap_servers: str, witnesses: Sequence[WitnessAddress] = ()
) -> Iterator[CheckpointPublisher]:
    config = {"bootstrap_servers": bootstrap_servers}
    publisher = CheckpointPublisher(listing.engine, config, INTERVAL_S, threading.Event(), witnesses)
    with background_thread(publisher.run, "checkpoints", publisher.stop, ends_within_s=10.0):
        yield publisher


def test_the_newest_is_published_when_it_grew_and_not_more_often_than_it_may(listing, kafka) -> None:
    topic = Topic(kafka)
    try:
        with publishing(listing, kafka), publishing(listing, kafka):
            until(lambda: topic.has(listing, 1))
            size = 1
            for turn in range(30):
                fill(listing, 1000 * turn, 2)
                size += 2
            until(lambda: topic.has(listing, size))
            fill(listing, 500, 1)
            until(lambda: topic.has(listing, size + 1))
    finally:
        topic.consumer.close()
    sizes = topic.sizes(listing)
    assert sizes == sorted(set(sizes))
    times = [record.timestamp for record in topic.records]
    assert all(later - earlier >= INTERVAL_S * 1000 for earlier, later in pairwise(times)), times


def test_another_goes_on_when_the_one_that_publishes_ends(listing, kafka) -> None:
    topic = Topic(kafka)
    try:
        with publishing(listing, kafka) as first:
            until(lambda: topic.has(listing, 1))
            with publishing(listing, kafka):
                first.stop.set()
                fill(listing, 0, 5)
                until(lambda: topic.has(listing, 6))
    finally:
        topic.consumer.close()
