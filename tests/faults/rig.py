"""The whole set as real processes that can be broken one by one: engines, APIs, workers with a proxied connection."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
import requests
from kafka.admin import KafkaAdminClient

from deploy.broker.topics import apply_topics
from devset.client import Client
from devset.folder import load_secrets, write_key_files
from devset.jars import prepared_kafka
from devset.kafka import Kafka
from devset.postgres import Database, Postgres
from devset.processes import ChildProgram, LocalError, free_ports
from devset.programs import SERVICES, Addresses, command, environment, module
from exchange_kit.api import ApiError
from shared.postgres.migrate import migrate
from shared.settings import LocalSettings
from tests.faults.disk import mount_small, unmount
from tests.faults.tended import NotMoving, Tended, bugs_in
from tests.faults.wire import Line
from tests.faults.world import EXCHANGES_FILE, committed_ends
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from shared.whitelist import Whitelist
    from tests.support.forked_programs import ForkServer

START_WITHIN_S = 240.0
# Polled less often, as requests are a load on services and broker.
ASK_EVERY_S = 0.25
RESTART_AFTER_S = 0.3
SMALL_DISK = "700m"
REGISTER = "r1"
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@dataclass
class Worker:
    """A consumer process, restarted when it ends as long as it is `watched`."""

    service: str
    name: str
    line: Line
    launch: Callable[[], ChildProgram]
    program: ChildProgram
    watched: bool = True
    ended_s: float | None = None
    logged: int = 0

    @property
    def pid(self) -> int:
        return self.program.process.pid

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def send_all(self, number: signal.Signals) -> None:
        """Send the signal to the program and its child processes, as happens to a whole container or machine."""
        for pid in (*self.parts(), self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def parts(self) -> list[int]:
        """Return the process ids of the child processes."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return [part.pid for part in psutil.Process(self.pid).children(recursive=True)]
        return []

    def kill(self) -> None:
        self.send_all(signal.SIGKILL)

    def kill_parts(self) -> None:
        """Kill only the child processes."""
        for pid in self.parts():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @property
    def log(self) -> str:
        return self.program.log_file.read_text(encoding="utf-8", errors="replace")

    def ended_by_ours(self) -> list[str]:
        """Return the bugs that ended it since `logged`; a transient error must never end it this way."""
        return bugs_in(self.log[self.logged :], self.name)


