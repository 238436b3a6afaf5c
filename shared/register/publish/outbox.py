"""Outbox of changed facts: keys are marked dirty in the transaction that changes them, and rendered when sent."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from shared.postgres.query import execute, fetch, fetch_optional, fetch_values, pg_array, pg_arrays

DirtyKey = tuple[str, str]  # topic, key without the register

# Rows read in search of keys. A key may have been marked many times, and all its rows go with it.
_MOST_ROWS: Final = 100_000
_MARK_DIRTY = """
    INSERT INTO outbox (topic, key, dirty_at)
    SELECT topic, key, %(now)s FROM unnest(CAST(%(topics)s AS text[]), CAST(%(keys)s AS text[])) AS k(topic, key)
"""
# By equality alone PostgreSQL may read the primary key in order, and with it what waits of all other topics.
_OLDEST = """
    SELECT topic, key, array_agg(id) AS ids FROM (
        SELECT o.id, o.topic, o.key FROM unnest(CAST(%(topics)s AS text[])) AS t(topic)
        CROSS JOIN LATERAL (
            SELECT * FROM outbox WHERE topic >= t.topic AND topic <= t.topic ORDER BY topic, id LIMIT %(rows)s
        ) o
        ORDER BY o.id LIMIT %(rows)s
    ) oldest
    GROUP BY topic, key ORDER BY min(id) LIMIT %(max_keys)s
    """


def mark_dirty(connection: Connection, keys: Iterable[DirtyKey], now: datetime) -> None:
    """Add keys whose fact may have changed."""
    pairs = sorted(set(keys))
    if pairs:
        execute(connection, _MARK_DIRTY, **pg_arrays(pairs, "topics", "keys"), now=now)


def load_dirty(
    connection: Connection, topics: Sequence[str], max_keys: int, row_limit: int | None = None
) -> tuple[list[int], list[DirtyKey]]:
    """Return the keys of these topics that have been dirty longest, with the ids of their rows.

    Nothing if more than `row_limit` rows wait.
    """
    limit = _MOST_ROWS if row_limit is None else row_limit + 1
    rows = fetch(connection, _OLDEST, tuple[str, str, list[int]], max_keys=max_keys, rows=limit, topics=list(topics))
    ids = [one for *_, ids_of_key in rows for one in ids_of_key]
    if row_limit is not None and len(ids) > row_limit:
        return [], []
    return ids, [(topic, key) for topic, key, _ in rows]


def batches_of(connection: Connection, ids: Sequence[int]) -> list[datetime]:
    """Return the instants of the batches that made these changes."""
    statement = "SELECT DISTINCT dirty_at FROM outbox WHERE id = ANY(CAST(%(ids)s AS bigint[]))"
    return fetch_values(connection, statement, datetime, ids=pg_array(ids))


def newest_change(connection: Connection) -> int | None:
    return fetch_optional(connection, "SELECT max(id) FROM outbox", int)


def delete_sent(connection: Connection, ids: Sequence[int]) -> None:
    execute(connection, "DELETE FROM outbox WHERE id = ANY(CAST(%(ids)s AS bigint[]))", ids=pg_array(ids))
