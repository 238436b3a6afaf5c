"""Firsts: the least of a party's eligible documents by instant, exchange and number (code point order).

The first of each party is stored and updated from what a batch touched: a new document that comes before the first
takes its place; where the first itself was replaced, the least is looked up again.

A *void* document is one that would be the first had it not been annulled or cancelled. Facts name it beside the first,
as the reason why that one is the first. It is not stored but looked up over an index when a fact is rendered.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection

from shared.events.decode import Kind
from shared.language import say
from shared.postgres.query import execute, fetch, fetch_value, fetch_values, pg_array, pg_arrays
from shared.register.derived_table import DerivedTable, differing_rows, rebuild_rows
from shared.register.parties import subjects_of
from shared.register.rebuild.report import RebuildReport
from shared.register.revisions import Key
from shared.register.stored_documents import INSTANT_COLUMN


class First(NamedTuple):
    """A first document, compared by instant, exchange and number; `seq` is its entry."""

    at: datetime
    exchange: str
    number: str
    seq: int


class FirstsTable(NamedTuple):
    """Where documents and firsts of one kind are stored."""

    topic: str  # of the facts
    first: str  # the table of firsts
    document: Kind  # and the table of documents
    party: str  # the column of the party
    eligible: str  # the condition, the same as that of the index on documents
    void: str  # the condition of a document that was annulled or cancelled, else eligible; that of another index
    void_name: str  # the field of facts that names it

    @property
    def at(self) -> str:
        """The column of the document's instant."""
        return INSTANT_COLUMN[self.document]

    @property
    def derived(self) -> DerivedTable:
        """The table of firsts, with the columns of `First`."""
        order = f"d.{self.at}, d.exchange, d.number"
        expected = f"""
            SELECT DISTINCT ON (d.{self.party}) d.{self.party} AS party, {order}, d.seq
            FROM {self.document} d JOIN party ON party.id = d.{self.party} AND party.scheme = 'uscc'
            WHERE {self.eligible} ORDER BY d.{self.party}, {order}
        """
        return DerivedTable(self.first, ("party",), (self.at, "exchange", "number", "seq"), expected)

    def comes_before(self, document: str) -> str:
        """The condition that a row with the columns of `First` comes before the row `f` of firsts, if there is one."""
        return (
            f"(f.party IS NULL OR ({document}.{self.at}, {document}.exchange, {document}.number)"
            f" < (f.{self.at}, f.exchange, f.number))"
        )


class _Statements(NamedTuple):
    current: str
    least: str
    store: str
    remove: str


def update_firsts(
    connection: Connection,
    table: FirstsTable,
    candidates: Iterable[tuple[int, tuple[datetime, str, str, int]]],
    replaced: Iterable[tuple[int, Key]],
) -> dict[int, First | None]:
    """Update firsts after a batch was written; return the former first of each party whose first changed.

    `candidates`: new eligible documents by party, in the order of `First`. `replaced`: eligible documents by party
    that are no longer current.
    """
    least: dict[int, tuple[datetime, str, str, int]] = {}
    for party, candidate in candidates:
        known = least.get(party)
        if known is None or candidate < known:
            least[party] = candidate
    touched: dict[int, set[Key]] = {}
    for party, key in replaced:
        touched.setdefault(party, set()).add(key)
    parties = least.keys() | touched.keys()
    if not parties:
        return {}
    current = _load(connection, _statements(table).current, parties)
    new: dict[int, First | None] = {
        party: First(*candidate)
        for party, candidate in least.items()
        if party not in current or candidate < current[party]
    }
    gone = [
        party
        for party, keys in touched.items()
        if party in current and (current[party].exchange, current[party].number) in keys
    ]
    if gone:
        found = _load(connection, _statements(table).least, gone)
        new.update({party: found.get(party) for party in gone})
    changed = {party: first for party, first in new.items() if first != current.get(party)}
    _store(connection, table, changed)
    return {party: current.get(party) for party in changed}


def before_first(
    connection: Connection, table: FirstsTable, documents: Iterable[tuple[int, datetime, str, str]]
) -> set[int]:
    """Return the parties of which a document comes before the first, or that have no first.

    `documents`: party, instant, exchange and number of each.
    """
    rows = list(documents)
    if not rows:
        return set()
    query = f"""
        SELECT DISTINCT d.party
        FROM unnest(CAST(%(parties)s AS int[]), CAST(%(ats)s AS timestamptz[]), CAST(%(exchanges)s AS text[]),
                    CAST(%(numbers)s AS text[])) AS d(party, {table.at}, exchange, number)
        LEFT JOIN {table.first} f ON f.party = d.party WHERE {table.comes_before("d")}
    """
    parameters = pg_arrays(rows, "parties", "ats", "exchanges", "numbers")
    return set(fetch_values(connection, query, int, **parameters))


