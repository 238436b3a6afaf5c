"""Supervisor of the set on one machine: starts, watches, restarts and stops its programs."""

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
from devset.jars import prepared_kafka
from devset.kafka import Kafka, is_reachable
from devset.postgres import Database, Postgres
from devset.processes import ChildProgram, LocalError, free_ports, port_is_free, reap_orphans, spawn
from devset.programs import SERVICES, Addresses, command, environment, serving
from services.incentive.policy.loader import load_policy
from shared.language import localized, say
from shared.settings import LocalSettings, given_settings, load_policy_file
from shared.whitelist import Whitelist, WhitelistError, load_whitelist
from shared.yaml_files.tree import YamlFileError

# Long, for slow machines. A program that cannot start is recognized by ENDS_BEFORE_READY.
READY_TIMEOUT_S = 180.0
MIGRATE_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 10.0  # services end by themselves within it (shared/process/shutdown.py, shared/web/server/serve.py)
POLL_S = 0.2
# Delays before the restarts of a program that ends again and again; at most 4 s, because it has to be back within 5 s.
# After a run of RAN_WELL_S the delays begin again with the first.
RESTART_AFTER_S = (0.0, 0.5, 1.0, 2.0, 4.0)
RAN_WELL_S = 30.0
# The start fails if a program ends so often before the set is ready.
ENDS_BEFORE_READY = 3
# The documented ports, used unless free ports are asked for.
USUAL_PORTS = {"listing": 8001, "trade-ingest": 8002, "incentive": 8003, "kafka": 9092}


@dataclass(frozen=True)
class Options:
    """The caller's choices. `kafka` is an existing broker; None starts one."""

    folder: Path
    exchanges_file: Path
    kafka: str | None
    any_ports: bool


@dataclass
class WatchedProgram:
    """A program that is restarted when it ends, with the history of its runs."""

    launch: Callable[[], ChildProgram]
    program: ChildProgram
    started_s: float
    ends: int = 0
    restart_at_s: float | None = None


