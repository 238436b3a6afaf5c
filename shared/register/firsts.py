"""Firsts: the least of a party's eligible documents by instant, exchange and number (code point order).

The state is kept by party and mended from what a batch touched: a new document that comes before the first takes its
place; where the first itself was touched, the database is asked for the least anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from shared.db import pg_array
from shared.register.parties import subjects_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from shared.register.report import Report


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

    def probe_sql(self) -> str:
        """The least eligible document of each party of `:parties`."""
        return f"""
            SELECT p.party, d.{self.at}, d.exchange, d.number, d.seq
            FROM unnest(CAST(:parties AS int[])) AS p(party)
            CROSS JOIN LATERAL (
                SELECT {self.at}, exchange, number, seq FROM {self.documents}
                WHERE {self.party} = p.party AND {self.eligible}
                ORDER BY {self.at}, exchange, number LIMIT 1
            ) d
        """


def mend_firsts(
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
        connection.execute(
            text(f"DELETE FROM {table.first} WHERE party = ANY(CAST(:parties AS int[]))"), {"parties": pg_array(gone)}
        )
    kept = [(party, first) for party, first in changed.items() if first is not None]
    if kept:
        connection.execute(
            text(
                f"""
                INSERT INTO {table.first} (party, exchange, number, {table.at}, seq)
                SELECT * FROM unnest(CAST(:parties AS int[]), CAST(:exchanges AS text[]), CAST(:numbers AS text[]),
                                     CAST(:ats AS timestamptz[]), CAST(:seqs AS bigint[]))
                ON CONFLICT (party) DO UPDATE SET exchange = excluded.exchange, number = excluded.number,
                                                  {table.at} = excluded.{table.at}, seq = excluded.seq
                """
            ),
            {
                "parties": pg_array(party for party, _ in kept),
                "exchanges": pg_array(first.exchange for _, first in kept),
                "numbers": pg_array(first.number for _, first in kept),
                "ats": pg_array(first.at for _, first in kept),
                "seqs": pg_array(first.seq for _, first in kept),
            },
        )


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


def compare_firsts(connection: Connection, table: FirstsTable, report: Report) -> None:
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
    rows = connection.execute(
        text(
            f"SELECT party, {table.at}, exchange, number, seq FROM {table.first}"
            " WHERE party = ANY(CAST(:parties AS int[]))"
        ),
        {"parties": pg_array(parties)},
    )
    return {row[0]: First(*row[1:]) for row in rows}


def _probed(connection: Connection, table: FirstsTable, parties: list[int]) -> dict[int, First]:
    rows = connection.execute(text(table.probe_sql()), {"parties": pg_array(parties)})
    return {row[0]: First(*row[1:]) for row in rows}
