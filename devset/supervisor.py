"""The whole set on one machine: started, watched and stopped in order."""

import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click
import requests
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.broker.topics import apply_topics
from devset.folder import Secrets, load_secrets, write_key_files
from devset.java_cache import prepared_kafka
from devset.kafka import Kafka, answers
from devset.postgres import Database, Postgres
from devset.processes import LocalError, Program, free_ports, port_is_free, reap_orphans, spawn
from devset.programs import SERVICES, Addresses, command, environment, serving
from services.incentive.policy.loader import PolicyError, load_policy
from shared.settings import given_settings, load_local_settings, load_policy_file
from shared.whitelist import Whitelist, WhitelistError, load_whitelist

# Long, for slow machines: what cannot start is noticed by how often it ends.
READY_TIMEOUT_S = 180.0
MIGRATE_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 10.0  # services end by themselves within it (shared/process/shutdown.py, shared/web/server/serve.py)
POLL_S = 0.2
# A program that ends is started again after the first of these times, then the next, and so on: at most 4 s, as it has
# to be back within 5. One that ran for long enough begins at the first again.
RESTART_AFTER_S = (0.0, 0.5, 1.0, 2.0, 4.0)
RAN_WELL_S = 30.0
# A program that ends so often before the set is ready will not get better.
ENDS_BEFORE_READY = 3
# What contract and documents name; used unless free ports are asked for.
USUAL_PORTS = {"listing": 8001, "trade-ingest": 8002, "incentive": 8003, "kafka": 9092}


@dataclass(frozen=True)
class Options:
    """What the caller chooses. `kafka` is a given broker; None: one of our own."""

    folder: Path
    exchanges_file: Path
    kafka: str | None
    any_ports: bool


@dataclass
class Watched:
    """A program that is to run, with how it is started, and what is known of how it went."""

    name: str
    launch: Callable[[], Program]
    program: Program
    started_s: float
    ends: int = 0
    again_s: float | None = None


