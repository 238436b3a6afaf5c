"""A PostgreSQL server with synchronous standbys, mostly one, all of which a test may suspend."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from devset.postgres import Postgres
from devset.processes import free_ports
from tests.support.consumer_program import frozen
from tests.support.engines.session import NOT_FOR_POWER_FAILURES
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


class Replicated(NamedTuple):
    """The primary and its standbys."""

    primary: Postgres
    standbys: tuple[Postgres, ...]

    @property
    def standby(self) -> Postgres:
        """The first standby, mostly the only one."""
        return self.standbys[0]

    def urls(self, name: str) -> tuple[str, str]:
        """Return the URLs of the owner and the service of a database, which is created if it does not exist."""
        database = self.primary.ensure_database(name, "only-for-tests")
        return database.owner_url, database.service_url

    @contextmanager
    def no_acknowledgement(self) -> Iterator[None]:
        """Suspend the standby: commits on the primary wait."""
        with frozen(self.standby.program.process.pid):
            yield

    def waiting_for_standby(self) -> list[int]:
        """Return the process ids of sessions whose commit waits for the standby."""
        statement = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        return [pid for (pid,) in self.ask_primary(statement)]

    def end_waits(self, function: str = "pg_cancel_backend") -> None:
        """End the wait of the sessions whose commit waits, by cancelling or terminating them."""
        for pid in self.waiting_for_standby():
            self.ask_primary(f"SELECT {function}({pid})::integer")

    @contextmanager
    def unreplicated(self, work: Callable[[], object]) -> Iterator[None]:
        """Do work whose commit becomes visible although the standby does not have it, until the block ends."""
        with self.no_acknowledgement():
            with ThreadPoolExecutor(1) as pool:
                outcome = pool.submit(work)
                until(lambda: outcome.done() or self.end_waits())
            assert outcome.exception() is not None, "the commit of unreplicated work must fail"
            yield

    def standby_url(self, url: str) -> str:
        """Return the URL of the same database and role on the standby."""
        return url.replace(f":{self.primary.port}/", f":{self.standby.port}/")

    @contextmanager
    def no_replay(self) -> Iterator[None]:
        """Have the standby acknowledge commits without showing them: its replay pauses."""
        with psycopg.connect(self.standby.url(), autocommit=True) as standby:
            self.await_replay()
            standby.execute("SELECT pg_wal_replay_pause()")
            until(lambda: standby.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",))
            try:
                yield
            finally:
                standby.execute("SELECT pg_wal_replay_resume()")

    @contextmanager
    def without(self, server: Postgres) -> Iterator[None]:
        """Stop one of the servers."""
        server.stop()
        try:
            yield
        finally:
            server.start()

    @contextmanager
    def asynchronous(self) -> Iterator[None]:
        """Have commits wait for no standby."""
        settings = self.primary.settings
        try:
            self._restart_primary({**settings, "synchronous_standby_names": ""})
            yield
        finally:
            self._restart_primary(settings)

    def _restart_primary(self, settings: Mapping[str, str]) -> None:
        self.primary.stop()
        self.primary.settings = settings
        self.primary.start()

    def await_replay(self) -> None:
        """Wait until the standby shows everything that the primary has written."""
        with (
            psycopg.connect(self.primary.url(), autocommit=True) as primary,
            psycopg.connect(self.standby.url(), autocommit=True) as standby,
        ):
            (written,) = primary.execute("SELECT pg_current_wal_lsn()::text").fetchone() or ()
            until(lambda: standby.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [written]).fetchone()[0])  # type: ignore[index]

    def ask_primary(self, statement: str) -> list[tuple[int, ...]]:
        """Return rows of a statement that an administrator sends."""
        with psycopg.connect(self.primary.url(), autocommit=True) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload, no-any-return]


@contextmanager
def replicated(
    folder: Path, standbys: int = 1, settings: Mapping[str, str] = NOT_FOR_POWER_FAILURES
) -> Iterator[Replicated]:
    """Start the servers with these settings; a standby begins as a copy of the primary's files."""
    with ExitStack() as stack:
        first = _server(folder / "primary", settings)
        first.start()
        stack.callback(first.stop)
        first.stop()
        primary = Postgres(
            first.directory, first.port, first.log_file, settings={**first.settings, "synchronous_standby_names": "*"}
        )
        copies = tuple(_standby(folder, first, number) for number in range(1, standbys + 1))
        for server in (primary, *copies):
            server.start()
            stack.callback(server.stop)
        yield Replicated(primary, copies)


def _standby(folder: Path, first: Postgres, number: int) -> Postgres:
    copy = folder / f"standby-{number}"
    copy.mkdir(parents=True)
    subprocess.run(["cp", "-a", f"{first.data}", f"{first.password_file}", f"{copy}"], check=True)
    source = f"host=127.0.0.1 port={first.port} user=postgres application_name=standby_{number}"
    secret = first.password_file.read_text("ascii")
    standby = _server(copy, {**first.settings, "primary_conninfo": f"{source} password={secret}"})
    (standby.data / "standby.signal").touch()
    return standby


def _server(folder: Path, settings: Mapping[str, str]) -> Postgres:
    return Postgres(
        folder,
        free_ports(1)[0],
        folder.with_suffix(".log"),
        settings={"synchronous_commit": "on", "restart_after_crash": "off", **settings},
    )
