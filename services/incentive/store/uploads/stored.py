"""Uploads of exchanges, the mapping of each exchange, and the events made of the rows, in the ledger's database."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.store.rows import columns
from shared.events.decode import Kind
from shared.postgres.query import execute, execute_many, fetch, fetch_one
from shared.table_events.mapping import MappingFile, to_mapping_file
from shared.table_events.revisions import JudgedRow, KnownRevision
from shared.values.json_types import Json

_UNCONFIRMED_FOR: Final = timedelta(days=1)
_LISTED_MOST: Final = 50

_INSERT: Final = """
    INSERT INTO upload (id, exchange, kind, file_name, file_sha256, content, uploaded_by, person, uploaded_at)
    VALUES (%(id)s, %(exchange)s, %(kind)s, %(file_name)s, %(file_sha256)s, %(content)s, %(uploaded_by)s, %(person)s,
            %(uploaded_at)s)
"""
_SUMS: Final = """
    SELECT u.id, u.kind, u.file_name, u.uploaded_by, u.uploaded_at, u.confirmed_at, count(r.number) AS records,
           coalesce(sum(r.amount_fen), 0)::bigint AS amount_fen, count(r.value) AS waiting
    FROM upload u LEFT JOIN upload_record r ON r.upload_id = u.id
    WHERE u.exchange = %(exchange)s
    GROUP BY u.id ORDER BY u.uploaded_at DESC LIMIT %(most)s
"""
_INSERT_RECORD: Final = """
    INSERT INTO upload_record (exchange, kind, number, revision, upload_id, line, content_hash, amount_fen, value)
    VALUES (%(exchange)s, %(kind)s, %(number)s, %(revision)s, %(upload_id)s, %(line)s, %(content_hash)s, %(amount_fen)s,
            %(value)s)
"""
_ACKNOWLEDGE: Final = """
    UPDATE upload_record SET value = NULL, kafka_partition = %(partition)s, kafka_offset = %(offset)s
    WHERE exchange = %(exchange)s AND kind = %(kind)s AND number = %(number)s AND revision = %(revision)s
      AND kafka_offset IS NULL
