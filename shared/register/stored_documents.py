"""Stored documents of either kind: decoded again from the record's own bytes, and moved aside when replaced."""

from __future__ import annotations

import base64
import json
from binascii import b2a_base64
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.events.decode import Accepted, Kind, decode
from shared.postgres.binary_copy import bytes_field, copy_rows
from shared.postgres.database import change, fetch
from shared.postgres.query import pg_array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection

    from shared.events.documents import Document
    from shared.postgres.binary_copy import RowFormat
    from shared.register.revisions import AcceptedEntry, Arrival, Key, Resolution

Version = tuple[str, str, int]  # exchange, number, revision


def stored_headers(record_headers: Sequence[tuple[str, bytes | None]]) -> bytes | None:
    """Headers as kept with an accepted record: what `headers_json` gives as compact JSON, or null without any."""
    if not record_headers:
        return None
    pairs = [
        _quoted(name) + (b",null]" if value is None else b',"' + b2a_base64(value, newline=False) + b'"]')
        for name, value in record_headers
    ]
    return b"[" + b",".join(pairs) + b"]"


@lru_cache(maxsize=1024)
def _quoted(name: str) -> bytes:
    """The beginning of a pair; names are few and come with every record."""
    return b"[" + json.dumps(name, ensure_ascii=False).encode("utf-8", "surrogatepass")


def stored_document(kind: Kind, exchange: str, value: bytes, headers: bytes | None) -> Document:
    """The document of an accepted record. ValueError if the bytes are none any longer."""
    return stored_event(kind, exchange, value, headers).document


def stored_event(kind: Kind, exchange: str, value: bytes, headers: bytes | None) -> Accepted:
    """What the bytes of an accepted record say, decoded anew. ValueError if it is not a valid event."""
    pairs = [] if headers is None else json.loads(headers)
    decoded = decode(
        kind, exchange, value, [(name, b"" if data is None else base64.b64decode(data)) for name, data in pairs]
    )
    if not isinstance(decoded, Accepted):
        raise ValueError(f"a stored {kind} of {exchange} is no longer valid: {decoded}")  # noqa: TRY004 - a broken store
    return decoded


def key_arrays(keys: Iterable[Key]) -> dict[str, str]:
    """Numbers as two arrays, for `unnest`."""
    pairs = list(keys)
    return {"exchanges": pg_array(pair[0] for pair in pairs), "numbers": pg_array(pair[1] for pair in pairs)}


def load_documents(
    connection: Connection, kind: Kind, arrivals: Iterable[Arrival[Any]], revisions: dict[Key, int]
) -> dict[Version, Any]:
    """The stored documents, states or not, that arrivals of no higher revision must be compared with."""
    wanted = {
        (arrival.exchange, arrival.number, arrival.revision)
        for arrival in arrivals
        if arrival.revision <= revisions.get((arrival.exchange, arrival.number), 0)
    }
    return {
        (row.exchange, row.number, row.revision): stored_document(kind, row.exchange, row.value, row.headers)
        for row in stored_versions(connection, kind, wanted)
    }


class StoredVersion(NamedTuple):
    exchange: str
    number: str
    revision: int
    value: bytes
    headers: bytes | None


def stored_versions(connection: Connection, kind: Kind, wanted: Iterable[Version]) -> list[StoredVersion]:
    """Those of the documents that are stored, states or not."""
    versions = list(wanted)
    if not versions:
        return []
    rows = fetch(
        connection,
        _versions_sql(kind),
        {**key_arrays((v[0], v[1]) for v in versions), "revisions": pg_array(v[2] for v in versions)},
    )
    return [StoredVersion(*row) for row in rows]


@cache
def _versions_sql(kind: Kind) -> bytes:
    return f"""
        SELECT k.exchange, k.number, k.revision, d.value, d.headers
        FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[]), CAST(%(revisions)s AS int[]))
             AS k(exchange, number, revision)
        CROSS JOIN LATERAL (
            SELECT value, headers FROM {kind}
            WHERE exchange = k.exchange AND number = k.number AND revision = k.revision
            UNION ALL
            SELECT value, headers FROM {kind}_past
            WHERE exchange = k.exchange AND number = k.number AND revision = k.revision
        ) d
    """.encode()


def write_entries(
    connection: Connection,
    resolution: Resolution[Any],
    states: RowFormat,
    past: RowFormat,
    row: Callable[[RowFormat, AcceptedEntry[Any]], bytes],
) -> None:
    """Write a batch's entries: those that are the state now; those that are not, with the seq that replaced them."""
    if resolution.past:
        rows = (
            row(past, entry) + bytes_field(None if by is None else by.to_bytes(8, "big"))
            for entry, by in resolution.past
        )
        copy_rows(connection, past.copy_sql, rows)
    if resolution.states:
        copy_rows(connection, states.copy_sql, (row(states, entry) for entry in resolution.states.values()))


def move_to_past(connection: Connection, kind: Kind, displaced: dict[Key, int]) -> None:
    """Move states that were replaced to the past, with the seq of the entry that replaced each."""
    if not displaced:
        return
    parameters = {**key_arrays(displaced), "replaced_by": pg_array(displaced.values())}
    found = change(connection, _set_aside_sql(kind), parameters)
    if found != len(displaced):
        raise RuntimeError(f"{len(displaced)} states to replace, {found} found: the register is inconsistent")


@cache
def _set_aside_sql(kind: str) -> bytes:
    return f"""
        WITH gone AS (
            DELETE FROM {kind} d
            USING unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[]), CAST(%(replaced_by)s AS bigint[]))
                  AS k(exchange, number, replaced_by)
            WHERE d.exchange = k.exchange AND d.number = k.number
            RETURNING d.*, k.replaced_by
        )
        INSERT INTO {kind}_past SELECT * FROM gone
    """.encode()
