"""Publishing to a real broker: acknowledged records are there, byte for byte, in order of their keys."""

import itertools
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from devset.kafka import Kafka
from devset.processes import free_ports
from exchange_kit.__main__ import main
from exchange_kit.progress_file import progress_path
from exchange_kit.sample.year import sample_events
from shared.events.records import SampleRecord, to_line
from shared.events.topics import topic_of, topics_of
from shared.kafka.publish.publish_records import PublishError, PublishResult, publish

NUMBERS = itertools.count(1)


@pytest.fixture
def exchange(kafka: str) -> Iterator[str]:
    """An exchange with topics of its own."""
    name = f"kit-test-{next(NUMBERS)}"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    topics = topics_of(name)
    admin.create_topics(
        [NewTopic(name=topic, num_partitions=2, replication_factor=1) for topic in topics], wait_for_metadata=True
    )
    yield name
    admin.delete_topics(topics)
    admin.close()


def read_all(kafka: str, topic: str) -> list[Any]:
    consumer = KafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest")
    partitions = [TopicPartition(topic, partition) for partition in (0, 1)]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    records: list[Any] = []
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for batch in consumer.poll(timeout_ms=1000).values():
            records += batch
    consumer.close()
    return records


def test_what_is_published_is_there_as_it_was_sent(kafka: str, exchange: str) -> None:
    sample = list(sample_events(5, (exchange,), 600, 2026, rubbish=True))
    sample.append(SampleRecord(exchange, topic_of("trade", exchange), b"", None))
    told: list[int] = []
    without_key = [*sample[:-1], SampleRecord(exchange, topic_of("trade", exchange), None, None)]
    published = publish(
        without_key, {"bootstrap_servers": [kafka]}, lambda sofar: told.append(sofar.acknowledged.total())
    )
    assert (published.failed, published.failures) == (0, [])
    assert published.acknowledged == Counter(record.topic for record in sample)
    assert told[-1] == published.in_order == len(sample)
    for topic in published.acknowledged:
        found = [(r.key, r.value, tuple(r.headers)) for r in read_all(kafka, topic)]
        sent = [(r.key, r.value, r.headers) for r in sample if r.topic == topic]
        assert Counter(found) == Counter(sent)
        for key in {record[0] for record in sent}:
            assert [r for r in found if r[0] == key] == [r for r in sent if r[0] == key]


def test_the_command_sends_the_exchanges_own_lines(kafka: str, exchange: str, tmp_path: Path) -> None:
    sample = list(sample_events(6, (exchange, "elsewhere"), 300, 2026))
    own = Counter(record.topic for record in sample if record.exchange == exchange)
    rubbish = b"no event at all\n"
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"".join(map(to_line, sample)) + rubbish)
    arguments = ["publish", str(file), "--exchange", exchange, "--raw-to", "trades"]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False, env={"KAFKA_BOOTSTRAP_SERVERS": kafka})
    assert result.exit_code == 0, result.output
    own[topic_of("trade", exchange)] += 1
    for topic, count in own.items():
        assert f"acknowledged: {count} -> {topic}" in result.output
        assert len(read_all(kafka, topic)) == count
    assert f"of another exchange: {300 + 1 - own.total()} (elsewhere)" in result.output


def publish_command(kafka: str, file: Path, exchange: str, *options: str) -> Any:
    arguments = ["publish", str(file), "--exchange", exchange, *options]
    return CliRunner().invoke(main, arguments, catch_exceptions=False, env={"KAFKA_BOOTSTRAP_SERVERS": kafka})


def test_an_interrupted_sending_goes_on_where_it_stopped(kafka: str, exchange: str, tmp_path: Path) -> None:
    lines = [to_line(record) for record in sample_events(7, (exchange,), 400, 2026)]
    topics = topics_of(exchange)
    file = tmp_path / "events.ndjson"
    stops = to_line(SampleRecord(exchange, f"exchange.{exchange}.others.v1", b"k", b"v"))
    file.write_bytes(b"".join([*lines[:300], stops, *lines[300:]]))
    assert publish_command(kafka, file, exchange).exit_code == 1
    file.write_bytes(b"".join(lines))
    result = publish_command(kafka, file, exchange)
    assert result.exit_code == 0, result.output
    assert "300 records were acknowledged before" in result.output
    found = [record for topic in topics for record in read_all(kafka, topic)]
    assert len(found) == 400

    result = publish_command(kafka, file, exchange)
    assert "400 records were acknowledged before" in result.output
    assert "no record was acknowledged" in result.output

    assert publish_command(kafka, file, exchange, "--again").exit_code == 0
    found = {topic: read_all(kafka, topic) for topic in topics}
    assert sum(map(len, found.values())) == 800
    file.write_bytes(b"".join(reversed(lines)))
    result = publish_command(kafka, file, exchange)
    assert "belongs to other content" in result.output
    for topic in topics:
        before = {record.partition: record.offset for record in found[topic]}
        for partition, last in {record.partition: record.offset for record in read_all(kafka, topic)}.items():
            assert f"partition {partition}: offset {before[partition] + 1} - {last}\n" in result.output