"""


class Upload(NamedTuple):
    """A file that a person of an exchange uploaded; its content is there until it is confirmed."""

    id: str
    exchange: str
    kind: Kind
    file_name: str
    file_sha256: str
    content: bytes | None
    mapping: Json | None
    uploaded_by: str
    person: str
    uploaded_at: datetime
    confirmed_at: datetime | None


class ListedUpload(NamedTuple):
    """An upload in the list of an exchange; `waiting`: events that Kafka has not acknowledged."""

    id: str
    kind: Kind
    file_name: str
    uploaded_by: str
    uploaded_at: datetime
    confirmed_at: datetime | None
    records: int
    amount_fen: int
    waiting: int


class UploadRecord(NamedTuple):
    """An event made of a row; its value is there until Kafka has acknowledged it, its place from then on."""

    number: str
    revision: int
    line: int
    content_hash: bytes
    amount_fen: int
    value: bytes | None
    kafka_partition: int | None
    kafka_offset: int | None


class _Sent(NamedTuple):
    number: str
    revision: int
    content_hash: bytes


def store_upload(connection: Connection, upload: Upload) -> None:
    """Store an upload, and remove those of the exchange that nobody has confirmed for a day."""
    execute(
        connection,
        "DELETE FROM upload WHERE exchange = %(exchange)s AND confirmed_at IS NULL AND uploaded_at < %(before)s",
        exchange=upload.exchange,
        before=upload.uploaded_at - _UNCONFIRMED_FOR,
    )
    execute(connection, _INSERT, **upload._asdict())


def find_upload(connection: Connection, exchange: str, upload_id: str, *, lock: bool = False) -> Upload | None:
    """Find an upload of the exchange; locked against others who confirm it if asked for."""
    statement = f"SELECT {columns(Upload)} FROM upload WHERE id = %(id)s AND exchange = %(exchange)s"
    return fetch_one(
        connection, f"{statement} FOR UPDATE" if lock else statement, Upload, id=upload_id, exchange=exchange
    )


def list_uploads(connection: Connection, exchange: str) -> list[ListedUpload]:
    """Return the newest uploads of an exchange, the newest first."""
    return fetch(connection, _SUMS, ListedUpload, exchange=exchange, most=_LISTED_MOST)


def discard_upload(connection: Connection, upload: Upload) -> None:
    """Remove an upload that is not confirmed."""
    execute(connection, "DELETE FROM upload WHERE id = %(id)s AND confirmed_at IS NULL", id=upload.id)


def saved_mapping(connection: Connection, exchange: str, kind: Kind) -> MappingFile | None:
    """Return the mapping that the exchange saved last for tables of a kind."""
    found = fetch_one(
        connection,
        "SELECT mapping FROM upload_mapping WHERE exchange = %(exchange)s AND kind = %(kind)s",
        tuple[Json],
        exchange=exchange,
        kind=kind,
    )
    return None if found is None else to_mapping_file(found[0])


def save_mapping(connection: Connection, upload: Upload, mapping: MappingFile, saved_by: str, now: datetime) -> None:
    """Save the mapping of an upload, which is that of the exchange from now on."""
    stored = {"mapping": msgspec.json.encode(mapping).decode()}
    execute(
        connection,
        "UPDATE upload SET mapping = %(mapping)s::jsonb WHERE id = %(id)s AND confirmed_at IS NULL",
        id=upload.id,
        **stored,
    )
    execute(
        connection,
        """
        INSERT INTO upload_mapping VALUES (%(exchange)s, %(kind)s, %(mapping)s::jsonb, %(saved_by)s, %(saved_at)s)
        ON CONFLICT (exchange, kind) DO UPDATE
        SET mapping = excluded.mapping, saved_by = excluded.saved_by, saved_at = excluded.saved_at
        """,
        exchange=upload.exchange,
        kind=upload.kind,
        saved_by=saved_by,
        saved_at=now,
        **stored,
    )


def sent_revisions(
    connection: Connection, exchange: str, kind: Kind, numbers: Collection[str]
) -> dict[str, list[KnownRevision]]:
    """Return the revisions of documents that were sent by browser, by number."""
    found = fetch(
        connection,
        """
        SELECT number, revision, content_hash FROM upload_record
        WHERE exchange = %(exchange)s AND kind = %(kind)s AND number = ANY(%(numbers)s)
        """,
        _Sent,
        exchange=exchange,
        kind=kind,
        numbers=list(numbers),
    )
    revisions: dict[str, list[KnownRevision]] = {}
    for row in found:
        known = KnownRevision(row.revision, row.content_hash, is_registered=False)
        revisions.setdefault(row.number, []).append(known)
    return revisions


def confirm_upload(
    connection: Connection, upload: Upload, mapping: MappingFile, rows: Iterable[JudgedRow], now: datetime
) -> None:
    """Record the mapping and the events that are to be sent, and drop the file's content.

    IntegrityError if a revision was recorded for another upload since.
    """
    own = {"exchange": upload.exchange, "kind": upload.kind, "upload_id": upload.id}
    recorded = (
        {
            **own,
            "number": row.number,
            "revision": row.revision,
            "line": row.row,
            "content_hash": row.content,
            "amount_fen": row.amount_fen,
            "value": row.value,
        }
        for row in rows
        if row.value is not None
    )
    execute_many(connection, _INSERT_RECORD, recorded)
    execute(
        connection,
        """
        UPDATE upload SET confirmed_at = %(now)s, content = NULL, mapping = %(mapping)s::jsonb
        WHERE id = %(id)s AND confirmed_at IS NULL
        """,
        id=upload.id,
        mapping=msgspec.json.encode(mapping).decode(),
        now=now,
    )


def records_of(connection: Connection, upload: Upload) -> list[UploadRecord]:
    """Return the events of an upload in order of their rows."""
    statement = f"SELECT {columns(UploadRecord)} FROM upload_record WHERE upload_id = %(id)s ORDER BY line, revision"
    return fetch(connection, statement, UploadRecord, id=upload.id)


def acknowledge_records(
    connection: Connection, upload: Upload, places: Iterable[tuple[UploadRecord, int, int]]
) -> None:
    """Record partition and offset of events that Kafka has acknowledged; of an event sent twice the first."""
    own = {"exchange": upload.exchange, "kind": upload.kind}
    execute_many(
        connection,
        _ACKNOWLEDGE,
        (
            {**own, "number": record.number, "revision": record.revision, "partition": partition, "offset": offset}
            for record, partition, offset in places
        ),
    )
