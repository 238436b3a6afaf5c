"""Write partitions exactly as they were: each batch at its old offset.

A broker gives a batch the next free offset. Offsets that hold nothing readable, of transaction markers and of batches
that were aborted or damaged, are taken by transaction markers, which no reader ever gets.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import NotLeaderForPartitionError, UnknownTopicOrPartitionError, for_code
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.protocol.producer import ProduceRequest
from kafka.protocol.producer.transaction import WriteTxnMarkersRequest

from deploy.broker.admin import BROKER_TIMEOUT_MS
from shared.kafka.record_batch import StoredBatch, detached
from shared.operator_errors import OperatorError
from shared.settings import ClientConfig

_ANSWER_MS: Final = 60_000
_LEADERS_WITHIN_S: Final = 60.0
_PAUSE_S: Final = 0.1
_PRODUCE_VERSION: Final = 12  # names topics; later versions have their ids
_MOST_MARKERS: Final = 1_000  # a request
# No producer has this id: brokers count ids from 0.
_PRODUCER_ID: Final = 2**62
_NOT_YET: Final = (NotLeaderForPartitionError, UnknownTopicOrPartitionError)


class RestoreRefusedError(OperatorError):
    """The broker did not store a batch where it was."""


class LogWriter:
    """Appends batches and markers to empty partitions, as the admin of the cluster."""

    def __init__(self, manager: Any, admin: KafkaAdminClient) -> None:
        self._manager = manager  # kafka-python has no types
        self._admin = admin
        self._leaders: dict[TopicPartition, int] = {}

    def append(self, batches: Mapping[TopicPartition, StoredBatch]) -> None:
        """Append one batch to each of these partitions. RestoreRefusedError unless each is at its old offset."""
        waiting, deadline_s = dict(batches), time.monotonic() + _LEADERS_WITHIN_S
        while waiting:
            for partition, answer in self._produce(waiting).items():
                error = for_code(answer.error_code)
                if error in _NOT_YET and time.monotonic() < deadline_s:
                    self._leaders.pop(partition)
                    continue
                _check(partition, waiting.pop(partition).base_offset, answer, error)
            if waiting:
                time.sleep(_PAUSE_S)

    def _produce(self, batches: Mapping[TopicPartition, StoredBatch]) -> dict[TopicPartition, Any]:
        """Send batches to the leaders of their partitions; return the answers."""
        answers = {}
        for leader, partitions in self._by_leader(batches).items():
            topic_data = ProduceRequest.TopicProduceData
            by_topic = defaultdict(list)
            for one in partitions:
                records = detached(batches[one])
                by_topic[one.topic].append(topic_data.PartitionProduceData(index=one.partition, records=records))
            request = ProduceRequest(
                transactional_id=None,
                acks=-1,
                timeout_ms=_ANSWER_MS,
                topic_data=[topic_data(name=name, partition_data=data) for name, data in by_topic.items()],
                max_version=_PRODUCE_VERSION,
            )
            response = self._send(request, leader)
            for topic in response.responses:
                for one in topic.partition_responses:
                    answers[TopicPartition(topic.name, one.index)] = one
        return answers

    def fill(self, partition: TopicPartition, offsets: int) -> None:
        """Append that many transaction markers. RestoreRefusedError."""
        marker = WriteTxnMarkersRequest.WritableTxnMarker
        topics = [marker.WritableTxnMarkerTopic(name=partition.topic, partition_indexes=[partition.partition])]
        one = marker(
            producer_id=_PRODUCER_ID,
            producer_epoch=0,
            transaction_result=True,
            topics=topics,
            coordinator_epoch=0,
        )
        for start in range(0, offsets, _MOST_MARKERS):
            request = WriteTxnMarkersRequest(markers=[one] * min(_MOST_MARKERS, offsets - start), max_version=1)
            [leader] = self._by_leader({partition: None})
            for answer in self._send(request, leader).markers:
                for topic in answer.topics:
                    for found in topic.partitions:
                        if found.error_code:
                            raise _refused(partition, for_code(found.error_code).__name__)

    def _by_leader(self, partitions: Mapping[TopicPartition, object]) -> dict[int, list[TopicPartition]]:
        unknown = sorted({one.topic for one in partitions if one not in self._leaders})
        for topic in self._admin.describe_topics(unknown) if unknown else ():
            for one in topic["partitions"]:
                self._leaders[TopicPartition(topic["name"], one["partition_index"])] = one["leader_id"]
        found = defaultdict(list)
        for one in partitions:
            found[self._leaders[one]].append(one)
        return found

    def _send(self, request: Any, node: int) -> Any:
        return self._manager.run(self._manager.send, request, node, _ANSWER_MS)


def _check(partition: TopicPartition, offset: int, answer: Any, error: type[Exception]) -> None:
    if answer.error_code:
        raise _refused(partition, f"{error.__name__} {answer.error_message or ''} at {offset}".strip())
    if answer.base_offset != offset:
        raise _refused(partition, f"offset {answer.base_offset}, not {offset}")


def _refused(partition: TopicPartition, reason: str) -> RestoreRefusedError:
    where = f"{partition.topic}[{partition.partition}]"
    return RestoreRefusedError(
        f"{where}: Kafka 拒绝：{reason}。请删除该主题后重新恢复"
        f" / the broker refused: {reason}. Delete the topic and restore again"
    )


@contextmanager
def log_writer(client_config: ClientConfig, admin: KafkaAdminClient) -> Iterator[LogWriter]:
    """Connect a writer. KafkaError."""
    net = NetworkSelector(**client_config)
    manager = KafkaConnectionManager(net, **client_config)
    net.start()
    try:
        manager.bootstrap(BROKER_TIMEOUT_MS)
        yield LogWriter(manager, admin)
    finally:
        manager.close()
        net.stop()
