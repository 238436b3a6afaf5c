"""A service whose workers are stopped, for commands that change its positions."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import NoError, RetriableError
from kafka.structs import OffsetAndMetadata
from sqlalchemy import Engine

from deploy.broker.admin import admin_config, connect_admin
from deploy.broker.streams import Streams, configured_streams
from shared.kafka.partition_state import Bounds, read_bounds
from shared.kafka.positions import StoredPosition
from shared.language import join
from shared.operator_errors import OperatorError
from shared.postgres.database import make_engine
from shared.settings import ClientConfig, KafkaSettings, Service, Settings

COORDINATOR_TIMEOUT_S: Final = 15.0
COORDINATOR_POLL_S: Final = 0.2

Partition = tuple[str, int]  # topic, number


@dataclass(frozen=True)
class StoppedService:
    """A service, its empty consumer group, and the topics that it reads."""

    service: Service
    register: str
    client_config: ClientConfig
    group: str
    topics: frozenset[str]
    engine: Engine
    admin: KafkaAdminClient

    def held(self, stored: Mapping[Partition, StoredPosition]) -> dict[Partition, tuple[StoredPosition, Bounds]]:
        """Return the stored position and the broker's bounds of each partition that the service reads.

        Raises OperatorError for a deleted topic: it must exist, if only empty, before its offsets can be compared.
        """
        read = {partition: position for partition, position in stored.items() if position.topic in self.topics}
        bounds = read_bounds(self.admin, self.client_config, read)
        gone = [f"{topic}[{number}]" for topic, number in sorted(read.keys() - bounds.keys())]
        if gone:
            raise OperatorError(f"主题不存在 / no such topic: {', '.join(gone)}; run `jiangbu topics apply` first")
        return {partition: (position, bounds[partition]) for partition, position in sorted(read.items())}

    def set_witnessed_offsets(self, offsets: Mapping[Partition, OffsetAndMetadata]) -> None:
        """Set the committed offsets of the group, except for deleted topics."""
        existing = set(self.admin.list_topics())
        wanted = {
            TopicPartition(*partition): offset for partition, offset in offsets.items() if partition[0] in existing
        }
        answers = self.admin.alter_group_offsets(self.group, wanted) if wanted else {}
        refused = [
            f"{tp.topic}[{tp.partition}] {answer.__name__}" for tp, answer in answers.items() if answer is not NoError
        ]
        if refused:
            raise OperatorError(join(f"Kafka 拒绝 / Kafka refused: {', '.join(refused)}", _stop_them(self.service)))

    def check_stopped(self) -> None:
        """Raise OperatorError if workers of the group are running."""
        deadline = time.monotonic() + COORDINATOR_TIMEOUT_S
        while True:
            try:
                found = self.admin.describe_groups([self.group])[self.group]
            except RetriableError:
                # A broker that just started is still looking for the group's coordinator.
                if time.monotonic() > deadline:
                    raise
            else:
                if found["group_state"] in ("Empty", "Dead"):
                    return
                running = len(found["members"])
                if running:
                    here = f"{self.group}: {running} 个进程在运行 / {running} workers are running"
                    raise OperatorError(join(here, _stop_them(self.service)))
                if time.monotonic() > deadline:
                    raise OperatorError(f"{self.group}: {found['group_state']} {found['error']}")
            time.sleep(COORDINATOR_POLL_S)


@contextlib.contextmanager
def stopped(service: Service) -> Iterator[StoppedService]:
    """Open the service's database and consumer group by the settings of the environment. OperatorError if it runs."""
    settings = Settings(service)
    streams = configured_streams(settings)
    with opened(settings.kafka, service, settings.register, streams, settings.database_url) as found:
        found.check_stopped()
        yield found


@contextlib.contextmanager
def opened(
    kafka: KafkaSettings, service: Service, register: str, streams: Streams, database_url: str
) -> Iterator[StoppedService]:
    """Open a service's database and consumer group, whether it runs or not."""
    with contextlib.ExitStack() as stack:
        admin = stack.enter_context(connect_admin(kafka))
        engine = make_engine(database_url, pool_size=1)
        stack.callback(engine.dispose)
        topics = frozenset(streams.reads)
        yield StoppedService(service, register, admin_config(kafka), streams.group, topics, engine, admin)


def _stop_them(service: Service) -> str:
    return (
        f"先停止 `{service} consume`；被杀死的进程约 10 秒后才离组 / stop `{service} consume` first; a killed worker"
        " leaves the group after about 10 s"
    )
