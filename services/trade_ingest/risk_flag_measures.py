"""Measures for risk flags (核查线索), published as `facts.sign.v1`: figures that a person should look at, no verdict.

They cover trades that count (completed, not mirrored, within the exchange's time on the whitelist) in any mode, by net
amount. They are computed when a fact is rendered, so that intake only marks whose trades a batch touched: read from the
trades, or for a seller with many of them from the sums of busy_sellers.py. Natural persons are not named.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection

from services.trade_ingest import busy_sellers
from services.trade_ingest.busy_sellers import COUNTS, ProviderRow, SellerKey, become_busy, bring_forward, busy_rows
from shared.events.fact_topics import (
    AFTER_FIRST,
    COUNTERPARTIES,
    LARGE_PURCHASE_FEN,
    REPEATED_AMOUNTS,
    REPEATED_FROM,
    SMALL_FIRST_FEN,
)
from shared.postgres.query import fetch, pg_array, pg_arrays
from shared.register.head import read_settings
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import day_start, format_time, year_start

_EARLIEST, _LATEST = year_start(1900), year_start(2200)  # beyond all years of documents
_YEARS = """
    k AS MATERIALIZED (
        SELECT k.n, p.id AS party, k.from_at, k.until_at
        FROM unnest(CAST(%(ns)s AS int[]), CAST(%(codes)s AS text[]), CAST(%(froms)s AS timestamptz[]),
                    CAST(%(untils)s AS timestamptz[])) AS k(n, code, from_at, until_at)
        JOIN party p ON p.scheme = 'uscc' AND p.code = k.code
    )
"""
# Two passes over what a provider sold and bought in the year; only a few rows are returned.
_PROVIDERS = f"""
    WITH {_YEARS}, sold AS MATERIALIZED (
        SELECT k.n, t.buyer AS other, t.amount_fen - t.refunded_fen AS net_fen, count(*) AS trades,
               min(t.seq) AS least_seq, max(t.seq) AS greatest_seq
        FROM k JOIN trade t ON t.provider = k.party AND t.completed_at >= k.from_at AND t.completed_at < k.until_at
        WHERE {COUNTS} GROUP BY 1, 2, 3
    ), bought AS (
        SELECT k.n, t.provider AS other, sum(t.amount_fen - t.refunded_fen) AS amount_fen, count(*) AS trades
        FROM k JOIN trade t ON t.buyer = k.party AND t.completed_at >= k.from_at AND t.completed_at < k.until_at
        WHERE {COUNTS} GROUP BY 1, 2
    ), counterparty AS (
        SELECT s.*, row_number() OVER (PARTITION BY n ORDER BY amount_fen DESC, subject COLLATE "C") AS place
        FROM (
            SELECT s.n, s.other, concat(p.scheme, ':', p.code) AS subject, sum(s.net_fen * s.trades) AS amount_fen,
                   sum(s.trades) AS trades
            FROM sold s JOIN party p ON p.id = s.other AND p.scheme <> 'natural_person' GROUP BY 1, 2, 3
        ) s
    ), repeated AS (
        SELECT r.*, row_number() OVER (PARTITION BY n ORDER BY net_fen * trades DESC, net_fen DESC) AS place
        FROM (
            SELECT n, net_fen, sum(trades) AS trades, count(*) AS buyers, min(least_seq) AS least_seq,
                   max(greatest_seq) AS greatest_seq
            FROM sold WHERE net_fen > 0 GROUP BY 1, 2 HAVING sum(trades) >= %(repeated_from)s
        ) r
    )
    SELECT 'sold' AS what, n, CAST(NULL AS text) AS subject, sum(net_fen * trades) AS amount_fen,
           sum(trades) AS trades, CAST(NULL AS numeric) AS bought_fen, CAST(NULL AS bigint) AS more,
           CAST(NULL AS bigint) AS least_seq, CAST(NULL AS bigint) AS greatest_seq, 0 AS place
    FROM sold GROUP BY n
    UNION ALL
    SELECT 'bought', n, NULL, sum(amount_fen), sum(trades), NULL, NULL, NULL, NULL, 0 FROM bought GROUP BY n
    UNION ALL
    SELECT 'counterparty', c.n, c.subject, c.amount_fen, c.trades, b.amount_fen, b.trades, NULL, NULL, c.place
    FROM counterparty c LEFT JOIN bought b ON b.n = c.n AND b.other = c.other WHERE c.place <= %(counterparties)s
    UNION ALL
    SELECT 'repeated', n, NULL, net_fen, trades, NULL, buyers, least_seq, greatest_seq, place
    FROM repeated WHERE place <= %(repeated_amounts)s
    ORDER BY what, n, place
