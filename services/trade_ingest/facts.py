"""Values of the trade-ingest service's facts: first purchases, and which they can be, and annual totals."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from services.trade_ingest.totals import COUNTED, UNMATCHED, BucketCalendar, bucket_calendar, is_ahead
from services.trade_ingest.totals_store import Total
from shared.events.documents import Trade
from shared.events.fact_topics import FIRST_PURCHASE
from shared.postgres.binary_copy import pg_microseconds
from shared.postgres.query import fetch, pg_arrays
from shared.register.facts import party_json, render_firsts
from shared.register.firsts import FirstsTable
from shared.register.head import read_settings
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time, year_start

# `TradeState.can_be_first` and `.is_void` state the same conditions in Python.
FIRST_PURCHASES = FirstsTable(
    topic=FIRST_PURCHASE,
    first="first_purchase",
    document="trade",
    party="buyer",
    eligible="completed AND NOT mirrored AND counted",
    void="NOT completed AND NOT mirrored AND counted",
    void_name="cancelled",
)
_CACHED_BUCKETS: Final = 20_000  # some 10 MB

_Bucket = tuple["datetime", Total]  # its start, and its content

_EXCHANGE_TOTALS = """
    SELECT k.exchange, k.year, t.bucket_at, t.amount_fen, t.trades, t.ahead_fen, t.ahead_trades, t.refunded_fen,
           t.last_completed_at
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(years)s AS int[]), CAST(%(froms)s AS timestamptz[]),
                CAST(%(untils)s AS timestamptz[])) AS k(exchange, year, from_at, until_at)
    JOIN exchange_total t ON t.exchange = k.exchange AND t.bucket_at >= k.from_at AND t.bucket_at < k.until_at
    ORDER BY t.bucket_at
"""
_PRODUCT_TOTALS = """
    SELECT t.exchange, t.year, t.member, t.value, t.amount_fen, t.trades
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(years)s AS int[])) AS k(exchange, year)
    JOIN exchange_product_total t USING (exchange, year) ORDER BY t.value
"""
_PROVIDER_TOTALS = """
    SELECT k.scheme, k.code, k.year, p.name, t.exchange, t.category, t.bucket_at, t.amount_fen, t.trades,
           t.ahead_fen, t.ahead_trades, t.refunded_fen, t.last_completed_at
    FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[]), CAST(%(years)s AS int[]),
                CAST(%(froms)s AS timestamptz[]), CAST(%(untils)s AS timestamptz[]))
         AS k(scheme, code, year, from_at, until_at)
    JOIN party p ON p.scheme = k.scheme AND p.code = k.code
    LEFT JOIN provider_total t
           ON t.provider = p.id AND t.bucket_at >= k.from_at AND t.bucket_at < k.until_at
    ORDER BY t.exchange, t.category, t.bucket_at
