"""Stored documents: writing entries, moving replaced states to the past, decoding records again, and recounting."""

import base64
import json
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from sqlalchemy import Connection

from shared.events.decode import Accepted, Kind, Refusal, decode
from shared.events.documents import Document
from shared.postgres.binary_copy import RowFormat, bytes_field, copy_rows
from shared.postgres.query import execute, fetch, pg_arrays
from shared.register.head import whitelist_periods
from shared.register.revisions import AnyArrival, AnyEntry, AnyResolution, Key, resolve

Version = tuple[str, str, int]  # exchange, number, revision

INSTANT_COLUMN: Final[Mapping[Kind, str]] = {"listing": "listed_at", "trade": "completed_at"}


def stored_headers(record_headers: Sequence[tuple[str, bytes | None]]) -> bytes | None:
    """Return headers as stored with an accepted record: compact JSON of `headers_json`, or None without any."""
    if not record_headers:
        return None
    pairs = [
        _quoted(name) + (b",null]" if value is None else b',"' + b2a_base64(value, newline=False) + b'"]')
        for name, value in record_headers
    ]
    return b"[" + b",".join(pairs) + b"]"


@lru_cache(maxsize=1024)
def _quoted(name: str) -> bytes:
    """Return the beginning of a pair; the same few names come with every record."""
    return b"[" + json.dumps(name, ensure_ascii=False).encode("utf-8", "surrogatepass")


def stored_document(kind: Kind, exchange: str, value: bytes, headers: bytes | None) -> Document:
    """Decode the document of an accepted record. Raises ValueError if it is no longer valid."""
    return stored_event(kind, exchange, value, headers).document


def stored_event(kind: Kind, exchange: str, value: bytes, headers: bytes | None) -> Accepted:
    """Decode an accepted record. Raises ValueError if it is no longer a valid event."""
    written = [] if headers is None else json.loads(headers)
    pairs = [(name, b"" if data is None else base64.b64decode(data)) for name, data in written]
    decoded = decode(kind, exchange, value, pairs)
    if isinstance(decoded, Refusal) and {error.field for error in decoded.errors} == {"product.industry"}:
        # Accepted while the field was unknown, whatever it held.
        decoded = decode(kind, exchange, _without_industry(value), pairs)
    if not isinstance(decoded, Accepted):
        raise ValueError(f"a stored {kind} of {exchange} is no longer valid: {decoded}")  # noqa: TRY004 - a broken store
    return decoded


def _without_industry(value: bytes) -> bytes:
    # No known field takes a fraction, and an unknown one may hold what Python cannot write.
    event = json.loads(value, parse_float=str)
    del event.get("data", event)["product"]["industry"]
    return json.dumps(event).encode()


def key_arrays(keys: Iterable[Key]) -> dict[str, str]:
    """Return numbers as two arrays, for `unnest`."""
    return pg_arrays(keys, "exchanges", "numbers")


def resolve_stored(
    connection: Connection, kind: Kind, arrivals: Sequence[AnyArrival], revisions: Mapping[Key, int], next_seq: int
) -> AnyResolution:
    """Resolve documents against the stored ones; `revisions` has the revision of each stored state."""
    wanted = {
        (arrival.exchange, arrival.number, arrival.revision)
        for arrival in arrivals
        if arrival.revision <= revisions.get((arrival.exchange, arrival.number), 0)
    }
    documents = {
        (row.exchange, row.number, row.revision): stored_document(kind, row.exchange, row.value, row.headers)
        for row in stored_versions(connection, kind, wanted)
    }
    return resolve(arrivals, revisions, documents, next_seq)


class StoredVersion(NamedTuple):
    exchange: str
    number: str
    revision: int
    value: bytes
    headers: bytes | None


def stored_versions(connection: Connection, kind: Kind, wanted: Iterable[Version]) -> list[StoredVersion]:
    """Load those of the documents that are stored, current or past."""
    versions = list(wanted)
    if not versions:
        return []
    parameters = pg_arrays(versions, "exchanges", "numbers", "revisions")
    return fetch(connection, _versions_sql(kind), StoredVersion, **parameters)


@cache
def _versions_sql(kind: Kind) -> str:
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
    """


class DocumentWriter:
    """Writes the entries of a batch by COPY. `fixed`: types of the leading columns; `others`: of any length."""

    def __init__(self, kind: Kind, fixed: Mapping[str, str], others: Sequence[str]) -> None:
        columns, types = [*fixed, *others], list(fixed.values())
        self._kind = kind
        self._states = RowFormat(kind, columns, types)
        self._past = RowFormat(f"{kind}_past", [*columns, "replaced_by"], types)

    def write(
        self,
        connection: Connection,
        resolution: AnyResolution,
        row: Callable[[RowFormat, AnyEntry], bytes],
    ) -> None:
        """Move replaced states to the past, then write the entries of the batch, current and past."""
        _move_to_past(connection, self._kind, resolution.displaced)
        if resolution.past:
            rows = (
                row(self._past, entry) + bytes_field(None if by is None else by.to_bytes(8, "big"))
                for entry, by in resolution.past
            )
            copy_rows(connection, self._past.copy_sql, rows)
        if resolution.states:
            rows = (row(self._states, entry) for entry in resolution.states.values())
            copy_rows(connection, self._states.copy_sql, rows)


def _move_to_past(connection: Connection, kind: Kind, displaced: Mapping[Key, int]) -> None:
    """Move replaced states to the past, with the seq of the entry that replaced each."""
    if not displaced:
        return
    parameters = pg_arrays(((*key, by) for key, by in displaced.items()), "exchanges", "numbers", "replaced_by")
    moved = execute(connection, _move_to_past_sql(kind), **parameters)
    if moved != len(displaced):
        raise RuntimeError(f"{len(displaced)} states to replace, {moved} found: the register is inconsistent")


@cache
def _move_to_past_sql(kind: Kind) -> str:
    return f"""
        WITH gone AS (
            DELETE FROM {kind} d
            USING unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[]), CAST(%(replaced_by)s AS bigint[]))
                  AS k(exchange, number, replaced_by)
            WHERE d.exchange = k.exchange AND d.number = k.number
            RETURNING d.*, k.replaced_by
        )
        INSERT INTO {kind}_past SELECT * FROM gone
    """


def recount_documents(connection: Connection, kind: Kind) -> list[Key]:
    """Set `counted` of every document by the whitelist last recorded; return the current documents that changed."""
    # A recount may take longer than a batch may.
    execute(connection, "SET LOCAL transaction_timeout = 0")
    at = INSTANT_COLUMN[kind]
    current, _ = [
        fetch(
            connection,
            f"""
                WITH period AS ({whitelist_periods("true")}), judged AS (
                    SELECT d.seq, p.exchange IS NOT NULL AND d.{at} >= p.from_at AND d.{at} < p.until_at AS counted
                    FROM {table} d LEFT JOIN period p ON p.exchange = d.exchange
                )
                UPDATE {table} d SET counted = j.counted FROM judged j
                WHERE j.seq = d.seq AND j.counted <> d.counted RETURNING d.exchange, d.number
                """,
            tuple[str, str],
        )
        for table in (kind, f"{kind}_past")
    ]
    return current
