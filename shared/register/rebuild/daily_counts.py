"""Comparison of daily counts with accepted documents, the quarantine and, if topics are read again, duplicates."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection

from shared.language import say
from shared.postgres.query import fetch
from shared.register.daily_counts import ACCEPTED, DUPLICATE, Count, add_counts
from shared.register.rebuild.report import RebuildReport

# Exchange and Shanghai day. None: the record has no usable timestamp and was counted on the day it was received.
Day = tuple[str, "date | None"]

_DAY = "CAST(record_at AT TIME ZONE INTERVAL '8 hours' AS date)"  # in Shanghai


class DayCount(NamedTuple):
    """A count of `intake_day` that differs from the stored records."""

    exchange: str
    day: date
    outcome: str
    stored: int
    stored_fen: Decimal
    stored_cut: int
    records: int
    amount_fen: Decimal
    cut_items: int


def compare_days(
    connection: Connection, documents: str, amount: str, report: RebuildReport, *, all_known: bool
) -> Sequence[DayCount]:
    """Compare the counts of accepted and rejected records with documents and quarantine; return the rows to store.

    `amount`: the SQL of a document's money. If more rejected records were counted than are stored, some are lost: such
    a count may be lowered only if all records were read again (`all_known`).
    """
    rows = fetch(
        connection,
        f"""
            WITH expected AS (
                SELECT exchange, {_DAY} AS day, %(accepted)s AS outcome, count(*) AS records, sum(amount) AS amount_fen,
                       0 AS cut_items
                FROM (SELECT exchange, record_at, {amount} AS amount FROM {documents}
                      UNION ALL SELECT exchange, record_at, {amount} FROM {documents}_past) d
                GROUP BY 1, 2
                UNION ALL
                SELECT exchange, {_DAY}, reason, sum(coalesce(records, 1)), 0, count(*) FILTER (WHERE cut)
                FROM quarantine GROUP BY 1, 2, 3
            )
            SELECT exchange, day, outcome, coalesce(s.records, 0) AS stored, coalesce(s.amount_fen, 0) AS stored_fen,
                   coalesce(s.cut_items, 0) AS stored_cut, coalesce(e.records, 0) AS records,
                   coalesce(e.amount_fen, 0) AS amount_fen, coalesce(e.cut_items, 0) AS cut_items
            FROM (SELECT * FROM intake_day WHERE outcome <> %(duplicate)s) s
            FULL JOIN expected e USING (exchange, day, outcome)
            WHERE (coalesce(s.records, 0), coalesce(s.amount_fen, 0), coalesce(s.cut_items, 0))
                  <> (coalesce(e.records, 0), coalesce(e.amount_fen, 0), coalesce(e.cut_items, 0))
            ORDER BY exchange, day, outcome
            """,
        DayCount,
        accepted=ACCEPTED,
        duplicate=DUPLICATE,
    )
    repairable = [row for row in rows if all_known or row.outcome == ACCEPTED or row.stored <= row.records]
    for row in rows:
        report.add(
            f"intake_day {row.exchange}/{row.day}/{row.outcome}",
            _figures(row.stored, row.stored_fen, row.stored_cut),
            _figures(row.records, row.amount_fen, row.cut_items),
            repairable=row in repairable,
        )
    return repairable


def store_days(connection: Connection, rows: Sequence[DayCount], duplicates: Counter[Day]) -> None:
    """Correct these counts, and add to those of duplicates."""
    records: dict[Count, int] = {row[:3]: row.records - row.stored for row in rows}
    records |= {(exchange, day, DUPLICATE): added for (exchange, day), added in duplicates.items() if day is not None}
    amounts_fen = {row[:3]: int(row.amount_fen - row.stored_fen) for row in rows}
    add_counts(connection, records, amounts_fen, {row[:3]: row.cut_items - row.stored_cut for row in rows})


def _figures(records: int, amount_fen: Decimal, cut_items: int) -> str:
    cut = f", {cut_items} {say('件截短', 'cut')}" if cut_items else ""
    return f"{records} {say('条', 'records')}, {amount_fen} fen{cut}"


def load_duplicates(connection: Connection) -> Counter[Day]:
    statement = "SELECT exchange, day, records FROM intake_day WHERE outcome = %(duplicate)s"
    rows = fetch(connection, statement, tuple[str, date, int], duplicate=DUPLICATE)
    return Counter({(exchange, day): records for exchange, day, records in rows})


def compare_duplicates(
    stored: Counter[Day], found: Counter[Day], report: RebuildReport, *, all_known: bool
) -> Counter[Day]:
    """Compare counts of duplicates with those found in the topics; return what to add to the counts, by day.

    For an exchange with undated duplicates only the sum can be compared. Without `all_known` nothing is to be stored,
    as some records are not what they should be.
    """
    undated = {exchange for exchange, day in found if day is None}
    changes: Counter[Day] = Counter()
    for key in sorted({key for key in (*stored, *found) if key[0] not in undated}):
        if stored[key] != found[key]:
            report.add(f"intake_day {key[0]}/{key[1]}/{DUPLICATE}", stored[key], found[key], repairable=all_known)
            if all_known:
                changes[key] = found[key] - stored[key]
    for exchange in sorted(undated):
        sums = [sum(count for (of, _), count in days.items() if of == exchange) for days in (stored, found)]
        if sums[0] != sums[1]:
            report.add(f"intake_day {exchange}/*/{DUPLICATE}", *sums, repairable=False)
    return changes