class Rig(Tended):
    """One set in `folder`. `fork_server` runs its programs; `build`, if given, its consumers and migrations.

    `settings` are settings of all services, in addition to the addresses and keys of the set.
    """

    def __init__(
        self,
        folder: Path,
        exchanges: Whitelist,
        fork_server: ForkServer,
        build: ForkServer | None = None,
        settings: Mapping[str, str] = NO_SETTINGS,
    ) -> None:
        self.folder = folder
        self._settings = settings
        self.exchanges = exchanges
        self.fork_server = fork_server
        self.build = build
        self.workers: list[Worker] = []
        self._added: Counter[str] = Counter()
        self.clock_file = folder / "clock"
        self._apis: dict[str, ChildProgram] = {}
        self._engines_watched = {"postgres": True, "kafka": True}
        self._mounted: Path | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.clock_file.write_text("0", encoding="ascii")
        secrets = load_secrets(folder, exchanges.ids)
        self.keys = secrets.keys
        self._password = secrets.database_password
        self._keys_file = folder / "api-keys.yaml"
        write_key_files(self._keys_file, secrets.keys)
        names = ["kafka", "controller", "postgres", *SERVICES]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        local = LocalSettings()
        jars = prepared_kafka(local.cache_folder, local.maven_repository, print)
        self.kafka = Kafka(folder / "kafka", ports["kafka"], folder / "kafka.log", ports["controller"], jars)
        self.postgres = Postgres(folder / "postgres", ports["postgres"], folder / "postgres.log")
        self.addresses = Addresses(
            self.kafka.bootstrap_servers, {service: f"127.0.0.1:{ports[service]}" for service in SERVICES}
        )
        self.client = Client.with_key(self.addresses, self.keys["auditor"])
        self._databases: dict[str, Database] = {}

    # Starting and stopping

    def start(self) -> None:
        self._launch_engines()
        self.postgres.await_ready()
        for service in SERVICES:
            self.grant(service)
            self._migrate(service)
        self.kafka.await_ready()
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            apply_topics(admin, self.exchanges)
        finally:
            admin.close()
        for service in SERVICES:
            self.start_api(service)
            self.add_worker(service)
        self.wait_until(self.is_ready, START_WITHIN_S, "the set is not ready", ASK_EVERY_S)

    def _launch_engines(self) -> None:
        self._mount_small_disk()
        self.kafka.launch()
        self.postgres.launch()

    def _migrate(self, service: str) -> None:
        database = self._databases[service]
        if self.build is None:
            migrate(module(service), database.owner_url, database.service_url, register=REGISTER)
            return
        done = self.run("migrate", service, fork_server=self.build)
        if done.returncode != 0:
            raise LocalError(f"{service} migrate: {done.stdout}{done.stderr}")

    def stop(self) -> None:
        try:
            for program in [*(worker.program for worker in self.workers), *self._apis.values()]:
                program.stop(signal.SIGKILL, 5.0)
            for worker in self.workers:
                worker.line.close()
            self._stop_engines()
        finally:
            if self._mounted is not None:
                unmount(self._mounted)

    def _stop_engines(self) -> None:
        self.kafka.stop()
        self.postgres.stop()

    def _mount_small_disk(self) -> None:
        """Put PostgreSQL on a file system that can be filled; on the common one without the right to mount."""
        if mount_small(self.postgres.directory, SMALL_DISK):
            self._mounted = self.postgres.directory

    @property
    def small_disk(self) -> Path | None:
        """The file system of PostgreSQL, if it has a separate one."""
        return self._mounted

    # APIs

    def start_api(self, service: str, **settings: str) -> None:
        """Start the API of a service, which must not run; `settings` replace those of the set."""
        self._apis[service] = self.fork_server.spawn(
            f"{service} serve",
            module(service),
            "serve",
            "--bind",
            self.addresses.apis[service],
            log_file=self.folder / f"{service}-serve.log",
            environment={**self.environment(service), **settings},
            clock=self.clock_file,
        )

    def kill_api(self, service: str) -> None:
        """Kill an API with its worker processes, like a crash of its machine."""
        program = self._apis.pop(service)
        with contextlib.suppress(psutil.NoSuchProcess):
            for part in psutil.Process(program.process.pid).children(recursive=True):
                part.kill()
        program.process.kill()
        program.process.wait()

    # Workers

    def add_worker(self, service: str, clock: Path | None = None) -> Worker:
        """Add a worker; `clock` is a file with the error of its clock, if not the one of all programs."""
        line = Line(self.postgres.port)
        # Never the name of an earlier one: its log would report what this one has not done yet.
        self._added[service] += 1
        name = f"{service}-consume-{self._added[service]}"
        log_file = self.folder / f"{name}.log"
        environment = self.environment(service, line.port)

        def launch() -> ChildProgram:
            run = (module(service), "consume")
            fork_server = self.build or self.fork_server
            return fork_server.spawn(
                name, *run, log_file=log_file, environment=environment, clock=clock or self.clock_file
            )

        worker = Worker(service, name, line, launch, launch())
        self.workers.append(worker)
        return worker

    def worker(self, service: str) -> Worker:
        """The first worker of a service."""
        return next(worker for worker in self.workers if worker.service == service)

    def remove(self, worker: Worker) -> None:
        """Remove an extra worker, as an operator does."""
        worker.watched = False
        worker.send_all(signal.SIGCONT)
        worker.program.stop(signal.SIGTERM, 15.0)
        worker.line.close()
        self.workers.remove(worker)

    def stop_worker(self, service: str) -> int:
        """Stop a service's first worker in order and leave it stopped; return its exit code."""
        worker = self.worker(service)
        worker.watched = False
        worker.program.stop(signal.SIGTERM, 15.0)
        return worker.program.process.returncode

    def start_worker(self, service: str) -> Worker:
        worker = self.worker(service)
        worker.program, worker.watched, worker.ended_s = worker.launch(), True, None
        return worker

    def start_to_see_it_halt(self, service: str) -> list[str]:
        """Start a service's first worker, which must end with 1 by itself; return its `critical` log lines."""
        logged = len(self.worker(service).log)
        worker = self.start_worker(service)
        worker.watched = False
        self.wait_until(lambda: not worker.program.alive(), 180, f"{service} goes on")
        assert worker.program.process.returncode == 1
        return [line for line in worker.log[logged:].splitlines() if '"critical"' in line]

    def forget_ends(self) -> None:
        """Ignore how workers ended before."""
        self.is_hopeless = False
        for worker in self.workers:
            worker.logged = len(worker.log)

    def ended_by_ours(self) -> list[str]:
        return [line for worker in self.workers for line in worker.ended_by_ours()]

    def set_clock(self, wrong_by_s: float) -> None:
        part = self.clock_file.with_suffix(".part")
        part.write_text(str(wrong_by_s), encoding="ascii")
        part.replace(self.clock_file)

    # Engines

    def leave_engine(self, name: str) -> None:
        """Do not restart `name` from now on when it ends."""
        self._engines_watched[name] = False

    def kill_engine(self, name: str) -> None:
        """Kill an engine like a crash; PostgreSQL's sessions notice that their postmaster is gone and end."""
        program = self._engine(name).program
        program.process.kill()
        program.process.wait()

    def stop_engine(self, name: str) -> None:
        self.leave_engine(name)
        program = self._engine(name).program
        program.stop(signal.SIGINT if name == "postgres" else signal.SIGTERM, 30.0)

    def start_engine(self, name: str) -> None:
        engine = self._engine(name)
        engine.launch()
        engine.await_ready()
        self._engines_watched[name] = True

    def _engine(self, name: str) -> Kafka | Postgres:
        return self.postgres if name == "postgres" else self.kafka

    def grant(self, service: str) -> None:
        """Create or repair the service's database and roles."""
        self._databases[service] = self.postgres.ensure_database(service.replace("-", "_"), self._password)

    # Requests

    def environment(self, service: str, port: int | None = None) -> dict[str, str]:
        database = self._databases[service]
        url = database.service_url
        if port is not None:
            url = url.replace(f":{self.postgres.port}/", f":{port}/")
        database = Database(database.owner_url, url)
        given = {"LOG_LEVEL": "INFO", **self._settings}
        return environment(self.addresses, database, EXCHANGES_FILE, self._keys_file, given)

    def run(
        self, do: str, service: str, *arguments: str, fork_server: ForkServer | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of a service to its end; `do` is its name."""
        owner_url = self._databases[service].owner_url
        return (fork_server or self.fork_server).run(
            module(service),
            do,
            *arguments,
            environment={**self.environment(service), "DATABASE_OWNER_URL": owner_url},
            timeout_s=120,
        )

    def operate(self, service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `jiangbu` command with the settings of a service."""
        run = [command(service)[0], "-m", "deploy", *arguments]
        return subprocess.run(
            run, check=False, capture_output=True, text=True, env=self.environment(service), cwd=ROOT, timeout=120
        )

    @contextlib.contextmanager
    def database(self, service: str) -> Iterator[psycopg.Connection[Any]]:
        """A superuser session in a service's database."""
        with psycopg.connect(self.postgres.url(service.replace("-", "_")), autocommit=True) as connection:
            yield connection

    def cut_sessions(self, services: Iterable[str] = SERVICES) -> None:
        roles = [f"{service.replace('-', '_')}_service" for service in services]
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY(%s)", [roles]
            )

    @property
    def bootstrap_servers(self) -> str:
        return self.kafka.bootstrap_servers

    def ends(self, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        """Return the end of committed records in each partition."""
        return committed_ends(self.bootstrap_servers, topics)

    def readyz(self, service: str) -> tuple[int, str]:
        """Return status and reasons of /readyz; status 0 if there is no response."""
        try:
            answer = self.client.session.get(f"{self.addresses.url(service)}/readyz", timeout=10)
        except requests.RequestException:
            return 0, ""
        return answer.status_code, answer.text

    def metric(self, service: str, name: str) -> dict[str, float]:
        """Return the values of a metric by its labels as written, `""` for none."""
        answer = self.client.session.get(f"{self.addresses.url(service)}/metrics", timeout=30)
        answer.raise_for_status()
        values = {}
        for line in answer.text.splitlines():
            full, _, value = line.rpartition(" ")
            if full.partition("{")[0] == name:
                values[full.partition("{")[2].rstrip("}")] = float(value)
        return values

    # Waiting

    def is_ready(self) -> bool:
        return all(self.readyz(service)[0] == 200 for service in SERVICES)

    def tend(self) -> None:
        for name, watched in self._engines_watched.items():
            engine = self._engine(name)
            if watched and engine.program is not None and not engine.program.alive():
                engine.launch()
        for worker in self.workers:
            if not worker.watched or worker.program.alive():
                continue
            now_s = time.monotonic()
            if worker.ended_s is None:
                worker.ended_s = now_s
            elif now_s - worker.ended_s > RESTART_AFTER_S:
                self.is_hopeless = self.is_hopeless or bool(worker.ended_by_ours())
                worker.program, worker.ended_s = worker.launch(), None

    def await_quiet(self, timeout_s: float) -> None:
        """Wait, service by service, until everything published is in the answers; NotMoving on timeout."""
        for service in SERVICES:
            told = f"{service} is not quiet"
            try:
                self.wait_until(lambda service=service: self._waiting(service) == 0, timeout_s, told, ASK_EVERY_S)
            except NotMoving as error:
                raise NotMoving(f"{error}: {self._progress(service)}") from None

    def _waiting(self, service: str) -> int:
        told = self._progress(service)
        return int(told["lag"]) + int(told["outbox"]) if "lag" in told else -1

    def _progress(self, service: str) -> dict[str, Any]:
        try:
            return self.client.get(service, "/v1/progress")
        except ApiError as error:
            return {"error": str(error)}