"""
_BUYERS = f"""
    SELECT k.code, f.exchange, f.number, f.completed_at, f.net_fen, g.exchange AS greatest_exchange,
           g.number AS greatest_number, g.completed_at AS greatest_completed_at, g.net_fen AS greatest_net_fen
    FROM unnest(CAST(%(codes)s AS text[])) AS k(code)
    JOIN party p ON p.scheme = 'uscc' AND p.code = k.code
    JOIN first_purchase o ON o.party = p.id
    CROSS JOIN LATERAL (
        SELECT exchange, number, completed_at, amount_fen - refunded_fen AS net_fen
        FROM trade WHERE exchange = o.exchange AND number = o.number
    ) f
    CROSS JOIN LATERAL (
        SELECT t.exchange, t.number, t.completed_at, t.amount_fen - t.refunded_fen AS net_fen
        FROM trade t
        WHERE t.buyer = p.id AND t.completed_at >= f.completed_at AND t.completed_at <= f.completed_at + %(after_first)s
          AND {COUNTS} AND t.amount_fen - t.refunded_fen >= {LARGE_PURCHASE_FEN}
        ORDER BY net_fen DESC, t.completed_at, t.exchange, t.number LIMIT 1
    ) g
    WHERE f.net_fen < %(small_fen)s
"""
_OPERATORS = f"""
    SELECT k.n, k.code, sum(t.amount_fen - t.refunded_fen) AS amount_fen, count(*) AS trades,
           min(t.seq) AS least_seq, max(t.seq) AS greatest_seq
    FROM unnest(CAST(%(ns)s AS int[]), CAST(%(codes)s AS text[]), CAST(%(exchanges)s AS text[]),
                CAST(%(froms)s AS timestamptz[]), CAST(%(untils)s AS timestamptz[]))
         AS k(n, code, exchange, from_at, until_at)
    JOIN party p ON p.scheme = 'uscc' AND p.code = k.code
    JOIN trade t ON t.buyer = p.id AND t.exchange = k.exchange AND t.completed_at >= k.from_at
                 AND t.completed_at < k.until_at
    WHERE {COUNTS} GROUP BY 1, 2 ORDER BY 1, 2
"""


class _BuyerRow(NamedTuple):
    """A small first purchase, and the largest soon after it."""

    code: str
    exchange: str
    number: str
    completed_at: datetime
    net_fen: int
    greatest_exchange: str
    greatest_number: str
    greatest_completed_at: datetime
    greatest_net_fen: int


class _OperatorRow(NamedTuple):
    """Measure an operator's purchases on its own exchange."""

    n: int
    code: str
    amount_fen: Decimal
    trades: int
    least_seq: int
    greatest_seq: int


def render_measures(connection: Connection, keys: list[str]) -> Json:
    """Render the measures of providers, buyers and exchanges."""
    values: Json = {}
    for kind, measure in _MEASURES.items():
        named = {key: rest for key in keys for first, *rest in [key.split("/")] if first == kind}
        if named:
            values |= measure(connection, named)
    return values


def _of_providers(connection: Connection, keys: dict[str, list[str]]) -> Json:
    values: Json = {
        key: {"subject": subject, "year": int(year), "sold": _sum(0, 0), "counterparties": [], "repeated": []}
        for key, (subject, year) in keys.items()
    }
    in_order = list(values.values())
    rows = _provider_rows(
        connection,
        [(n, _code(value["subject"]), value["year"], *_span(value["year"])) for n, value in enumerate(in_order)],
    )
    numbers = _numbers(connection, rows)
    for row in rows:
        value: Json = in_order[row.n]
        if row.what == "sold":
            value["sold"] = _sum(row.amount_fen, row.trades)
        elif row.what == "counterparty":
            bought = _sum(row.bought_fen or 0, row.more or 0)
            value["counterparties"].append(
                {"subject": row.subject, "sold": _sum(row.amount_fen, row.trades), "bought": bought}
            )
        elif row.what == "repeated":
            value["repeated"].append(
                {
                    **_sum(row.amount_fen, row.trades),
                    "buyers": row.more,
                    "examples": _examples(row.least_seq, row.greatest_seq, numbers),
                }
            )
    return values


def _provider_rows(connection: Connection, keys: list[SellerKey]) -> list[ProviderRow]:
    """Read the years of sellers with few trades and the sums of busy ones; who has many trades becomes busy."""
    busy = bring_forward(connection, [key[1:3] for key in keys])
    few = [key for key in keys if key[1:3] not in busy]
    return [*_read_years(connection, few), *busy_rows(connection, [key for key in keys if key[1:3] in busy])]


