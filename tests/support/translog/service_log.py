"""The transparency log of a register: fill it, tamper with it, publish its checkpoints."""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from kafka import KafkaConsumer, TopicPartition

from services.listing.register import LISTINGS
from shared.process.background import background_thread
from shared.translog.checkpoint import TOPIC, open_checkpoint
from shared.translog.note import VerifierKey
from shared.worker.checkpoint_publisher import CheckpointPublisher
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kafka.consumer.fetcher import ConsumerRecord

    from shared.settings import WitnessAddress
    from tests.support.registers.web_register import RegisterSet

LOG = LISTINGS.log(LOG_KEY, LOG_ORIGIN)
# Each worker has a log of its own in the topic of checkpoints, which they share.
REGISTER = f"r{uuid.uuid4().hex[:8]}"
ORIGIN = f"{LOG_ORIGIN}/listings/{REGISTER}/1"


def fill(listing: RegisterSet, first: int, count: int) -> None:
    listing.feed("kmdex", [listing.side.event("kmdex", f"L{number}") for number in range(first, first + count)])


def vkeys(listing: RegisterSet) -> list[VerifierKey]:
    answer = listing.get("/v1/log/keys", "exchange:kmdex")
    assert answer.content_type == "text/plain; charset=utf-8"
    return [VerifierKey.parse(line) for line in answer.text.splitlines()]


@contextmanager
def by_hand(listing: RegisterSet, *tables: str) -> Iterator[psycopg.Connection]:
    """Yield a connection of the tables' owner with the triggers disabled."""
    with psycopg.connect(listing.owner_url) as connection:
        for table in tables:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield connection
        for table in tables:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


INTERVAL_S = 0.4


class Topic:
    """Reader of new records in the checkpoint topic whose key is the log's origin."""

    def __init__(self, bootstrap_servers: str, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.consumer = KafkaConsumer(bootstrap_servers=bootstrap_servers, isolation_level="read_committed")
        partitions = [TopicPartition(TOPIC, one) for one in sorted(self.consumer.partitions_for_topic(TOPIC))]
        self.consumer.assign(partitions)
        self.consumer.seek_to_end()
        for partition in partitions:
            self.consumer.position(partition)
        self.records: list[ConsumerRecord] = []

    def has(self, listing: RegisterSet, size: int) -> bool:
        """Return True if the last checkpoint received has this size."""
        for found in self.consumer.poll(timeout_ms=50).values():
            self.records += [record for record in found if record.key == self.origin.encode()]
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
    with background_thread(publisher.run, "checkpoints", publisher.stop, join_timeout_s=60.0):
        yield publisher
