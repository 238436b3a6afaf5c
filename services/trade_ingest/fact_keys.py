"""Keys of the facts that change with a batch or with the settings, and of all facts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection

from services.trade_ingest.busy_sellers import forget_busy_sellers
from services.trade_ingest.facts import FIRST_PURCHASES
from services.trade_ingest.products import fill_products
from services.trade_ingest.totals import Deltas, year_of_bucket
from services.trade_ingest.totals_store import IS_AHEAD, buckets_of, rebuild_totals
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE, SIGN, SMALL_FIRST_FEN
from shared.postgres.query import fetch, fetch_optional, fetch_values, pg_array, pg_arrays
from shared.register.context import RegisterContext
from shared.register.firsts import First, no_longer_counted, with_void
from shared.register.parties import subjects_of
from shared.register.publish.outbox import DirtyKey, mark_dirty
from shared.register.revisions import Key
from shared.values.times import shanghai_year, year_start

_SOLD_TOO = """
    SELECT b.party, b.year
    FROM unnest(CAST(%(parties)s AS int[]), CAST(%(years)s AS int[]),
                CAST(%(froms)s AS timestamptz[]), CAST(%(untils)s AS timestamptz[]))
         AS b(party, year, from_at, until_at)
    WHERE EXISTS (
        SELECT FROM provider_total WHERE provider = b.party AND bucket_at >= b.from_at AND bucket_at < b.until_at
    )
"""
_FIRSTS = "SELECT f.party FROM first_purchase f JOIN trade t ON t.exchange = f.exchange AND t.number = f.number"
_IS_SMALL = f"t.amount_fen - t.refunded_fen < {SMALL_FIRST_FEN}"
_WITH_SMALL_FIRST = f"""
    {_FIRSTS} WHERE f.party = ANY(CAST(%(parties)s AS int[])) AND {_IS_SMALL}
    UNION
    SELECT b.party
    FROM unnest(CAST(%(befores)s AS int[]), CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[]))
         AS b(party, exchange, number)
    JOIN trade t ON t.exchange = b.exchange AND t.number = b.number WHERE {_IS_SMALL}
