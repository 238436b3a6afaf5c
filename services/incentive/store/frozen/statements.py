"""Statements (决定书) and their service in the ledger's database."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.store.as_of import AS_OF
from shared.postgres.query import copy_in, fetch, fetch_one, fetch_value

# Binary, because thousands of statements are copied under the ledger's lock; as text, their bytes are written in hex.
_COPY: Final = "COPY statement (sha256, year, number, content) FROM STDIN (FORMAT binary)"
_LAST: Final = "SELECT coalesce(max(number), 0) FROM statement WHERE year = %(year)s"
_FIND: Final = """
    SELECT s.sha256, s.content, d.award_id, d.subject, d.action, d.decided_on, a.recorded_at
    FROM statement s JOIN decision d ON d.statement = s.sha256 JOIN act a ON a.id = d.id
    WHERE s.sha256 = %(sha256)s
"""
_SERVED: Final = f"""
    SELECT v.statement, v.served_on FROM service v JOIN act a ON a.id = v.id
    WHERE v.statement = ANY(%(statements)s) AND a.recorded_at <= {AS_OF} ORDER BY a.seq
"""


class NewStatement(NamedTuple):
    """A statement to be recorded: the `number` is the year's."""

    sha256: str
    year: int
    number: int
    content: bytes


class RecordedStatement(NamedTuple):
    """A statement with the decision that it is of; `decided_on` is the day in Shanghai."""

    sha256: str
    content: bytes
    award_id: str
    subject: str
    action: str
    decided_on: date
    at: datetime


def last_statement_number(connection: Connection, year: int) -> int:
    """The number of the year's last statement; 0 before the first."""
    return fetch_value(connection, _LAST, int, year=year)


def record_statements(connection: Connection, statements: Iterable[NewStatement]) -> None:
    """Insert statements, before the decisions that name them."""
    copy_in(connection, _COPY, statements, types=("text", "int2", "int4", "bytea"))


def find_statement(connection: Connection, sha256: str) -> RecordedStatement | None:
    """The statement with that SHA-256 in hex; None if there is none."""
    return fetch_one(connection, _FIND, RecordedStatement, sha256=sha256)


def served_days(connection: Connection, statements: Collection[str], as_of: datetime | None) -> dict[str, list[date]]:
    """The days on which each statement was served, in the order in which that was recorded."""
    days: dict[str, list[date]] = {}
    rows = fetch(connection, _SERVED, tuple[str, date], statements=list(statements), as_of=as_of)
    for statement, day in rows:
        days.setdefault(statement, []).append(day)
    return days
