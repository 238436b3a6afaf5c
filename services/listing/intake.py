"""The intake of listings: a batch of records becomes one transaction.

Register, quarantine, first listings, changed facts and the next offsets: all of it, or nothing. Set-based throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from services.listing.firsts import FIRST_LISTINGS, can_be_first
from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.kafka.positions import move_positions
from shared.postgres.binary_copy import RowFormat, bytes_field
from shared.postgres.database import fetch
from shared.postgres.query import pg_array
from shared.register.firsts import First, update_firsts
from shared.register.head import advance_head, check_settings
from shared.register.intake import pg_microseconds, split
from shared.register.publish.outbox import mark_dirty
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
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from shared.kafka.positions import Move
    from shared.register.head import Head
    from shared.register.intake import RegisterContext
    from shared.register.parties import Entity
    from shared.register.revisions import AcceptedEntry, Key, Resolution

_FIXED = {
    "seq": "int8",
    "offset": "int8",
    "listed_at": "timestamptz",
    "record_at": "timestamptz",
    "received_at": "timestamptz",
    "revision": "int4",
    "partition": "int4",
    "provider": "int4",
    "mirrored": "bool",
    "counted": "bool",
    "binary_mode": "bool",
}
_COLUMNS = [*_FIXED, "exchange", "number", "status", "value", "headers"]
_STATE_ROWS = RowFormat("listing", _COLUMNS, list(_FIXED.values()))
_PAST_ROWS = RowFormat("listing_past", [*_COLUMNS, "replaced_by"], list(_FIXED.values()))

_STATES = f"""
    SELECT k.exchange, k.number, d.revision, d.provider, d.eligible AND p.scheme = 'uscc'
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, number)
    CROSS JOIN LATERAL (
        SELECT revision, provider, ({FIRST_LISTINGS.eligible}) AS eligible FROM listing
        WHERE exchange = k.exchange AND number = k.number LIMIT 1
    ) d
    JOIN party p ON p.id = d.provider
""".encode()
_WITH_FIRST = b"SELECT party FROM first_listing WHERE party = ANY(CAST(%(parties)s AS int[]))"


class _Stored(NamedTuple):
    """What the stored state of a number meant for firsts."""

    revision: int
    provider: int
    was_eligible: bool


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
    arrivals, refused, _ = split(prepared)
    register.parties.as_of(head.next_seq)
    stored = _load_states(connection, {(arrival.exchange, arrival.number) for arrival in arrivals})
    revisions = {key: state.revision for key, state in stored.items()}
    documents = load_documents(connection, "listing", arrivals, revisions)
    resolution = resolve(arrivals, revisions, documents, head.next_seq)
    ids, renamed = register.parties.store(connection, [e.arrival.document.provider for e in resolution.accepted])
    counted = {
        e.seq: register.exchanges.counts(e.arrival.exchange, e.arrival.document.listed_at) for e in resolution.accepted
    }
    _write(connection, resolution, ids, counted, now)
    firsts = _mend_firsts(connection, resolution, stored, ids, counted)
    _mark_dirty(connection, register, resolution, firsts, renamed, now)
    record_outcomes(connection, resolution, refused, now, lambda _: 0)
    advance_head(connection, resolution.next_seq)
    register.parties.until(resolution.next_seq)


def _load_states(connection: Connection, keys: set[Key]) -> dict[Key, _Stored]:
    if not keys:
        return {}
    return {
        (exchange, number): _Stored(*state) for exchange, number, *state in fetch(connection, _STATES, key_arrays(keys))
    }


def _write(
    connection: Connection,
    resolution: Resolution[Any],
    ids: dict[Entity, int],
    counted: dict[int, bool],
    now: datetime,
) -> None:
    move_to_past(connection, "listing", resolution.displaced)
    received_us = pg_microseconds(now)

    def row(layout: RowFormat, entry: AcceptedEntry[Any]) -> bytes:
        arrival = entry.arrival
        document, record = arrival.document, arrival.record
        return layout.pack_fixed(
            entry.seq,
            record.offset,
            pg_microseconds(document.listed_at),
            record_us(record, received_us),
            received_us,
            document.revision,
            record.partition,
            ids[document.provider.id_scheme, document.provider.id],
            document.origin_exchange is not None,
            counted[entry.seq],
            arrival.binary_mode,
        ) + b"".join(
            map(
                bytes_field,
                (
                    arrival.exchange.encode(),
                    arrival.number.encode(),
                    document.status.encode(),
                    record.value,
                    stored_headers(record.headers),
                ),
            )
        )

    write_entries(connection, resolution, _STATE_ROWS, _PAST_ROWS, row)


def _mend_firsts(
    connection: Connection,
    resolution: Resolution[Any],
    stored: dict[Key, _Stored],
    ids: dict[Entity, int],
    counted: dict[int, bool],
) -> set[int]:
    touched: dict[int, set[Key]] = {}
    for key in resolution.displaced:
        if stored[key].was_eligible:
            touched.setdefault(stored[key].provider, set()).add(key)
    candidates: dict[int, First] = {}
    for (exchange, number), entry in resolution.states.items():
        document = entry.arrival.document
        if can_be_first(document, counted=counted[entry.seq]):
            party = ids[document.provider.id_scheme, document.provider.id]
            first = First(document.listed_at, exchange, number, entry.seq)
            candidates[party] = min(first, candidates.get(party, first))
    return set(update_firsts(connection, FIRST_LISTINGS, candidates, touched))


def _mark_dirty(
    connection: Connection,
    register: RegisterContext,
    resolution: Resolution[Any],
    firsts: set[int],
    renamed: set[int],
    now: datetime,
) -> None:
    listings = [(LISTING, f"{exchange}/{number}") for exchange, number in resolution.states]
    if renamed:
        firsts = firsts | {party for (party,) in fetch(connection, _WITH_FIRST, {"parties": pg_array(renamed)})}
    subjects = register.parties.subjects(connection, firsts)
    mark_dirty(connection, [*listings, *((FIRST_LISTING, subjects[party]) for party in firsts)], now)