@dataclass
class LocalSet:
    """PostgreSQL, Kafka, three APIs, three consumers. `say` takes lines for people, `check` raises at a stop."""

    options: Options
    say: Callable[[str], None]
    check: Callable[[], None]
    secrets: Secrets = field(init=False)
    addresses: Addresses = field(init=False)
    postgres: Postgres | None = None
    _kafka: Kafka | None = None
    _watched: dict[str, Watched] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        return self.options.folder / "logs"

    def start(self) -> None:
        """Start all and wait until each API is ready. LocalError says what is in the way; then call `stop`."""
        exchanges = self._read_exchanges()
        _check_policy()
        self.secrets = load_secrets(self.options.folder, exchanges.ids)
        write_key_files(self._keys_file, self.secrets.keys)
        ports = self._choose_ports()
        self.addresses = Addresses(
            kafka=self.options.kafka or f"127.0.0.1:{ports['kafka']}",
            apis={service: f"127.0.0.1:{ports[service]}" for service in SERVICES},
        )
        self._launch_kafka(ports)
        databases = self._start_postgres()
        self._migrate(databases)
        self._await_kafka(exchanges)
        self._launch_services(databases)
        self._await_ready()

    def watch(self) -> None:
        """Start again whatever ends; returns only by an exception, `Stopped` among them."""
        while True:
            self.tend()
            time.sleep(POLL_S)

    def tend(self) -> None:
        """One look at everything; whoever waits for something else must call it now and then."""
        self.check()
        self._revive()
        reap_orphans({watched.program.process.pid for watched in self._watched.values()})

    def stop(self) -> None:
        """Consumers, then APIs, then Kafka, then PostgreSQL; safe to call at any time, and again."""
        for part in ("consume", "serve"):
            self._stop_all([watched.program for name, watched in self._watched.items() if name.endswith(part)])
        if self._kafka is not None:
            self._kafka.stop()
        if self.postgres is not None:
            self.postgres.stop()
        self._watched.clear()

    @property
    def _keys_file(self) -> Path:
        return self.options.folder / "api-keys.yaml"

    def _read_exchanges(self) -> Whitelist:
        try:
            return load_whitelist(self.options.exchanges_file)
        except WhitelistError as error:
            raise LocalError(f"交易场所名单有误 / the whitelist is wrong: {error}") from error

    def _choose_ports(self) -> dict[str, int]:
        names = [*SERVICES, "kafka", "kafka controller", "postgres"]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        if not self.options.any_ports:
            ports |= USUAL_PORTS
            needed = [name for name in USUAL_PORTS if not (name == "kafka" and self.options.kafka)]
            taken = [f"{ports[name]} ({name})" for name in needed if not port_is_free(ports[name])]
            if taken:
                raise LocalError(
                    f"端口已被占用 / ports are taken: {', '.join(taken)}: stop what uses them, or give --any-ports"
                )
        return ports

    def _launch_kafka(self, ports: dict[str, int]) -> None:
        if self.options.kafka is not None:
            if not answers(self.options.kafka, timeout_s=10.0):
                raise LocalError(f"Kafka 无法连接 / no Kafka answers at {self.options.kafka}: check --kafka HOST:PORT")
            return
        settings = load_local_settings()
        jars = prepared_kafka(settings.cache_folder, settings.maven_repository, self.say)
        self.say("启动 Kafka 与 PostgreSQL / starting Kafka and PostgreSQL")
        self._kafka = kafka = Kafka(
            self.options.folder / "kafka", ports["kafka"], ports["kafka controller"], jars, self.logs / "kafka.log"
        )
        self._watch("kafka", kafka.launch)

    def _start_postgres(self) -> dict[str, Database]:
        self.postgres = postgres = Postgres(
            self.options.folder / "postgres", free_ports(1)[0], self.logs / "postgres.log"
        )
        self._watch("postgres", postgres.launch)
        postgres.await_ready(self.check)
        password = self.secrets.database_password
        return {service: postgres.ensure_database(service.replace("-", "_"), password) for service in SERVICES}

    def processes(self) -> dict[str, int]:
        """Process ids of the programs, by name."""
        return {name: watched.program.process.pid for name, watched in self._watched.items()}

    def _environment(self, database: Database) -> dict[str, str]:
        return environment(
            self.addresses, database, self.options.exchanges_file.resolve(), self._keys_file.resolve(), given_settings()
        )

    def _migrate(self, databases: dict[str, Database]) -> None:
        """All three at once; they are in databases of their own."""
        running = [
            spawn(
                f"{service} migrate",
                command(service, "migrate"),
                log_file=self.logs / f"{service}-migrate.log",
                environment={**self._environment(database), "DATABASE_OWNER_URL": database.owner_url},
            )
            for service, database in databases.items()
        ]
        deadline = time.monotonic() + MIGRATE_TIMEOUT_S
        while any(program.alive() for program in running) and time.monotonic() < deadline:
            self.check()
            time.sleep(0.05)
        for program in running:
            if program.alive() or program.process.returncode != 0:
                raise LocalError(f"数据库迁移失败 / {program.name} failed: {program.last_words()} ({program.log_file})")

    def _await_kafka(self, exchanges: Whitelist) -> None:
        if self._kafka is not None:
            self._kafka.await_ready(self.check)
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.addresses.kafka, bootstrap_timeout_ms=10_000)
            try:
                apply_topics(admin, exchanges)
            finally:
                admin.close()
        except (KafkaError, OSError) as error:
            raise LocalError(f"无法建立主题 / cannot create topics at {self.addresses.kafka}: {error!r}") from error

    def _launch_services(self, databases: dict[str, Database]) -> None:
        self.say("启动服务 / starting the services")
        for service, database in databases.items():
            settings = self._environment(database)
            for arguments in (serving(service, self.addresses.apis[service]), ("consume",)):
                name = f"{service} {arguments[0]}"
                log_file = self.logs / f"{service}-{arguments[0]}.log"
                run = command(service, *arguments)
                self._watch(name, partial(spawn, name, run, log_file=log_file, environment=settings))

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        waiting = dict.fromkeys(SERVICES, "no answer")
        with requests.Session() as session:
            session.trust_env = False  # no proxy lies between us and ourselves
            while waiting:
                self.check()
                self._revive()
                for service in list(waiting):
                    reason = _not_ready(session, self.addresses.url(service))
                    if reason is None:
                        del waiting[service]
                    else:
                        waiting[service] = reason
                for watched in self._watched.values():
                    if watched.ends >= ENDS_BEFORE_READY:
                        words = watched.program.last_words()
                        raise LocalError(
                            f"{watched.name} 无法启动 / does not start: {words} (log: {watched.program.log_file})"
                        )
                if time.monotonic() > deadline:
                    what = "; ".join(f"{service}: {reason}" for service, reason in waiting.items())
                    raise LocalError(
                        f"服务未就绪 / not ready after {READY_TIMEOUT_S:.0f} s: {what} (logs: {self.logs})"
                    )
                time.sleep(0.1)

    def _watch(self, name: str, launch: Callable[[], Program]) -> None:
        self._watched[name] = Watched(name, launch, launch(), time.monotonic())

    def _revive(self) -> None:
        """Start again what has ended, each when its time has come."""
        for watched in self._watched.values():
            if watched.program.alive():
                continue
            now_s = time.monotonic()
            if watched.again_s is None:
                if now_s - watched.started_s > RAN_WELL_S:
                    watched.ends = 0
                wait_s = RESTART_AFTER_S[min(watched.ends, len(RESTART_AFTER_S) - 1)]
                watched.ends += 1
                watched.again_s = now_s + wait_s
                code = watched.program.process.returncode
                self.say(f"{watched.name} 已退出 / ended with {code}; 重启 / started again in {wait_s} s")
            if now_s >= watched.again_s:
                watched.program, watched.started_s, watched.again_s = watched.launch(), now_s, None

    def _stop_all(self, programs: list[Program]) -> None:
        for program in programs:
            with contextlib.suppress(ProcessLookupError):
                program.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for program in programs:
            if not program.stop(signal.SIGTERM, max(0.0, deadline - time.monotonic())):
                self.say(f"{program.name} 未按时退出 / did not end in time and was killed")


def _check_policy() -> None:
    """A policy file that cannot be used is told before anything is started."""
    try:
        load_policy(load_policy_file())
    except (PolicyError, OSError) as error:
        raise LocalError(f"政策文件有误 / the policy file is wrong: {error}") from error


def _not_ready(session: requests.Session, url: str) -> str | None:
    """Why the API there is not ready; None when it is."""
    try:
        answer = session.get(f"{url}/readyz", timeout=2.0)
    except requests.RequestException:
        return "no answer"
    return None if answer.status_code == requests.codes.ok else f"{answer.status_code} {answer.text[:300]}"


def stderr_line(text: str) -> None:
    """Tell the person at the terminal; a terminal that is gone is no reason to fail."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(text, err=True)
