"""Engines and read-only snapshots of PostgreSQL."""

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, cast

import psycopg
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from shared.postgres.errors import READ_ONLY
from shared.postgres.hosts import Hosts
from shared.postgres.query import driver_connection, execute
from shared.postgres.row_security import set_viewer

_VIEWER: Final = "jiangbu_viewer"  # execution option: the exchange or subject for whose key a snapshot reads
# In a pool entry's info, which is cleared when the connection is replaced.
_WAS_USED: Final = "was_used"
_PLANNED_AT: Final = "planned_at"  # how much the process had written when the session began to keep its plans
_LEAST_GROWTH: Final = 1_000  # rows


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """Create an engine on psycopg 3 for a `postgresql://` URL. Sessions run in UTC, without JIT.

    The pool keeps as many connections as an API has threads; each one beyond would be opened for a single request. The
    connection used last is used first, because its session has the plans of the statements that are executed often.
    """
    hosts = Hosts()
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        pool_use_lifo=True,
        max_overflow=5,
        # Error messages reach people and logs, and parameters hold personal data.
        hide_parameters=True,
        connect_args={
            # A server that disappears without closing the connection is noticed within ten seconds, also while we wait.
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "application_name": "jiangbu",
            # Our statements have short plans; compiling them costs more than it saves.
            "options": "-c jit=off -c timezone=UTC",
        },
    )
    event.listen(engine, "do_connect", lambda _dialect, _record, _arguments, parameters: hosts.connect(parameters))
    event.listen(engine, "checkout", _replace_closed_connection)
    event.listen(engine, "checkin", _reset_read_only)
    event.listen(engine, "handle_error", _replace_read_only_connection)
    return engine


def make_probe_engine(engine: Engine) -> Engine:
    """Create an engine with connections of its own to the same database; disposed of with the given one.

    For checks of health, which must not wait for connections that hanging requests hold.
    """
    probe = make_engine(engine.url.render_as_string(hide_password=False), pool_size=1)
    event.listen(engine, "engine_disposed", lambda _: probe.dispose())
    return probe


def _replace_closed_connection(
    driver: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """Have the pool replace a connection that the server closed while it was idle.

    Such a connection is readable although nothing was asked. SQLAlchemy's own pre-ping costs a round trip for every
    request. A new connection is not checked: SQLAlchemy would give up on it with an error that is not transient.
    """
    if _WAS_USED not in record.info:
        record.info[_WAS_USED] = True
        return
    try:
        poll = select.poll()
        poll.register(cast("psycopg.Connection", driver).fileno(), select.POLLIN)
        is_closed = bool(poll.poll(0))
    except psycopg.Error:
        is_closed = True
    if is_closed:
        raise InvalidatePoolError


def _reset_read_only(driver: DBAPIConnection | None, _record: ConnectionPoolEntry) -> None:
    """Let the server choose again whether a connection that read a snapshot may write.

    SQLAlchemy leaves it in read-write mode, which would override a server that is configured to refuse writes.
    """
    connection = cast("psycopg.Connection | None", driver)
    if connection is not None and connection.read_only is not None:
        connection.read_only = None


def _replace_read_only_connection(failure: ExceptionContext) -> None:
    """Have the pool replace connections that refuse to write.

    A session stays read-only, though the database accepts writes again since, or another server does.
    """
    if getattr(failure.original_exception, "sqlstate", None) == READ_ONLY:
        failure.is_disconnect = True


@contextmanager
def snapshot(
    engine: Engine,
    viewer: str | None = None,
    check: Callable[[Connection], object] | None = None,
    check_server: Callable[[Connection], object] | None = None,
) -> Iterator[Connection]:
    """A read-only transaction that sees one state of the database.

    `viewer` is the exchange or subject for whose key it reads: row-level security then shows it the rows of that alone.
    `check` is called first, while all rows are visible; `check_server` before that, with no transaction open.
    """
    with engine.connect() as connection:
        if check_server is not None:
            check_server(connection)
        with snapshot_on(connection, viewer):
            if check is not None:
                check(connection)
            if viewer is not None:
                set_viewer(connection, viewer)
            yield connection


@contextmanager
def snapshot_on(connection: Connection, viewer: str | None) -> Iterator[None]:
    """A read-only transaction of this connection that sees one state of the database, still with all rows visible."""
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True, jiangbu_viewer=viewer)
    with connection.begin():
        yield


def is_snapshot(connection: Connection) -> bool:
    """Return True if the transaction is a read-only snapshot, in which nothing changes."""
    return bool(connection.get_execution_options().get("postgresql_readonly"))


@contextmanager
def generic_plan(connection: Connection) -> Iterator[None]:
    """Plan statements once instead of for each set of parameters, in a snapshot for a key that sees less than all.

    For lookups by key in which row-level security makes planning the largest part: until all its tables have
    statistics, PostgreSQL takes a generic plan to be much slower and plans the statement every time.
    """
    if connection.get_execution_options().get(_VIEWER) is None:
        yield
        return
    execute(connection, "SET LOCAL plan_cache_mode = force_generic_plan")
    driver = driver_connection(connection)
    threshold, driver.prepare_threshold = driver.prepare_threshold, 0  # what is not prepared is planned each time
    try:
        yield
    finally:
        driver.prepare_threshold = threshold
    execute(connection, "SET LOCAL plan_cache_mode = auto")


def plan_again_after_growth(connection: Connection, written: int) -> None:
    """Have the session plan its statements again once the process has written twice as much; `written`: rows so far.

    PostgreSQL keeps plans, and nothing tells them that a table has grown. One made while a table was nearly empty may
    read all of it for each row, and stays until the table has statistics, which can take minutes.
    """
    planned_at = connection.info.setdefault(_PLANNED_AT, written)
    if written >= max(2 * planned_at, planned_at + _LEAST_GROWTH):
        execute(connection, "DISCARD PLANS")
        connection.info[_PLANNED_AT] = written
