"""The set on one machine: its engines and programs, which are started, watched, restarted and stopped."""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import click
import requests
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.broker.topics import apply_topics
from deploy.environment import environment_text
from devset.engines import Engines
from devset.folder import ADMIN_FILE, Secrets, load_secrets, write_key_files, write_upload_users
from devset.postgres import Database
from devset.processes import ChildProgram, LocalError, free_ports, port_is_free, reap_orphans, spawn
from devset.programs import SERVICES, Addresses, ApiAddresses, admin_settings, command, environment, serving
from devset.supervision import Supervisor
from services.incentive.policy.loader import load_policy
from shared.durable_files import replace_file
from shared.language import localized, say
from shared.settings import given_settings, load_policy_file
from shared.whitelist import Whitelist, WhitelistError, load_whitelist
from shared.yaml_files.tree import YamlFileError

# Long, for slow machines. A program that cannot start is recognized by ENDS_BEFORE_READY.
READY_TIMEOUT_S = 180.0
MIGRATE_TIMEOUT_S = 120.0
POLL_S = 0.2
# The start fails if a program ends so often before the set is ready.
ENDS_BEFORE_READY = 3
# The documented ports, used unless free ports are asked for.
USUAL_PORTS = {"listing": 8001, "trade-ingest": 8002, "incentive": 8003, "kafka": 9092}


@dataclass(frozen=True)
class Options:
    """The caller's choices. `kafka` is an existing broker, or None to start one; `ha` asks for three machines."""

    folder: Path
    exchanges_file: Path
    kafka: str | None
    any_ports: bool
    ha: bool = False


class Launch(Protocol):
    """Starts a program of a service as `spawn` does. Tests of faults start other builds."""

    def __call__(
        self, name: str, command: list[str], *, log_file: Path, environment: Mapping[str, str]
    ) -> ChildProgram: ...


