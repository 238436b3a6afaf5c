"""Comparison of stored versions with the bytes they come from: their columns, and their place among versions.

Versions are kept in two tables: current ones, and past ones that a newer version replaced. Rows that are wrong are put,
as they should be, into a temporary table `repaired_<table>`, which is created for the first of them: a standby creates
none. From there they are either written back, or laid over the tables by temporary views of the same names, so that
later comparisons read correct rows although nothing is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from shared.language import say
from shared.postgres.query import execute, fetch, fetch_value, fetch_values, pg_arrays, stream_chunks
from shared.register.parties import Entity, entity_of
from shared.register.rebuild.report import RebuildReport
from shared.values.parties import Party
from shared.whitelist import Whitelist

_ROWS = 1000  # at once in memory: a record may have 256 KiB

# The value of a column that the bytes do not determine: it was kept from the version before.
UNDETERMINED: Final = object()

# (exchange, value, headers, whitelist) -> the values of `columns` and `parties` that the bytes determine, parties as
# Party. ValueError if they are no longer valid.
DecodeColumns = Callable[[str, bytes, bytes | None, Whitelist], tuple[object, ...]]


@dataclass(frozen=True)
class VersionedTable:
    """A table of current versions and its table of past ones, which has the column `replaced_by` at the end.

    `columns`: those that the bytes determine. `parties`: columns of party ids, compared by subject. `version`: the SQL
    of a row's version among those of its number. `keeps_late`: versions that arrived late are stored, too.
    """

    table: str
    title: str
    number: str
    columns: tuple[str, ...]
    parties: tuple[str, ...]
    decode: DecodeColumns
    version: str = "d.revision"
    keeps_late: bool = True
    has_headers: bool = True

    @property
    def past(self) -> str:
        return f"{self.table}_past"

    @property
    def repairs(self) -> str:
        return f"repaired_{self.table}"

    @property
    def stored(self) -> str:
        """The SQL of all rows of both tables, with `replaced_by` and `was_current`."""
        current = f"SELECT t.*, CAST(NULL AS bigint) AS replaced_by, true AS was_current FROM {self.table} t"
        return f"({current} UNION ALL SELECT p.*, false FROM {self.past} p)"


class _WrongRow(NamedTuple):
    """A row with the correct values of its wrong columns; those of party columns are a Party."""

    seq: int
    was_current: bool
    values: dict[str, object]


def create_repair_table(connection: Connection, table: VersionedTable) -> None:
    """Create the temporary table of rows as they should be; `was_current` and `is_current`: stored, and correct."""
    execute(
        connection,
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {table.repairs} (LIKE {table.past}, was_current boolean,"
        " is_current boolean, UNIQUE (seq, was_current)) ON COMMIT DROP",
    )
    execute(connection, f"ALTER TABLE {table.repairs} ALTER replaced_by DROP NOT NULL")


def compare_columns(
    connection: Connection,
    table: VersionedTable,
    exchanges: Whitelist,
    report: RebuildReport,
    find: Callable[[Sequence[Party]], dict[Entity, int]],
) -> None:
    """Decode every version again and compare its columns. `find` returns the ids of parties."""
    headers = "d.headers" if table.has_headers else "CAST(NULL AS bytea)"
    columns = ["d.was_current", "d.seq", "d.exchange", f"d.{table.number}", "d.value", headers]
    columns += [f"d.{name}" for name in table.columns]
    columns += [f"{party}.scheme || ':' || {party}.code" for party in table.parties]
    joins = " ".join(f"LEFT JOIN party {party} ON {party}.id = d.{party}" for party in table.parties)
    statement = f"SELECT {', '.join(columns)} FROM {table.stored} d {joins}"
    for rows in stream_chunks(connection, statement, tuple[Any, ...], _ROWS):
        compared = (_compare_row(table, row, exchanges, report) for row in rows)
        wrong = [row for row in compared if row is not None]
        if wrong:
            ids = find([value for row in wrong for value in row.values.values() if isinstance(value, Party)])
            _store_wrong(connection, table, wrong, ids)


def _compare_row(
    table: VersionedTable, row: tuple[Any, ...], exchanges: Whitelist, report: RebuildReport
) -> _WrongRow | None:
    was_current, seq, exchange, number, value, headers, *stored = row
    what = f"{table.table if was_current else table.past} {exchange}/{number} ({say('条目', 'entry')} {seq})"
    try:
        expected = table.decode(exchange, value, headers, exchanges)
    except ValueError as error:
        shown = say("无法解读的字节：", "bytes that cannot be decoded: ") + str(error)
        report.add(what, shown, say("有效的记录", "a valid record"), repairable=False)
        return None
    wrong = {}
    for column, was, correct in zip((*table.columns, *table.parties), stored, expected, strict=True):
        compared = correct.subject if isinstance(correct, Party) else correct
        if compared is not UNDETERMINED and compared != was:
            report.add(f"{what} {column}", was, compared, repairable=True)
            wrong[column] = correct
    return _WrongRow(seq, was_current, wrong) if wrong else None


def _store_wrong(connection: Connection, table: VersionedTable, wrong: list[_WrongRow], ids: dict[Entity, int]) -> None:
    def changes(row: _WrongRow) -> str:
        # 0 is no party: one that is not stored, and that verification must not store.
        values = {c: ids.get(entity_of(v), 0) if isinstance(v, Party) else v for c, v in row.values.items()}
        return msgspec.json.encode(values).decode()

    create_repair_table(connection, table)
    rows = ((row.seq, row.was_current, changes(row)) for row in wrong)
    execute(
        connection,
        f"""
            INSERT INTO {table.repairs}
            SELECT n.*
            FROM unnest(CAST(%(seqs)s AS bigint[]), CAST(%(were)s AS boolean[]), CAST(%(changes)s AS jsonb[]))
                 AS c(seq, was_current, changes)
            JOIN {table.stored} d USING (seq, was_current)
            CROSS JOIN LATERAL jsonb_populate_record(
                CAST(ROW(d.*, d.was_current) AS {table.repairs}), c.changes
            ) n
            """,
        **pg_arrays(rows, "seqs", "were", "changes"),
    )


class _Place(NamedTuple):
    """An entry that is not where it belongs, as `_places_sql` selects it."""

    seq: int
    exchange: str
    number: str
    version: object
    was_current: bool
    replaced_by: int | None
    copies: int
    once_current: bool
    is_ambiguous: bool
    expected_by: int | None
    is_current: bool


def compare_places(connection: Connection, table: VersionedTable, report: RebuildReport) -> None:
    """Check that the newest version of each number is current and that each former one names its replacement."""
    ambiguous: set[tuple[str, str]] = set()
    moved = []
    for row in fetch(connection, _places_sql(connection, table), _Place):
        what = f"{table.table} {row.exchange}/{row.number} ({say('条目', 'entry')} {row.seq})"
        if row.is_ambiguous:
            ambiguous.add((row.exchange, row.number))
            if row.copies > 1:
                twice = say("同一版本在册两次", "this version is stored twice")
                report.add(what, twice, say("一次", "once"), repairable=False)
        elif not row.is_current and row.expected_by is None and not table.keeps_late:
            late = say("入册时已非最新", "was not the newest when it was applied")
            report.add(what, late, None, repairable=False)
        else:
            places = (_place(row.was_current, row.replaced_by), _place(row.is_current, row.expected_by))
            report.add(what, *places, repairable=True)
            moved.append(row)
    if ambiguous and _is_created(connection, table):
        _discard_repairs(connection, table, ambiguous)
    if moved:
        _store_moved(connection, table, moved)


def _place(is_current: bool, replaced_by: int | None) -> str:
    if is_current:
        return say("现行", "current")
    if replaced_by is None:
        return say("历史，从未现行", "past, never current")
    return say(f"历史，被条目 {replaced_by} 取代", f"past, replaced by entry {replaced_by}")


def _places_sql(connection: Connection, table: VersionedTable) -> str:
    repairs = table.repairs if _is_created(connection, table) else f"(SELECT * FROM {table.stored} d WHERE false)"
    columns = f"d.seq, d.exchange, d.{table.number} AS number, {table.version} AS version, d.was_current, d.replaced_by"
    return f"""
        WITH touched AS (
            SELECT exchange, {table.number} FROM {table.past}
            UNION SELECT exchange, {table.number} FROM {repairs} r
        ), entry AS (
            SELECT {columns} FROM {table.stored} d JOIN touched USING (exchange, {table.number})
            WHERE NOT EXISTS (SELECT FROM {repairs} r WHERE r.seq = d.seq AND r.was_current = d.was_current)
            UNION ALL SELECT {columns} FROM {repairs} d
        ), judged AS (
            SELECT *, count(*) OVER (PARTITION BY exchange, number, version) AS copies,
                   coalesce(version > max(version) OVER (PARTITION BY exchange, number ORDER BY seq
                                                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true)
                   AS once_current
            FROM entry
        ), followed AS (
            SELECT *, bool_or(copies > 1) OVER (PARTITION BY exchange, number) AS is_ambiguous,
                   CASE WHEN once_current
                        THEN lead(seq) OVER (PARTITION BY exchange, number, once_current ORDER BY seq)
                   END AS expected_by
            FROM judged
        ), placed AS (
            SELECT *, once_current AND expected_by IS NULL AS is_current FROM followed
        )
        SELECT * FROM placed
        WHERE is_ambiguous OR was_current <> is_current OR replaced_by IS DISTINCT FROM expected_by
              OR (NOT once_current AND NOT {str(table.keeps_late).lower()})
        ORDER BY seq
    """


def _discard_repairs(connection: Connection, table: VersionedTable, numbers: set[tuple[str, str]]) -> None:
    execute(
        connection,
        f"DELETE FROM {table.repairs} r"
        " USING unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, number)"
        f" WHERE r.exchange = k.exchange AND r.{table.number} = k.number",
        **pg_arrays(numbers, "exchanges", "numbers"),
    )


def _store_moved(connection: Connection, table: VersionedTable, moved: Sequence[_Place]) -> None:
    create_repair_table(connection, table)
    columns = ", ".join(f'd."{name}"' for name in _columns(connection, table.table))
    places = ((row.seq, row.was_current, row.is_current, row.expected_by) for row in moved)
    execute(
        connection,
        f"""
            INSERT INTO {table.repairs} SELECT {columns}, p.expected_by, p.was_current, p.is_current
            FROM unnest(CAST(%(seqs)s AS bigint[]), CAST(%(were)s AS boolean[]), CAST(%(are)s AS boolean[]),
                        CAST(%(by)s AS bigint[])) AS p(seq, was_current, is_current, expected_by)
            JOIN {table.stored} d ON d.seq = p.seq AND d.was_current = p.was_current
            ON CONFLICT (seq, was_current)
            DO UPDATE SET is_current = excluded.is_current, replaced_by = excluded.replaced_by
            """,
        **pg_arrays(places, "seqs", "were", "are", "by"),
    )


def apply_repairs(connection: Connection, table: VersionedTable) -> None:
    """Write the repairs to the tables; bytes, places in the topic and `seq` stay as they were."""
    current, past, repairs = table.table, table.past, table.repairs
    names = _columns(connection, current)
    columns = ", ".join(f'"{name}"' for name in names)
    changed = ", ".join(f'"{name}" = r."{name}"' for name in (*names, "replaced_by"))
    statements = {
        "was_current": f"DELETE FROM {current} d USING {repairs} r WHERE r.was_current AND r.seq = d.seq",
        "NOT was_current AND is_current": (
            f"DELETE FROM {past} d USING {repairs} r WHERE NOT r.was_current AND r.is_current AND r.seq = d.seq"
        ),
        "NOT was_current AND NOT is_current": (
            f"UPDATE {past} d SET {changed} FROM {repairs} r"
            " WHERE NOT r.was_current AND NOT r.is_current AND r.seq = d.seq"
        ),
    }
    for condition, statement in statements.items():
        # Run only what is needed: the service's own role has no right to delete from the past.
        if fetch_value(connection, f"SELECT EXISTS (SELECT FROM {repairs} WHERE {condition})", bool):
            execute(connection, statement)
    execute(connection, f"INSERT INTO {current} ({columns}) SELECT {columns} FROM {repairs} WHERE is_current")
    execute(
        connection,
        f"INSERT INTO {past} ({columns}, replaced_by) SELECT {columns}, replaced_by FROM {repairs}"
        " WHERE was_current AND NOT is_current",
    )


def overlay_repairs(connection: Connection, table: VersionedTable) -> None:
    """Make the tables' names mean the repaired rows within this transaction, by temporary views."""
    columns = ", ".join(f'"{name}"' for name in _columns(connection, table.table))
    for name, extra, was, is_ in (
        (table.table, "", "r.was_current", "is_current"),
        (table.past, ", replaced_by", "NOT r.was_current", "NOT is_current"),
    ):
        execute(
            connection,
            f"CREATE TEMPORARY VIEW {name} AS SELECT {columns}{extra} FROM {name} d"
            f" WHERE NOT EXISTS (SELECT FROM {table.repairs} r WHERE r.seq = d.seq AND {was})"
            f" UNION ALL SELECT {columns}{extra} FROM {table.repairs} WHERE {is_}",
        )


def has_repairs(connection: Connection, table: VersionedTable) -> bool:
    """Return True if a row is wrong, and what it should be is known."""
    statement = f"SELECT EXISTS (SELECT FROM {table.repairs})"
    return _is_created(connection, table) and fetch_value(connection, statement, bool)


def _is_created(connection: Connection, table: VersionedTable) -> bool:
    statement = "SELECT to_regclass(%(name)s) IS NOT NULL"
    return fetch_value(connection, statement, bool, name=f"pg_temp.{table.repairs}")


def _columns(connection: Connection, table: str) -> list[str]:
    statement = (
        "SELECT attname FROM pg_attribute WHERE attrelid = CAST(%(table)s AS regclass) AND attnum > 0"
        " AND NOT attisdropped ORDER BY attnum"
    )
    return fetch_values(connection, statement, str, table=table)
