"""The versions in the topic of awards, which a restored ledger must not count again."""

from collections.abc import Iterable
from contextlib import closing
from typing import Final

import msgspec
from kafka import KafkaConsumer, TopicPartition
from sqlalchemy import Connection

from services.incentive.store.published.versions import published_awards
from shared.events.award_events import AWARDS
from shared.kafka.handler import Record
from shared.kafka.offset_witness import DatabaseBehindError
from shared.kafka.replay import newest_records, replay_records, stable_end_offsets
from shared.settings import ClientConfig

TRANSACTIONAL_ID: Final = "jiangbu.incentive.awards"


class _Award(msgspec.Struct):
    award_id: str
    version: int


class _AwardEvent(msgspec.Struct):
    data: _Award


_decode: Final = msgspec.json.Decoder(_AwardEvent).decode


def newest_versions(client_config: ClientConfig) -> dict[str, int]:
    """The greatest version of each award among the last records of each partition."""
    options = {**client_config, "isolation_level": "read_committed"}
    with closing(KafkaConsumer(**options, enable_auto_commit=False, metrics_enabled=False)) as consumer:
        partitions = _partitions(consumer)
        records = [one for partition in partitions for one in newest_records(consumer, partition, _has_value)]
    return _greatest(records)


def all_versions(client_config: ClientConfig) -> dict[str, int]:
    """The greatest version of every award, read from the beginning. Raises TopicTruncatedError."""
    with closing(KafkaConsumer(**client_config, enable_auto_commit=False, metrics_enabled=False)) as consumer:
        partitions = [(partition.topic, partition.partition) for partition in _partitions(consumer)]
    batches = replay_records(client_config, stable_end_offsets(client_config, partitions))
    return _greatest(one for batch in batches for one in batch)


def versions_behind(connection: Connection, newest: dict[str, int]) -> list[str]:
    """Return a text for each award of which a version was published that is greater than the ledger's own."""
    known = published_awards(connection, newest.keys())
    return [
        f"{award_id}@{version} > {known[award_id].version if award_id in known else 0}"
        for award_id, version in sorted(newest.items())
        if award_id not in known or known[award_id].version < version
    ]


def check_versions(connection: Connection, newest: dict[str, int]) -> None:
    """Raise DatabaseBehindError if a version was published that is greater than the ledger's own."""
    behind = versions_behind(connection, newest)
    if behind:
        places, command = ", ".join(behind[:5]), "`jiangbu new-generation --service incentive`"
        raise DatabaseBehindError(
            f"恢复了旧备份：{AWARDS} 中有数据库所没有的版本（{places}）。请恢复更新的备份，或用 {command} 由此继续"
            f" / an older backup was restored: {AWARDS} has versions that the database does not have ({places})."
            f" Restore a newer backup, or continue from here with {command}"
        )


def _has_value(record: Record) -> bool:
    return record.value is not None


def _greatest(records: Iterable[Record]) -> dict[str, int]:
    found: dict[str, int] = {}
    for record in records:
        if record.value is None:
            continue
        award = _decode(record.value).data
        found[award.award_id] = max(award.version, found.get(award.award_id, 0))
    return found


def _partitions(consumer: KafkaConsumer) -> list[TopicPartition]:
    return [TopicPartition(AWARDS, number) for number in sorted(consumer.partitions_for_topic(AWARDS) or ())]
