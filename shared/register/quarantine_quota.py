"""The quota of bytes that the quarantine keeps of an exchange's records on one Shanghai day.

The day is that of receipt by the database's own writer: a record's timestamp is its sender's choice.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from shared.postgres.query import execute, fetch, pg_array, pg_arrays
from shared.values.times import shanghai_date

_LOAD: Final = """
    SELECT exchange, kept_bytes FROM quarantine_day
    WHERE day = %(day)s AND exchange = ANY(CAST(%(exchanges)s AS text[]))
"""
_STORE: Final = """
    INSERT INTO quarantine_day AS d (exchange, day, items, cut_items, kept_bytes)
    SELECT exchange, %(day)s, items, cut_items, kept_bytes
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(items)s AS bigint[]), CAST(%(cut_items)s AS bigint[]),
                CAST(%(kept_bytes)s AS bigint[])) AS a(exchange, items, cut_items, kept_bytes)
    ON CONFLICT (exchange, day) DO UPDATE SET
        items = d.items + excluded.items, cut_items = d.cut_items + excluded.cut_items,
        kept_bytes = d.kept_bytes + excluded.kept_bytes
"""


class _Use(NamedTuple):
    """The used part of a quota."""

    items: int = 0
    cut_items: int = 0
    kept_bytes: int = 0


class DailyQuota:
    """The quotas of some exchanges on the day of `now`, of `most_bytes` each."""

    def __init__(self, connection: Connection, exchanges: Collection[str], most_bytes: int, now: datetime) -> None:
        self._day = shanghai_date(now)
        found = fetch(connection, _LOAD, tuple[str, int], day=self._day, exchanges=pg_array(exchanges))
        self._most_bytes = most_bytes
        self._stored_bytes = dict.fromkeys(exchanges, 0) | dict(found)
        self._taken = dict.fromkeys(exchanges, _Use())

    def has_room(self, exchange: str, size_bytes: int) -> bool:
        """Return True if an item of this size fits in."""
        return self._stored_bytes[exchange] + self._taken[exchange].kept_bytes + size_bytes <= self._most_bytes

    def take(self, exchange: str, size_bytes: int, *, is_cut: bool) -> None:
        """Count an item; one that is cut counts too, with what it keeps."""
        items, cut_items, kept_bytes = self._taken[exchange]
        self._taken[exchange] = _Use(items + 1, cut_items + is_cut, kept_bytes + size_bytes)

    def store(self, connection: Connection) -> None:
        """Add what was taken."""
        rows = [(exchange, *use) for exchange, use in sorted(self._taken.items())]
        arrays = pg_arrays(rows, "exchanges", "items", "cut_items", "kept_bytes")
        execute(connection, _STORE, day=self._day, **arrays)