def with_void(connection: Connection, table: FirstsTable, parties: Iterable[int] | None = None) -> set[int]:
    """Return those of the parties (None: of all) of which a void document comes before the first."""
    query = f"""
        SELECT DISTINCT d.{table.party} FROM {table.document} d
        JOIN party p ON p.id = d.{table.party} AND p.scheme = 'uscc'
        LEFT JOIN {table.first} f ON f.party = d.{table.party}
        WHERE {table.void} AND {table.comes_before("d")}
          AND (CAST(%(parties)s AS int[]) IS NULL OR d.{table.party} = ANY(CAST(%(parties)s AS int[])))
    """
    return set(fetch_values(connection, query, int, parties=None if parties is None else pg_array(parties)))


def no_longer_counted(connection: Connection, table: FirstsTable, recounted: Iterable[Key]) -> set[int]:
    """Return the parties of recounted documents that do not count: a void one among them is named no longer."""
    query = f"""
        SELECT DISTINCT d.{table.party}
        FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, number)
        JOIN {table.document} d ON d.exchange = k.exchange AND d.number = k.number AND NOT d.counted
        JOIN party p ON p.id = d.{table.party} AND p.scheme = 'uscc'
    """
    return set(fetch_values(connection, query, int, **pg_arrays(recounted, "exchanges", "numbers")))


def _store(connection: Connection, table: FirstsTable, changed: Mapping[int, First | None]) -> None:
    """Store firsts; None removes one."""
    gone = [party for party, first in changed.items() if first is None]
    if gone:
        execute(connection, _statements(table).remove, parties=pg_array(gone))
    kept = [(party, *first) for party, first in changed.items() if first is not None]
    if kept:
        parameters = pg_arrays(kept, "parties", "ats", "exchanges", "numbers", "seqs")
        execute(connection, _statements(table).store, **parameters)


def compare_firsts(connection: Connection, table: FirstsTable, report: RebuildReport) -> None:
    """Report every stored first that differs from the documents."""
    differing = differing_rows(connection, table.derived)
    subjects = subjects_of(connection, (row.key[0] for row in differing))
    for (party,), *firsts in differing:
        shown = [
            first and f"{first.exchange}/{first.number} ({say('条目', 'entry')} {first.seq}, {first.at.isoformat()})"
            for first in (None if values is None else First(*values) for values in firsts)
        ]
        report.add(f"{table.first} {subjects.get(party, party)}", *shown, repairable=True)
    count = fetch_value(connection, f"SELECT count(*) FROM {table.first}", int)
    report.compared(say("首次", "firsts"), count)


def rebuild_firsts(connection: Connection, table: FirstsTable) -> set[int]:
    """Recompute every first and store those that differ; return the parties whose first changed."""
    return {party for (party,) in rebuild_rows(connection, table.derived)}


def _load(connection: Connection, query: str, parties: Iterable[int]) -> dict[int, First]:
    rows = fetch(connection, query, tuple[int, datetime, str, str, int], parties=pg_array(parties))
    return {row[0]: First(*row[1:]) for row in rows}


@cache
def _statements(table: FirstsTable) -> _Statements:
    first, at, parties = table.first, table.at, "CAST(%(parties)s AS int[])"
    return _Statements(
        current=f"SELECT party, {at}, exchange, number, seq FROM {first} WHERE party = ANY({parties})",
        least=f"""
            SELECT p.party, d.{at}, d.exchange, d.number, d.seq
            FROM unnest({parties}) AS p(party)
            CROSS JOIN LATERAL (
                SELECT {at}, exchange, number, seq FROM {table.document}
                WHERE {table.party} = p.party AND {table.eligible}
                ORDER BY {at}, exchange, number LIMIT 1
            ) d
        """,
        store=f"""
            INSERT INTO {first} (party, exchange, number, {at}, seq)
            SELECT * FROM unnest({parties}, CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[]),
                                 CAST(%(ats)s AS timestamptz[]), CAST(%(seqs)s AS bigint[]))
            ON CONFLICT (party) DO UPDATE SET exchange = excluded.exchange, number = excluded.number,
                                              {at} = excluded.{at}, seq = excluded.seq
        """,
        remove=f"DELETE FROM {first} WHERE party = ANY({parties})",
    )