@dataclass
class LocalSet:
    """The engines, and of each service an API and a consumer: one of each, or one on each of several machines.

    `report` prints lines for the user, `check` raises when a stop is requested, `launch` starts APIs and consumers.
    """

    options: Options
    engines: Engines
    ports: Mapping[str, int]
    report: Callable[[str], None]
    check: Callable[[], None]
    launch: Launch = spawn
    secrets: Secrets = field(init=False)
    apis: ApiAddresses = field(init=False)
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.report)
        self.apis = self.engines.place_apis(self.ports)

    @property
    def copies(self) -> tuple[Addresses, ...]:
        """The addresses of each copy of the programs."""
        return self.apis.copies

    @property
    def addresses(self) -> Addresses:
        """The addresses that lead to an API that is ready."""
        return self.apis.fronts[0]

    @property
    def logs(self) -> Path:
        return self.options.folder / "logs"

    def start(self) -> None:
        """Start all programs and wait until each API is ready. Call `stop` after a LocalError too."""
        whitelist = self._load_whitelist()
        _check_policy()
        self.secrets = load_secrets(self.options.folder, whitelist.ids)
        write_key_files(self._keys_file, self.secrets.keys)
        write_upload_users(self._upload_users, whitelist.ids)
        self.engines.launch(self.supervisor, self.secrets.database_password)
        databases = self.engines.databases(self.check)
        self._migrate(databases)
        self._create_topics(whitelist)
        self._launch_services(databases)
        self._await_ready()
        self._write_admin_settings()

    def watch(self) -> None:
        """Restart programs that end, until an exception such as `StopRequested`."""
        while True:
            self.tend()
            time.sleep(POLL_S)

    def tend(self) -> None:
        """Check all programs once. Call it regularly while waiting for something else."""
        self.check()
        self.supervisor.restart_ended()
        reap_orphans(self.processes().values())

    def stop(self) -> None:
        """Stop consumers, then APIs, then the engines. May be called at any time, and again."""
        for part in (" consume", " serve"):
            self.supervisor.stop([name for name in self.supervisor.programs if part in name])
        self.engines.stop(self.supervisor)
        self.supervisor.programs.clear()

    def processes(self) -> dict[str, int]:
        """Process ids of the programs, by name."""
        return self.supervisor.processes()

    @property
    def _keys_file(self) -> Path:
        return self.options.folder / "api-keys.yaml"

    @property
    def _upload_users(self) -> Path:
        return self.options.folder / "upload-users"

    def _load_whitelist(self) -> Whitelist:
        try:
            return load_whitelist(self.options.exchanges_file)
        except WhitelistError as error:
            reason = localized(str(error))
            raise LocalError(f"交易场所名单有误：{reason}", f"the whitelist is invalid: {reason}") from error

    def _environment(self, addresses: Addresses, database: Database) -> dict[str, str]:
        given = {**given_settings(), "UPLOAD_USERS_DIR": str(self._upload_users.resolve())}
        return environment(addresses, database, self.options.exchanges_file.resolve(), self._keys_file.resolve(), given)

    def _migrate(self, databases: dict[str, Database]) -> None:
        """Migrate the three databases at the same time."""
        running = [
            spawn(
                f"{service} migrate",
                command(service, "migrate"),
                log_file=self.logs / f"{service}-migrate.log",
                environment={**self._environment(self.addresses, database), "DATABASE_OWNER_URL": database.owner_url},
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
        self.engines.await_kafka(self.check)
        kafka = self.addresses.kafka
        try:
            with KafkaAdminClient(bootstrap_servers=kafka, bootstrap_timeout_ms=10_000) as admin:
                apply_topics(admin, whitelist, replication_factor=self.engines.replication_factor)
        except (KafkaError, OSError) as error:
            raise LocalError(
                f"无法在 {kafka} 建立主题：{error!r}", f"cannot create topics at {kafka}: {error!r}"
            ) from error

    def _launch_services(self, databases: dict[str, Database]) -> None:
        self.report(say("正在启动服务", "starting the services"))
        for number, (addresses, front) in enumerate(zip(*self.apis, strict=True)):
            suffix = f" {number + 1}" if len(self.copies) > 1 else ""
            for service, database in databases.items():
                settings = self._environment(front, self.engines.nearest(database, number))
                for arguments in (serving(service, addresses.apis[service]), ("consume",)):
                    name = f"{service} {arguments[0]}{suffix}"
                    log_file = self.logs / f"{service}-{arguments[0]}{suffix.replace(' ', '-')}.log"
                    run = command(service, *arguments)
                    start = partial(self.launch, name, run, log_file=log_file, environment=settings)
                    self.supervisor.watch(name, start)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        addresses = (*self.apis.copies, *self.apis.fronts)
        waiting = {one.url(service): "" for one in addresses for service in SERVICES}
        with requests.Session() as session:
            session.trust_env = False  # requests to loopback go through no proxy
            while waiting:
                self.tend()
                reasons = {url: _not_ready(session, url) for url in waiting}
                waiting = {url: reason for url, reason in reasons.items() if reason is not None}
                for watched in self.supervisor.programs.values():
                    if watched.ends >= ENDS_BEFORE_READY:
                        raise watched.program.start_error()
                if waiting and time.monotonic() > deadline:
                    details = "; ".join(f"{url}: {reason}" for url, reason in waiting.items())
                    raise LocalError(
                        f"服务在 {READY_TIMEOUT_S:.0f} 秒内未就绪：{details}（日志：{self.logs}）",
                        f"not ready after {READY_TIMEOUT_S:.0f} s: {details} (logs: {self.logs})",
                    )
                time.sleep(0.1)

    def _write_admin_settings(self) -> None:
        """Write the settings of operators' commands, such as `jiangbu doctor`, for a shell to read."""
        settings = {
            **admin_settings(self.addresses, self.options.exchanges_file.resolve()),
            **self.engines.admin_settings(),
        }
        replace_file(self.options.folder / ADMIN_FILE, environment_text(settings))


def choose_ports(options: Options) -> dict[str, int]:
    """Return the ports of the APIs and of Kafka: the usual ones, or free ones. LocalError if a usual one is taken."""
    if options.any_ports:
        return dict(zip(USUAL_PORTS, free_ports(len(USUAL_PORTS)), strict=True))
    needed = [name for name in USUAL_PORTS if not (name == "kafka" and options.kafka)]
    if taken := ", ".join(f"{USUAL_PORTS[name]} ({name})" for name in needed if not port_is_free(USUAL_PORTS[name])):
        raise LocalError(
            f"端口已被占用：{taken}；请停止占用端口的程序，或使用 --any-ports",
            f"ports are taken: {taken}: stop the programs that use them, or give --any-ports",
        )
    return USUAL_PORTS


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
