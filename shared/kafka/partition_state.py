"""Check that a partition on the broker continues at the stored position."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

from shared.kafka.positions import StoredPosition
from shared.language import join
from shared.operator_errors import OperatorError
from shared.settings import ClientConfig


class RecordLossError(OperatorError):
    """Records are missing, or the topic was recreated: continuing would skip records unseen."""


class Bounds(NamedTuple):
    """A partition on the broker: its topic's id, its first offset, and the offset after its last record."""

    topic_id: str
    first: int
    end: int


def read_bounds(
    admin: KafkaAdminClient, client_config: ClientConfig, partitions: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], Bounds]:
    """Return the bounds of those (topic, partition) that exist."""
    wanted = set(partitions)
    if not wanted:
        return {}
    topic_ids = {
        (topic["name"], partition["partition_index"]): topic["topic_id"]
        for topic in admin.describe_topics(sorted({topic for topic, _ in wanted}))
        for partition in topic["partitions"]
    }
    found = [TopicPartition(*partition) for partition in wanted if partition in topic_ids]
    consumer = KafkaConsumer(**client_config, enable_auto_commit=False, metrics_enabled=False)
    try:
        first, end = consumer.beginning_offsets(found), consumer.end_offsets(found)
    finally:
        consumer.close(autocommit=False)
    return {(tp.topic, tp.partition): Bounds(topic_ids[tp], first[tp], end[tp]) for tp in found}


def missing_records(position: StoredPosition, bounds: Bounds) -> str | None:
    """Describe what the partition lacks of the records after the stored position; None if it has all."""
    where, offset = f"{position.topic}[{position.partition}]", position.next_offset
    if position.topic_id != bounds.topic_id:
        return (
            f"{where}: 主题被删除后重建，原 {position.topic_id} 已读至 {offset}，现 {bounds.topic_id}"
            f" / the topic was deleted and recreated: read {position.topic_id} up to {offset}, found {bounds.topic_id}"
        )
    if offset < bounds.first:
        span = f"{offset} .. {bounds.first - 1}"
        return f"{where}: 偏移 {span} 未读即被删除 / offsets {span} were deleted before they were read"
    if offset > bounds.end:
        return (
            f"{where}: 记录丢失，已读至 {offset}，现只到 {bounds.end}"
            f" / ends at {bounds.end} but was read up to {offset}: records were lost"
        )
    return None


def check_partition(position: StoredPosition, bounds: Bounds, service: str) -> None:
    """Raise RecordLossError unless the partition still has every record after the stored position."""
    missing = missing_records(position, bounds)
    if missing is not None:
        raise RecordLossError(join(missing, accept_loss_hint(service)))


def check_partitions(client_config: ClientConfig, positions: Sequence[StoredPosition], service: str) -> None:
    """Raise RecordLossError unless every partition still has every record after its stored position."""
    admin = KafkaAdminClient(**client_config)
    try:
        bounds = read_bounds(admin, client_config, {(one.topic, one.partition) for one in positions})
    finally:
        admin.close()
    for one in positions:
        there = bounds.get((one.topic, one.partition))
        if there is None:
            gone = f"{one.topic}[{one.partition}]: 不存在 / does not exist"
            raise RecordLossError(join(gone, accept_loss_hint(service)))
        check_partition(one, there, service)


def accept_loss_hint(service: str) -> str:
    """Say how an operator accepts lost records."""
    return (
        f"人工核实后可执行 `jiangbu accept-loss --service {service}`，由现有记录继续 / after checking the loss, run"
        f" `jiangbu accept-loss --service {service}` to continue from what is left"
    )
