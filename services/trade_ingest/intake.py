"""The intake of trades: a batch of records becomes one transaction.

Listing facts first, then trades: register, quarantine, first purchases, totals, changed facts and the next offsets;
all of it, or nothing. Set-based throughout; what documents mean for totals is worked out in totals.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.trade_ingest.fact_keys import mark_changed_facts
from services.trade_ingest.firsts import FIRST_PURCHASES
from services.trade_ingest.listing_facts import ListingFact, apply_listing_facts, load_proofs, newer_than_stored, newest
from services.trade_ingest.totals import Deltas, TradeState, bucket_calendar, instant_of
from services.trade_ingest.totals_store import apply_deltas
from shared.kafka.positions import move_positions
from shared.postgres.binary_copy import RowFormat, bytes_field
from shared.postgres.database import fetch
from shared.register.firsts import First, update_firsts
from shared.register.head import advance_head, check_settings
from shared.register.intake import pg_microseconds, split
from shared.register.quarantine import record_us
from shared.register.record_outcomes import record_outcomes
from shared.register.revisions import resolve
from shared.register.stored_documents import (
    key_arrays,
    load_documents,
    move_to_past,
    stored_headers,
    write_entries,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from services.trade_ingest.totals import BucketCalendar, Proof
    from shared.kafka.positions import Move
    from shared.register.head import Head
    from shared.register.intake import RegisterContext
    from shared.register.parties import Entity
    from shared.register.revisions import AcceptedEntry, Key, Resolution
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
_COLUMNS = [*_FIXED, "exchange", "number", "value", "listing_no", "headers"]
_STATE_ROWS = RowFormat("trade", _COLUMNS, list(_FIXED.values()))
_PAST_ROWS = RowFormat("trade_past", [*_COLUMNS, "replaced_by"], list(_FIXED.values()))

# The revision, and the rest in the order in which a Trade has it.
_STATES = b"""
    SELECT d.revision, k.exchange, k.number, d.listing_no, d.provider, d.buyer, p.scheme = 'uscc', b.scheme = 'uscc',
           d.net_fen, d.completed_at, d.completed, d.listed, d.mirrored, d.counted
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, number)
    CROSS JOIN LATERAL (
        SELECT revision, listing_no, provider, buyer, amount_fen - refunded_fen AS net_fen, completed_at,
               completed, listed, mirrored, counted
        FROM trade WHERE exchange = k.exchange AND number = k.number LIMIT 1
    ) d
    JOIN party p ON p.id = d.provider
    JOIN party b ON b.id = d.buyer
"""


def apply_batch(
    connection: Connection,
    head: Head,
    register: RegisterContext,
    prepared: Sequence[Any],
    moves: Sequence[Move],
    now: datetime,
) -> None:
    """Do all that follows from a batch, as the register's one writer.

    Raises PartitionLostError, SettingsDifferError, or what the database says.
    """
    check_settings(head, register.settings)
    move_positions(connection, moves, now)
    arrivals, refused, facts = split(prepared)
    buckets = buckets_of(register)
    deltas = Deltas(buckets)
    register.parties.as_of(head.next_seq)
    next_seq = _apply_facts(connection, register, facts, head.next_seq, deltas, now)

    stored = _load_states(connection, {(arrival.exchange, arrival.number) for arrival in arrivals})
    revisions = {key: revision for key, (revision, _) in stored.items()}
    documents = load_documents(connection, "trade", arrivals, revisions)
    resolution = resolve(arrivals, revisions, documents, next_seq)
    ids, renamed = register.parties.store(connection, _parties(resolution.accepted))
    trades = {entry.seq: _trade(entry, ids, register) for entry in resolution.accepted}
    states = {key: trades[entry.seq] for key, entry in resolution.states.items()}
    replaced = {key: stored[key][1] for key in resolution.displaced}
    _add_deltas(connection, deltas, replaced, states)
    _write(connection, resolution, trades, now)
    apply_deltas(connection, deltas, buckets)
    firsts = _mend_firsts(connection, resolution, replaced, trades)
    mark_changed_facts(connection, register, deltas, firsts, renamed, now)
    record_outcomes(connection, resolution, refused, now, lambda trade: trade.amount_fen)
    advance_head(connection, resolution.next_seq)
    register.parties.until(resolution.next_seq)


def buckets_of(register: RegisterContext) -> BucketCalendar:
    """The buckets of the settings under which the register counts."""
    return bucket_calendar(tuple(register.cut_dates))


def _apply_facts(
    connection: Connection,
    register: RegisterContext,
    facts: Iterable[ListingFact],
    next_seq: int,
    deltas: Deltas,
    now: datetime,
) -> int:
    latest = newest(fact for fact in facts if fact.register == register.id)
    if not latest:
        return next_seq
    newer = newer_than_stored(connection, latest)
    ids = register.parties.find(connection, [item.provider for item in newer])
    # What facts move are trades stored before this batch; its documents come after, under the new listings.
    return apply_listing_facts(connection, newer, ids, next_seq, deltas, buckets_of(register), now)


def _load_states(connection: Connection, keys: set[Key]) -> dict[Key, tuple[int, TradeState]]:
    if not keys:
        return {}
    states = {}
    for revision, exchange, number, *parts, completed_at, completed, listed, mirrored, counted in fetch(
        connection, _STATES, key_arrays(keys)
    ):
        parts += [pg_microseconds(completed_at), completed, listed, mirrored, counted]
        states[exchange, number] = (revision, TradeState(exchange, number, *parts))
    return states


def _parties(entries: Iterable[AcceptedEntry[Any]]) -> Iterable[Party]:
    for entry in entries:
        yield entry.arrival.document.provider
        yield entry.arrival.document.buyer


def _trade(entry: AcceptedEntry[Any], ids: dict[Entity, int], register: RegisterContext) -> TradeState:
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
        pg_microseconds(document.completed_at),
        document.status == "completed",
        document.mode == "listed",
        document.origin_exchange is not None,
        register.exchanges.counts(arrival.exchange, document.completed_at),
    )


def _add_deltas(
    connection: Connection, deltas: Deltas, replaced: dict[Key, TradeState], states: dict[Key, TradeState]
) -> None:
    """What the batch's documents change in the totals, under the listings as they now are."""
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


def _write(connection: Connection, resolution: Resolution[Any], trades: dict[int, TradeState], now: datetime) -> None:
    move_to_past(connection, "trade", resolution.displaced)
    received_us = pg_microseconds(now)

    def row(layout: RowFormat, entry: AcceptedEntry[Any]) -> bytes:
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
                    record_us(record, received_us),
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
            )
        )

    write_entries(connection, resolution, _STATE_ROWS, _PAST_ROWS, row)


def _mend_firsts(
    connection: Connection, resolution: Resolution[Any], replaced: dict[Key, TradeState], trades: dict[int, TradeState]
) -> dict[int, First | None]:
    touched: dict[int, set[Key]] = {}
    for key, trade in replaced.items():
        if trade.can_be_first:
            touched.setdefault(trade.buyer, set()).add(key)
    least: dict[int, tuple[int, str, str, int]] = {}
    for entry in resolution.states.values():
        trade = trades[entry.seq]
        if trade.can_be_first:
            candidate = (trade.completed_us, trade.exchange, trade.number, entry.seq)
            known = least.get(trade.buyer)
            if known is None or candidate < known:
                least[trade.buyer] = candidate
    candidates = {buyer: First(instant_of(found[0]), *found[1:]) for buyer, found in least.items()}
    return update_firsts(connection, FIRST_PURCHASES, candidates, touched)
