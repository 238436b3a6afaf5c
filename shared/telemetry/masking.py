"""What may be said of an exception in logs, traces and records of runs: where it came from and what kind it is.

Messages of libraries quote what they failed on, and that may be a name or another text of an event: PostgreSQL shows
the whole row that breaks a constraint. So only messages that cannot are told: those of our own exceptions, of Kafka's
client and of the operating system, and the first line of PostgreSQL's, without its details.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, Final

import psycopg
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

# By the package that defines the exception; our own messages name topics, keys, digests and settings.
_SPEAK_FOR_THEMSELVES: Final = frozenset({"shared", "services", "deploy", "kafka"})
# SQLSTATE class of data that is not as it must be: the message quotes it.
_DATA_EXCEPTION: Final = "22"
_MOST_ITEMS: Final = 50


def reason_of(error: BaseException) -> str:
    """One line: the type, and the message where it cannot quote what an event holds."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    kind = type(error).__name__
    message = _message_of(error)
    if not message or message.startswith(kind):  # Kafka's begin with it
        return message or kind
    return f"{kind}: {message}"


def masked_traceback(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """The places in the code, causes first, as Python writes them, each with `reason_of` in place of the message."""
    parts = []
    for error in reversed(list(_chain(exc_info[1]))):
        parts += [*traceback.format_tb(error.__traceback__), f"{reason_of(error)}\n"]
    return "".join(parts).rstrip("\n")


def _message_of(error: BaseException) -> str:
    if isinstance(error, psycopg.Error):
        return _message_of_postgres(error)
    if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _SPEAK_FOR_THEMSELVES:
        return _first_line(error)
    return ""


def _message_of_postgres(error: psycopg.Error) -> str:
    if error.sqlstate is None:
        # Of the connection; what the client itself cannot adapt it quotes.
        is_of_connection = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return _first_line(error) if is_of_connection else ""
    quotes = error.sqlstate.startswith(_DATA_EXCEPTION)
    return f"SQLSTATE {error.sqlstate}" if quotes else error.diag.message_primary or ""


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what it came from, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def told(value: Any, most: int) -> Any:
    """A value as a log may have it: text cut to so many characters, no object's own words."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseException):
        value = reason_of(value)
    if isinstance(value, str):
        return value if len(value) <= most else f"{value[:most]}... ({len(value)} characters)"
    if isinstance(value, list | tuple | set | frozenset):
        items = [told(item, most) for item in list(value)[:_MOST_ITEMS]]
        return items if len(value) <= _MOST_ITEMS else [*items, f"... ({len(value)} in all)"]
    return type(value).__name__
