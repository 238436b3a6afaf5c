"""Which facts change with what: keys for the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from services.trade_ingest.totals import instant_of
from shared.facts import ANNUAL_TOTAL, FIRST_PURCHASE
from shared.register.outbox import mark_dirty
from shared.register.parties import subjects_of
from shared.times import shanghai_year

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from services.trade_ingest.totals import Deltas
    from shared.register.outbox import DirtyKey


def mark_changed(connection: Connection, deltas: Deltas, firsts: set[int], renamed: set[int], now: datetime) -> None:
    """Facts of the totals and firsts that a batch changed, and of the parties that it renamed."""
    exchanges = {(key.exchange, shanghai_year(instant_of(key.bucket_us))) for key in deltas.exchanges}
    providers = {(key.provider, shanghai_year(instant_of(key.bucket_us))) for key in deltas.providers}
    if renamed:
        providers |= _years_of(connection, renamed)
        firsts = firsts | _with_first(connection, renamed)
    mark_dirty(connection, keys_of(connection, exchanges, providers, firsts), now)


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
    """Keys of all totals and all first purchases."""
    exchanges, providers = every_total(connection)
    firsts = connection.execute(text("SELECT party FROM first_purchase")).scalars()
    return keys_of(connection, exchanges, providers, firsts)


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
