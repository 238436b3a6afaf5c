"""Which facts change with what: keys for the outbox."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import text

from services.trade_ingest.totals import instant_of
from shared.db import pg_array
from shared.facts import ANNUAL_TOTAL, FIRST_PURCHASE, SIGN, SMALL_FIRST_FEN
from shared.register.outbox import mark_dirty
from shared.register.parties import subjects_of
from shared.times import shanghai_year, year_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from services.trade_ingest.totals import Deltas
    from shared.exchanges import Exchanges
    from shared.register.firsts import First
    from shared.register.outbox import DirtyKey


def mark_changed(
    connection: Connection, deltas: Deltas, firsts: Iterable[int], renamed: set[int], now: datetime
) -> None:
    """Facts of the totals and firsts that a batch changed, and of the parties that it renamed."""
    firsts = set(firsts)
    exchanges = {(key.exchange, shanghai_year(instant_of(key.bucket_us))) for key in deltas.exchanges}
    providers = {(key.provider, shanghai_year(instant_of(key.bucket_us))) for key in deltas.providers}
    if renamed:
        providers |= _years_of(connection, renamed)
        firsts |= _with_first(connection, renamed)
    mark_dirty(connection, keys_of(connection, exchanges, providers, firsts), now)


def mark_signs(
    connection: Connection, deltas: Deltas, firsts: Mapping[int, First | None], whitelist: Exchanges, now: datetime
) -> None:
    """Facts of the signs that a batch may have changed; its documents, firsts and totals must be written already.

    `firsts`: whose first purchase is another now, and what it was.
    """
    year_of = cache(lambda bucket_us: shanghai_year(instant_of(bucket_us)))
    providers = {(key.provider, year_of(key.bucket_us)) for key in deltas.providers}
    bought = {(buyer, year_of(bucket_us)) for buyer, bucket_us, _, _ in deltas.purchases}
    providers |= _sold_too(connection, bought - providers)
    operators = _operators(connection, whitelist)
    exchanges = {
        (exchange, year_of(bucket_us))
        for buyer, bucket_us, exchange, _ in deltas.purchases
        if buyer in operators.get(exchange, ())
    }
    large = {buyer for buyer, _, _, is_large in deltas.purchases if is_large}
    buyers = deltas.small_firsts_gone | _with_small_first(connection, large, firsts)
    mark_dirty(connection, sign_keys(connection, exchanges, providers, buyers), now)


def sign_keys(
    connection: Connection,
    exchanges: Iterable[tuple[str, int]],
    providers: Iterable[tuple[int, int]],
    buyers: Iterable[int],
) -> list[DirtyKey]:
    """Keys of signs by (exchange, year), by provider (party, year), and by buyer."""
    providers, buyers = set(providers), set(buyers)
    subjects = subjects_of(connection, buyers | {party for party, _ in providers})
    keys = [(SIGN, f"exchange/{exchange}/{year}") for exchange, year in exchanges]
    keys += [(SIGN, f"provider/{subjects[party]}/{year}") for party, year in providers]
    keys += [(SIGN, f"buyer/{subjects[party]}") for party in buyers]
    return keys


def keys_of(
    connection: Connection,
    exchanges: Iterable[tuple[str, int]],
    providers: Iterable[tuple[int, int]],
    firsts: Iterable[int],
) -> list[DirtyKey]:
    """Keys of exchange totals by (exchange, year), of provider totals by (party, year), of first purchases by party."""
    providers, firsts = set(providers), set(firsts)
    parties = firsts | {party for party, _ in providers}
    subjects = subjects_of(connection, parties)
    keys = [(ANNUAL_TOTAL, f"exchange/{exchange}/{year}") for exchange, year in exchanges]
    keys += [(ANNUAL_TOTAL, f"provider/{subjects[party]}/{year}") for party, year in providers]
    keys += [(FIRST_PURCHASE, subjects[party]) for party in firsts]
    return keys


def every_key(connection: Connection) -> list[DirtyKey]:
    """Keys of all totals, all first purchases and all signs."""
    exchanges, providers = every_total(connection)
    firsts = connection.execute(text("SELECT party FROM first_purchase")).scalars()
    return [*keys_of(connection, exchanges, providers, firsts), *every_sign(connection)]


def every_sign(connection: Connection) -> list[DirtyKey]:
    """Keys of all signs that there can be."""
    exchanges, providers = every_total(connection)
    small = connection.execute(text(f"{_SMALL_FIRSTS} WHERE {_IS_SMALL}"), {"small_fen": SMALL_FIRST_FEN})
    return sign_keys(connection, exchanges, providers, small.scalars())


def every_total(connection: Connection) -> tuple[set[tuple[str, int]], set[tuple[int, int]]]:
    """All totals that there are: of exchanges by (exchange, year), of providers by (party, year)."""
    rows = connection.execute(text("SELECT DISTINCT exchange, bucket_at FROM exchange_total"))
    exchanges = {(row.exchange, shanghai_year(row.bucket_at)) for row in rows}
    rows = connection.execute(text("SELECT DISTINCT provider, bucket_at FROM provider_total"))
    return exchanges, {(row.provider, shanghai_year(row.bucket_at)) for row in rows}


def _years_of(connection: Connection, parties: set[int]) -> set[tuple[int, int]]:
    rows = connection.execute(
        text("SELECT DISTINCT provider, bucket_at FROM provider_total WHERE provider = ANY(:ids)"),
        {"ids": list(parties)},
    )
    return {(row.provider, shanghai_year(row.bucket_at)) for row in rows}


def _with_first(connection: Connection, parties: set[int]) -> set[int]:
    rows = connection.execute(text("SELECT party FROM first_purchase WHERE party = ANY(:ids)"), {"ids": list(parties)})
    return {row.party for row in rows}


def _sold_too(connection: Connection, bought: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of buyers and years those in which the buyer sold something, too: only they have signs of a provider."""
    by_year: dict[int, list[int]] = defaultdict(list)
    for party, year in bought:
        by_year[year].append(party)
    found: set[tuple[int, int]] = set()
    for year, parties in by_year.items():
        rows = connection.execute(
            text(
                "SELECT DISTINCT provider FROM provider_total WHERE provider = ANY(CAST(:parties AS int[]))"
                " AND bucket_at >= :from_at AND bucket_at < :until_at"
            ),
            {
                "parties": pg_array(parties),
                "from_at": year_start(year),
                "until_at": year_start(year + 1),
            },
        )
        found.update((party, year) for party in rows.scalars())
    return found


