"""Recount of documents after a change of the whitelist."""

from sqlalchemy import Connection

from shared.events.decode import Kind
from shared.postgres.query import execute, fetch
from shared.register.revisions import Key
from shared.register.stored_documents import INSTANT_COLUMN
from shared.whitelist import Whitelist


def recount_documents(connection: Connection, kind: Kind, exchanges: Whitelist) -> list[Key]:
    """Set `counted` of every document, current and past, by the whitelist; return the current ones that changed."""
    # A recount may take longer than a batch may.
    execute(connection, "SET LOCAL transaction_timeout = 0")
    at, periods = INSTANT_COLUMN[kind], [exchanges.period(exchange) for exchange in exchanges.ids]
    parameters = {
        "ids": list(exchanges.ids),
        "froms": [period[0] for period in periods],
        "untils": [period[1] for period in periods],
    }
    changed = [
        fetch(
            connection,
            f"""
                WITH period AS (
                    SELECT * FROM unnest(CAST(%(ids)s AS text[]), CAST(%(froms)s AS timestamptz[]),
                                         CAST(%(untils)s AS timestamptz[])) AS p(exchange, from_at, until_at)
                ), judged AS (
                    SELECT d.seq, p.exchange IS NOT NULL AND d.{at} >= p.from_at
                                  AND (p.until_at IS NULL OR d.{at} < p.until_at) AS counted
                    FROM {table} d LEFT JOIN period p ON p.exchange = d.exchange
                )
                UPDATE {table} d SET counted = j.counted FROM judged j
                WHERE j.seq = d.seq AND j.counted <> d.counted RETURNING d.exchange, d.number
                """,
            tuple[str, str],
            **parameters,
        )
        for table in (kind, f"{kind}_past")
    ]
    return changed[0]
