"""Intake of listings: register, first listings and changed facts of a batch, set-based throughout."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from services.listing.facts import FIRST_LISTINGS, fact_keys
from shared.events.documents import Listing
from shared.postgres.binary_copy import RowFormat, bytes_field, pg_microseconds
from shared.postgres.query import fetch, fetch_values, pg_array
from shared.register.context import RegisterContext
from shared.register.daily_counts import record_us
from shared.register.firsts import before_first, update_firsts, with_void
from shared.register.parties import Entity
from shared.register.publish.outbox import mark_dirty
from shared.register.revisions import AcceptedEntry, Arrival, Key, Resolution
from shared.register.stored_documents import DocumentWriter, key_arrays, resolve_stored, stored_headers

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
_WRITER = DocumentWriter("listing", _FIXED, ["exchange", "number", "status", "value", "headers"])

_STATES = f"""
    SELECT k.exchange, k.number, d.revision, d.provider, d.listed_at, d.eligible AND p.scheme = 'uscc',
           d.void AND p.scheme = 'uscc'
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, number)
    CROSS JOIN LATERAL (
        SELECT revision, provider, listed_at, ({FIRST_LISTINGS.eligible}) AS eligible, ({FIRST_LISTINGS.void}) AS void
        FROM listing
        WHERE exchange = k.exchange AND number = k.number LIMIT 1
    ) d
    JOIN party p ON p.id = d.provider
"""
_WITH_FIRST = "SELECT party FROM first_listing WHERE party = ANY(CAST(%(parties)s AS int[]))"


class _StoredState(NamedTuple):
    revision: int
    provider: int
    listed_at: datetime
    was_eligible: bool
    was_void: bool


def apply_listings(
    connection: Connection,
    register: RegisterContext,
    arrivals: list[Arrival[Listing]],
    facts: list[object],
    next_seq: int,
    now: datetime,
) -> Resolution[Listing]:
    del facts  # it consumes none
    stored = _load_states(connection, {(arrival.exchange, arrival.number) for arrival in arrivals})
    revisions = {key: state.revision for key, state in stored.items()}
    resolution: Resolution[Listing] = resolve_stored(connection, "listing", arrivals, revisions, next_seq)
    ids, renamed = register.parties.store(connection, [e.arrival.document.provider for e in resolution.accepted])
    counted = {
        e.seq: register.exchanges.counts(e.arrival.exchange, e.arrival.document.listed_at) for e in resolution.accepted
    }
    _write(connection, resolution, ids, counted, now)
    firsts = set(
        update_firsts(
            connection,
            FIRST_LISTINGS,
            _first_candidates(resolution, ids, counted),
            ((stored[key].provider, key) for key in resolution.displaced if stored[key].was_eligible),
        )
    )
    firsts |= before_first(connection, FIRST_LISTINGS, _void(resolution, stored, ids, counted))
    if renamed:
        firsts |= set(fetch_values(connection, _WITH_FIRST, int, parties=pg_array(renamed)))
        firsts |= with_void(connection, FIRST_LISTINGS, renamed)
    subjects = register.parties.subjects(connection, firsts)
    mark_dirty(connection, fact_keys(resolution.states, (subjects[party] for party in firsts)), now)
    return resolution


def _load_states(connection: Connection, keys: set[Key]) -> dict[Key, _StoredState]:
    if not keys:
        return {}
    rows = fetch(connection, _STATES, tuple[Any, ...], **key_arrays(keys))
    return {(exchange, number): _StoredState(*state) for exchange, number, *state in rows}


def _write(
    connection: Connection,
    resolution: Resolution[Listing],
    ids: dict[Entity, int],
    counted: dict[int, bool],
    now: datetime,
) -> None:
    received_us = pg_microseconds(now)

    def row(layout: RowFormat, entry: AcceptedEntry[Listing]) -> bytes:
        arrival = entry.arrival
        document, record = arrival.document, arrival.record
        return b"".join(
            (
                layout.pack_fixed(
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
                ),
                bytes_field(arrival.exchange.encode()),
                bytes_field(arrival.number.encode()),
                bytes_field(document.status.encode()),
                bytes_field(record.value),
                bytes_field(stored_headers(record.headers)),
            )
        )

    _WRITER.write(connection, resolution, row)


def _first_candidates(
    resolution: Resolution[Listing], ids: dict[Entity, int], counted: dict[int, bool]
) -> Iterator[tuple[int, tuple[datetime, str, str, int]]]:
    for (exchange, number), entry in resolution.states.items():
        document = entry.arrival.document
        if _can_be_first(document, counted=counted[entry.seq]):
            party = ids[document.provider.id_scheme, document.provider.id]
            yield party, (document.listed_at, exchange, number, entry.seq)


def _void(
    resolution: Resolution[Listing], stored: dict[Key, _StoredState], ids: dict[Entity, int], counted: dict[int, bool]
) -> Iterator[tuple[int, datetime, str, str]]:
    """Yield void listings that came or were replaced, by provider and in the order of firsts."""
    for key, entry in resolution.states.items():
        document = entry.arrival.document
        if document.status == "annulled" and _may_be_first(document, counted=counted[entry.seq]):
            yield ids[document.provider.id_scheme, document.provider.id], document.listed_at, *key
    for key in resolution.displaced:
        if stored[key].was_void:
            yield stored[key].provider, stored[key].listed_at, *key


def _can_be_first(listing: Listing, *, counted: bool) -> bool:
    """Return True if a listing may be a first, (四) 1. Withdrawn listings (撤牌) stay firsts, annulled ones do not."""
    return listing.status != "annulled" and _may_be_first(listing, counted=counted)


def _may_be_first(listing: Listing, *, counted: bool) -> bool:
    """Return True if a listing may be a first unless it is annulled.

    It is not mirrored from another exchange, within its exchange's time on the whitelist, and by a USCC.
    """
    return counted and listing.origin_exchange is None and listing.provider.id_scheme == "uscc"