def test_a_topic_that_does_not_exist_is_reported_and_not_made(kafka: str) -> None:
    record = SampleRecord("nobody", topic_of("trade", "nobody"), b"k", b"v")
    with pytest.raises(PublishError, match=r"exchange\.nobody\.trades\.v1"):
        publish([record], {"bootstrap_servers": [kafka]}, lambda _: None)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    assert record.topic not in admin.list_topics()
    admin.close()


def freezing(broker: Kafka, sample: list[SampleRecord]) -> Iterator[SampleRecord]:
    """Yield the records; before the last 300 the broker stops answering while its connections stay open."""
    for index, record in enumerate(sample):
        if index == len(sample) - 300:
            broker.program.process.send_signal(signal.SIGSTOP)
        yield record


@pytest.fixture
def freezable(broker: Kafka) -> Iterator[Kafka]:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    topics = topics_of("frozen")
    admin.create_topics(
        [NewTopic(name=topic, num_partitions=2, replication_factor=1) for topic in topics], wait_for_metadata=True
    )
    yield broker
    broker.program.process.send_signal(signal.SIGCONT)
    admin.delete_topics(list(topics))
    admin.close()


def test_a_broker_that_is_silent_for_a_while_is_waited_for(freezable: Kafka) -> None:
    sample = list(sample_events(8, ("frozen",), 2000, 2026))
    waited: list[float] = []

    def progress(published: PublishResult) -> None:
        waited.append(published.waiting_s)
        if published.waiting_s > 2:
            freezable.program.process.send_signal(signal.SIGCONT)

    config = {"bootstrap_servers": [freezable.bootstrap_servers]}
    published = publish(freezing(freezable, sample), config, progress)
    assert (published.failed, published.in_order) == (0, 2000)
    assert max(waited) > 2
    assert waited[-1] < max(waited)
    found = [record.value for topic in topics_of("frozen") for record in read_all(freezable.bootstrap_servers, topic)]
    assert Counter(found) == Counter(record.value for record in sample)


def test_a_broker_that_stays_unavailable_is_given_up(freezable: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.kafka.publish.publish_records.GIVE_UP_S", 3.0)
    sample = list(sample_events(9, ("frozen",), 2000, 2026))
    told: list[tuple[int, int]] = []
    config = {"bootstrap_servers": [freezable.bootstrap_servers]}
    with pytest.raises(PublishError, match="run the same command to continue"):
        publish(freezing(freezable, sample), config, lambda sofar: told.append((sofar.in_order, sofar.failed)))
    assert told[-1][0] < 2000


def test_a_broker_that_cannot_be_reached_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"".join(map(to_line, sample_events(10, ("kmdex",), 3, 2026))))
    result = publish_command(f"127.0.0.1:{free_ports(1)[0]}", file, "kmdex")
    assert result.exit_code == 1
    assert "cannot reach Kafka" in result.output
    assert "ECONNREFUSED" in result.output


def test_ctrl_c_ends_it_and_the_same_command_goes_on(kafka: str, exchange: str, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    sample = list(sample_events(11, (exchange,), 10_000, 2026)) * 3  # a busy machine may be late to interrupt it
    file.write_bytes(b"".join(map(to_line, sample)))
    command = [sys.executable, "-m", "exchange_kit", "publish", str(file), "--exchange", exchange]
    environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "LANG": "en_US.UTF-8"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as sending:
        while not progress_path(file).exists() or b'"records":0}' in progress_path(file).read_bytes():
            assert sending.poll() is None
        sending.send_signal(signal.SIGINT)
        _, said = sending.communicate(timeout=60)
    assert sending.returncode == 130
    assert "interrupted; run the same command to continue" in said
    result = publish_command(kafka, file, exchange)
    assert result.exit_code == 0, result.output
    before = int(re.search(r"(\d+) records were acknowledged before", result.output)[1])
    assert 0 < before < len(sample)
    found = {record.value for topic in topics_of(exchange) for record in read_all(kafka, topic)}
    assert found == {record.value for record in sample}
