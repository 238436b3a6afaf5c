"""Which documents count, by the whitelist: worked out anew when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.whitelist import Whitelist


def recount_documents(connection: Connection, table: str, at: str, exchanges: Whitelist) -> list[tuple[str, str]]:
    """Set `counted` of every document, current and past, by the whitelist; the numbers whose current one changed."""
    # A recount may take longer than a batch may.
    connection.execute(text("SET LOCAL transaction_timeout = 0"))
    ids = exchanges.ids
    parameters = {
        "ids": list(ids),
        "froms": [exchanges.period(exchange)[0] for exchange in ids],
        "untils": [exchanges.period(exchange)[1] for exchange in ids],
    }
    changed: list[tuple[str, str]] = []
    for name in (table, f"{table}_past"):
        rows = connection.execute(
            text(
                f"""
                WITH period AS (
                    SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:froms AS timestamptz[]), CAST(:untils AS
                    timestamptz[]))
                                  AS p(exchange, from_at, until_at)
                ), judged AS (
                    SELECT d.seq, p.exchange IS NOT NULL AND d.{at} >= p.from_at
                                  AND (p.until_at IS NULL OR d.{at} < p.until_at) AS counted
                    FROM {name} d LEFT JOIN period p ON p.exchange = d.exchange
                )
                UPDATE {name} d SET counted = j.counted FROM judged j
                WHERE j.seq = d.seq AND j.counted <> d.counted RETURNING d.exchange, d.number
                """
            ),
            parameters,
        ).all()
        if name == table:
            changed = [(row.exchange, row.number) for row in rows]
    return changed