def _read_years(connection: Connection, keys: list[SellerKey]) -> list[ProviderRow]:
    if not keys:
        return []
    rows = fetch(
        connection,
        _PROVIDERS,
        ProviderRow,
        **pg_arrays(((n, code, *span) for n, code, _, *span in keys), "ns", "codes", "froms", "untils"),
        counterparties=COUNTERPARTIES,
        repeated_amounts=REPEATED_AMOUNTS,
        repeated_from=REPEATED_FROM,
    )
    trades: Counter[int] = Counter()
    for row in rows:
        if row.what in ("sold", "bought"):
            trades[row.n] += int(row.trades)
    become_busy(connection, [key for key in keys if trades[key[0]] >= busy_sellers.MANY_TRADES])
    return rows


def _of_buyers(connection: Connection, keys: dict[str, list[str]]) -> Json:
    values: Json = {
        f"uscc:{_code(subject)}": {"subject": subject, "first": None, "greatest": None} for (subject,) in keys.values()
    }
    rows = fetch(
        connection,
        _BUYERS,
        _BuyerRow,
        codes=pg_array(_code(subject) for subject in values),
        after_first=AFTER_FIRST,
        small_fen=SMALL_FIRST_FEN,
    )
    for row in rows:
        values[f"uscc:{row.code}"] |= {
            "first": _purchase(row.exchange, row.number, row.completed_at, row.net_fen),
            "greatest": _purchase(
                row.greatest_exchange, row.greatest_number, row.greatest_completed_at, row.greatest_net_fen
            ),
        }
    return {key: values[subject] for key, (subject,) in keys.items()}


def _of_exchanges(connection: Connection, keys: dict[str, list[str]]) -> Json:
    values: Json = {
        key: {"exchange": exchange, "year": int(year), "operators": []} for key, (exchange, year) in keys.items()
    }
    in_order, terms = list(values.values()), _terms(connection)
    terms_in_year = (
        (n, value["exchange"], code, max(from_at, begin), min(until_at, end))
        for n, value in enumerate(in_order)
        for begin, end in [_span(value["year"])]
        for code, from_at, until_at in terms.get(value["exchange"], ())
    )
    parameters = pg_arrays(terms_in_year, "ns", "exchanges", "codes", "froms", "untils")
    rows = fetch(connection, _OPERATORS, _OperatorRow, **parameters)
    numbers = _numbers(connection, rows)
    for row in rows:
        in_order[row.n]["operators"].append(
            {
                "subject": f"uscc:{row.code}",
                **_sum(row.amount_fen, row.trades),
                "examples": _examples(row.least_seq, row.greatest_seq, numbers),
            }
        )
    return values


_MEASURES = {"provider": _of_providers, "buyer": _of_buyers, "exchange": _of_exchanges}


def _terms(connection: Connection) -> dict[str, list[tuple[str, datetime, datetime]]]:
    """Return the operators of each exchange with their terms, by the settings in force."""
    return {
        exchange["id"]: [
            (one["uscc"], _start(one["from"], _EARLIEST), _start(one["until"], _LATEST))
            for one in exchange["operators"]
        ]
        for exchange in read_settings(connection, "exchanges") or ()
    }


def _start(day: str | None, otherwise: datetime) -> datetime:
    return otherwise if day is None else day_start(date.fromisoformat(day))


def _span(year: int) -> tuple[datetime, datetime]:
    return year_start(year), year_start(year + 1)


def _code(subject: str) -> str:
    return subject.partition(":")[2]


def _sum(amount_fen: int | Decimal, trades: int | Decimal) -> Json:
    return {"amount": format_yuan(int(amount_fen)), "trades": int(trades)}


def _purchase(exchange: str, number: str, completed_at: datetime, net_fen: int) -> Json:
    return {
        "exchange": exchange,
        "trade_no": number,
        "completed_at": format_time(completed_at),
        "amount": format_yuan(net_fen),
    }


def _numbers(connection: Connection, rows: Iterable[ProviderRow | _OperatorRow]) -> dict[int, tuple[str, str]]:
    """Load (exchange, number) of the example trades by their entries."""
    seqs = {seq for row in rows for seq in (row.least_seq, row.greatest_seq) if seq is not None}
    if not seqs:
        return {}
    statement = "SELECT seq, exchange, number FROM trade WHERE seq = ANY(CAST(%(seqs)s AS bigint[]))"
    found = fetch(connection, statement, tuple[int, str, str], seqs=pg_array(sorted(seqs)))
    return {seq: (exchange, number) for seq, exchange, number in found}


def _examples(first: int | None, last: int | None, numbers: dict[int, tuple[str, str]]) -> list[dict[str, str]]:
    """Return the first and the last entered of the trades that were summed up."""
    return [
        {"exchange": exchange, "trade_no": number}
        for exchange, number in (numbers[seq] for seq in dict.fromkeys((first, last)) if seq is not None)
    ]
