"""Copies of topics: the same batches at the same offsets, gaps and a cut beginning included."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from msgspec.structs import replace

from deploy.backup.exchange_topics import DiscontinuedTopicError, copy_topics
from deploy.backup.log_writer import log_writer
from deploy.backup.manifest import BackupManifest, ServerCopy, TopicCopy, Vault
from deploy.backup.partition_reader import partition_reader
from deploy.backup.sealed import BackupKey
from deploy.backup.stores import FolderStore
from deploy.backup.topic_restore import compare_topics, create_topics, cut_beginnings, restore_topics
from shared.kafka.record_batch import detached
from shared.operator_errors import OperatorError
from tests.support.broker.record_batches import batch_of, record, send_stored
from tests.support.until import until

if TYPE_CHECKING:
    from pathlib import Path

PARTITIONS = 2
NO_SERVER = ServerCopy("", 0, 0, "", (), (), "")


def new_topic(kafka: str) -> str:
    name = f"exchange.x{uuid.uuid4().hex[:8]}.trades.v1"
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.create_topics({name: {"num_partitions": PARTITIONS, "replication_factor": 1}}, wait_for_metadata=True)
    return name


def send(kafka: str, topic: str, count: int, outcome: str | None = None) -> None:
    options = {} if outcome is None else {"transactional_id": topic}
    producer = KafkaProducer(bootstrap_servers=kafka, compression_type="gzip", **options)
    if outcome is not None:
        producer.init_transactions()
        producer.begin_transaction()
    for number in range(count):
        producer.send(topic, b"%d" % number * 30, partition=number % PARTITIONS, headers=[("a", b"b")])
    producer.flush()
    if outcome is not None:
        getattr(producer, f"{outcome}_transaction")()
    producer.close()


def copied(kafka: str, vault: Vault, topic: str, previous: BackupManifest | None = None) -> BackupManifest:
    config = {"bootstrap_servers": kafka}
    with KafkaAdminClient(**config) as admin, partition_reader(config) as reader:
        topics = tuple(copy_topics(admin, reader, vault, [topic], previous))
    return BackupManifest(1 if previous is None else previous.number + 1, "", "", NO_SERVER, topics, (), ())


def restored(kafka: str, vault: Vault, copy: TopicCopy) -> list[str]:
    """Restore under another name; return what differs."""
    config = {"bootstrap_servers": kafka}
    with KafkaAdminClient(**config) as admin, partition_reader(config) as reader, log_writer(config, admin) as writer:
        create_topics(admin, [copy], reader)
        written = restore_topics(writer, vault, [copy])
        cut_beginnings(admin, [copy])
        return compare_topics(reader, [copy], written)


def raw(kafka: str, topic: str) -> list[tuple[int, int, bytes]]:
    config = {"bootstrap_servers": kafka}
    found = []
    with partition_reader(config) as reader:
        for number in range(PARTITIONS):
            partition = TopicPartition(topic, number)
            first, end = reader.bounds([partition])[partition]
            found += [(number, one.base_offset, detached(one)) for one in reader.batches(partition, first, end)]
            found.append((number, end, b"%d" % first))
    return found


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(FolderStore(tmp_path / "store"), BackupKey(bytes(32)))


def test_a_topic_with_gaps_and_a_cut_beginning_is_restored_exactly(kafka: str, vault: Vault) -> None:
    topic = new_topic(kafka)
    for outcome in (None, "commit", "abort", None):
        send(kafka, topic, 10, outcome)
    body = record(0, b"key", b"value", [(b"not UTF-8: \xff", None)])
    send_stored(kafka, topic, 0, batch_of("none", body, 1, first=5, most=5))
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.delete_records({TopicPartition(topic, 1): 3})  # in the middle of a batch
    first = copied(kafka, vault, topic)
    send(kafka, topic, 4, "commit")
    second = copied(kafka, vault, topic, first)
    assert all(len(one.parts) == 1 for one in second.topics[0].partitions), "small parts are not joined"
    name = f"{topic}.restored"
    assert restored(kafka, vault, replace(second.topics[0], name=name)) == []
    assert raw(kafka, name) == raw(kafka, topic)
    with pytest.raises(OperatorError, match="not empty"):
        restored(kafka, vault, replace(second.topics[0], name=name))


def test_a_backup_does_not_go_on_with_a_topic_that_was_recreated(kafka: str, vault: Vault) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, 10)
    first = copied(kafka, vault, topic)
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.delete_records({TopicPartition(topic, 0): 5})
        assert copied(kafka, vault, topic, first).topics == first.topics
        admin.delete_topics([topic])
        until(lambda: topic not in admin.list_topics())
    with pytest.raises(DiscontinuedTopicError, match="does not exist"):
        copied(kafka, vault, topic, first)
