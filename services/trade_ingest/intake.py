"""Intake of trades: register, first purchases, totals and changed facts of a batch, set-based throughout.

Listing facts are applied before trades. totals.py computes how a document changes the totals.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from services.trade_ingest.fact_keys import ChangedFirsts, mark_changed_facts
from services.trade_ingest.facts import FIRST_PURCHASES
from services.trade_ingest.listing_facts import ListingFact, apply_listing_facts, load_proofs, newer_than_stored, newest
from services.trade_ingest.products import product_of
from services.trade_ingest.totals import Deltas, Proof, TradeState, instant_of
from services.trade_ingest.totals_store import apply_deltas, buckets_of
from shared.events.documents import Trade
from shared.postgres.binary_copy import RowFormat, bytes_field, pg_microseconds
from shared.postgres.query import fetch, microseconds
from shared.register.context import RegisterContext
from shared.register.daily_counts import record_us
from shared.register.firsts import before_first, update_firsts
from shared.register.parties import Entity
from shared.register.revisions import AcceptedEntry, Arrival, Key, Resolution
from shared.register.stored_documents import DocumentWriter, key_arrays, resolve_stored, stored_headers
from shared.values.parties import Party

_FIXED = {
    "seq": "int8",
    "offset": "int8",
    "amount_fen": "int8",
    "refunded_fen": "int8",
    "completed_at": "timestamptz",
    "record_at": "timestamptz",
    "received_at": "timestamptz",
    "revision": "int4",
    "partition": "int4",
    "provider": "int4",
    "buyer": "int4",
    "completed": "bool",
    "listed": "bool",
    "mirrored": "bool",
    "counted": "bool",
    "binary_mode": "bool",
}
_WRITER = DocumentWriter(
    "trade", _FIXED, ["exchange", "number", "value", "listing_no", "headers", "product_kind", "industry"]
)


_StateRow = tuple[Any, ...]  # the revision, and the fields of TradeState

_STATES = f"""
    SELECT d.revision, k.exchange, k.number, d.listing_no, d.provider, d.buyer, p.scheme = 'uscc', b.scheme = 'uscc',
           d.net_fen, d.refunded_fen, {microseconds("d.completed_at")}, {microseconds("d.record_at")}, d.completed,
           d.listed, d.mirrored, d.counted, d.product_kind, d.industry
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, number)
    CROSS JOIN LATERAL (
        SELECT revision, listing_no, provider, buyer, amount_fen - refunded_fen AS net_fen, refunded_fen,
               completed_at, record_at, completed, listed, mirrored, counted, product_kind, industry
        FROM trade WHERE exchange = k.exchange AND number = k.number LIMIT 1
    ) d
    JOIN party p ON p.id = d.provider
    JOIN party b ON b.id = d.buyer
