"""The facts of the trade-ingest service: each a function of entries 0 .. seq-1, rendered in one snapshot."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import text

from services.trade_ingest.risk_flag_measures import signs
from services.trade_ingest.totals import COUNTED, UNMATCHED, bucket_calendar
from services.trade_ingest.totals_store import Total
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE, SIGN
from shared.postgres.database import fetch
from shared.postgres.query import pg_array
from shared.register.intake import party_json
from shared.register.stored_documents import stored_document
from shared.values.money import format_yuan
from shared.values.times import format_time, year_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from services.trade_ingest.totals import BucketCalendar
    from shared.register.head import Head
    from shared.register.publish.outbox import DirtyKey

_BUCKETS_KEPT: Final = 20_000  # some 10 MB

_Bucket = tuple["datetime", Total]  # when it begins, and what it holds


def render_facts(connection: Connection, head: Head, keys: list[DirtyKey]) -> dict[DirtyKey, bytes]:
    """The value of each key in this snapshot."""
    of = defaultdict(list)
    for topic, key in keys:
        of[topic].append(key)
    values: dict[DirtyKey, Any] = {}
    for topic, render in _RENDERED.items():
        if of[topic]:
            values |= {(topic, key): value for key, value in render(connection, of[topic]).items()}
    version = {"generation": head.generation, "seq": head.next_seq}
    return {key: msgspec.json.encode({**version, **value}) for key, value in values.items()}


def _totals(connection: Connection, keys: list[str]) -> dict[str, Any]:
    buckets = _buckets(connection)
    parts = [key.split("/") for key in keys]
    exchanges = [(part[1], int(part[2])) for part in parts if part[0] == "exchange"]
    providers = [(part[1], int(part[2])) for part in parts if part[0] == "provider"]
    return _exchange_totals(connection, exchanges, buckets) | _provider_totals(connection, providers, buckets)


def _buckets(connection: Connection) -> BucketCalendar:
    """As the settings say that stand in this snapshot."""
    days = connection.execute(text("SELECT content -> 'cut_at' FROM settings_entry ORDER BY seq DESC LIMIT 1")).scalar()
    return bucket_calendar(tuple(date.fromisoformat(day) for day in days or ()))


def _firsts(connection: Connection, subjects: list[str]) -> dict[str, Any]:
    rows = connection.execute(
        text(
            """
            SELECT p.scheme, p.code, p.name, t.exchange, t.number, t.revision, t.completed_at, t.amount_fen,
                   t.refunded_fen, t.value, t.headers
            FROM unnest(CAST(:schemes AS text[]), CAST(:codes AS text[])) AS k(scheme, code)
            JOIN party p ON p.scheme = k.scheme AND p.code = k.code
            LEFT JOIN first_purchase f ON f.party = p.id
            LEFT JOIN trade t ON t.exchange = f.exchange AND t.number = f.number
            """
        ),
        _subject_arrays(subjects),
    )
    return {
        f"{row.scheme}:{row.code}": {
            "party": {"id_scheme": row.scheme, "id": row.code, "name": row.name},
            "first": None if row.exchange is None else _first(row),
        }
        for row in rows
    }


def _first(row: Row[Any]) -> dict[str, Any]:
    document: Any = stored_document("trade", row.exchange, row.value, row.headers)
    return {
        "exchange": row.exchange,
        "trade_no": row.number,
        "revision": row.revision,
        "completed_at": format_time(row.completed_at),
        "amount": format_yuan(row.amount_fen),
        "refunded": format_yuan(row.refunded_fen),
        "provider": party_json(document.provider),
    }


def _exchange_totals(connection: Connection, keys: list[tuple[str, int]], buckets: BucketCalendar) -> dict[str, Any]:
    found: dict[tuple[str, int], list[_Bucket]] = defaultdict(list)
    parameters = {"exchanges": pg_array(key[0] for key in keys), **_year_arrays([key[1] for key in keys])}
    for exchange, year, start, *total in fetch(connection, _EXCHANGE_TOTALS, parameters):
        found[exchange, year].append((start, Total(*total)))
    return {
        f"exchange/{exchange}/{year}": {
            "exchange": exchange,
            "year": year,
            "cut_at": _cut_at(buckets),
            "buckets": _bucket_list(found[exchange, year], buckets),
        }
        for exchange, year in keys
    }


def _provider_totals(connection: Connection, keys: list[tuple[str, int]], buckets: BucketCalendar) -> dict[str, Any]:
    names: dict[str, str] = {}
    found: dict[tuple[str, int], dict[str, dict[str, list[_Bucket]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    parameters = {**_subject_arrays([key[0] for key in keys]), **_year_arrays([key[1] for key in keys])}
    for scheme, code, year, name, exchange, category, start, *total in fetch(connection, _PROVIDER_TOTALS, parameters):
        subject = f"{scheme}:{code}"
        names[subject] = name
        if exchange is not None:
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


def _categories(categories: dict[str, list[_Bucket]], buckets: BucketCalendar) -> dict[str, Any]:
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
    return [_written(start, buckets.until_of(start), total) for start, total in found]


# Of a year's buckets a trade changes one, and the others go out again with it as they were.
@lru_cache(maxsize=_BUCKETS_KEPT)
def _written(start: datetime, until: datetime, total: Total) -> msgspec.Raw:
    """A bucket as JSON."""
    return msgspec.Raw(
        msgspec.json.encode(
            {
                "from": format_time(start),
                "until": format_time(until),
                "amount": format_yuan(total.amount_fen),
                "trades": total.trades,
                "last_completed_at": format_time(total.last_completed_at),
            }
        )
    )


def _cut_at(buckets: BucketCalendar) -> list[str]:
    return [day.isoformat() for day in buckets.cut_at]


def _subject_arrays(subjects: list[str]) -> dict[str, str]:
    pairs = [subject.split(":", 1) for subject in subjects]
    return {"schemes": pg_array(pair[0] for pair in pairs), "codes": pg_array(pair[1] for pair in pairs)}


def _year_arrays(years: list[int]) -> dict[str, str]:
    return {
        "years": pg_array(years),
        "froms": pg_array(year_start(year) for year in years),
        "untils": pg_array(year_start(year + 1) for year in years),
    }


_EXCHANGE_TOTALS = b"""
    SELECT k.exchange, k.year, t.bucket_at, t.amount_fen, t.trades, t.last_completed_at
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(years)s AS int[]), CAST(%(froms)s AS timestamptz[]),
                CAST(%(untils)s AS timestamptz[])) AS k(exchange, year, from_at, until_at)
    JOIN exchange_total t ON t.exchange = k.exchange AND t.bucket_at >= k.from_at AND t.bucket_at < k.until_at
    ORDER BY t.bucket_at
"""

_PROVIDER_TOTALS = b"""
    SELECT k.scheme, k.code, k.year, p.name, t.exchange, t.category, t.bucket_at, t.amount_fen, t.trades,
           t.last_completed_at
    FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[]), CAST(%(years)s AS int[]),
                CAST(%(froms)s AS timestamptz[]), CAST(%(untils)s AS timestamptz[]))
         AS k(scheme, code, year, from_at, until_at)
    JOIN party p ON p.scheme = k.scheme AND p.code = k.code
    LEFT JOIN provider_total t
           ON t.provider = p.id AND t.bucket_at >= k.from_at AND t.bucket_at < k.until_at
    ORDER BY t.exchange, t.category, t.bucket_at
"""

_RENDERED: Final[Mapping[str, Callable[[Connection, list[str]], dict[str, Any]]]] = {
    FIRST_PURCHASE: _firsts,
    ANNUAL_TOTAL: _totals,
    SIGN: signs,
}
