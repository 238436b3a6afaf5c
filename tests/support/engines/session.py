"""Engines that all tests of a run share: one PostgreSQL and one Apache Kafka.

The main pytest process owns them. It starts them before its xdist workers or on first use, and stops them at the end.
Workers receive their addresses. Databases, topics and registers are per test.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psycopg
import pytest

from devset.jars import KAFKA_VERSION, prepared_kafka
from devset.kafka import Kafka, is_reachable
from devset.postgres import Postgres
from devset.processes import free_ports
from shared.settings import LocalSettings
from tests.support.until import until

# Engines used: name to version and location; printed at the end of the run.
RAN_AGAINST = pytest.StashKey[dict[str, str]]()
# `postgres(service) -> (owner_url, service_url)`
FreshDatabase = Callable[[str], tuple[str, str]]

# Files survive a killed server. Protection against power failures is not needed in tests.
NOT_FOR_POWER_FAILURES = {"fsync": "off", "full_page_writes": "off"}
# No test stops the shared server. The connections are those of all workers and their programs.
_SHARED_POSTGRES = {**NOT_FOR_POWER_FAILURES, "synchronous_commit": "off", "max_connections": "400"}
_START_WITHIN_S = 240.0
_GROUPS = "groups.json"


def started_here(version: str) -> str:
    return f"{version}, 自行启动 / started here"


STARTED_KAFKA = started_here(f"Apache Kafka {KAFKA_VERSION}, KRaft")


def new_broker(folder: Path) -> Kafka:
    """Return a broker that is not started. Its log is a file next to `folder`."""
    settings = LocalSettings()
    jars = prepared_kafka(settings.cache_folder, settings.maven_repository, print)
    port, controller_port = free_ports(2)
    return Kafka(folder, port, folder.with_suffix(".log"), controller_port, jars)


def given_broker() -> str | None:
    """Return the broker that KAFKA_BOOTSTRAP_SERVERS names; it replaces the shared one."""
    return os.environ.get("KAFKA_BOOTSTRAP_SERVERS")


@dataclass
class SharedEngines:
    """Engines in the owning process, launched on first use."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="jiangbu-tests-")))

    @cached_property
    def postgres(self) -> Postgres:
        server = Postgres(
            self.folder / "postgres", free_ports(1)[0], self.folder / "postgres.log", settings=_SHARED_POSTGRES
        )
        server.launch()
        return server

    @cached_property
    def kafka(self) -> Kafka:
        broker = new_broker(self.folder / "kafka")
        broker.launch()
        return broker

    def addresses(self) -> dict[str, str | int]:
        """Launch the engines if necessary and return their addresses for the workers."""
        kafka = given_broker() or self.kafka.bootstrap_servers
        return {"folder": str(self.folder), "postgres": self.postgres.port, "kafka": kafka}

    def stop(self) -> None:
        for name in ("kafka", "postgres"):
            if name in self.__dict__:
                getattr(self, name).stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Engines:
    """Access to the shared engines for tests of this process."""

    owner: SharedEngines | None
    addresses: dict[str, str | int]

    def postgres(self) -> Postgres:
        """The server, once it is_reachable."""
        if self.owner is not None:
            server = self.owner.postgres
        else:
            folder = self._folder
            server = Postgres(folder / "postgres", int(self.addresses["postgres"]), folder / "postgres.log")
        until(lambda: _connects(server), _START_WITHIN_S)
        return server

    def kafka(self) -> str:
        """Bootstrap servers of the broker, once it is_reachable."""
        servers = given_broker()
        if servers is None:
            servers = self.owner.kafka.bootstrap_servers if self.owner is not None else str(self.addresses["kafka"])
        until(lambda: is_reachable(servers, timeout_s=10.0), _START_WITHIN_S)
        return servers

    @property
    def _folder(self) -> Path:
        return self.owner.folder if self.owner is not None else Path(str(self.addresses["folder"]))

    def write_groups(self, groups: dict[str, str]) -> None:
        """Store the group of each test by its id. Every worker writes the same content."""
        part = self._folder / f"groups.{os.getpid()}"
        part.write_text(json.dumps(groups), "utf-8")
        part.replace(self._folder / _GROUPS)

    def read_groups(self) -> dict[str, str]:
        return json.loads((self._folder / _GROUPS).read_text("utf-8"))

    def kafka_files(self) -> Path | None:
        """Return the folder of the broker's partitions; None for a given broker."""
        if given_broker() is not None:
            return None
        return self._folder / "kafka" / "data"


ENGINES = pytest.StashKey[Engines]()


def _connects(server: Postgres) -> bool:
    try:
        psycopg.connect(server.url(), connect_timeout=10).close()
    except (psycopg.OperationalError, OSError):
        return False
    return True