"""


def apply_trades(
    connection: Connection,
    register: RegisterContext,
    arrivals: list[Arrival[Trade]],
    facts: list[object],
    next_seq: int,
    now: datetime,
) -> Resolution[Trade]:
    """Apply the listing facts and trades of a batch."""
    buckets = buckets_of(register)
    deltas = Deltas(buckets)
    next_seq = _apply_facts(connection, register, facts, next_seq, deltas, now)

    stored = _load_states(connection, {(arrival.exchange, arrival.number) for arrival in arrivals})
    revisions = {key: revision for key, (revision, _) in stored.items()}
    resolution: Resolution[Trade] = resolve_stored(connection, "trade", arrivals, revisions, next_seq)
    ids, renamed = register.parties.store(connection, _parties(resolution.accepted))
    received_us = pg_microseconds(now)
    trades = {entry.seq: _trade_state(entry, ids, register, received_us) for entry in resolution.accepted}
    states = {key: trades[entry.seq] for key, entry in resolution.states.items()}
    replaced = {key: stored[key][1] for key in resolution.displaced}
    _add_deltas(connection, deltas, replaced, states)
    _write(connection, resolution, trades, received_us)
    apply_deltas(connection, deltas, buckets)
    firsts = update_firsts(
        connection,
        FIRST_PURCHASES,
        _first_candidates(resolution, trades),
        ((trade.buyer, key) for key, trade in replaced.items() if trade.can_be_first),
    )
    void = (trade for trade in (*states.values(), *replaced.values()) if trade.is_void)
    void_changed = before_first(
        connection,
        FIRST_PURCHASES,
        ((one.buyer, instant_of(one.completed_us), one.exchange, one.number) for one in void),
    )
    mark_changed_facts(connection, register, deltas, ChangedFirsts(firsts, void_changed), renamed, now)
    return resolution


def _apply_facts(
    connection: Connection,
    register: RegisterContext,
    facts: Iterable[object],
    next_seq: int,
    deltas: Deltas,
    now: datetime,
) -> int:
    latest = newest(fact for fact in facts if isinstance(fact, ListingFact) and fact.register == register.id)
    if not latest:
        return next_seq
    newer = newer_than_stored(connection, latest)
    ids = register.parties.find(connection, [item.provider for item in newer])
    # Facts move trades stored before this batch; the batch's own trades come after, under the new listings.
    return apply_listing_facts(connection, newer, ids, next_seq, deltas, buckets_of(register), now)


def _load_states(connection: Connection, keys: set[Key]) -> dict[Key, tuple[int, TradeState]]:
    if not keys:
        return {}
    return {
        (state[0], state[1]): (revision, TradeState(*state))
        for revision, *state in fetch(connection, _STATES, _StateRow, **key_arrays(keys))
    }


def _parties(entries: Iterable[AcceptedEntry[Trade]]) -> Iterator[Party]:
    for entry in entries:
        yield entry.arrival.document.provider
        yield entry.arrival.document.buyer


def _trade_state(
    entry: AcceptedEntry[Trade], ids: dict[Entity, int], register: RegisterContext, received_us: int
) -> TradeState:
    arrival = entry.arrival
    document = arrival.document
    provider, buyer = document.provider, document.buyer
    return TradeState(
        arrival.exchange,
        arrival.number,
        document.listing_no,
        ids[provider.id_scheme, provider.id],
        ids[buyer.id_scheme, buyer.id],
        provider.id_scheme == "uscc",
        buyer.id_scheme == "uscc",
        document.amount_fen - document.refunded_fen,
        document.refunded_fen,
        pg_microseconds(document.completed_at),
        record_us(arrival.record, received_us),
        document.status == "completed",
        document.mode == "listed",
        document.origin_exchange is not None,
        register.exchanges.counts(arrival.exchange, document.completed_at),
        *product_of(document),
    )


def _add_deltas(
    connection: Connection, deltas: Deltas, replaced: dict[Key, TradeState], states: dict[Key, TradeState]
) -> None:
    """Add what the batch's trades change in the totals, under the listings as they are now."""
    proofs = load_proofs(
        connection,
        {
            (trade.exchange, trade.listing_no)
            for trade in (*states.values(), *replaced.values())
            if trade.listed and trade.listing_no is not None
        },
    )

    def proof_of(trade: TradeState) -> Proof | None:
        return proofs.get((trade.exchange, trade.listing_no or ""))

    for key, new in states.items():
        old = replaced.get(key)
        deltas.replace(old, new, None if old is None else proof_of(old), proof_of(new))


def _write(
    connection: Connection, resolution: Resolution[Trade], trades: dict[int, TradeState], received_us: int
) -> None:
    def row(layout: RowFormat, entry: AcceptedEntry[Trade]) -> bytes:
        arrival, trade = entry.arrival, trades[entry.seq]
        document, record = arrival.document, arrival.record
        return b"".join(
            (
                layout.pack_fixed(
                    entry.seq,
                    record.offset,
                    document.amount_fen,
                    document.refunded_fen,
                    trade.completed_us,
                    trade.record_us,
                    received_us,
                    arrival.revision,
                    record.partition,
                    trade.provider,
                    trade.buyer,
                    trade.completed,
                    trade.listed,
                    trade.mirrored,
                    trade.counted,
                    arrival.binary_mode,
                ),
                bytes_field(arrival.exchange.encode()),
                bytes_field(arrival.number.encode()),
                bytes_field(record.value),
                bytes_field(None if trade.listing_no is None else trade.listing_no.encode()),
                bytes_field(stored_headers(record.headers)),
                bytes_field(trade.product_kind.encode()),
                bytes_field(trade.industry.encode()),
            )
        )

    _WRITER.write(connection, resolution, row)


def _first_candidates(
    resolution: Resolution[Trade], trades: dict[int, TradeState]
) -> Iterator[tuple[int, tuple[datetime, str, str, int]]]:
    for entry in resolution.states.values():
        trade = trades[entry.seq]
        if trade.can_be_first:
            at = entry.arrival.document.completed_at
            yield trade.buyer, (at, trade.exchange, trade.number, entry.seq)