def _operators(connection: Connection, whitelist: Exchanges) -> dict[str, set[int]]:
    """Of each exchange, whoever operates it at any time, as far as the register knows them."""
    codes = {operator.uscc for exchange in whitelist.listed for operator in exchange.operators}
    rows = connection.execute(
        text("SELECT id, code FROM party WHERE scheme = 'uscc' AND code = ANY(CAST(:codes AS text[]))"),
        {"codes": pg_array(codes)},
    )
    ids = {row.code: row.id for row in rows}
    return {
        exchange.id: {ids[operator.uscc] for operator in exchange.operators if operator.uscc in ids}
        for exchange in whitelist.listed
    }


_SMALL_FIRSTS = "SELECT f.party FROM first_purchase f JOIN trade t ON t.exchange = f.exchange AND t.number = f.number"
_IS_SMALL = "t.amount_fen - t.refunded_fen < :small_fen"


def _with_small_first(connection: Connection, large: set[int], firsts: Mapping[int, First | None]) -> set[int]:
    """Of those who bought something large, and of those whose first changed, whose first is small, or was."""
    before = {party: first for party, first in firsts.items() if first is not None}
    parties = large | before.keys()
    if not parties:
        return set()
    rows = connection.execute(
        text(
            f"""
            {_SMALL_FIRSTS} WHERE f.party = ANY(CAST(:parties AS int[])) AND {_IS_SMALL}
            UNION
            SELECT b.party
            FROM unnest(CAST(:befores AS int[]), CAST(:exchanges AS text[]), CAST(:numbers AS text[]))
                 AS b(party, exchange, number)
            JOIN trade t ON t.exchange = b.exchange AND t.number = b.number WHERE {_IS_SMALL}
            """
        ),
        {
            "parties": pg_array(parties),
            "befores": pg_array(before),
            "exchanges": pg_array(first.exchange for first in before.values()),
            "numbers": pg_array(first.number for first in before.values()),
            "small_fen": SMALL_FIRST_FEN,
        },
    )
    return set(rows.scalars())
