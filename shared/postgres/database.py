"""PostgreSQL: engines, and which of its failures are the world's."""

from __future__ import annotations

import select
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.dialects.postgresql import psycopg as postgresql_psycopg
from sqlalchemy.exc import DBAPIError, InvalidatePoolError

from shared.postgres.row_security import set_viewer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Engine, ExceptionContext, Select, TextClause
    from sqlalchemy.pool import ConnectionPoolEntry

_READS_ONLY: Final = "25006"  # SQLSTATE
# SQLSTATE classes and codes after which the same work may be tried again: the connection broke (08), two were in each
# other's way (40), the server is full (53), was told to stop or to cancel (57), has trouble below it (58); what is
# needed is in use (55006) or locked (55P03); a copy that only reads (25006); a transaction that was ended because it
# took too long (25P03, 25P04); a database that is being renamed or put back (3D000). Everything else (a violated
# constraint, a missing table, a refused right) is a fault of ours and stops the program.
_OF_THE_WORLD = ("08", "40", "53", "57", "58", "55006", "55P03", _READS_ONLY, "25P03", "25P04", "3D000")
BIGINT_MOST: Final = 2**63 - 1
_VIEWER: Final = "jiangbu_viewer"  # execution option: for whose key a snapshot reads
_WAS_USED: Final = "was_used"  # of a connection in the pool; forgotten when another is made in its place


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """An engine on psycopg 3 for a `postgresql://` URL. Sessions run in UTC, without JIT.

    It keeps as many connections as an API has threads: one beyond these would be made anew for each request.
    """
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=5,
        # Errors are told to people, and parameters are what events hold.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "application_name": "jiangbu",
            # Plans of our statements are short; compiling them costs more than it saves.
            "options": "-c jit=off -c timezone=UTC",
        },
    )
    event.listen(engine, "checkout", _leave_what_has_ended)
    event.listen(engine, "checkin", _let_the_server_say)
    event.listen(engine, "handle_error", _leave_what_reads_only)
    return engine


