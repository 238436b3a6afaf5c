"""A set whose pages take tables: registers and ledger over HTTP, and a real broker with topics of one exchange."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from services.incentive.app import create_app
from services.incentive.commands.acting import BureauContext
from services.incentive.commands.send_upload import ExchangeUsers
from services.incentive.http.context import IncentiveContext
from services.incentive.store.register_client import RegisterAddresses
from shared.events.topics import topic_of, topics_of
from shared.settings import KafkaSettings, RegisterAddress
from shared.web.keys import ApiKey, ApiKeys
from tests.support.incentive.app import SETTINGS
from tests.support.incentive.ledger import LOG
from tests.support.incentive.whole_set import WholeSet, served, whole_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from tests.support.engines.session import FreshDatabase

EXCHANGE, OTHER = "sends", "other"  # fictional


@dataclass
class UploadSet:
    """The set, its application, and the folder with the exchange's Kafka user."""

    made: WholeSet
    app: Flask
    kafka: str
    users: Path
    taken: int = 0

    def published(self) -> list[tuple[bytes, bytes]]:
        """Return key and value of each record in the exchange's topic of trades, in order."""
        consumer = KafkaConsumer(bootstrap_servers=self.kafka, auto_offset_reset="earliest")
        partition = TopicPartition(topic_of("trade", EXCHANGE), 0)
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        records: list[tuple[bytes, bytes]] = []
        while consumer.position(partition) < end:
            for batch in consumer.poll(timeout_ms=1000).values():
                records += [(record.key, record.value) for record in batch]
        consumer.close()
        return records

    def handle(self) -> None:
        """Let the register of trades take in what was published since the last time."""
        records = self.published()
        self.made.trade(EXCHANGE, *(value for _, value in records[self.taken :]))
        self.taken = len(records)


@contextmanager
def upload_set(postgres: FreshDatabase, kafka: str, folder: Path) -> Iterator[UploadSet]:
    """An empty set of two exchanges, of which one sends by browser."""
    whitelist, users = folder / "exchanges.yaml", folder / "users"
    listed = [
        {"id": one, "name": one, "from": "2019-01-01", "until": None, "operators": [], "approved_by": None}
        for one in (EXCHANGE, OTHER)
    ]
    whitelist.write_text(yaml.safe_dump(listed), "utf-8")
    (users / f"exchange.{EXCHANGE}").mkdir(parents=True)
    (users / f"exchange.{EXCHANGE}" / "kafka-password").write_text("a password\n", "utf-8")
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(topic, 1, 1) for topic in topics_of(EXCHANGE)], wait_for_metadata=True)
    try:
        with whole_set(postgres, folder, whitelist) as made, ExitStack() as opened:
            urls = [opened.enter_context(served(register.app)) for register in (made.listings, made.trades)]
            registers = RegisterAddresses({"r1": RegisterAddress(*urls)}, "service-key")
            own = ExchangeUsers(users, KafkaSettings((kafka,)))
            context = IncentiveContext(BureauContext(made.rulebook, LOG, lambda: made.now), registers, own)
            yield UploadSet(made, create_app(SETTINGS, context, made.ledger, _keys()), kafka, users)
    finally:
        admin.delete_topics(topics_of(EXCHANGE))
        admin.close()


def _keys() -> ApiKeys:
    roles = (f"exchange:{EXCHANGE}", f"exchange:{OTHER}", "bureau", "auditor")
    return ApiKeys(
        tuple(
            ApiKey(f"key of {role}", role, hashlib.sha256(f"{role}-key".encode()).hexdigest(), role) for role in roles
        )
    )
