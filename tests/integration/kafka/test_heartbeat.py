"""Heartbeat of a consumer: it beats while the consumer makes progress and stops when it is stuck."""

from __future__ import annotations

import uuid
from contextlib import ExitStack

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

import shared.kafka.reader
from shared.process.heartbeat import Heartbeat
from tests.support.consumer_program import frozen
from tests.support.consumption import PARTS, running, silent, values
from tests.support.until import until


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make readers check the ends of their partitions often."""
    monkeypatch.setattr(shared.kafka.reader, "_CHECK_INTERVAL_S", 0.3)
    monkeypatch.setattr(shared.kafka.reader, "_MAX_CHECK_INTERVAL_S", 1.0)


@pytest.fixture
def topic(broker) -> str:
    name = f"heartbeat-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    admin.create_topics([NewTopic(name, 1, 1)])
    admin.close()
    return name


@pytest.mark.usefixtures("soon")
def test_readers_without_a_broker_fall_silent_with_or_without_partitions(engine, broker, topic, tmp_path) -> None:
    files = [tmp_path / "one", tmp_path / "other"]
    with ExitStack() as stack:
        for file in files:
            beating = Heartbeat(file, PARTS)
            stack.enter_context(running(broker.bootstrap_servers, engine, [topic], heartbeat=beating))
        until(lambda: [silent(file) for file in files] == [set(), set()])
        with frozen(broker.program.process.pid):
            until(lambda: [silent(file) for file in files] == [{"reader"}, {"reader"}])
        until(lambda: [silent(file) for file in files] == [set(), set()])


@pytest.mark.usefixtures("soon")
def test_a_reader_before_records_that_it_cannot_read_falls_silent(engine, broker, topic, tmp_path) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all")
    producer.send(topic, b"damaged", partition=0).get(10)
    stored = broker.directory / "data" / f"{topic}-0" / f"{0:020}.log"
    whole = stored.read_bytes()
    with stored.open("r+b") as log:  # in place, because the broker has the file open
        log.seek(whole.index(b"damaged"))
        log.write(b"D")
    file = tmp_path / "heartbeat"
    with running(broker.bootstrap_servers, engine, [topic], heartbeat=Heartbeat(file, PARTS)):
        until(lambda: file.exists() and silent(file) == {"reader"})
        with stored.open("r+b") as log:
            log.write(whole)
        until(lambda: silent(file) == set())
        assert values(engine) == [b"damaged"]
    producer.close()
