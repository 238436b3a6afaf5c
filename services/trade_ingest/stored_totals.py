"""Totals in the database: changed by deltas, never summed again but when settings change."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from services.trade_ingest.totals import Delta, ExchangeBucket, ProviderBucket, instant_of
from shared.db import pg_array
from shared.register.intake import pg_microseconds
from shared.register.parties import subjects_of
from shared.times import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from services.trade_ingest.totals import Buckets, Deltas
    from shared.register.report import Report

_KEYS = {
    "exchange_total": ("exchange", "bucket_at"),
    "provider_total": ("provider", "bucket_at", "exchange", "category"),
}
_TYPES = {"exchange": "text", "bucket_at": "timestamptz", "provider": "int", "category": "text"}
_SOURCES = {
    "exchange_total": "trade t WHERE t.completed AND NOT t.mirrored AND t.counted AND t.exchange = k.exchange",
    "provider_total": (
        "trade_category t WHERE t.provider = k.provider AND t.exchange = k.exchange AND t.category = k.category"
    ),
}


def apply_deltas(connection: Connection, deltas: Deltas, buckets: Buckets) -> None:
    """Bring totals to what they are after a batch; its documents must be written already."""
    exchanges = {(key.exchange, instant_of(key.bucket_us)): delta for key, delta in deltas.exchanges.items()}
    providers = {
        (key.provider, instant_of(key.bucket_us), key.exchange, key.category): delta
        for key, delta in deltas.providers.items()
    }
    for table, changes in (("exchange_total", exchanges), ("provider_total", providers)):
        _add(connection, table, {key: delta for key, delta in changes.items() if delta.gone_us is None})
        _take(connection, table, {key: delta for key, delta in changes.items() if delta.gone_us is not None}, buckets)


def _unnest(table: str) -> str:
    columns = [f"CAST(:{name} AS {_TYPES[name]}[])" for name in _KEYS[table]]
    columns += ["CAST(:amounts AS bigint[])", "CAST(:trades AS bigint[])", "CAST(:lasts AS timestamptz[])"]
    return f"unnest({', '.join(columns)}) AS k({', '.join(_KEYS[table])}, amount_fen, trades, last_completed_at)"


def _parameters(table: str, changes: Mapping[tuple[Any, ...], Delta]) -> dict[str, str]:
    parameters = {name: pg_array(key[index] for key in changes) for index, name in enumerate(_KEYS[table])}
    parameters["amounts"] = pg_array(delta.amount_fen for delta in changes.values())
    parameters["trades"] = pg_array(delta.trades for delta in changes.values())
    parameters["lasts"] = pg_array(
        None if delta.last_us is None else instant_of(delta.last_us) for delta in changes.values()
    )
    return parameters


def _add(connection: Connection, table: str, changes: Mapping[tuple[Any, ...], Delta]) -> None:
    if not changes:
        return
    keys = ", ".join(_KEYS[table])
    connection.execute(
        text(
            f"""
            INSERT INTO {table} AS o ({keys}, amount_fen, trades, last_completed_at)
            SELECT * FROM {_unnest(table)}
            ON CONFLICT ({keys}) DO UPDATE SET
                amount_fen = o.amount_fen + excluded.amount_fen, trades = o.trades + excluded.trades,
                last_completed_at = greatest(o.last_completed_at, excluded.last_completed_at)
            """
        ),
        _parameters(table, changes),
    )


def _take(connection: Connection, table: str, changes: Mapping[tuple[Any, ...], Delta], buckets: Buckets) -> None:
    if not changes:
        return
    parameters = _parameters(table, changes)
    same = " AND ".join(f"o.{name} = k.{name}" for name in _KEYS[table])
    _open(connection, table, {key: delta for key, delta in changes.items() if delta.last_us is not None})
    result = connection.execute(
        text(
            f"UPDATE {table} o SET amount_fen = o.amount_fen + k.amount_fen, trades = o.trades + k.trades,"
            " last_completed_at = greatest(o.last_completed_at, k.last_completed_at)"
            f" FROM {_unnest(table)} WHERE {same}"
        ),
        parameters,
    )
    if result.rowcount != len(changes):
        raise RuntimeError(
            f"{table}: {len(changes)} buckets to take from, {result.rowcount} found: totals are inconsistent"
        )
    connection.execute(text(f"DELETE FROM {table} o USING {_unnest(table)} WHERE {same} AND o.trades = 0"), parameters)
    # Where what left may have been the last: look up the last instant of what remains.
    parameters["gones"] = pg_array(instant_of(delta.gone_us) for delta in changes.values() if delta.gone_us is not None)
    parameters["untils"] = pg_array(buckets.until_of(key[_KEYS[table].index("bucket_at")]) for key in changes)
    connection.execute(
        text(
            f"""
            UPDATE {table} o SET last_completed_at = (
                SELECT max(t.completed_at) FROM {_SOURCES[table]}
                AND t.completed_at >= k.bucket_at AND t.completed_at < k.until
            )
            FROM (SELECT {", ".join(f"unnest(CAST(:{name} AS {_TYPES[name]}[])) AS {name}" for name in _KEYS[table])},
                         unnest(CAST(:untils AS timestamptz[])) AS until,
                         unnest(CAST(:gones AS timestamptz[])) AS gone_at) k
            WHERE {same} AND k.gone_at >= o.last_completed_at
            """
        ),
        parameters,
    )


def _open(connection: Connection, table: str, changes: Mapping[tuple[Any, ...], Delta]) -> None:
    """Rows for buckets that were empty before the batch, which both put something in and took something out."""
    if not changes:
        return
    keys = ", ".join(_KEYS[table])
    connection.execute(
        text(
            f"INSERT INTO {table} ({keys}, amount_fen, trades, last_completed_at)"
            f" SELECT {keys}, 0, 0, last_completed_at FROM {_unnest(table)} ON CONFLICT DO NOTHING"
        ),
        _parameters(table, changes),
    )


class Total(NamedTuple):
    """What a bucket holds."""

    amount_fen: int
    trades: int
    last_completed_at: datetime


# By table and key (as in _KEYS): as it stands, and as it follows from the documents; None where there is no bucket.
Differing = dict[str, dict[tuple[Any, ...], tuple[Total | None, Total | None]]]


def differing_totals(connection: Connection, buckets: Buckets) -> Differing:
    """Sum every total from the documents; those that stand otherwise."""
    return {table: _differing(connection, table, buckets.starts) for table in _KEYS}


def compare_totals(connection: Connection, buckets: Buckets, report: Report) -> None:
    """Report every total that is not the sum of its documents."""
    differing = differing_totals(connection, buckets)
    subjects = subjects_of(connection, {key[0] for key in differing["provider_total"]})
    for table, found in differing.items():
        for key, (stands, follows) in sorted(found.items()):
            named = [format_time(part) if isinstance(part, datetime) else subjects.get(part, part) for part in key]
            report.add(f"{table} {' '.join(map(str, named))}", _told(stands), _told(follows), mendable=True)
        count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        report.compared("汇总 / buckets", count)


def _told(total: Total | None) -> str | None:
    if total is None:
        return None
    return f"{total.amount_fen} fen, {total.trades} 笔 / trades, {format_time(total.last_completed_at)}"


def rebuild_totals(connection: Connection, buckets: Buckets) -> tuple[set[ExchangeBucket], set[ProviderBucket]]:
    """Sum every total from the documents and write those that differ; the keys of those that were other."""
    differing = differing_totals(connection, buckets)
    for table, found in differing.items():
        _store(connection, table, {key: follows for key, (_, follows) in found.items()})
    return (
        {ExchangeBucket(key[0], pg_microseconds(key[1])) for key in differing["exchange_total"]},
        {ProviderBucket(key[0], pg_microseconds(key[1]), key[2], key[3]) for key in differing["provider_total"]},
    )


_BUCKET_AT = (
    "(CAST(:starts AS timestamptz[]))[width_bucket(t.completed_at, CAST(:starts AS timestamptz[]))] AS bucket_at"
)

_SUMS = {
    "exchange_total": f"""
        SELECT t.exchange, {_BUCKET_AT},
               sum(t.amount_fen - t.refunded_fen)::bigint AS amount_fen, count(*) AS trades,
               max(t.completed_at) AS last_completed_at
        FROM trade t WHERE t.completed AND NOT t.mirrored AND t.counted GROUP BY 1, 2
    """,
    "provider_total": f"""
        SELECT t.provider, {_BUCKET_AT},
               t.exchange, t.category, sum(t.net_fen)::bigint AS amount_fen, count(*) AS trades,
               max(t.completed_at) AS last_completed_at
        FROM trade_category t JOIN party p ON p.id = t.provider AND p.scheme = 'uscc' GROUP BY 1, 2, 3, 4
    """,
}


def _differing(
    connection: Connection, table: str, starts: Sequence[datetime]
) -> dict[tuple[Any, ...], tuple[Total | None, Total | None]]:
    keys = _KEYS[table]
    same = " AND ".join(f"o.{name} = n.{name}" for name in keys)
    rows = connection.execute(
        text(
            f"SELECT {', '.join(f'coalesce(n.{name}, o.{name})' for name in keys)},"
            " o.amount_fen, o.trades, o.last_completed_at, n.amount_fen, n.trades, n.last_completed_at"
            f" FROM ({_SUMS[table]}) n FULL JOIN {table} o ON {same}"
            " WHERE (n.amount_fen, n.trades, n.last_completed_at)"
            " IS DISTINCT FROM (o.amount_fen, o.trades, o.last_completed_at)"
        ),
        {"starts": list(starts)},
    )
    return {tuple(row[: len(keys)]): (_total(row[len(keys) : -3]), _total(row[-3:])) for row in rows}


def _total(columns: Sequence[Any]) -> Total | None:
    return None if columns[0] is None else Total(*columns)


def _store(connection: Connection, table: str, totals: Mapping[tuple[Any, ...], Total | None]) -> None:
    """Write totals as they are; None takes a bucket away."""
    keys = ", ".join(_KEYS[table])
    same = " AND ".join(f"o.{name} = k.{name}" for name in _KEYS[table])
    gone = {key: Delta() for key, total in totals.items() if total is None}
    if gone:
        connection.execute(text(f"DELETE FROM {table} o USING {_unnest(table)} WHERE {same}"), _parameters(table, gone))
    kept = {
        key: Delta(total.amount_fen, total.trades, pg_microseconds(total.last_completed_at))
        for key, total in totals.items()
        if total is not None
    }
    if kept:
        connection.execute(
            text(
                f"INSERT INTO {table} ({keys}, amount_fen, trades, last_completed_at) SELECT * FROM {_unnest(table)}"
                f" ON CONFLICT ({keys}) DO UPDATE SET amount_fen = excluded.amount_fen, trades = excluded.trades,"
                " last_completed_at = excluded.last_completed_at"
            ),
            _parameters(table, kept),
        )