@dataclass
class LocalSet:
    """PostgreSQL, Kafka, three APIs and three consumers.

    `report` prints lines for the user. `check` raises when a stop is requested.
    """

    options: Options
    report: Callable[[str], None]
    check: Callable[[], None]
    secrets: Secrets = field(init=False)
    addresses: Addresses = field(init=False)
    postgres: Postgres | None = None
    _kafka: Kafka | None = None
    _watched: dict[str, WatchedProgram] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        return self.options.folder / "logs"

    def start(self) -> None:
        """Start all programs and wait until each API is ready. Call `stop` after a LocalError too."""
        whitelist = self._load_whitelist()
        _check_policy()
        self.secrets = load_secrets(self.options.folder, whitelist.ids)
        write_key_files(self._keys_file, self.secrets.keys)
        ports = self._choose_ports()
        self.addresses = Addresses(
            kafka=self.options.kafka or f"127.0.0.1:{ports['kafka']}",
            apis={service: f"127.0.0.1:{ports[service]}" for service in SERVICES},
        )
        self._launch_kafka(ports)
        databases = self._start_postgres()
        self._migrate(databases)
        self._create_topics(whitelist)
        self._launch_services(databases)
        self._await_ready()

    def watch(self) -> None:
        """Restart programs that end, until an exception such as `StopRequested`."""
        while True:
            self.tend()
            time.sleep(POLL_S)

    def tend(self) -> None:
        """Check all programs once. Call it regularly while waiting for something else."""
        self.check()
        self._restart_ended()
        reap_orphans({watched.program.process.pid for watched in self._watched.values()})

    def stop(self) -> None:
        """Stop consumers, then APIs, Kafka and PostgreSQL. May be called at any time, and again."""
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

    def _load_whitelist(self) -> Whitelist:
        try:
            return load_whitelist(self.options.exchanges_file)
        except WhitelistError as error:
            reason = localized(str(error))
            raise LocalError(f"交易场所名单有误：{reason}", f"the whitelist is invalid: {reason}") from error

    def _choose_ports(self) -> dict[str, int]:
        names = [*SERVICES, "kafka", "kafka controller", "postgres"]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        if not self.options.any_ports:
            ports |= USUAL_PORTS
            needed = [name for name in USUAL_PORTS if not (name == "kafka" and self.options.kafka)]
            if taken := ", ".join(f"{ports[name]} ({name})" for name in needed if not port_is_free(ports[name])):
                raise LocalError(
                    f"端口已被占用：{taken}；请停止占用端口的程序，或使用 --any-ports",
                    f"ports are taken: {taken}: stop the programs that use them, or give --any-ports",
                )
        return ports

    def _launch_kafka(self, ports: dict[str, int]) -> None:
        if given := self.options.kafka:
            if not is_reachable(given, timeout_s=10.0):
                raise LocalError(
                    f"无法连接 Kafka：{given}；请检查 --kafka HOST:PORT",
                    f"no Kafka answers at {given}: check --kafka HOST:PORT",
                )
            return
        settings = LocalSettings()
        jars = prepared_kafka(settings.cache_folder, settings.maven_repository, self.report)
        self.report(say("正在启动 Kafka 与 PostgreSQL", "starting Kafka and PostgreSQL"))
        self._kafka = kafka = Kafka(
            self.options.folder / "kafka", ports["kafka"], self.logs / "kafka.log", ports["kafka controller"], jars
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
        """Migrate the three databases at the same time."""
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
                words = program.last_output()
                raise LocalError(
                    f"数据库迁移失败（{program.name}）：{words}（日志：{program.log_file}）",
                    f"{program.name} failed: {words} (log: {program.log_file})",
                )

    def _create_topics(self, whitelist: Whitelist) -> None:
        if self._kafka is not None:
            self._kafka.await_ready(self.check)
        kafka = self.addresses.kafka
        try:
            with KafkaAdminClient(bootstrap_servers=kafka, bootstrap_timeout_ms=10_000) as admin:
                apply_topics(admin, whitelist)
        except (KafkaError, OSError) as error:
            raise LocalError(
                f"无法在 {kafka} 建立主题：{error!r}", f"cannot create topics at {kafka}: {error!r}"
            ) from error

    def _launch_services(self, databases: dict[str, Database]) -> None:
        self.report(say("正在启动服务", "starting the services"))
        for service, database in databases.items():
            settings = self._environment(database)
            for arguments in (serving(service, self.addresses.apis[service]), ("consume",)):
                name = f"{service} {arguments[0]}"
                log_file = self.logs / f"{service}-{arguments[0]}.log"
                run = command(service, *arguments)
                self._watch(name, partial(spawn, name, run, log_file=log_file, environment=settings))

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        waiting = dict.fromkeys(SERVICES, "")
        with requests.Session() as session:
            session.trust_env = False  # requests to loopback go through no proxy
            while waiting:
                self.check()
                self._restart_ended()
                reasons = {service: _not_ready(session, self.addresses.url(service)) for service in waiting}
                waiting = {service: reason for service, reason in reasons.items() if reason is not None}
                for watched in self._watched.values():
                    if watched.ends >= ENDS_BEFORE_READY:
                        raise watched.program.start_error()
                if waiting and time.monotonic() > deadline:
                    details = "; ".join(f"{service}: {reason}" for service, reason in waiting.items())
                    raise LocalError(
                        f"服务在 {READY_TIMEOUT_S:.0f} 秒内未就绪：{details}（日志：{self.logs}）",
                        f"not ready after {READY_TIMEOUT_S:.0f} s: {details} (logs: {self.logs})",
                    )
                time.sleep(0.1)

    def _watch(self, name: str, launch: Callable[[], ChildProgram]) -> None:
        self._watched[name] = WatchedProgram(launch, launch(), time.monotonic())

    def _restart_ended(self) -> None:
        """Restart programs that have ended, each after its delay."""
        for name, watched in self._watched.items():
            if watched.program.alive():
                continue
            now_s = time.monotonic()
            if watched.restart_at_s is None:
                if now_s - watched.started_s > RAN_WELL_S:
                    watched.ends = 0
                delay_s = RESTART_AFTER_S[min(watched.ends, len(RESTART_AFTER_S) - 1)]
                watched.ends += 1
                watched.restart_at_s = now_s + delay_s
                code = watched.program.process.returncode
                zh, en = (
                    f"{name} 已退出（{code}），{delay_s} 秒后重启",
                    f"{name} ended with {code}; restarting in {delay_s} s",
                )
                self.report(say(zh, en))
            if now_s >= watched.restart_at_s:
                watched.program, watched.started_s, watched.restart_at_s = watched.launch(), now_s, None

    def _stop_all(self, programs: list[ChildProgram]) -> None:
        for program in programs:
            with contextlib.suppress(ProcessLookupError):
                program.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for program in programs:
            if not program.stop(signal.SIGTERM, max(0.0, deadline - time.monotonic())):
                name = program.name
                self.report(say(f"{name} 未按时退出，已强制结束", f"{name} did not end in time and was killed"))


def _check_policy() -> None:
    """Report an invalid policy file before any program starts."""
    try:
        load_policy(load_policy_file())
    except (YamlFileError, OSError) as error:
        reason = localized(str(error))
        raise LocalError(f"政策文件有误：{reason}", f"the policy file is invalid: {reason}") from error


def _not_ready(session: requests.Session, url: str) -> str | None:
    """Return the reason why the API is not ready; None if it is."""
    try:
        answer = session.get(f"{url}/readyz", timeout=2.0)
    except requests.RequestException:
        return say("无应答", "no answer")
    return None if answer.status_code == requests.codes.ok else f"{answer.status_code} {answer.text[:300]}"


def stderr_line(text: str) -> None:
    """Print a line to stderr. A closed terminal is no reason to fail."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(text, err=True)
