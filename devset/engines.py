"""The engines of a set: one Kafka and one PostgreSQL, or a broker that is given. `devset.ha` has three of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deploy.databases import database_of
from devset.jars import prepared_kafka
from devset.kafka import Kafka, is_reachable
from devset.postgres import Database, Postgres
from devset.processes import LocalError, free_ports
from devset.programs import SERVICES, Addresses, ApiAddresses
from devset.supervision import Supervisor
from shared.language import say
from shared.settings import LocalSettings


class Engines(Protocol):
    """The engines of a set: a running Kafka, and PostgreSQL with a database for each service."""

    @property
    def kafka(self) -> str:
        """Kafka's bootstrap servers."""

    @property
    def replication_factor(self) -> int | None:
        """The replicas of each topic; None leaves it to the number of brokers."""

    def place_apis(self, ports: Mapping[str, int]) -> ApiAddresses:
        """Choose the addresses of the APIs before the start; `ports` are those that the caller knows, by service."""

    def launch(self, supervisor: Supervisor, password: str) -> None:
        """Start the engines without waiting; `password` is that of all roles. LocalError if one is missing."""

    def databases(self, check: Callable[[], None]) -> dict[str, Database]:
        """Wait for PostgreSQL and return each service's database. LocalError; `check` may raise."""

    def nearest(self, database: Database, copy: int) -> Database:
        """Return a database as the programs of a copy reach it, from 0: by what is on their machine first."""

    def await_kafka(self, check: Callable[[], None]) -> None:
        """Wait until the brokers answer. LocalError; `check` may raise."""

    def admin_url(self, database: str = "postgres") -> str:
        """Return the superuser's URL of a database."""

    def admin_settings(self) -> dict[str, str]:
        """Return how operators' commands reach PostgreSQL."""

    def stop(self, supervisor: Supervisor) -> None:
        """Stop the engines in order. May be called at any time, and again."""


@dataclass
class OneOfEach:
    """Kafka and PostgreSQL, one of each, in `folder`. `given_kafka` is an existing broker to use instead."""

    folder: Path
    kafka_port: int
    given_kafka: str | None
    report: Callable[[str], None]
    _postgres: Postgres = field(init=False)
    _kafka: Kafka | None = None
    _password: str = ""

    replication_factor = None

    def __post_init__(self) -> None:
        self._postgres = Postgres(self.folder / "postgres", free_ports(1)[0], self.folder / "logs" / "postgres.log")

    @property
    def kafka(self) -> str:
        return self.given_kafka or f"127.0.0.1:{self.kafka_port}"

    def place_apis(self, ports: Mapping[str, int]) -> ApiAddresses:
        only = Addresses(self.kafka, {service: f"127.0.0.1:{ports[service]}" for service in SERVICES})
        return ApiAddresses((only,), (only,))

    def launch(self, supervisor: Supervisor, password: str) -> None:
        self._password = password
        if self.given_kafka is None:
            supervisor.watch("kafka", self._prepared_kafka().launch)
        elif not is_reachable(self.given_kafka, timeout_s=10.0):
            raise LocalError(
                f"无法连接 Kafka：{self.given_kafka}；请检查 --kafka HOST:PORT",
                f"no Kafka answers at {self.given_kafka}: check --kafka HOST:PORT",
            )
        supervisor.watch("postgres", self._postgres.launch)

    def databases(self, check: Callable[[], None]) -> dict[str, Database]:
        self._postgres.await_ready(check)
        return {service: self._postgres.ensure_database(database_of(service), self._password) for service in SERVICES}

    def nearest(self, database: Database, copy: int) -> Database:
        del copy  # there is one
        return database

    def await_kafka(self, check: Callable[[], None]) -> None:
        if self._kafka is not None:
            self._kafka.await_ready(check)

    def admin_url(self, database: str = "postgres") -> str:
        return self._postgres.url(database)

    def admin_settings(self) -> dict[str, str]:
        return {"DATABASE_ADMIN_URL": self.admin_url()}

    def stop(self, supervisor: Supervisor) -> None:
        del supervisor  # each engine knows how it is stopped
        if self._kafka is not None:
            self._kafka.stop()
        self._postgres.stop()

    def _prepared_kafka(self) -> Kafka:
        settings = LocalSettings()
        jars = prepared_kafka(settings.cache_folder, settings.maven_repository, self.report)
        self.report(say("正在启动 Kafka 与 PostgreSQL", "starting Kafka and PostgreSQL"))
        log_file, controller_port = self.folder / "logs" / "kafka.log", free_ports(1)[0]
        self._kafka = Kafka(self.folder / "kafka", self.kafka_port, log_file, controller_port, jars)
        return self._kafka
