"""Errors of PostgreSQL: one exception type for callers, and which failures are transient.

Statements fail with SQLAlchemy's `DBAPIError`, whichever way they went to the server; `orig` is psycopg's error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

READ_ONLY: Final = "25006"  # SQLSTATE
# SQLSTATE classes and codes of transient failures: broken connection (08), serialization failure or deadlock (40), out
# of resources (53), shutdown or cancellation (57), system error (58), object in use (55006), lock not available
# (55P03), read-only server (25006), transaction timeouts (25P03, 25P04), a database that is being renamed or restored
# (3D000). Everything else (a violated constraint, a missing table, missing privileges) is a bug and stops the program,
# except damage.
_TRANSIENT: Final = ("08", "40", "53", "57", "58", "55006", "55P03", READ_ONLY, "25P03", "25P04", "3D000")


@contextmanager
def translated_errors(connection: Connection, statement: str) -> Iterator[None]:
    """Raise psycopg's errors as SQLAlchemy would, without the parameters: they hold personal data."""
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate == READ_ONLY:
            connection.invalidate()
        raise DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True) from error


def driver_error(error: BaseException) -> BaseException:
    """Return the psycopg error inside a SQLAlchemy error; return any other error unchanged."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def is_transient(error: BaseException) -> bool:
    """Return True if the same work may succeed when it is tried again.

    Errors of a lost or refused connection have no SQLSTATE, also for too many connections, a missing database or a
    wrong password. All are retried, with the reason in the log.
    """
    error = driver_error(error)
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate.startswith(_TRANSIENT)


DAMAGED: Final = "数据库文件损坏，按《备份与恢复》处理 / database files are damaged, see the backup guide"


def is_damaged(error: BaseException) -> bool:
    """Return True if PostgreSQL found a damaged page or index (XX001, XX002): an operator has to repair or restore."""
    return isinstance(driver_error(error), psycopg.errors.DataCorrupted | psycopg.errors.IndexCorrupted)


def is_not_migrated(error: BaseException) -> bool:
    """Return True if a table is missing: the database was not migrated, or belongs to another service."""
    return isinstance(driver_error(error), psycopg.errors.UndefinedTable)
