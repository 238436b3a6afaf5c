"""A database that keeps records as rows, a topic and a producer."""

from __future__ import annotations

import uuid

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from sqlalchemy import text

from shared.postgres.database import make_engine
from shared.postgres.migrate import COMMON


@pytest.fixture
def engine(postgres):
    owner_url, _ = postgres("consumption")
    engine = make_engine(owner_url)
    with engine.begin() as connection:
        tables = (COMMON / "base_1.sql").read_text("utf-8")
        connection.exec_driver_sql(tables[tables.index("CREATE TABLE position") : tables.index("GRANT SELECT, INSERT")])
        connection.execute(
            text(
                'CREATE TABLE seen (topic text, partition int, "offset" bigint, value bytea, headers text[],'
                ' UNIQUE (topic, partition, "offset"))'
            )
        )
    yield engine
    engine.dispose()


@pytest.fixture
def topic(kafka) -> str:
    name = f"consumption-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(name, 2, 1)])
    admin.close()
    return name


@pytest.fixture
def producer(kafka):
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all")
    yield producer
    producer.close()
