"""The topics of a consumer group and their positions in the database."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import KafkaAdminClient
from sqlalchemy import Connection, Engine

from shared.kafka.errors import ANSWER_TIMEOUT_MS, MissingTopicsError, check_topics
from shared.kafka.offset_witness import check_offset_witness, witnessed_offsets
from shared.kafka.partition_state import RecordLossError, check_partitions, missing_records, read_bounds
from shared.kafka.positions import StoredPosition, load_positions, start_positions
from shared.kafka.stored_batches import STORED_BATCH_OPTIONS
from shared.postgres.errors import is_transient
from shared.postgres.replication import require_replication
from shared.process.backoff import Backoff
from shared.settings import ClientConfig
from shared.telemetry.masking import reason_of

# As long as a broker's session: whoever is silent for longer is no leader and no coordinator any more.
_LIMITS = {"bootstrap_timeout_ms": ANSWER_TIMEOUT_MS, "request_timeout_ms": 6000}

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Source:
    """Input of one worker: it reads `topics` as a member of `group` from the positions in the database of `engine`.

    `sets_aside`: the service has a quarantine, and the tables of `shared/kafka/poison.py`.
    """

    client_config: ClientConfig
    engine: Engine
    service: str
    group: str
    topics: Sequence[str]
    clock: Callable[[], datetime]
    stop: threading.Event
    sets_aside: bool = False

    def make_consumer(self) -> KafkaConsumer:
        """Create the Kafka client of this worker."""
        return KafkaConsumer(
            **self.client_config,
            **_LIMITS,
            group_id=self.group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            # Positions come from the database; deleted records must stop the worker, not be skipped.
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            metadata_max_age_ms=10_000,
            session_timeout_ms=10_000,
            metrics_enabled=False,
            **STORED_BATCH_OPTIONS,
        )

    def check_topics_exist(self) -> None:
        """Raise RecordLossError if a topic was deleted: kafka-python would silently go on with the others."""
        try:
            check_topics(self.client_config, self.topics)
        except MissingTopicsError as missing:
            raise RecordLossError(
                f"主题在运行中被删除 / topics were deleted while they were read: {missing}"
            ) from missing

    def stored_positions(self, partitions: set[TopicPartition]) -> dict[TopicPartition, StoredPosition]:
        """Return the stored position of each partition, or its beginning if none is stored yet.

        Raises RecordLossError if records are missing, and DatabaseBehindError if Kafka has seen later commits.
        """
        if not partitions:
            return {}
        limited = {**self.client_config, **_LIMITS}
        admin = KafkaAdminClient(**limited)
        try:
            # Read before the database, so that all witnessed offsets are committed by then.
            witnessed = witnessed_offsets(admin, self.group)
            bounds = read_bounds(admin, limited, partitions)
        finally:
            admin.close()
        if len(bounds) < len(partitions):
            raise kafka_errors.UnknownTopicOrPartitionError(partition_names(partitions - bounds.keys()))
        beginnings = [
            StoredPosition(tp.topic, tp.partition, bounds[tp].topic_id, bounds[tp].first) for tp in partitions
        ]

        def load(connection: Connection) -> dict[tuple[str, int], StoredPosition]:
            start_positions(connection, beginnings, self.clock())
            positions = load_positions(connection)
            require_replication(connection)  # the offset witness shows them to Kafka
            return positions

        stored = self.transact(load, "database unavailable, positions unknown")
        # While the partition was assigned to it, another worker may have read on since the bounds were read.
        suspect = [stored[tp] for tp in partitions if missing_records(stored[tp], bounds[tp]) is not None]
        if suspect:
            check_partitions(self.client_config, suspect, self.service)
        check_offset_witness(witnessed, stored, self.service)
        return {tp: stored[tp] for tp in partitions}

    def transact(self, work: Callable[[Connection], Result], event: str) -> Result:
        """Run `work` in a transaction; retry transient errors until `stop` is set, and log each one as `event`."""
        backoff = Backoff(self.stop, first_s=0.1, longest_s=0.5)
        while True:
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except Exception as error:
                if self.stop.is_set() or not is_transient(error):
                    raise
                log.warning(event, error=reason_of(error))
                backoff.wait()


def partition_names(partitions: set[TopicPartition]) -> list[str]:
    """Return `topic[partition]` of each, sorted, for logs and messages."""
    return sorted(f"{tp.topic}[{tp.partition}]" for tp in partitions)
