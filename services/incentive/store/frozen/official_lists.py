"""Official lists in the ledger's database: as they were frozen, by their SHA-256."""

from datetime import date, datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.notices.official_list import PUBLIC_NOTICE, PreparedList
from shared.postgres.query import execute, fetch, fetch_value, fetch_values
from shared.postgres.sorted_rows import LargeRows, Sorts, column
from shared.values.json_types import Json
from shared.values.times import year_start

_INSERT: Final = """
    INSERT INTO official_list (sha256, kind, recorded_at, notice_from, notice_until, content)
    VALUES (%(sha256)s, %(kind)s, %(at)s, %(start)s, %(until)s, %(content)s)
"""
# Under notice on a day: the awards of lists that are posted on it.
_ON_A_LIST: Final = """
    SELECT EXISTS (
        SELECT FROM decision d JOIN official_list l ON l.sha256 = d.notice_list
        WHERE d.award_id = %(award_id)s AND l.notice_from <= %(day)s AND l.notice_until >= %(day)s)
"""
_HEAD: Final = "sha256, CAST(convert_from(content, 'UTF8') AS jsonb) - 'rows' AS content"
_OF_YEAR: Final = f"""
    SELECT {_HEAD} FROM official_list
    WHERE kind = 'public_notice' AND recorded_at >= %(start)s AND recorded_at < %(end)s
      AND recorded_at <= coalesce(CAST(%(as_of)s AS timestamptz), 'infinity')
    ORDER BY recorded_at DESC, sha256 LIMIT %(limit)s
"""
_IN_FORCE: Final = """
    FROM official_list
    WHERE kind = 'public_notice' AND notice_from <= %(day)s AND notice_until >= %(day)s
"""
NOTICE_SORTS: Final[Sorts] = {"sha256": (column("sha256", str),)}


class FrozenList(NamedTuple):
    """A list as it was frozen: its SHA-256 and its bytes."""

    sha256: str
    content: bytes

    @property
    def read(self) -> Json:
        found: Json = msgspec.json.decode(self.content)
        return found


class ListHead(NamedTuple):
    """A list without its rows."""

    sha256: str
    content: Json


def insert_notice_list(connection: Connection, prepared: PreparedList, at: datetime) -> str:
    """Freeze the list of a public notice; return its SHA-256."""
    sha256, written = prepared.frozen_at(at)
    days = {"start": prepared.period.from_day, "until": prepared.period.until_day}
    execute(connection, _INSERT, sha256=sha256, kind=PUBLIC_NOTICE, at=at, content=written, **days)
    return sha256


def find_list(connection: Connection, sha256: str) -> FrozenList | None:
    """The list with this SHA-256; None if there is none."""
    statement = "SELECT content FROM official_list WHERE sha256 = %(sha256)s"
    found = fetch_values(connection, statement, bytes, sha256=sha256)
    return FrozenList(sha256, found[0]) if found else None


def notices_in_force(connection: Connection, day: date) -> LargeRows[FrozenList]:
    """Open the lists that are posted on a day, of which a page ends early if they are long."""
    return LargeRows(
        connection,
        f"SELECT sha256, content {_IN_FORCE}",
        FrozenList,
        {"day": day},
        lambda rows: map(notice_json, rows),
        value="content",
    )


def notice_json(found: FrozenList) -> Json:
    return {"sha256": found.sha256, **found.read}


def heads_in_force(connection: Connection, day: date, limit: int) -> list[ListHead]:
    """The heads of the lists that are posted on a day, in order of their SHA-256, at most `limit`."""
    statement = f"SELECT {_HEAD} {_IN_FORCE} ORDER BY sha256 LIMIT %(limit)s"
    return fetch(connection, statement, ListHead, day=day, limit=limit)


def notices_of_year(connection: Connection, year: int, as_of: datetime | None, limit: int) -> list[ListHead]:
    """The heads of the lists that were posted in a year, the last first, at most `limit`."""
    start, end = year_start(year), year_start(year + 1)
    return fetch(connection, _OF_YEAR, ListHead, start=start, end=end, as_of=as_of, limit=limit)


def is_under_notice(connection: Connection, award_id: str, day: date) -> bool:
    """Return True if an award is on a list that is posted on a day."""
    return bool(fetch_value(connection, _ON_A_LIST, bool, award_id=award_id, day=day))
