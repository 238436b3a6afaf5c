"""Kept versions held against what they were made of: the columns of each, and where among its number's it stands.

A kind of thing (documents; listing facts) is kept in two tables: what stands, and what a newer version replaced. What
is other than it should be is put, as it should be, into a temporary table `mended_<table>`. From there it is either
written, or laid over the tables by temporary views of the same names, so that whatever is summed from them is summed
from what should be there, and nothing is written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from sqlalchemy import text

from shared.postgres.query import driver_connection, pg_array
from shared.register.parties import entity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from shared.register.parties import Entity
    from shared.register.rebuild.report import RebuildReport
    from shared.values.parties import Party
    from shared.whitelist import Whitelist

_ROWS = 1000  # at once in memory: a record may have 256 KiB


# A column of which the bytes say nothing: it was kept from the version before.
UNSAID: Final = object()


class DecodeColumns(Protocol):
    """What the columns of a kept row must be, and the parties whose ids are in columns; ValueError: no longer valid.

    UNSAID, and None for a party, where the bytes do not say.
    """

    def __call__(
        self, exchange: str, value: bytes, headers: bytes | None, exchanges: Whitelist
    ) -> tuple[tuple[Any, ...], tuple[Party | None, ...]]: ...


@dataclass(frozen=True)
class VersionedTable:
    """One kind of thing that is kept.

    `columns`: of each column that follows from the bytes, the SQL that gives it; `parties`: those that hold the id of a
    party, the last of `columns`, compared by subject. `version`: SQL by which a version is newer than another.
    `keeps_late`: versions that were older than what stood when they came are kept, too.
    """

    table: str
    number: str
    version: str
    keeps_late: bool
    columns: dict[str, str]
    parties: tuple[str, ...]
    joins: str
    headers: str
    read: DecodeColumns

    @property
    def past(self) -> str:
        return f"{self.table}_past"

    @property
    def mended(self) -> str:
        return f"mended_{self.table}"


class _Wrong(NamedTuple):
    """A row with the columns that are other, as they should be."""

    seq: int
    values: dict[str, Any]
    parties: dict[str, Party]


def create_repair_table(connection: Connection, versions: VersionedTable) -> None:
    """Make the empty temporary table: a row as it should be, `stood` and `stands` saying where it is and belongs."""
    connection.execute(
        text(
            f"CREATE TEMPORARY TABLE {versions.mended} (LIKE {versions.past}, stood boolean, stands boolean)"
            " ON COMMIT DROP"
        )
    )
    connection.execute(text(f"ALTER TABLE {versions.mended} ALTER replaced_by DROP NOT NULL"))


def compare_columns(
    connection: Connection,
    versions: VersionedTable,
    exchanges: Whitelist,
    report: RebuildReport,
    find: Callable[[Sequence[Party]], dict[Entity, int]],
) -> None:
    """Decode every version anew and hold its columns against what the bytes say. `find` gives ids of parties."""
    for stood, table in ((True, versions.table), (False, versions.past)):
        for rows in _stream(connection, versions, table):
            wrong = [found for row in rows if (found := _compare(versions, table, row, exchanges, report)) is not None]
            if wrong:
                ids = find([party for one in wrong for party in one.parties.values()])
                _note_columns(connection, versions, wrong, ids, stood=stood)


def _stream(connection: Connection, versions: VersionedTable, table: str) -> Iterator[list[tuple[Any, ...]]]:
    columns = ", ".join(versions.columns.values())
    statement = (
        f"SELECT d.seq, d.exchange, d.{versions.number}, d.value, {versions.headers}, {columns}"
        f" FROM {table} d {versions.joins}"
    )
    with driver_connection(connection).cursor(f"every_{table}", binary=True) as cursor:
        cursor.execute(statement.encode())
        while rows := cursor.fetchmany(_ROWS):
            yield rows


def _compare(
    versions: VersionedTable, table: str, row: tuple[Any, ...], exchanges: Whitelist, report: RebuildReport
) -> _Wrong | None:
    seq, exchange, number, value, headers, *stands = row
    what = f"{table} {exchange}/{number} (条目 / entry {seq})"
    try:
        values, parties = versions.read(exchange, value, headers, exchanges)
    except ValueError as error:
        report.add(
            what, f"无法解读的字节 / bytes that cannot be read: {error}", "有效的记录 / a valid record", mendable=False
        )
        return None
    if (*values, *[party.subject if party else UNSAID for party in parties]) == tuple(stands):
        return None
    wrong = _Wrong(seq, {}, {})
    for name, stood, follows in zip(versions.columns, stands, (*values, *parties), strict=True):
        if follows is UNSAID:
            continue
        if name in versions.parties:
            if follows is not None and follows.subject != stood:
                report.add(f"{what} {name}", stood, follows.subject, mendable=True)
                wrong.parties[name] = follows
        elif follows != stood:
            report.add(f"{what} {name}", stood, follows, mendable=True)
            wrong.values[name] = follows
    return wrong if wrong.values or wrong.parties else None


def _note_columns(
    connection: Connection, versions: VersionedTable, wrong: list[_Wrong], ids: dict[Entity, int], *, stood: bool
) -> None:
    table, replaced_by = (versions.table, ", CAST(NULL AS bigint)") if stood else (versions.past, "")
    changes = [
        {
            **{name: value.isoformat() if isinstance(value, datetime) else value for name, value in one.values.items()},
            # 0 is no party: of one that is not there, and not to be entered.
            **{name: ids.get(entity_of(party), 0) for name, party in one.parties.items()},
        }
        for one in wrong
    ]
    connection.execute(
        text(
            f"""
            INSERT INTO {versions.mended}
            SELECT n.*{replaced_by}, :stood, :stood
            FROM unnest(CAST(:seqs AS bigint[]), CAST(:changes AS jsonb[])) AS c(seq, changes)
            JOIN {table} d ON d.seq = c.seq
            CROSS JOIN LATERAL jsonb_populate_record(d, c.changes) n
            """
        ),
        {
            "stood": stood,
            "seqs": pg_array(one.seq for one in wrong),
            "changes": pg_array(json.dumps(change) for change in changes),
        },
    )


def compare_places(connection: Connection, versions: VersionedTable, report: RebuildReport) -> None:
    """Of each number: the newest version stands, and each that once stood names the entry that replaced it."""
    rows = connection.execute(text(_places_sql(versions))).all()
    twice: set[tuple[str, str]] = set()
    moved = []
    for row in rows:
        what = f"{versions.table} {row.exchange}/{row.number} (条目 / entry {row.seq})"
        if row.twice:
            twice.add((row.exchange, row.number))
            if row.places > 1:
                said = "同一版本在册两次 / this version is registered twice"
                report.add(what, said, "一次 / once", mendable=False)
        elif not row.stands and row.follows_by is None and not versions.keeps_late:
            said = "入册时已非最新 / was not the newest when it was applied"
            report.add(what, said, None, mendable=False)
        else:
            told = (_place(row.stood, row.replaced_by), _place(row.stands, row.follows_by))
            report.add(what, *told, mendable=True)
            moved.append(row)
    if twice:
        _leave(connection, versions, twice)
    if moved:
        _note_places(connection, versions, moved)


def _place(stands: bool, replaced_by: int | None) -> str:
    if stands:
        return "现行 / the state"
    if replaced_by is None:
        return "历史，从未现行 / past, never the state"
    return f"历史，被条目 {replaced_by} 取代 / past, replaced by entry {replaced_by}"


def _places_sql(versions: VersionedTable) -> str:
    table, past, mended = versions.table, versions.past, versions.mended
    columns = f"d.seq, d.exchange, d.{versions.number} AS number, {versions.version} AS version"
    stood, gone = (
        f"NOT EXISTS (SELECT FROM {mended} m WHERE m.seq = d.seq AND {where})" for where in ("m.stood", "NOT m.stood")
    )
    return f"""
        WITH touched AS (
            SELECT exchange, {versions.number} FROM {past} UNION SELECT exchange, {versions.number} FROM {mended}
        ), entry AS (
            SELECT {columns}, true AS stood, CAST(NULL AS bigint) AS replaced_by
            FROM {table} d JOIN touched USING (exchange, {versions.number}) WHERE {stood}
            UNION ALL SELECT {columns}, false, d.replaced_by FROM {past} d WHERE {gone}
            UNION ALL SELECT {columns}, d.stood, d.replaced_by FROM {mended} d
        ), judged AS (
            SELECT *, count(*) OVER (PARTITION BY exchange, number, version) AS places,
                   coalesce(version > max(version) OVER (PARTITION BY exchange, number ORDER BY seq
                                                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true)
                   AS once_stood
            FROM entry
        ), followed AS (
            SELECT *, bool_or(places > 1) OVER (PARTITION BY exchange, number) AS twice,
                   CASE WHEN once_stood
                        THEN lead(seq) OVER (PARTITION BY exchange, number, once_stood ORDER BY seq)
                   END AS follows_by
            FROM judged
        ), placed AS (
            SELECT *, once_stood AND follows_by IS NULL AS stands FROM followed
        )
        SELECT * FROM placed
        WHERE twice OR stood <> stands OR replaced_by IS DISTINCT FROM follows_by
              OR (NOT once_stood AND NOT {str(versions.keeps_late).lower()})
        ORDER BY seq
    """


def _leave(connection: Connection, versions: VersionedTable, numbers: set[tuple[str, str]]) -> None:
    """Touch nothing of these numbers."""
    connection.execute(
        text(
            f"DELETE FROM {versions.mended} m"
            " USING unnest(CAST(:exchanges AS text[]), CAST(:numbers AS text[])) AS k(exchange, number)"
            f" WHERE m.exchange = k.exchange AND m.{versions.number} = k.number"
        ),
        {"exchanges": pg_array(key[0] for key in numbers), "numbers": pg_array(key[1] for key in numbers)},
    )


def _note_places(connection: Connection, versions: VersionedTable, moved: Sequence[Any]) -> None:
    parameters = {
        "seqs": pg_array(row.seq for row in moved),
        "stood": pg_array(row.stood for row in moved),
        "stands": pg_array(row.stands for row in moved),
        "by": pg_array(row.follows_by for row in moved),
    }
    source = (
        "unnest(CAST(:seqs AS bigint[]), CAST(:stood AS boolean[]), CAST(:stands AS boolean[]), CAST(:by AS bigint[]))"
        " AS p(seq, stood, stands, follows_by)"
    )
    connection.execute(
        text(
            f"UPDATE {versions.mended} m SET stands = p.stands, replaced_by = p.follows_by FROM {source}"
            " WHERE m.seq = p.seq AND m.stood = p.stood"
        ),
        parameters,
    )
    names = ", ".join(f'd."{name}"' for name in _columns(connection, versions.table))
    for table, condition in ((versions.table, "p.stood"), (versions.past, "NOT p.stood")):
        connection.execute(
            text(
                f"INSERT INTO {versions.mended} SELECT {names}, p.follows_by, p.stood, p.stands"
                f" FROM {source} JOIN {table} d ON d.seq = p.seq WHERE {condition}"
                f" AND NOT EXISTS (SELECT FROM {versions.mended} m WHERE m.seq = p.seq AND m.stood = p.stood)"
            ),
            parameters,
        )


def apply_repairs(connection: Connection, versions: VersionedTable) -> None:
    """Bring the tables to what the temporary table says; bytes, places in the topic and `seq` are as they were."""
    names = _columns(connection, versions.table)
    columns = ", ".join(f'"{name}"' for name in names)
    mended = versions.mended
    counts = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE stood) AS stood, count(*) FILTER (WHERE NOT stood AND stands) AS rising,"
            f" count(*) FILTER (WHERE NOT stood AND NOT stands) AS past FROM {mended}"
        )
    ).one()
    # Only what is needed is asked for: to take a row out of the past is not the right of the service's own role.
    if counts.stood:
        connection.execute(text(f"DELETE FROM {versions.table} d USING {mended} m WHERE m.stood AND m.seq = d.seq"))
    if counts.rising:
        connection.execute(
            text(f"DELETE FROM {versions.past} d USING {mended} m WHERE NOT m.stood AND m.stands AND m.seq = d.seq")
        )
    if counts.past:
        changed = ", ".join(f'"{name}" = m."{name}"' for name in (*names, "replaced_by"))
        connection.execute(
            text(
                f"UPDATE {versions.past} d SET {changed} FROM {mended} m"
                " WHERE NOT m.stood AND NOT m.stands AND m.seq = d.seq"
            )
        )
    connection.execute(text(f"INSERT INTO {versions.table} ({columns}) SELECT {columns} FROM {mended} WHERE stands"))
    connection.execute(
        text(
            f"INSERT INTO {versions.past} ({columns}, replaced_by) SELECT {columns}, replaced_by FROM {mended}"
            " WHERE stood AND NOT stands"
        )
    )


def overlay_repairs(connection: Connection, versions: VersionedTable) -> None:
    """Let the tables' names mean, in this transaction, what they should hold."""
    columns = ", ".join(f'"{name}"' for name in _columns(connection, versions.table))
    mended = versions.mended
    for table, extra, stood, stands in (
        (versions.table, "", "m.stood", "stands"),
        (versions.past, ", replaced_by", "NOT m.stood", "NOT stands"),
    ):
        connection.execute(
            text(
                f"CREATE TEMPORARY VIEW {table} AS SELECT {columns}{extra} FROM {table} d"
                f" WHERE NOT EXISTS (SELECT FROM {mended} m WHERE m.seq = d.seq AND {stood})"
                f" UNION ALL SELECT {columns}{extra} FROM {mended} WHERE {stands}"
            )
        )


def has_repairs(connection: Connection, versions: VersionedTable) -> bool:
    return bool(connection.execute(text(f"SELECT EXISTS (SELECT FROM {versions.mended})")).scalar())


def _columns(connection: Connection, table: str) -> list[str]:
    """The table's columns in their order."""
    return list(
        connection.execute(
            text(
                "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attnum > 0"
                " AND NOT attisdropped ORDER BY attnum"
            ),
            {"table": table},
        ).scalars()
    )
