"""Publishing to a real broker: what is acknowledged is there, byte for byte, in order of its key."""

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from exchange_kit.__main__ import main
from exchange_kit.publish import PublishError, publish
from exchange_kit.records import SampleRecord, to_line
from exchange_kit.sample import sample_events
from shared.events.topics import topic_of, topics_of

NUMBERS = itertools.count(1)


@pytest.fixture
def exchange(kafka: str) -> Iterator[str]:
    """An exchange with topics of its own."""
    name = f"kit-test-{next(NUMBERS)}"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    topics = topics_of(name)
    admin.create_topics([NewTopic(name=topic, num_partitions=2, replication_factor=1) for topic in topics])
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
    assert "(--again sends all): 300\n" in result.output
    found = [record for topic in topics for record in read_all(kafka, topic)]
    assert len(found) == 400

    result = publish_command(kafka, file, exchange)
    assert "(--again sends all): 400\n" in result.output
    assert "no record was acknowledged" in result.output

    assert publish_command(kafka, file, exchange, "--again").exit_code == 0
    found = {topic: read_all(kafka, topic) for topic in topics}
    assert sum(map(len, found.values())) == 800
    file.write_bytes(b"".join(reversed(lines)))
    result = publish_command(kafka, file, exchange)
    assert "of another cluster, exchange or content" in result.output
    for topic in topics:
        before = {record.partition: record.offset for record in found[topic]}
        for partition, last in {record.partition: record.offset for record in read_all(kafka, topic)}.items():
            assert f"partition {partition}: offset {before[partition] + 1} - {last}\n" in result.output


def test_a_topic_that_does_not_exist_is_told_and_not_made(kafka: str) -> None:
    record = SampleRecord("nobody", topic_of("trade", "nobody"), b"k", b"v")
    with pytest.raises(PublishError, match=r"exchange\.nobody\.trades\.v1"):
        publish([record], {"bootstrap_servers": [kafka]}, lambda _: None)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    assert record.topic not in admin.list_topics()
    admin.close()
