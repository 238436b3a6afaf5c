"""The daily counts held against what was counted: accepted documents, refused records, and, read again, duplicates."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from shared.register.tables import ACCEPTED, DUPLICATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import Connection, Row

    from shared.register.rebuild.report import RebuildReport

# Exchange and Shanghai day; None: a record's timestamp is no date, and it was counted on the day it was received.
Day = tuple[str, "date | None"]

_DAY = "CAST(record_at AT TIME ZONE INTERVAL '8 hours' AS date)"  # in Shanghai


def compare_days(
    connection: Connection, documents: str, amount: str, report: RebuildReport, *, all_known: bool
) -> Sequence[Row[Any]]:
    """Hold the counts of accepted and refused records against documents and quarantine; the rows to write.

    `amount`: the SQL of a document's money. More refused records counted than kept means that some are lost: only who
    has read all records again (`all_known`) may lower such a count.
    """
    rows = connection.execute(
        text(
            f"""
            WITH follows AS (
                SELECT exchange, {_DAY} AS day, :accepted AS outcome, count(*) AS records, sum(amount) AS amount_fen
                FROM (SELECT exchange, record_at, {amount} AS amount FROM {documents}
                      UNION ALL SELECT exchange, record_at, {amount} FROM {documents}_past) d
                GROUP BY 1, 2
                UNION ALL
                SELECT exchange, {_DAY}, reason, count(*), 0 FROM quarantine GROUP BY 1, 2, 3
            )
            SELECT exchange, day, outcome, coalesce(s.records, 0) AS stands, coalesce(s.amount_fen, 0) AS stands_fen,
                   coalesce(f.records, 0) AS records, coalesce(f.amount_fen, 0) AS amount_fen
            FROM (SELECT * FROM intake_day WHERE outcome <> :duplicate) s
            FULL JOIN follows f USING (exchange, day, outcome)
            WHERE (coalesce(s.records, 0), coalesce(s.amount_fen, 0))
                  <> (coalesce(f.records, 0), coalesce(f.amount_fen, 0))
            ORDER BY exchange, day, outcome
            """
        ),
        {"accepted": ACCEPTED, "duplicate": DUPLICATE},
    ).all()
    mendable = []
    for row in rows:
        known = all_known or row.outcome == ACCEPTED or row.stands <= row.records
        report.add(
            f"intake_day {row.exchange}/{row.day}/{row.outcome}",
            f"{row.stands} 条 / records, {row.stands_fen} fen",
            f"{row.records} 条 / records, {row.amount_fen} fen",
            mendable=known,
        )
        if known:
            mendable.append(row)
    return mendable


def store_days(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Write counts as they follow."""
    if rows:
        connection.execute(
            text(
                "INSERT INTO intake_day (exchange, day, outcome, records, amount_fen)"
                " VALUES (:exchange, :day, :outcome, :records, :amount_fen)"
                " ON CONFLICT (exchange, day, outcome)"
                " DO UPDATE SET records = excluded.records, amount_fen = excluded.amount_fen"
            ),
            [
                {name: getattr(row, name) for name in ("exchange", "day", "outcome", "records", "amount_fen")}
                for row in rows
            ],
        )


def load_duplicates(connection: Connection) -> Counter[Day]:
    """The counts of duplicates as they stand."""
    rows = connection.execute(
        text("SELECT exchange, day, records FROM intake_day WHERE outcome = :duplicate"), {"duplicate": DUPLICATE}
    )
    return Counter({(row.exchange, row.day): row.records for row in rows})


def compare_duplicates(
    stands: Counter[Day], follows: Counter[Day], report: RebuildReport, *, all_known: bool
) -> Counter[Day]:
    """Hold counts of duplicates against those found; what to add to the counts, by day.

    Of an exchange with duplicates without a date only the sum can be told. Not `all_known`: nothing is to be written,
    as some records are not what they should be.
    """
    undated = {exchange for exchange, day in follows if day is None}
    changes: Counter[Day] = Counter()
    for key in sorted({key for key in (*stands, *follows) if key[0] not in undated}):
        if stands[key] != follows[key]:
            report.add(f"intake_day {key[0]}/{key[1]}/{DUPLICATE}", stands[key], follows[key], mendable=all_known)
            if all_known:
                changes[key] = follows[key] - stands[key]
    for exchange in sorted(undated):
        sums = [sum(count for (of, _), count in days.items() if of == exchange) for days in (stands, follows)]
        if sums[0] != sums[1]:
            report.add(f"intake_day {exchange}/*/{DUPLICATE}", *sums, mendable=False)
    return changes


def add_duplicates(connection: Connection, changes: Counter[Day]) -> None:
    """Correct counts of duplicates."""
    if changes:
        connection.execute(
            text(
                "INSERT INTO intake_day AS d (exchange, day, outcome, records, amount_fen)"
                " VALUES (:exchange, :day, :outcome, :records, 0)"
                " ON CONFLICT (exchange, day, outcome) DO UPDATE SET records = d.records + excluded.records"
            ),
            [
                {"exchange": exchange, "day": day, "outcome": DUPLICATE, "records": records}
                for (exchange, day), records in changes.items()
            ],
        )
