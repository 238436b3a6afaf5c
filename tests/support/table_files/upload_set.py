"""A set whose pages take tables: registers and ledger over HTTP, and a real broker with topics of one exchange.

Requests of a clerk who uploads a table and sends it. All entities are fictional.
"""

from __future__ import annotations

import hashlib
import json
import uuid
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
from shared.values.parties import complete_uscc
from shared.web.keys import ApiKey, ApiKeys
from tests.support.incentive.app import SETTINGS
from tests.support.incentive.ledger import LOG
from tests.support.incentive.pages import TOKEN
from tests.support.incentive.whole_set import WholeSet, served, whole_set
from tests.support.web.forms import forms_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.support.engines.session import FreshDatabase

# Each worker has topics of its own on the broker that they share.
EXCHANGE, OTHER = f"sends{uuid.uuid4().hex[:8]}", "other"
SELLER, BUYER = complete_uscc("91530100MAXGAAA01"), complete_uscc("91530100MAXXAAA02")
HEADINGS = "合同编号,状态,交易方式,卖方代码,卖方,买方代码,买方,成交金额（元）,成交时间"


@dataclass
class UploadSet:
    """The set, its application, the connection of a reader of the topics, and the folder with the Kafka users."""

    made: WholeSet
    app: Flask
    kafka: KafkaSettings
    users: Path
    exchange: str = EXCHANGE
    taken: int = 0

    def published(self) -> list[tuple[bytes, bytes]]:
        """Return key and value of each record in the exchange's topic of trades, in order by partition."""
        consumer = KafkaConsumer(**self.kafka.client_config(), auto_offset_reset="earliest")
        topic = topic_of("trade", self.exchange)
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        records: list[tuple[bytes, bytes]] = []
        while any(consumer.position(one) < ends[one] for one in partitions):
            for batch in consumer.poll(timeout_ms=1000).values():
                records += [(record.key, record.value) for record in batch]
        consumer.close()
        return records

    def ids(self) -> list[str]:
        return [json.loads(value)["id"] for _, value in self.published()]

    def handle(self) -> None:
        """Let the register of trades take in what was published since the last time, to a topic of one partition."""
        records = self.published()
        self.made.trade(self.exchange, *(value for _, value in records[self.taken :]))
        self.taken = len(records)


@contextmanager
def upload_set(postgres: FreshDatabase, kafka: str, folder: Path) -> Iterator[UploadSet]:
    """An empty set of two exchanges, of which one sends by browser."""
    users = folder / "users"
    (users / f"exchange.{EXCHANGE}").mkdir(parents=True)
    (users / f"exchange.{EXCHANGE}" / "kafka-password").write_text("a password\n", "utf-8")
    settings = KafkaSettings((kafka,))
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(topic, 1, 1) for topic in topics_of(EXCHANGE)], wait_for_metadata=True)
    try:
        with uploading_set(postgres, folder, ExchangeUsers(users, settings), settings, (EXCHANGE, OTHER)) as made:
            yield made
    finally:
        admin.delete_topics(topics_of(EXCHANGE))
        admin.close()


@contextmanager
def uploading_set(
    postgres: FreshDatabase, folder: Path, users: ExchangeUsers, reader: KafkaSettings, exchanges: tuple[str, ...]
) -> Iterator[UploadSet]:
    """An empty set on a broker whose topics are there, seen from the first of the exchanges."""
    whitelist = folder / "exchanges.yaml"
    listed = [
        {"id": one, "name": one, "from": "2019-01-01", "until": None, "operators": [], "approved_by": None}
        for one in exchanges
    ]
    whitelist.write_text(yaml.safe_dump(listed), "utf-8")
    with whole_set(postgres, folder, whitelist) as made, ExitStack() as opened:
        urls = [opened.enter_context(served(register.app)) for register in (made.listings, made.trades)]
        registers = RegisterAddresses({"r1": RegisterAddress(*urls)}, "service-key")
        context = IncentiveContext(BureauContext(made.rulebook, LOG, lambda: made.now), registers, users)
        app = create_app(SETTINGS, context, made.ledger, _keys(exchanges))
        yield UploadSet(made, app, reader, users.folder or folder, exchanges[0])


def table(*numbers: str, amount: str = "5.00") -> bytes:
    """Return a CSV file with a trade for each number."""
    rows = [f"{one},已完成,协议,{SELLER},虚构供方,{BUYER},虚构需方,{amount},2026-03-01 10:00" for one in numbers]
    return "\r\n".join([HEADINGS, *rows]).encode("gb18030")


def upload(client: FlaskClient, content: bytes, name: str = "trades.csv") -> TestResponse:
    token = TOKEN.search(client.get("/uploads").text)
    assert token is not None
    fields = {"csrf_token": token[1], "kind": "trade"}
    parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{text}'.encode() for key, text in fields.items()]
    parts.append(f'Content-Disposition: form-data; name="table"; filename="{name}"\r\n\r\n'.encode() + content)
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return client.post("/uploads", data=body, content_type="multipart/form-data; boundary=edge")


def send_form(client: FlaskClient, address: str, action: str) -> TestResponse:
    """Send the form of a page whose address ends so, as the page gave it."""
    (form,) = [one for one in forms_of(client.get(address).text) if one.action.endswith(action)]
    return form.send(client, {})


def mapped(client: FlaskClient, content: bytes) -> str:
    """Upload a table and save the suggested mapping; return the address of the upload."""
    answer = upload(client, content)
    assert answer.status_code == 303, answer.text
    assert send_form(client, answer.location, "/mapping").status_code == 303
    return answer.location


def _keys(exchanges: tuple[str, ...]) -> ApiKeys:
    roles = (*(f"exchange:{one}" for one in exchanges), "bureau", "auditor")
    return ApiKeys(
        tuple(
            ApiKey(f"key of {role}", role, hashlib.sha256(f"{role}-key".encode()).hexdigest(), role) for role in roles
        )
    )
