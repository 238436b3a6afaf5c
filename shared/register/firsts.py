"""Firsts: the least of a party's eligible documents by instant, exchange and number (code point order).

The state is kept by party and mended from what a batch touched: a new document that comes before the first takes its
place; where the first itself was touched, the database is asked for the least anew.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from shared.postgres.database import change, fetch
from shared.postgres.query import pg_array
from shared.register.parties import subjects_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from shared.register.rebuild.report import RebuildReport


class First(NamedTuple):
    """In the order that decides: instant, exchange, number; then the entry that stands for it."""

    at: datetime
    exchange: str
    number: str
    seq: int


class FirstsTable(NamedTuple):
    """Where documents and firsts of one kind are kept."""

    first: str  # the table of firsts
    documents: str
    party: str  # the column of the party that it is a first of
    at: str  # the column of the instant
    eligible: str  # the condition that the index on documents has, too


class _Statements(NamedTuple):
    """What is asked of a table of firsts, and of its documents, for some parties."""

    standing: bytes
    least: bytes
    store: bytes
    remove: bytes


def update_firsts(
    connection: Connection,
    table: FirstsTable,
    candidates: Mapping[int, First],
    touched: Mapping[int, Iterable[tuple[str, str]]],
) -> dict[int, First | None]:
    """Bring firsts up to date after documents were written; whose first is now another, or revised, and what it was.

    `candidates`: the least new eligible document of each party. `touched`: of each party, the (exchange, number) of its
    eligible documents that were replaced.
    """
    parties = candidates.keys() | touched.keys()
    if not parties:
        return {}
    standing = _standing(connection, table, parties)
    probe = [
        party
        for party, documents in touched.items()
        if party in standing and (standing[party].exchange, standing[party].number) in documents
    ]
    least: dict[int, First | None] = {}
    for party, candidate in candidates.items():
        first = standing.get(party)
        if first is None or candidate < first:
            least[party] = candidate
    if probe:
        found = _probed(connection, table, probe)
        least.update({party: found.get(party) for party in probe})
    changed = {party: first for party, first in least.items() if first != standing.get(party)}
    store_firsts(connection, table, changed)
    return {party: standing.get(party) for party in changed}


def store_firsts(connection: Connection, table: FirstsTable, changed: Mapping[int, First | None]) -> None:
    """Write firsts as they are now; None takes a first away."""
    gone = [party for party, first in changed.items() if first is None]
    if gone:
        change(connection, _statements(table).remove, {"parties": pg_array(gone)})
    kept = [(party, first) for party, first in changed.items() if first is not None]
    if kept:
        parameters = {
            "parties": pg_array(party for party, _ in kept),
            "exchanges": pg_array(first.exchange for _, first in kept),
            "numbers": pg_array(first.number for _, first in kept),
            "ats": pg_array(first.at for _, first in kept),
            "seqs": pg_array(first.seq for _, first in kept),
        }
        change(connection, _statements(table).store, parameters)


def differing_firsts(connection: Connection, table: FirstsTable) -> dict[int, tuple[First | None, First | None]]:
    """Work out every first from the documents; of each party whose first is another, as it stands and as it follows."""
    rows = connection.execute(
        text(
            f"""
            WITH least AS (
                SELECT DISTINCT ON (d.{table.party}) d.{table.party} AS party, d.exchange, d.number, d.{table.at}, d.seq
                FROM {table.documents} d JOIN party ON party.id = d.{table.party} AND party.scheme = 'uscc'
                WHERE {table.eligible}
                ORDER BY d.{table.party}, d.{table.at}, d.exchange, d.number
            )
            SELECT coalesce(n.party, f.party) AS party, f.{table.at}, f.exchange, f.number, f.seq,
                   n.{table.at}, n.exchange, n.number, n.seq
            FROM least n FULL JOIN {table.first} f ON f.party = n.party
            WHERE (n.exchange, n.number, n.{table.at}, n.seq)
                  IS DISTINCT FROM (f.exchange, f.number, f.{table.at}, f.seq)
            """
        )
    )
    return {
        row[0]: (None if row[4] is None else First(*row[1:5]), None if row[8] is None else First(*row[5:9]))
        for row in rows
    }


def compare_firsts(connection: Connection, table: FirstsTable, report: RebuildReport) -> None:
    """Report every first that is not the one that follows from the documents."""
    differing = differing_firsts(connection, table)
    subjects = subjects_of(connection, differing)
    for party, (stands, follows) in sorted(differing.items()):
        told = [
            None if one is None else f"{one.exchange}/{one.number} (条目 / entry {one.seq}, {one.at.isoformat()})"
            for one in (stands, follows)
        ]
        report.add(f"{table.first} {subjects.get(party, party)}", *told, mendable=True)
    count = connection.execute(text(f"SELECT count(*) FROM {table.first}")).scalar_one()
    report.compared("首次 / firsts", count)


def rebuild_firsts(connection: Connection, table: FirstsTable) -> set[int]:
    """Work out every first from the documents and write those that differ; the parties whose first was another."""
    differing = differing_firsts(connection, table)
    store_firsts(connection, table, {party: follows for party, (_, follows) in differing.items()})
    return set(differing)


def _standing(connection: Connection, table: FirstsTable, parties: Iterable[int]) -> dict[int, First]:
    rows = fetch(connection, _statements(table).standing, {"parties": pg_array(parties)})
    return {party: First(*first) for party, *first in rows}


def _probed(connection: Connection, table: FirstsTable, parties: list[int]) -> dict[int, First]:
    """The least eligible document of each party."""
    rows = fetch(connection, _statements(table).least, {"parties": pg_array(parties)})
    return {party: First(*first) for party, *first in rows}


@cache
def _statements(table: FirstsTable) -> _Statements:
    first, at, parties = table.first, table.at, "CAST(%(parties)s AS int[])"
    return _Statements(
        standing=f"SELECT party, {at}, exchange, number, seq FROM {first} WHERE party = ANY({parties})".encode(),
        least=f"""
            SELECT p.party, d.{at}, d.exchange, d.number, d.seq
            FROM unnest({parties}) AS p(party)
            CROSS JOIN LATERAL (
                SELECT {at}, exchange, number, seq FROM {table.documents}
                WHERE {table.party} = p.party AND {table.eligible}
                ORDER BY {at}, exchange, number LIMIT 1
            ) d
        """.encode(),
        store=f"""
            INSERT INTO {first} (party, exchange, number, {at}, seq)
            SELECT * FROM unnest({parties}, CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[]),
                                 CAST(%(ats)s AS timestamptz[]), CAST(%(seqs)s AS bigint[]))
            ON CONFLICT (party) DO UPDATE SET exchange = excluded.exchange, number = excluded.number,
                                              {at} = excluded.{at}, seq = excluded.seq
        """.encode(),
        remove=f"DELETE FROM {first} WHERE party = ANY({parties})".encode(),
    )