"""


class ChangedFirsts(NamedTuple):
    """The former first purchase of each party whose first changed; parties whose void purchases changed."""

    former: Mapping[int, First | None]
    void: set[int]


def mark_changed_facts(
    connection: Connection,
    register: RegisterContext,
    deltas: Deltas,
    firsts: ChangedFirsts,
    renamed: set[int],
    now: datetime,
) -> None:
    """Mark the facts that a batch may have changed; its documents, firsts and totals must be stored already.

    `renamed`: parties whose name changed.
    """
    exchanges = {(exchange, year_of_bucket(bucket_us)) for exchange, bucket_us in deltas.exchanges}
    sellers = {(provider, year_of_bucket(bucket_us)) for provider, bucket_us, _, _ in deltas.providers}
    bought = {(buyer, year_of_bucket(bucket_us)) for buyer, bucket_us, _, _ in deltas.purchases}
    sold_too = _sold_too(connection, bought - sellers)
    large = {buyer for buyer, _, _, is_large in deltas.purchases if is_large}
    beginners = deltas.small_firsts_gone | _with_small_first(connection, large, firsts.former)
    providers = sellers | (_years_of(connection, renamed) if renamed else set())
    with_first = firsts.former.keys() | firsts.void | (_with_first(connection, renamed) if renamed else set())

    parties = {party for party, _ in providers | bought} | with_first | beginners
    subjects = register.parties.subjects(connection, parties)
    operators = {exchange.id: {f"uscc:{o.uscc}" for o in exchange.operators} for exchange in register.exchanges.listed}
    operated = {
        (exchange, year_of_bucket(bucket_us))
        for buyer, bucket_us, exchange, _ in deltas.purchases
        if subjects[buyer] in operators.get(exchange, ())
    }
    totals = total_and_first_keys(subjects, exchanges, providers, with_first)
    mark_dirty(connection, [*totals, *risk_flag_keys(subjects, operated, sellers | sold_too, beginners)], now)


def total_and_first_keys(
    subjects: Mapping[int, str],
    exchanges: Iterable[tuple[str, int]],
    providers: Iterable[tuple[int, int]],
    firsts: Iterable[int],
) -> list[DirtyKey]:
    """Return keys of totals by (exchange, year) and (provider, year), and of first purchases by party."""
    keys = [(ANNUAL_TOTAL, f"exchange/{exchange}/{year}") for exchange, year in exchanges]
    keys += [(ANNUAL_TOTAL, f"provider/{subjects[party]}/{year}") for party, year in providers]
    keys += [(FIRST_PURCHASE, subjects[party]) for party in firsts]
    return keys


def risk_flag_keys(
    subjects: Mapping[int, str],
    exchanges: Iterable[tuple[str, int]],
    providers: Iterable[tuple[int, int]],
    buyers: Iterable[int],
) -> list[DirtyKey]:
    """Return keys of risk-flag measures by (exchange, year), by (provider, year), and by buyer."""
    keys = [(SIGN, f"exchange/{exchange}/{year}") for exchange, year in exchanges]
    keys += [(SIGN, f"provider/{subjects[party]}/{year}") for party, year in providers]
    keys += [(SIGN, f"buyer/{subjects[party]}") for party in buyers]
    return keys


def all_fact_keys(connection: Connection) -> list[DirtyKey]:
    exchanges, providers = all_totals(connection)
    firsts = set(fetch_values(connection, "SELECT party FROM first_purchase", int))
    firsts |= with_void(connection, FIRST_PURCHASES)
    subjects = subjects_of(connection, firsts | {party for party, _ in providers})
    return [*total_and_first_keys(subjects, exchanges, providers, firsts), *all_risk_flag_keys(connection)]


def all_risk_flag_keys(connection: Connection) -> list[DirtyKey]:
    """Return the keys of all risk-flag measures that may exist."""
    exchanges, providers = all_totals(connection)
    small = set(fetch_values(connection, f"{_FIRSTS} WHERE {_IS_SMALL}", int))
    subjects = subjects_of(connection, small | {party for party, _ in providers})
    return risk_flag_keys(subjects, exchanges, providers, small)


def all_totals(connection: Connection) -> tuple[set[tuple[str, int]], set[tuple[int, int]]]:
    """Return all totals: of exchanges by (exchange, year), of providers by (party, year)."""
    rows = fetch(connection, "SELECT DISTINCT exchange, bucket_at FROM exchange_total", tuple[str, datetime])
    exchanges = {(exchange, shanghai_year(at)) for exchange, at in rows}
    of_providers = fetch(connection, "SELECT DISTINCT provider, bucket_at FROM provider_total", tuple[int, datetime])
    return exchanges, {(provider, shanghai_year(at)) for provider, at in of_providers}


def changed_by_settings(
    connection: Connection, register: RegisterContext, recounted: Sequence[Key], firsts: set[int]
) -> list[DirtyKey]:
    """Recompute totals by the settings just recorded; return the keys of all facts that may have changed."""
    fill_products(connection)
    forget_busy_sellers(connection)
    exchanges, providers = rebuild_totals(connection, buckets_of(register))
    if _cut_dates_changed(connection, register):
        # Every total states its cut dates.
        all_exchanges, all_providers = all_totals(connection)
        exchanges |= all_exchanges
        providers |= all_providers
    # Firsts store neither that they are future-dated nor a void trade before them, so these cannot be compared: all are
    # rendered again.
    rendered = set(fetch_values(connection, f"{_FIRSTS} WHERE {IS_AHEAD}", int))
    rendered |= with_void(connection, FIRST_PURCHASES) | no_longer_counted(connection, FIRST_PURCHASES, recounted)
    subjects = subjects_of(connection, firsts | rendered | {party for party, _ in providers})
    return [
        *total_and_first_keys(subjects, exchanges, providers, firsts | rendered),
        # Not all measures of risk flags are stored, so they cannot be compared: all are rendered again.
        *all_risk_flag_keys(connection),
        *risk_flag_keys(subjects, exchanges, providers, firsts),
    ]


def _cut_dates_changed(connection: Connection, register: RegisterContext) -> bool:
    """Compare the cut dates with those of the settings before the last."""
    statement = "SELECT content -> 'cut_at' FROM settings_entry ORDER BY seq DESC OFFSET 1 LIMIT 1"
    before = fetch_optional(connection, statement, list[str])
    return before is not None and before != register.settings.content["cut_at"]


def _years_of(connection: Connection, parties: set[int]) -> set[tuple[int, int]]:
    statement = "SELECT DISTINCT provider, bucket_at FROM provider_total WHERE provider = ANY(%(ids)s)"
    rows = fetch(connection, statement, tuple[int, datetime], ids=list(parties))
    return {(provider, shanghai_year(at)) for provider, at in rows}


def _with_first(connection: Connection, parties: set[int]) -> set[int]:
    statement = "SELECT party FROM first_purchase WHERE party = ANY(%(ids)s)"
    return set(fetch_values(connection, statement, int, ids=list(parties))) | with_void(
        connection, FIRST_PURCHASES, parties
    )


def _sold_too(connection: Connection, bought: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those (buyer, year) in which the buyer also sold: only sellers have measures of a provider."""
    if not bought:
        return set()
    rows = ((party, year, _start_of(year), _start_of(year + 1)) for party, year in bought)
    parameters = pg_arrays(rows, "parties", "years", "froms", "untils")
    return set(fetch(connection, _SOLD_TOO, tuple[int, int], **parameters))


@cache
def _start_of(year: int) -> str:
    return year_start(year).isoformat()


def _with_small_first(connection: Connection, large: set[int], firsts: Mapping[int, First | None]) -> set[int]:
    """Return those of the large buyers, and of the parties with a changed first, whose first is or was small."""
    before = {party: first for party, first in firsts.items() if first is not None}
    parties = large | before.keys()
    if not parties:
        return set()
    rows = ((party, first.exchange, first.number) for party, first in before.items())
    parameters = pg_arrays(rows, "befores", "exchanges", "numbers")
    return set(fetch_values(connection, _WITH_SMALL_FIRST, int, parties=pg_array(parties), **parameters))
