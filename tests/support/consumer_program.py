"""A consumer program in its own process, with its own exchange, database and register."""

from __future__ import annotations

import json
import signal
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, LiteralString

import psutil
import psycopg
import yaml
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from psycopg.rows import namedtuple_row

from devset.processes import spawn
from devset.programs import Addresses, command, environment, module
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.whitelist import load_whitelist
from tests.support.broker.topics import make_topics
from tests.support.registers.web_register import SIDES
from tests.support.until import until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from devset.postgres import Database, Postgres
    from tests.support.forked_programs import Child, ForkServer

# A program has ten seconds; the rest is room for a busy machine. Code 0 says that it kept its own deadline.
STOP_WITHIN_S = 20.0


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Suspend a program and its descendants. Connections stay open, but nothing is answered."""
    parent = psutil.Process(pid)
    parent.suspend()
    family = [*parent.children(recursive=True), parent]
    for one in family:
        with suppress(psutil.NoSuchProcess):  # a session that was about to end
            one.suspend()
    try:
        yield
    finally:
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.resume()


@contextmanager
def prepared_place(
    service: str, folder: Path, server: Postgres, kafka: str, fork_server: ForkServer
) -> Iterator[Place]:
    """Yield a place that is prepared for programs of the service; end the programs afterwards."""
    place = Place(service, folder, server, kafka, fork_server)
    try:
        place.prepare()
        yield place
    finally:
        place.end()


@dataclass
class Running:
    """A started program and its log."""

    process: Child | subprocess.Popen[bytes]
    log_file: Path

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return the log lines so far, without one that is being written; with `event`, only those of that event."""
        *whole, _ = self.log_file.read_bytes().split(b"\n")
        found = [json.loads(line) for line in whole if line.startswith(b"{")]
        return [line for line in found if event is None or line["event"] == event]

    def reasons(self) -> list[str]:
        """Return the distinct reasons for waiting in the order of their first occurrence."""
        return list(dict.fromkeys(line["reason"] for line in self.lines("waiting")))

    def until(self, event: str) -> dict[str, Any]:
        return until(lambda: next(iter(self.lines(event)), None))

    def terminate(self) -> tuple[int, float]:
        """Send SIGTERM; return the exit code and the seconds until the end."""
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_WITHIN_S + 5)
        return code, time.monotonic() - began_s


@dataclass
class Place:
    """Exchange, database and broker for the programs of one service.

    Without a fork server the programs are started as ordinary processes.
    """

    service: str
    folder: Path
    server: Postgres
    kafka: str
    fork_server: ForkServer | None
    exchange: str = field(default_factory=lambda: f"x{uuid.uuid4().hex[:12]}")
    started: list[Running] = field(default_factory=list)
    wrapper: tuple[str, ...] = ()  # a command that starts ordinary processes
    _connection: psycopg.Connection[Any] | None = None

    def __post_init__(self) -> None:
        # All tests of a broker share the fact topics.
        self.register = f"t{uuid.uuid4().hex[:8]}"
        self.name = f"{self.service.replace('-', '_')}_{uuid.uuid4().hex[:8]}"
        listed = {"id": self.exchange, "name": "虚构", "from": "2019-01-01", "until": None, "operators": []}
        self.exchanges_file.write_text(yaml.safe_dump([listed | {"approved_by": None}]), "utf-8")
        self.set_clock(0)

    @property
    def exchanges_file(self) -> Path:
        return self.folder / "exchanges.yaml"

    def set_clock(self, wrong_by_s: float) -> None:
        """Set the clock of the programs wrong, which run from the fork server."""
        part = self.clock_file.with_suffix(".part")
        part.write_text(str(wrong_by_s), "ascii")
        part.replace(self.clock_file)

    @property
    def clock_file(self) -> Path:
        return self.folder / "clock"

    @property
    def heartbeat(self) -> Path:
        return self.folder / "heartbeat"

    @property
    def topic(self) -> str:
        return f"exchange.{self.exchange}.listings.v1"

    @cached_property
    def database(self) -> Database:
        return self.server.ensure_database(self.name, "only-for-tests")

    @property
    def engine(self) -> Engine:
        """Return an engine of the owner of the database; the caller disposes of it."""
        return make_engine(self.database.owner_url)

    def migrate(self) -> None:
        package = f"services.{self.service.replace('-', '_')}"
        migrate(package, self.database.owner_url, self.database.service_url, self.register)

    def make_topics(self) -> None:
        make_topics(self.kafka, load_whitelist(self.exchanges_file))

    def delete_topics(self, *names: str) -> None:
        with KafkaAdminClient(bootstrap_servers=self.kafka) as admin:
            admin.delete_topics(names)

    def prepare(self) -> None:
        """Migrate the database and create the topics."""
        self.migrate()
        self.make_topics()

    def send(self, count: int) -> None:
        producer = KafkaProducer(bootstrap_servers=self.kafka)
        side = SIDES["listing"]
        for number in range(count):
            producer.send(self.topic, side.event(self.exchange, f"L{number}"), partition=0)
        producer.close()

    def environment(self, database: Database | None = None, **settings: str) -> dict[str, str]:
        """Return the settings as the set on one machine passes them."""
        nobody = "127.0.0.1:1"
        addresses = Addresses(self.kafka, {"listing": nobody, "trade-ingest": nobody})
        keys_file = self.folder / "keys.yaml"
        if not keys_file.exists():
            keys_file.write_text("[]", "utf-8")
        given = {"REGISTER": self.register, "HEARTBEAT_FILE": str(self.heartbeat), **settings}
        return environment(addresses, database or self.database, self.exchanges_file, keys_file, given)

    def run(self, *arguments: str, database: Database | None = None, **settings: str) -> Running:
        """Start a program of the service. Pass `database` if the server is down and cannot create it."""
        log_file = self.folder / f"{len(self.started)}.log"
        name = f"{self.service} {arguments[0]}"
        environment = self.environment(database, **settings)
        if self.fork_server is None:
            run = command(self.service, *arguments)
            program = spawn(name, (*self.wrapper, *run), log_file=log_file, environment=environment)
        else:
            run = (module(self.service), *arguments)
            program = self.fork_server.spawn(
                name, *run, log_file=log_file, environment=environment, clock=self.clock_file
            )
        self.started.append(Running(program.process, log_file))
        return self.started[-1]

    def runs(self) -> list[Any]:
        """Return the rows of `worker_run` in order."""
        return self.rows("SELECT * FROM worker_run ORDER BY id")

    def rows(self, query: LiteralString) -> list[Any]:
        """Return the rows of a query. Polling tests share one connection as long as the server keeps it."""
        if self._connection is not None:
            with suppress(psycopg.OperationalError):
                return self._connection.execute(query).fetchall()
            self._connection.close()
        self._connection = psycopg.connect(self.database.owner_url, autocommit=True, row_factory=namedtuple_row)
        return self._connection.execute(query).fetchall()

    def end(self) -> None:
        for one in self.started:
            one.process.kill()
            one.process.wait()
        if self._connection is not None:
            self._connection.close()
