"""Versions of awards: compare them as the publisher does, and read what waits to be sent, or was sent."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import TopicAlreadyExistsError
from sqlalchemy import text

from deploy.broker.topics import NEWEST_CONFIG, PARTITIONS
from services.incentive.commands.publish_awards.comparison import record_changes
from services.incentive.commands.publish_awards.publisher import AwardPublisher
from shared.events.award_events import AWARDS
from tests.support.broker.topics import changing_topics
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.admin import KafkaAdminClient

    from tests.support.incentive.bureau import Bureau


def compared(bureau: Bureau) -> list[dict[str, Any]]:
    """Compare the awards at the bureau's time; return the events that wait then, in order, and take them out."""
    for _ in record_changes(bureau.engine, bureau.now):
        pass
    with bureau.engine.begin() as connection:
        taken = connection.execute(text("DELETE FROM award_outbox RETURNING id, value")).all()
    return [json.loads(value) for _, value in sorted((one.id, bytes(one.value)) for one in taken)]


def versions(events: list[dict[str, Any]]) -> dict[str, int]:
    """The version of each award in these events; each has one."""
    found = {event["data"]["award_id"]: event["data"]["version"] for event in events}
    assert len(found) == len(events)
    return found


@dataclass
class AwardsTopic:
    """The topic of awards on a broker."""

    kafka: str

    def recreate(self) -> None:
        with changing_topics(self.kafka) as admin:
            if AWARDS in admin.list_topics():
                admin.delete_topics([AWARDS])
            until(lambda: self._is_created(admin))

    def _is_created(self, admin: KafkaAdminClient) -> bool:
        """Return False while the broker is still deleting the topic."""
        wanted = {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": dict(NEWEST_CONFIG)}
        try:
            admin.create_topics({AWARDS: wanted}, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            return False
        return True

    def records(self) -> list[Any]:
        """All committed records, in order within each partition."""
        with closing(KafkaConsumer(bootstrap_servers=self.kafka, isolation_level="read_committed")) as consumer:
            partitions = [TopicPartition(AWARDS, number) for number in consumer.partitions_for_topic(AWARDS)]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            found: list[Any] = []
            while any(consumer.position(partition) < end for partition, end in ends.items()):
                for records in consumer.poll(timeout_ms=200).values():
                    found += records
            return found

    def versions(self, award_id: str) -> list[int]:
        """The versions of an award, in the order in which they are read."""
        return [json.loads(one.value)["data"]["version"] for one in self.records() if one.key == award_id.encode()]

    def has(self, award_id: str, version: int) -> bool:
        return self.versions(award_id)[-1:] == [version]


def publisher_of(bureau: Bureau, kafka: str) -> AwardPublisher:
    """A publisher by the bureau's clock."""
    return AwardPublisher(bureau.engine, {"bootstrap_servers": kafka}, threading.Event(), lambda: bureau.now)


@contextmanager
def publishing(bureau: Bureau, kafka: str) -> Iterator[AwardPublisher]:
    """Run a publisher in a thread until the end of the block, then raise its errors."""
    publisher = publisher_of(bureau, kafka)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(publisher.run)
        try:
            yield publisher
        finally:
            publisher.stop.set()
            ending.result(timeout=60)
