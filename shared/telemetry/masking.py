"""Mask exceptions for logs, traces and records of runs: their type and origin, but no data of events.

Messages of libraries quote the value that they failed on, which may be a name or other text of an event: PostgreSQL
prints the whole row that violates a constraint. So only messages that cannot quote are kept: those of our own
exceptions, of the Kafka client and of the operating system, and the primary message of PostgreSQL without its detail.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

# Packages whose exceptions keep their messages; ours name topics, keys, digests and settings.
_TRUSTED_PACKAGES: Final = frozenset({"shared", "services", "deploy", "kafka"})
# SQLSTATE class of data exceptions: their messages quote the data.
_DATA_EXCEPTION: Final = "22"
_MAX_ITEMS: Final = 50


def reason_of(error: BaseException) -> str:
    """Return one line: the type, and the message if it cannot quote data of an event."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    kind = type(error).__name__
    message = _message_of(error)
    if not message or message.startswith(kind):  # Kafka's begin with it
        return message or kind
    return f"{kind}: {message}"


def masked_traceback(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """Return the traceback as Python writes it, causes first, with `reason_of` in place of each message."""
    parts = []
    for error in reversed(list(_chain(exc_info[1]))):
        parts += [*traceback.format_tb(error.__traceback__), f"{reason_of(error)}\n"]
    return "".join(parts).rstrip("\n")


def _message_of(error: BaseException) -> str:
    if isinstance(error, psycopg.Error):
        return _message_of_postgres(error)
    if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _TRUSTED_PACKAGES:
        return _first_line(error)
    return ""


def _message_of_postgres(error: psycopg.Error) -> str:
    if error.sqlstate is None:
        # An error of the connection. Adaptation errors of the client quote the value.
        is_of_connection = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return _first_line(error) if is_of_connection else ""
    quotes = error.sqlstate.startswith(_DATA_EXCEPTION)
    return f"SQLSTATE {error.sqlstate}" if quotes else error.diag.message_primary or ""


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def loggable(value: object, max_characters: int) -> object:
    """Return a value as a log may hold it: text cut to `max_characters`, other objects as the name of their type."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseException):
        value = reason_of(value)
    if isinstance(value, str):
        return value if len(value) <= max_characters else f"{value[:max_characters]}... ({len(value)} characters)"
    if isinstance(value, list | tuple | set | frozenset):
        items = [loggable(item, max_characters) for item in list(value)[:_MAX_ITEMS]]
        return items if len(value) <= _MAX_ITEMS else [*items, f"... ({len(value)} in all)"]
    return type(value).__name__
