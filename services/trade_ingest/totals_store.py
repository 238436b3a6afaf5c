"""Totals in the database: updated by deltas, and summed again only when settings change."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection

from services.trade_ingest.totals import BucketCalendar, Delta, Deltas, ExchangeBucket, ProviderBucket, instant_of
from shared.language import say
from shared.postgres.query import execute, fetch, fetch_value, pg_array
from shared.register.intake import pg_microseconds
from shared.register.parties import subjects_of
from shared.register.rebuild.report import RebuildReport
from shared.values.times import format_time

_Key = tuple[Any, ...]  # the columns of _KEYS
_KEYS = {
    "exchange_total": ("exchange", "bucket_at"),
    "provider_total": ("provider", "bucket_at", "exchange", "category"),
}
_TYPES = {"exchange": "text", "provider": "int", "category": "text"}
_EPOCH = "TIMESTAMPTZ '2000-01-01 00:00:00+00'"
_SOURCES = {
    "exchange_total": "trade t WHERE t.completed AND NOT t.mirrored AND t.counted AND t.exchange = k.exchange",
    "provider_total": (
        "trade_category t WHERE t.provider = k.provider AND t.exchange = k.exchange AND t.category = k.category"
    ),
}

_STARTS = "(SELECT CAST(%(starts)s AS timestamptz[]))"
# The start of the bucket of `t.completed_at`. The subquery reads `starts_array` once, or not at all without rows.
BUCKET_AT = f"{_STARTS}[width_bucket(t.completed_at, {_STARTS})] AS bucket_at"


@lru_cache(maxsize=8)
def starts_array(buckets: BucketCalendar) -> str:
    """Return the starts of buckets as a PostgreSQL array, cached, as there are more than a thousand."""
    return pg_array(buckets.starts)


def apply_deltas(connection: Connection, deltas: Deltas, buckets: BucketCalendar) -> None:
    """Update totals after a batch; its documents must be stored already."""
    _merge(connection, "exchange_total", deltas.exchanges, buckets)
    _merge(connection, "provider_total", deltas.providers, buckets)


def _merge(connection: Connection, table: str, changes: Mapping[_Key, Delta], buckets: BucketCalendar) -> None:
    if not changes:
        return
    parameters = _parameters(table, changes)
    parameters["gones"] = pg_array(delta.gone_us for delta in changes.values())
    # The end of the bucket is needed only if something was removed.
    parameters["untils"] = pg_array(
        None if delta.gone_us is None else pg_microseconds(buckets.until_of(instant_of(key[1])))
        for key, delta in changes.items()
    )
    execute(connection, _merge_sql(table), **parameters)


@cache
def _merge_sql(table: str) -> str:
    """Return the SQL that adds each change to its bucket, deleting empty buckets and creating missing ones.

    If what was removed may have been the last of the bucket, the last instant of the rest is looked up. Removing from a
    missing bucket violates the table's constraints.
    """
    keys = _KEYS[table]

    def last_of(known: str) -> str:
        return f"""
            CASE WHEN k.gone_at >= {known} THEN (
                SELECT max(t.completed_at) FROM {_SOURCES[table]}
                AND t.completed_at >= k.bucket_at AND t.completed_at < k.until
            ) ELSE {known} END
        """

    return f"""
        MERGE INTO {table} o USING ({_changes_sql(table, gones="gone_at", untils="until")}) k ON {_same(table)}
        WHEN MATCHED AND o.trades + k.trades = 0 THEN DELETE
        WHEN MATCHED THEN UPDATE SET
            amount_fen = o.amount_fen + k.amount_fen, trades = o.trades + k.trades,
            last_completed_at = {last_of("greatest(o.last_completed_at, k.last_completed_at)")}
        WHEN NOT MATCHED AND k.trades <> 0 THEN
            INSERT ({", ".join(keys)}, amount_fen, trades, last_completed_at)
            VALUES ({", ".join(f"k.{name}" for name in keys)}, k.amount_fen, k.trades,
                    {last_of("k.last_completed_at")})
    """


def _changes_sql(table: str, **instants: str) -> str:
    """Return the SQL of changes as rows; `instants`: the columns of parameters besides those of `_parameters`."""
    keys = _KEYS[table]
    instants = {"bucket_ats": "bucket_at", "lasts": "last_completed_at", **instants}
    plain = {f"{name}s": name for name in keys if name != "bucket_at"} | {"amounts": "amount_fen", "trades": "trades"}
    arrays = [f"CAST(%({name})s AS {_TYPES.get(column, 'bigint')}[])" for name, column in plain.items()]
    arrays += [f"CAST(%({name})s AS bigint[])" for name in instants]
    columns = [*plain.values(), *(f"{column}_us" for column in instants.values())]
    # Instants as microseconds since 2000 take a fifth of the time of their text.
    selected = [*plain.values()]
    selected += [f"{_EPOCH} + {column}_us * INTERVAL '1 microsecond' AS {column}" for column in instants.values()]
    return f"SELECT {', '.join(selected)} FROM unnest({', '.join(arrays)}) AS u({', '.join(columns)})"


def _parameters(table: str, changes: Mapping[_Key, Delta]) -> dict[str, str]:
    parameters = {f"{name}s": pg_array(key[index] for key in changes) for index, name in enumerate(_KEYS[table])}
    parameters["amounts"] = pg_array(delta.amount_fen for delta in changes.values())
    parameters["trades"] = pg_array(delta.trades for delta in changes.values())
    parameters["lasts"] = pg_array(delta.last_us for delta in changes.values())
    return parameters


def _same(table: str) -> str:
    return " AND ".join(f"o.{name} = k.{name}" for name in _KEYS[table])


class Total(NamedTuple):
    """The content of a bucket."""

    amount_fen: int
    trades: int
    last_completed_at: datetime


# The stored and the computed total by key; None where there is no bucket.
Differing = dict[_Key, tuple[Total | None, Total | None]]


def differing_totals(connection: Connection, buckets: BucketCalendar) -> dict[str, Differing]:
    """Sum every total from the documents; return those that differ."""
    return {table: _differing(connection, table, starts_array(buckets)) for table in _KEYS}


def compare_totals(connection: Connection, buckets: BucketCalendar, report: RebuildReport) -> None:
    """Report every stored total that differs from the sum of its documents."""
    differing = differing_totals(connection, buckets)
    subjects = subjects_of(connection, {key[0] for key in differing["provider_total"]})
    for table, found in differing.items():
        for key, (stored, expected) in sorted(found.items()):
            named = [format_time(part) if isinstance(part, datetime) else subjects.get(part, part) for part in key]
            report.add(f"{table} {' '.join(map(str, named))}", _text(stored), _text(expected), repairable=True)
        count = fetch_value(connection, f"SELECT count(*) FROM {table}", int)
        report.compared(say("汇总", "buckets"), count)


def _text(total: Total | None) -> str | None:
    if total is None:
        return None
    return f"{total.amount_fen} fen, {total.trades} {say('笔', 'trades')}, {format_time(total.last_completed_at)}"


def rebuild_totals(connection: Connection, buckets: BucketCalendar) -> tuple[set[ExchangeBucket], set[ProviderBucket]]:
    """Sum every total from the documents and store those that differ; return their keys."""
    differing = differing_totals(connection, buckets)
    for table, found in differing.items():
        _store(connection, table, {key: expected for key, (_, expected) in found.items()})
    return (
        {(key[0], pg_microseconds(key[1])) for key in differing["exchange_total"]},
        {(key[0], pg_microseconds(key[1]), key[2], key[3]) for key in differing["provider_total"]},
    )


_SUMS = {
    "exchange_total": f"""
        SELECT t.exchange, {BUCKET_AT},
               sum(t.amount_fen - t.refunded_fen)::bigint AS amount_fen, count(*) AS trades,
               max(t.completed_at) AS last_completed_at
        FROM trade t WHERE t.completed AND NOT t.mirrored AND t.counted GROUP BY 1, 2
    """,
    "provider_total": f"""
        SELECT t.provider, {BUCKET_AT},
               t.exchange, t.category, sum(t.net_fen)::bigint AS amount_fen, count(*) AS trades,
               max(t.completed_at) AS last_completed_at
        FROM trade_category t JOIN party p ON p.id = t.provider AND p.scheme = 'uscc' GROUP BY 1, 2, 3, 4
    """,
}


def _differing(connection: Connection, table: str, starts: str) -> Differing:
    keys = _KEYS[table]
    same = " AND ".join(f"o.{name} = n.{name}" for name in keys)
    rows = fetch(
        connection,
        f"SELECT {', '.join(f'coalesce(n.{name}, o.{name})' for name in keys)},"
        " o.amount_fen, o.trades, o.last_completed_at, n.amount_fen, n.trades, n.last_completed_at"
        f" FROM ({_SUMS[table]}) n FULL JOIN {table} o ON {same}"
        " WHERE (n.amount_fen, n.trades, n.last_completed_at)"
        " IS DISTINCT FROM (o.amount_fen, o.trades, o.last_completed_at)",
        _Key,
        starts=starts,
    )
    return {tuple(row[: len(keys)]): (_total(row[len(keys) : -3]), _total(row[-3:])) for row in rows}


def _total(columns: _Key) -> Total | None:
    return None if columns[0] is None else Total(*columns)


def _store(connection: Connection, table: str, totals: Mapping[_Key, Total | None]) -> None:
    """Store totals; None deletes a bucket."""
    keys, changes = ", ".join(_KEYS[table]), _changes_sql(table)
    found = {(key[0], pg_microseconds(key[1]), *key[2:]): total for key, total in totals.items()}
    gone = {key: Delta() for key, total in found.items() if total is None}
    if gone:
        statement = f"DELETE FROM {table} o USING ({changes}) k WHERE {_same(table)}"
        execute(connection, statement, **_parameters(table, gone))
    kept = {
        key: Delta(total.amount_fen, total.trades, pg_microseconds(total.last_completed_at))
        for key, total in found.items()
        if total is not None
    }
    if kept:
        statement = (
            f"INSERT INTO {table} ({keys}, amount_fen, trades, last_completed_at)"
            f" SELECT {keys}, amount_fen, trades, last_completed_at FROM ({changes}) k"
            f" ON CONFLICT ({keys}) DO UPDATE SET amount_fen = excluded.amount_fen, trades = excluded.trades,"
            " last_completed_at = excluded.last_completed_at"
        )
        execute(connection, statement, **_parameters(table, kept))
