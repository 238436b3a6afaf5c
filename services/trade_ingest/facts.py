"""Values of the trade-ingest service's facts: first purchases, and which they can be, and annual totals."""

import struct
from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec
from sqlalchemy import Connection

from services.trade_ingest.totals import COUNTED, UNMATCHED, BucketCalendar, bucket_calendar, instant_of, is_ahead
from shared.events.documents import Trade
from shared.events.fact_topics import FIRST_PURCHASE
from shared.postgres.binary_copy import pg_microseconds
from shared.postgres.query import fetch, pg_arrays
from shared.register.facts import party_json, render_firsts
from shared.register.firsts import FirstsTable
from shared.register.head import read_settings
from shared.register.parties import stored_parties
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

# The bucket `t` in PostgreSQL's binary format, which `_BUCKET` unpacks. A seller's year has some twenty, and a trade
# changes one of them: the JSON of the others is cached under these bytes, so they need not be unpacked.
_PACKED = """
    timestamptz_send(t.bucket_at) || int8send(t.amount_fen) || int8send(t.trades) || int8send(t.ahead_fen)
    || int8send(t.ahead_trades) || int8send(t.refunded_fen) || timestamptz_send(t.last_completed_at)
"""
_BUCKET = struct.Struct(">7q")  # instants in microseconds since 2000-01-01 UTC

_EXCHANGE_TOTALS = f"""
    SELECT k.exchange, k.year, {_PACKED}
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
_PROVIDER_TOTALS = f"""
    SELECT k.n, t.exchange, t.category, {_PACKED}
    FROM unnest(CAST(%(ns)s AS int[]), CAST(%(parties)s AS int[]), CAST(%(froms)s AS timestamptz[]),
                CAST(%(untils)s AS timestamptz[])) AS k(n, party, from_at, until_at)
    JOIN provider_total t ON t.provider = k.party AND t.bucket_at >= k.from_at AND t.bucket_at < k.until_at
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
    found: dict[tuple[str, int], list[bytes]] = defaultdict(list)
    rows = ((exchange, year, year_start(year), year_start(year + 1)) for exchange, year in keys)
    parameters = pg_arrays(rows, "exchanges", "years", "froms", "untils")
    for exchange, year, packed in fetch(connection, _EXCHANGE_TOTALS, tuple[str, int, bytes], **parameters):
        found[exchange, year].append(packed)
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
            "buckets": [_bucket_json(packed, buckets) for packed in found[exchange, year]],
            "by_kind": parts[exchange, year]["kind"],
            "by_industry": parts[exchange, year]["industry"],
        }
        for exchange, year in keys
    }


def _provider_totals(connection: Connection, keys: list[tuple[str, int]], buckets: BucketCalendar) -> Json:
    """Render the totals of sellers, by subject and year; nothing of a subject that is no party."""
    entities = {(scheme, code) for subject, _ in keys for scheme, _, code in [subject.partition(":")]}
    parties = {
        f"{scheme}:{code}": (party, {"id_scheme": scheme, "id": code, "name": name})
        for party, scheme, code, name in stored_parties(connection, entities)
    }
    known = [key for key in keys if key[0] in parties]
    rows = (
        (number, parties[subject][0], year_start(year), year_start(year + 1))
        for number, (subject, year) in enumerate(known)
    )
    parameters = pg_arrays(rows, "ns", "parties", "froms", "untils")
    found: list[dict[str, dict[str, list[bytes]]]] = [{} for _ in known]
    for number, exchange, category, packed in fetch(
        connection, _PROVIDER_TOTALS, tuple[int, str, str, bytes], **parameters
    ):
        found[number].setdefault(exchange, {}).setdefault(category, []).append(packed)
    return {
        f"provider/{subject}/{year}": {
            "party": parties[subject][1],
            "year": year,
            "cut_at": _cut_at(buckets),
            "by_exchange": {exchange: _categories(categories, buckets) for exchange, categories in by_exchange.items()},
        }
        for (subject, year), by_exchange in zip(known, found, strict=True)
    }


def _categories(categories: dict[str, list[bytes]], buckets: BucketCalendar) -> Json:
    return {
        "counted": [_bucket_json(packed, buckets) for packed in categories.pop(COUNTED, ())],
        "unmatched": [_bucket_json(packed, buckets) for packed in categories.pop(UNMATCHED, ())],
        "other": [_not_counted(reason, some) for reason, some in categories.items()],
    }


def _not_counted(reason: str, buckets: list[bytes]) -> Json:
    _, amounts_fen, trades, *_ = zip(*map(_BUCKET.unpack, buckets), strict=True)
    return {"reason": reason, "amount": format_yuan(sum(amounts_fen)), "trades": sum(trades)}


@lru_cache(maxsize=_CACHED_BUCKETS)
def _bucket_json(packed: bytes, buckets: BucketCalendar) -> msgspec.Raw:
    start_us, amount_fen, trades, ahead_fen, ahead_trades, refunded_fen, last_completed_us = _BUCKET.unpack(packed)
    parts: Json = {}
    if ahead_trades:
        parts["ahead"] = {"amount": format_yuan(ahead_fen), "trades": ahead_trades}
    if refunded_fen:
        parts["refunded"] = format_yuan(refunded_fen)
    return msgspec.Raw(
        msgspec.json.encode(
            {
                "from": format_time(instant_of(start_us)),
                "until": format_time(buckets.until_of(start_us)),
                "amount": format_yuan(amount_fen),
                "trades": trades,
                "last_completed_at": format_time(instant_of(last_completed_us)),
                **parts,
            }
        )
    )


def _cut_at(buckets: BucketCalendar) -> list[str]:
    return [day.isoformat() for day in buckets.cut_at]
