"""One broker and one PostgreSQL with a year of events of a fictional exchange, read again and again."""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from devset.jars import prepared_kafka
from devset.kafka import Kafka
from devset.postgres import Postgres
from devset.processes import free_ports
from exchange_kit.sample.year import sample_events
from shared.events.topics import topic_of
from shared.kafka.publish.publish_records import publish
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.settings import KafkaSettings, LocalSettings
from tests.support.consumer_program import Place
from tests.support.incentive.bureau import Bureau

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from devset.postgres import Database
    from services.incentive.store.rulebook import Rulebook
    from shared.events.decode import Kind

EXCHANGE = "bench"
SEED = 7
YEAR = 2026
SERVICE_OF: dict[Kind, str] = {"listing": "listing", "trade": "trade-ingest"}
_LOOK_EVERY_S = 0.02
_AT_MOST_S = 1800.0


def ledger_database(stack: ExitStack, folder: Path) -> tuple[Postgres, Database]:
    """Start a PostgreSQL in a new folder until the stack is closed; return it and an empty database of the ledger."""
    folder.mkdir()
    server = Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log")
    server.start()
    stack.callback(server.stop)
    database = server.ensure_database("incentive", "bench")
    migrate("services.incentive", database.owner_url, database.service_url)
    return server, database


def begun_bureau(stack: ExitStack, database: Database, rules: Rulebook) -> Bureau:
    """Put the rulebook in force in an empty database of the ledger; its engine is disposed of with the stack."""
    engine = make_engine(database.service_url)
    stack.callback(engine.dispose)
    bureau = Bureau(engine, rules)
    bureau.begin()
    return bureau


def say(text: str) -> None:
    """Print progress to stderr."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command's


class Spread(NamedTuple):
    """Median, minimum and maximum of a figure over its rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        found = list(values)
        return cls(statistics.median(found), min(found), max(found))

    def rounded(self, digits: int = 0) -> dict[str, float]:
        """Round the values for the report."""
        return {name: round(value, digits or None) for name, value in self._asdict().items()}


@dataclass
class Bed:
    """The engines, and how many records the exchange's topics hold."""

    folder: Path
    postgres: Postgres
    kafka: Kafka
    counts: dict[Kind, int] = field(default_factory=dict)
    _places: int = 0

    def partitions(self, kind: Kind) -> list[TopicPartition]:
        topic = topic_of(kind, EXCHANGE)
        with self.reader() as consumer:
            return [TopicPartition(topic, one) for one in sorted(consumer.partitions_for_topic(topic) or ())]

    @contextmanager
    def reader(self, partitions: Iterable[TopicPartition] = (), **settings: Any) -> Iterator[KafkaConsumer]:
        """Open a consumer that reads partitions from their beginning."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.kafka.bootstrap_servers,
            auto_offset_reset="earliest",
            **{"group_id": None, **settings},
        )
        try:
            if assigned := list(partitions):
                consumer.assign(assigned)
            yield consumer
        finally:
            consumer.close()

    @contextmanager
    def place(self, service: str, register: str | None = None) -> Iterator[Place]:
        """Prepare an empty database of the service for the given or a new register; stop its programs on exit."""
        self._places += 1
        folder = self.folder / f"place-{self._places}"
        folder.mkdir()
        place = Place(service, folder, self.postgres, self.kafka.bootstrap_servers, None, EXCHANGE)
        place.register = register or place.register
        try:
            place.prepare()
            yield place
        finally:
            place.end()

    def database(self) -> str:
        """Create an empty database and return its URL."""
        self._places += 1
        return self.postgres.ensure_database(f"plain_{self._places}", "bench").owner_url


@contextmanager
def prepared_bed(folder: Path, events: int, running: Postgres | None = None) -> Iterator[Bed]:
    """Start separate engines, or only a broker beside a running PostgreSQL, and publish `events` events."""
    settings = LocalSettings()
    jars = prepared_kafka(settings.cache_folder, settings.maven_repository, say)
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        server = running or Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log")
        if running is None:
            server.start()
            stack.callback(server.stop)
        port, controller_port = free_ports(2)
        broker = Kafka(folder / "kafka", port, folder / "kafka.log", controller_port, jars)
        broker.start()
        stack.callback(broker.stop)
        bed = Bed(folder, server, broker)
        with bed.place("listing"):  # creates the topics
            records = sample_events(SEED, (EXCHANGE,), events, YEAR, rubbish=False)
            config = KafkaSettings((broker.bootstrap_servers,)).client_config()
            published = publish(records, config, lambda _published: None)
        bed.counts = {kind: published.acknowledged[topic_of(kind, EXCHANGE)] for kind in SERVICE_OF}
        yield bed


def rate_of(count: Callable[[], int], until: Callable[[], bool], expected: int) -> float:
    """Measure records per second, from the first rise of `count` until it reaches `expected` and `until` holds.

    Neither the time nor the records include the start of the program and its first batch.
    """
    deadline = time.monotonic() + _AT_MOST_S
    while (at_first := count()) == 0:
        await_next(deadline)
    began_s = time.monotonic()
    while count() < expected or not until():
        await_next(deadline)
    return (expected - at_first) / (time.monotonic() - began_s)


def await_next(deadline: float) -> None:
    """Wait until the next poll; raise TimeoutError after the deadline."""
    if time.monotonic() > deadline:
        raise TimeoutError(f"not done after {_AT_MOST_S:.0f} s")
    time.sleep(_LOOK_EVERY_S)
