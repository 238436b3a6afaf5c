"""Outbox of changed facts: keys are marked dirty in the transaction that changes them, and rendered when sent."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

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
    WITH waiting AS (
        SELECT topic, key, array_agg(id ORDER BY id) AS ids, row_number() OVER (ORDER BY min(id)) AS place FROM (
            SELECT o.id, o.topic, o.key FROM unnest(CAST(%(topics)s AS text[])) AS t(topic)
            CROSS JOIN LATERAL (
                SELECT * FROM outbox WHERE topic >= t.topic AND topic <= t.topic ORDER BY topic, id LIMIT %(rows)s
            ) o
            ORDER BY o.id LIMIT %(rows)s
        ) oldest
        GROUP BY topic, key
    )
    SELECT topic, key, ids, place <= %(max_keys)s FROM waiting
    WHERE place <= %(max_keys)s OR cardinality(ids) > 1 ORDER BY place
    """


class Dirty(NamedTuple):
    """Keys whose fact may have changed, and the ids of all their rows.

    `repeated`: ids of rows that are not needed, because their key also waits in an older row and is not among `keys`.
    """

    keys: list[DirtyKey]
    ids: list[int]
    repeated: list[int]


def mark_dirty(connection: Connection, keys: Iterable[DirtyKey], now: datetime) -> None:
    """Add keys whose fact may have changed."""
    pairs = sorted(set(keys))
    if pairs:
        execute(connection, _MARK_DIRTY, **pg_arrays(pairs, "topics", "keys"), now=now)


def load_dirty(connection: Connection, topics: Sequence[str], max_keys: int, row_limit: int | None = None) -> Dirty:
    """Return the keys of these topics that have been dirty longest. Nothing if more than `row_limit` rows wait."""
    limit = _MOST_ROWS if row_limit is None else row_limit + 1
    asked = {"max_keys": max_keys, "rows": limit, "topics": list(topics)}
    rows = fetch(connection, _OLDEST, tuple[str, str, list[int], bool], **asked)
    dirty = Dirty([], [], [])
    for topic, key, ids, is_taken in rows:
        if is_taken:
            dirty.keys.append((topic, key))
            dirty.ids.extend(ids)
        else:
            dirty.repeated.extend(ids[1:])
    is_over = row_limit is not None and len(dirty.ids) + len(dirty.repeated) > row_limit
    return Dirty([], [], []) if is_over else dirty


def batches_of(connection: Connection, ids: Sequence[int]) -> list[datetime]:
    """Return the instants of the batches that made these changes."""
    statement = "SELECT DISTINCT dirty_at FROM outbox WHERE id = ANY(CAST(%(ids)s AS bigint[]))"
    return fetch_values(connection, statement, datetime, ids=pg_array(ids))


def newest_change(connection: Connection) -> int | None:
    return fetch_optional(connection, "SELECT max(id) FROM outbox", int)


def delete_rows(connection: Connection, ids: Sequence[int]) -> None:
    execute(connection, "DELETE FROM outbox WHERE id = ANY(CAST(%(ids)s AS bigint[]))", ids=pg_array(ids))