def _leave_what_has_ended(driver: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Have the pool make new connections where one of it was ended while nobody used it.

    Whoever ends a connection says so, or closes it: there is something to read though nothing was asked. SQLAlchemy's
    own way is to ask each time, one more way to the server and back for every request.

    One that was just made is not looked at: where it ended already, SQLAlchemy would give up with an error of its own
    that looks like a fault of ours, and what is asked first meets the world's.
    """
    if _WAS_USED not in record.info:
        record.info[_WAS_USED] = True
        return
    try:
        watch = select.poll()
        watch.register(driver.fileno(), select.POLLIN)
        has_ended = bool(watch.poll(0))
    except psycopg.Error:
        has_ended = True
    if has_ended:
        raise InvalidatePoolError


def _let_the_server_say(driver: Any, _record: ConnectionPoolEntry) -> None:
    """Have a connection that read a snapshot begin its next transaction as the server has it.

    SQLAlchemy leaves it as one that writes; and that would overrule a server which was told to refuse writes.
    """
    if driver is not None and driver.read_only is not None:
        driver.read_only = None


def _leave_what_reads_only(failure: ExceptionContext) -> None:
    """Have the pool make new connections where one refuses to write.

    A session stays as it began, though the database takes writes again since, or another server does.
    """
    if getattr(failure.original_exception, "sqlstate", None) == _READS_ONLY:
        failure.is_disconnect = True


@contextmanager
def snapshot(engine: Engine, viewer: str | None = None) -> Iterator[Connection]:
    """A transaction that reads one state of the database, and nothing else.

    `viewer` is the exchange for whose key it reads, and whose rows alone PostgreSQL then shows; None: all.
    """
    options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True, _VIEWER: viewer}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        if viewer is not None:
            set_viewer(connection, viewer)
        yield connection


@contextmanager
def plan_kept(connection: Connection) -> Iterator[None]:
    """What is asked within, in a snapshot for an exchange's key, is planned once and not for each value of parameters.

    For statements that find by key, and have so many parts that policies make planning them the most of it: until there
    are figures of all its tables PostgreSQL plans them each time anew, as it holds a plan for all to be much slower.
    """
    if connection.get_execution_options().get(_VIEWER) is None:
        yield
        return
    change(connection, b"SET LOCAL plan_cache_mode = force_generic_plan")
    yield
    change(connection, b"SET LOCAL plan_cache_mode = auto")


class Written(NamedTuple):
    """A statement as psycopg takes it, `%(name)s` for parameters, with the values of those that are always the same."""

    sql: str
    fixed: Mapping[str, Any]


def written(statement: Select[Any] | TextClause) -> Written:
    """A statement of SQLAlchemy's, put together once for all its uses."""
    compiled = statement.compile(dialect=postgresql_psycopg.dialect())  # type: ignore[no-untyped-call]
    return Written(compiled.string, {name: value for name, value in compiled.params.items() if value is not None})


def rows_of(connection: Connection, statement: Written, **parameters: Any) -> list[Any]:
    """Rows of a statement, as named tuples, in the connection's transaction.

    For what every answer asks: SQLAlchemy's own way takes more than twice the processor time of a statement.
    """
    with _failing_as_all(connection, statement.sql), raw(connection).cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(statement.sql, {**statement.fixed, **parameters}).fetchall()


@contextmanager
def _failing_as_all(connection: Connection, statement: str | bytes) -> Iterator[None]:
    """Do and raise what SQLAlchemy would: a failure is the same whichever way its statement went."""
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate == _READS_ONLY:
            connection.invalidate()
        told = statement if isinstance(statement, str) else statement.decode()
        raise DBAPIError.instance(told, None, error, psycopg.Error, hide_parameters=True) from error


def raw(connection: Connection) -> psycopg.Connection[tuple[object, ...]]:
    """The psycopg connection below a SQLAlchemy one, inside the same transaction."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the register needs psycopg 3")
    return driver


def fetch(connection: Connection, query: bytes, parameters: Mapping[str, Any] | None = None) -> list[Any]:
    """The rows of a query in psycopg's own words (`%(name)s`), as plain tuples.

    For what every batch asks: it takes 0.04 ms of Python, and by SQLAlchemy's `text` 0.12 to 0.18.
    """
    with _failing_as_all(connection, query), raw(connection).cursor(binary=True) as cursor:
        return cursor.execute(query, parameters).fetchall()


def change(connection: Connection, statement: bytes, parameters: Mapping[str, Any] | None = None) -> int:
    """Execute a statement likewise; how many rows it changed."""
    with _failing_as_all(connection, statement), raw(connection).cursor() as cursor:
        return cursor.execute(statement, parameters).rowcount


def pg_array(values: Iterable[str | int | datetime | bytes | None]) -> str:
    """An array in PostgreSQL's own notation, for a parameter that is cast to an array type.

    A batch has tens of thousands of such values; psycopg's own way of writing lists takes five times as long.
    """
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: str | int | datetime | bytes | None) -> str:
    if isinstance(value, str):
        if "\\" in value or '"' in value:
            value = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{value}"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    return "NULL" if value is None else f'"{value.isoformat()}"'


def is_transient(error: BaseException) -> bool:
    """Whether a failure is the world's (try again) and not ours (stop).

    A lost connection has no SQLSTATE; serialization failures, deadlocks, time-outs, a full disk and a stopping server
    do. Nor has a connection that was refused, for whatever reason: too many of them, a database that is not there, a
    wrong password. All are waited for, with the reason in the log.
    """
    error = driver_error(error)
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate.startswith(_OF_THE_WORLD)


def is_not_migrated(error: BaseException) -> bool:
    """Whether a table is missing: the database was not migrated, or is another's."""
    return isinstance(driver_error(error), psycopg.errors.UndefinedTable)


def driver_error(error: BaseException) -> BaseException:
    """What psycopg raised, where SQLAlchemy has wrapped it; else the error itself."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
