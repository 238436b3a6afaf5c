"""Totals in the database: updated by deltas, and summed again only when settings change."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import NamedTuple

from sqlalchemy import Connection

from services.trade_ingest.totals import (
    BucketCalendar,
    Delta,
    Deltas,
    ExchangeBucket,
    ProviderBucket,
    Sums,
    bucket_calendar,
)
from shared.events.fact_topics import AHEAD_HOURS
from shared.language import say
from shared.postgres.binary_copy import pg_microseconds
from shared.postgres.query import execute, fetch_value, pg_array, pg_arrays
from shared.register.context import RegisterContext
from shared.register.derived_table import DerivedTable, differing_rows, rebuild_rows
from shared.register.parties import subjects_of
from shared.register.rebuild.report import RebuildReport
from shared.values.times import format_time, shanghai_year

ExchangeYear = tuple[str, int]
ProviderYear = tuple[int, int]

_SUMS = Sums._fields
_VALUES = (*_SUMS, "last_completed_at")
_TYPES = {"exchange": "text", "provider": "int", "category": "text"}
_EPOCH = "TIMESTAMPTZ '2000-01-01 00:00:00+00'"

_STARTS = "(SELECT CAST(%(starts)s AS timestamptz[]))"
# The start of the bucket of `t.completed_at`. The subquery reads `starts_array` once, or not at all without rows.
BUCKET_AT = f"{_STARTS}[width_bucket(t.completed_at, {_STARTS})] AS bucket_at"
# A trade `t` is future-dated: dated more than a day after the record that brought its revision first.
IS_AHEAD = f"t.completed_at - t.record_at > INTERVAL '{AHEAD_HOURS} hours'"


def sums_of_trades(net_fen: str) -> str:
    """Return the SQL of the columns of `Sums` over trades `t`."""
    return f"""
        CAST(sum({net_fen}) AS bigint) AS amount_fen, count(*) AS trades,
        CAST(coalesce(sum({net_fen}) FILTER (WHERE {IS_AHEAD}), 0) AS bigint) AS ahead_fen,
        count(*) FILTER (WHERE {IS_AHEAD}) AS ahead_trades, CAST(sum(t.refunded_fen) AS bigint) AS refunded_fen
    """


_EXCHANGES = DerivedTable(
    "exchange_total",
    ("exchange", "bucket_at"),
    _VALUES,
    f"""
        SELECT t.exchange, {BUCKET_AT}, {sums_of_trades("t.amount_fen - t.refunded_fen")},
               max(t.completed_at) AS last_completed_at
        FROM trade t WHERE t.completed AND NOT t.mirrored AND t.counted GROUP BY 1, 2
    """,
)
_PROVIDERS = DerivedTable(
    "provider_total",
    ("provider", "bucket_at", "exchange", "category"),
    _VALUES,
    f"""
        SELECT t.provider, {BUCKET_AT}, t.exchange, t.category, {sums_of_trades("t.net_fen")},
               max(t.completed_at) AS last_completed_at
        FROM trade_category t JOIN party p ON p.id = t.provider AND p.scheme = 'uscc' GROUP BY 1, 2, 3, 4
    """,
)
# By what was traded: each trade once by its kind and once by its industry, so that either adds up to the year.
_PRODUCTS = DerivedTable(
    "exchange_product_total",
    ("exchange", "year", "member", "value"),
    ("amount_fen", "trades"),
    """
        SELECT t.exchange, CAST(extract(year FROM t.completed_at AT TIME ZONE INTERVAL '8 hours') AS integer) AS year,
               m.member, m.value, CAST(sum(t.amount_fen - t.refunded_fen) AS bigint) AS amount_fen, count(*) AS trades
        FROM trade t CROSS JOIN LATERAL (VALUES ('kind', t.product_kind), ('industry', t.industry)) m(member, value)
        WHERE t.completed AND NOT t.mirrored AND t.counted GROUP BY 1, 2, 3, 4
    """,
)
_MERGE_PRODUCTS = f"""
    MERGE INTO exchange_product_total o
    USING (
        SELECT * FROM unnest(
            CAST(%(exchange)s AS text[]), CAST(%(year)s AS int[]), CAST(%(member)s AS text[]),
            CAST(%(value)s AS text[]), CAST(%(amount_fen)s AS bigint[]), CAST(%(trades)s AS bigint[])
        ) AS u(exchange, year, member, value, amount_fen, trades)
    ) n ON {_PRODUCTS.join}
    WHEN MATCHED AND o.trades + n.trades = 0 THEN DELETE
    WHEN MATCHED THEN UPDATE SET amount_fen = o.amount_fen + n.amount_fen, trades = o.trades + n.trades
    WHEN NOT MATCHED AND n.trades <> 0 THEN
        INSERT (exchange, year, member, value, amount_fen, trades)
        VALUES (n.exchange, n.year, n.member, n.value, n.amount_fen, n.trades)
