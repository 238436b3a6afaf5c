"""Detection of a restored backup: a register whose database is behind what it has published.

Continuing would publish other facts under versions that readers already hold as newer, and they would ignore them.
"""

from collections.abc import Sequence
from contextlib import closing

import msgspec
from kafka import KafkaConsumer, TopicPartition

from shared.kafka.handler import Record
from shared.kafka.offset_witness import DatabaseBehindError
from shared.kafka.replay import newest_records, replay_records
from shared.register.head import Head
from shared.register.publish.outbox import DirtyKey
from shared.settings import ClientConfig
from shared.values.parties import Party

FactVersion = tuple[int, int]  # generation, seq


class PublishedFact(msgspec.Struct):
    """The version of a published fact, and its party, if any."""

    generation: int
    seq: int
    party: Party | None = None


_decode = msgspec.json.Decoder(PublishedFact).decode


def facts_behind(head: Head, published: FactVersion | None) -> str | None:
    """Return a text if facts were published that are newer than this head."""
    if published is None or published <= (head.generation, head.next_seq):
        return None
    return f"generation {published[0]}, seq {published[1]} > generation {head.generation}, seq {head.next_seq}"


def check_not_behind(head: Head, published: FactVersion | None, service: str) -> None:
    """Raise DatabaseBehindError if facts were published that are newer than this head."""
    behind = facts_behind(head, published)
    if behind is not None:
        command = f"`jiangbu new-generation --service {service}`"
        raise DatabaseBehindError(
            f"恢复了旧备份：登记簿 {head.register} 已发布的事实新于数据库（{behind}）。"
            f"请恢复更新的备份，或用 {command} 由此继续"
            f" / an older backup was restored: register {head.register} has published facts newer than its database"
            f" ({behind}). Restore a newer backup, or continue from here with {command}"
        )


def newest_published_version(client_config: ClientConfig, topics: Sequence[str], register: str) -> FactVersion | None:
    """Return the greatest (generation, seq) of the register's last facts in each partition; None if there are none."""
    options, prefix = {**client_config, "isolation_level": "read_committed"}, f"{register}/".encode()

    def is_of_register(record: Record) -> bool:
        return record.value is not None and (record.key or b"").startswith(prefix)

    with closing(KafkaConsumer(**options, enable_auto_commit=False, metrics_enabled=False)) as consumer:
        found = [
            _decode(record.value or b"")
            for partition in _partitions(consumer, topics)
            for record in newest_records(consumer, partition, is_of_register)
        ]
    return max(((fact.generation, fact.seq) for fact in found), default=None)


def all_published_facts(
    client_config: ClientConfig, topics: Sequence[str], register: str
) -> dict[DirtyKey, PublishedFact]:
    """Return the newest fact of every key of the register, read from the beginning. Raises TopicTruncatedError.

    Waits for open transactions in these topics; this register should have none.
    """
    with closing(KafkaConsumer(**client_config, enable_auto_commit=False, metrics_enabled=False)) as consumer:
        ends = consumer.end_offsets(_partitions(consumer, topics))
    prefix = f"{register}/".encode()
    newest: dict[DirtyKey, PublishedFact] = {}
    for records in replay_records(client_config, {(tp.topic, tp.partition): end for tp, end in ends.items()}):
        for record in records:
            if record.key is None or not record.key.startswith(prefix) or record.value is None:
                continue
            key = (record.topic, record.key.removeprefix(prefix).decode())
            fact = _decode(record.value)
            known = newest.get(key)
            if known is None or (fact.generation, fact.seq) > (known.generation, known.seq):
                newest[key] = fact
    return newest


def _partitions(consumer: KafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic) or ()]