"""


def render_first_purchases(connection: Connection, subjects: list[str]) -> Json:
    return render_firsts(connection, FIRST_PURCHASES, subjects, _describe_first)


def _describe_first(trade: Trade, record_at: datetime) -> Json:
    """Describe a first purchase; only a future-dated one has `ahead`."""
    ahead = {"ahead": True} if is_ahead(pg_microseconds(trade.completed_at), pg_microseconds(record_at)) else {}
    return {
        "trade_no": trade.trade_no,
        "revision": trade.revision,
        "completed_at": format_time(trade.completed_at),
        "amount": format_yuan(trade.amount_fen),
        "refunded": format_yuan(trade.refunded_fen),
        "provider": party_json(trade.provider),
        **ahead,
    }


def render_totals(connection: Connection, keys: list[str]) -> Json:
    buckets = bucket_calendar(tuple(read_settings(connection, "cut_at") or ()))
    parts = [key.split("/") for key in keys]
    exchanges = [(part[1], int(part[2])) for part in parts if part[0] == "exchange"]
    providers = [(part[1], int(part[2])) for part in parts if part[0] == "provider"]
    return _exchange_totals(connection, exchanges, buckets) | _provider_totals(connection, providers, buckets)


def _exchange_totals(connection: Connection, keys: list[tuple[str, int]], buckets: BucketCalendar) -> Json:
    found: dict[tuple[str, int], list[_Bucket]] = defaultdict(list)
    rows = ((exchange, year, year_start(year), year_start(year + 1)) for exchange, year in keys)
    parameters = pg_arrays(rows, "exchanges", "years", "froms", "untils")
    for exchange, year, start, *total in fetch(connection, _EXCHANGE_TOTALS, tuple[Any, ...], **parameters):
        found[exchange, year].append((start, Total(*total)))
    parts: dict[tuple[str, int], dict[str, Json]] = defaultdict(lambda: {"kind": {}, "industry": {}})
    for exchange, year, member, value, amount_fen, trades in fetch(
        connection, _PRODUCT_TOTALS, tuple[str, int, str, str, int, int], **pg_arrays(keys, "exchanges", "years")
    ):
        parts[exchange, year][member][value] = {"amount": format_yuan(amount_fen), "trades": trades}
    return {
        f"exchange/{exchange}/{year}": {
            "exchange": exchange,
            "year": year,
            "cut_at": _cut_at(buckets),
            "buckets": _bucket_list(found[exchange, year], buckets),
            "by_kind": parts[exchange, year]["kind"],
            "by_industry": parts[exchange, year]["industry"],
        }
        for exchange, year in keys
    }


def _provider_totals(connection: Connection, keys: list[tuple[str, int]], buckets: BucketCalendar) -> Json:
    names: dict[str, str] = {}
    found: dict[tuple[str, int], dict[str, dict[str, list[_Bucket]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    rows = (
        (scheme, code, year, year_start(year), year_start(year + 1))
        for subject, year in keys
        for scheme, code in [subject.split(":", 1)]
    )
    parameters = pg_arrays(rows, "schemes", "codes", "years", "froms", "untils")
    for scheme, code, year, name, exchange, category, start, *total in fetch(
        connection, _PROVIDER_TOTALS, tuple[Any, ...], **parameters
    ):
        subject = f"{scheme}:{code}"
        names[subject] = name
        if exchange is not None and category is not None:
            found[subject, year][exchange][category].append((start, Total(*total)))
    return {
        f"provider/{subject}/{year}": {
            "party": dict(zip(("id_scheme", "id", "name"), (*subject.split(":", 1), names[subject]), strict=True)),
            "year": year,
            "cut_at": _cut_at(buckets),
            "by_exchange": {
                exchange: _categories(categories, buckets) for exchange, categories in found[subject, year].items()
            },
        }
        for subject, year in keys
        if subject in names
    }


def _categories(categories: dict[str, list[_Bucket]], buckets: BucketCalendar) -> Json:
    return {
        "counted": _bucket_list(categories.pop(COUNTED, []), buckets),
        "unmatched": _bucket_list(categories.pop(UNMATCHED, []), buckets),
        "other": [
            {
                "reason": reason,
                "amount": format_yuan(sum(total.amount_fen for _, total in some)),
                "trades": sum(total.trades for _, total in some),
            }
            for reason, some in categories.items()
        ],
    }


def _bucket_list(found: Iterable[_Bucket], buckets: BucketCalendar) -> list[msgspec.Raw]:
    return [_bucket_json(start, buckets.until_of(start), total) for start, total in found]


# A trade changes one bucket of a year; the others are sent again unchanged.
@lru_cache(maxsize=_CACHED_BUCKETS)
def _bucket_json(start: datetime, until: datetime, total: Total) -> msgspec.Raw:
    parts: Json = {}
    if total.ahead_trades:
        parts["ahead"] = {"amount": format_yuan(total.ahead_fen), "trades": total.ahead_trades}
    if total.refunded_fen:
        parts["refunded"] = format_yuan(total.refunded_fen)
    return msgspec.Raw(
        msgspec.json.encode(
            {
                "from": format_time(start),
                "until": format_time(until),
                "amount": format_yuan(total.amount_fen),
                "trades": total.trades,
                "last_completed_at": format_time(total.last_completed_at),
                **parts,
            }
        )
    )


def _cut_at(buckets: BucketCalendar) -> list[str]:
    return [day.isoformat() for day in buckets.cut_at]