"""
# The documents of a bucket `n` without its time.
_SOURCES = {
    "exchange_total": "trade t WHERE t.completed AND NOT t.mirrored AND t.counted AND t.exchange = n.exchange",
    "provider_total": (
        "trade_category t WHERE t.provider = n.provider AND t.exchange = n.exchange AND t.category = n.category"
    ),
}


class Total(NamedTuple):
    """The content of a bucket."""

    amount_fen: int
    trades: int
    ahead_fen: int
    ahead_trades: int
    refunded_fen: int
    last_completed_at: datetime

    def __str__(self) -> str:
        """For the report of a comparison."""
        unit = say("笔", "trades")
        ahead = ""
        if self.ahead_trades or self.ahead_fen:
            sums = f"{self.ahead_fen} fen, {self.ahead_trades} {unit}"
            ahead = say(f"（其中日期超前 {sums}）", f" ({sums} future-dated)")
        refunded = ""
        if self.refunded_fen:
            refunded = say(f"（已退款 {self.refunded_fen} fen）", f" ({self.refunded_fen} fen refunded)")
        return f"{self.amount_fen} fen, {self.trades} {unit}{ahead}{refunded}, {format_time(self.last_completed_at)}"


def buckets_of(register: RegisterContext) -> BucketCalendar:
    """Return the buckets of the settings that the register counts by."""
    return bucket_calendar(tuple(register.settings.content["cut_at"]))


@lru_cache(maxsize=8)
def starts_array(buckets: BucketCalendar) -> str:
    """Return the starts of buckets as a PostgreSQL array, cached, as there are more than a thousand."""
    return pg_array(buckets.starts)


def apply_deltas(connection: Connection, deltas: Deltas, buckets: BucketCalendar) -> None:
    """Update totals after a batch; its documents must be stored already."""
    _merge(connection, _EXCHANGES, deltas.exchanges, buckets)
    _merge(connection, _PROVIDERS, deltas.providers, buckets)
    changed = [(*key, fen, trades) for key, (fen, trades) in deltas.products.items() if fen or trades]
    if changed:
        execute(connection, _MERGE_PRODUCTS, **pg_arrays(changed, *_PRODUCTS.keys, *_PRODUCTS.values))


def _merge(
    connection: Connection,
    table: DerivedTable,
    changes: Mapping[ExchangeBucket, Delta] | Mapping[ProviderBucket, Delta],
    buckets: BucketCalendar,
) -> None:
    if not changes:
        return
    rows = (
        (
            *key,
            delta.amount_fen,
            delta.trades,
            delta.ahead_fen,
            delta.ahead_trades,
            delta.refunded_fen,
            delta.last_us,
            delta.gone_us,
            _until(key[1], delta, buckets),
        )
        for key, delta in changes.items()
    )
    parameters = pg_arrays(rows, *table.keys, *_VALUES, "gone_at", "until")
    execute(connection, _merge_sql(table), **parameters)


def _until(bucket_us: int, delta: Delta, buckets: BucketCalendar) -> int | None:
    """Return the end of the bucket, which is needed only if something was removed."""
    return None if delta.gone_us is None else pg_microseconds(buckets.until_of(bucket_us))


@cache
def _merge_sql(table: DerivedTable) -> str:
    """Return the SQL that adds each change to its bucket, deleting empty buckets and creating missing ones.

    Parameters are arrays, named as the columns; instants are microseconds since 2000, which take a fifth of the time
    of their text. If what was removed may have been the last of the bucket, the last instant of the rest is looked up.
    Removing from a missing bucket violates the table's constraints.
    """
    keys, instants = table.keys, ("bucket_at", "last_completed_at", "gone_at", "until")
    columns = (*keys, *_VALUES, "gone_at", "until")
    arrays = ", ".join(f"CAST(%({column})s AS {_TYPES.get(column, 'bigint')}[])" for column in columns)
    selected = ", ".join(
        f"{_EPOCH} + {column} * INTERVAL '1 microsecond' AS {column}" if column in instants else column
        for column in columns
    )

    def last_of(known: str) -> str:
        # Not the maximum, for which all documents of a provider's bucket would be read and joined.
        return f"""
            CASE WHEN n.gone_at >= {known} THEN (
                SELECT t.completed_at FROM {_SOURCES[table.table]}
                AND t.completed_at >= n.bucket_at AND t.completed_at < n.until
                ORDER BY t.completed_at DESC LIMIT 1
            ) ELSE {known} END
        """

    return f"""
        MERGE INTO {table.table} o
        USING (SELECT {selected} FROM unnest({arrays}) AS u({", ".join(columns)})) n ON {table.join}
        WHEN MATCHED AND o.trades + n.trades = 0 THEN DELETE
        WHEN MATCHED THEN UPDATE SET
            {", ".join(f"{name} = o.{name} + n.{name}" for name in _SUMS)},
            last_completed_at = {last_of("greatest(o.last_completed_at, n.last_completed_at)")}
        WHEN NOT MATCHED AND n.trades <> 0 THEN
            INSERT ({", ".join((*keys, *_SUMS))}, last_completed_at)
            VALUES ({", ".join(f"n.{name}" for name in (*keys, *_SUMS))}, {last_of("n.last_completed_at")})
    """


def compare_totals(connection: Connection, buckets: BucketCalendar, report: RebuildReport) -> None:
    """Report every stored total that differs from the sum of its documents."""
    for table in (_EXCHANGES, _PROVIDERS):
        differing = differing_rows(connection, table, starts=starts_array(buckets))
        subjects = subjects_of(connection, (row.key[0] for row in differing)) if table is _PROVIDERS else {}
        for key, *totals in differing:
            named = [format_time(part) if isinstance(part, datetime) else subjects.get(part, part) for part in key]
            shown = [None if values is None else str(Total(*values)) for values in totals]
            report.add(f"{table.table} {' '.join(map(str, named))}", *shown, repairable=True)
        count = fetch_value(connection, f"SELECT count(*) FROM {table.table}", int)
        report.compared(say("汇总", "buckets"), count)
    for key, *sums in differing_rows(connection, _PRODUCTS):
        stored, expected = (None if one is None else f"{one[0]} fen, {one[1]} {say('笔', 'trades')}" for one in sums)
        report.add(f"{_PRODUCTS.table} {' '.join(map(str, key))}", stored, expected, repairable=True)


def rebuild_totals(connection: Connection, buckets: BucketCalendar) -> tuple[set[ExchangeYear], set[ProviderYear]]:
    """Sum every total from the documents and store those that differ; return their exchanges and providers by year."""
    starts = starts_array(buckets)
    exchanges = {(exchange, shanghai_year(at)) for exchange, at in rebuild_rows(connection, _EXCHANGES, starts=starts)}
    exchanges |= {(exchange, year) for exchange, year, *_ in rebuild_rows(connection, _PRODUCTS)}
    providers = rebuild_rows(connection, _PROVIDERS, starts=starts)
    return exchanges, {(provider, shanghai_year(at)) for provider, at, *_ in providers}
