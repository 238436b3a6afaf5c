"""Log entries of a register, one for each `seq`, built from the stored rows.

An entry names the place of the accepted record in Kafka and the hash of its value: the publisher can find it among its
own records, and nobody else sees the content. It is canonical JSON (RFC 8785) written by template, as nothing in ids,
numbers and topics needs escaping.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from operator import itemgetter
from typing import Final, NamedTuple

from sqlalchemy import Connection

from shared.events.decode import Kind
from shared.events.topics import topic_of
from shared.postgres.query import fetch
from shared.service_log.store import Stored
from shared.values.canonical_json import canonical_json

# Hashing a short record takes PostgreSQL 6 µs and Python 1 µs; long records are hashed there and not sent.
_SHORT_BYTES: Final = 4096
_NO_INSTANT: Final = "CAST(NULL AS timestamptz)"


class EntryRecord(NamedTuple):
    """An entry of the log and its record; for a settings entry, the settings in canonical form.

    `record_at` is the Kafka timestamp of a document's record, which the log does not have; None for other entries.
    """

    seq: int
    entry: bytes
    record_at: datetime | None
    headers: bytes | None
    value: bytes


def _short_or_hashed(column: str) -> str:
    length = f"octet_length({column})"
    return (
        f"CASE WHEN {length} <= {_SHORT_BYTES} THEN {column} END,"
        f" CASE WHEN {length} > {_SHORT_BYTES} THEN encode(sha256({column}), 'hex') END"
    )


def _whole(column: str) -> str:
    return f"{column}, NULL"


class StoredEntry(NamedTuple):
    """A stored entry: columns that do not apply are null, and either bytes or their hash are there."""

    source: str
    seq: int
    exchange: str
    number: str
    revision: int
    topic: str
    partition: int
    offset: int
    binary_mode: bool
    value: bytes | None = None
    value_sha256: str | None = None
    headers: bytes | None = None
    headers_sha256: str | None = None
    content: object = None
    record_at: datetime | None = None


def _query(
    kind: Kind, bytes_of: Callable[[str], str], which: str, *, has_facts: bool, record_at: str = _NO_INSTANT
) -> str:
    """Return the SQL of all entries that meet the condition `which`, with the columns of `StoredEntry`.

    `bytes_of` turns a column into two: its bytes, or NULL and their hash. `record_at` is the SQL of that column.
    """
    documents = [
        f"""SELECT 'document', seq, exchange, number, revision, NULL, partition, "offset", binary_mode,
                   {bytes_of("value")}, {bytes_of("headers")}, CAST(NULL AS jsonb), {record_at}
            FROM {table} WHERE {which}"""
        for table in (kind, f"{kind}_past")
    ]
    facts = [
        f"""SELECT 'fact', seq, exchange, listing_no, NULL, topic, partition, "offset", NULL,
                   {bytes_of("value")}, NULL, NULL, NULL, NULL FROM {table} WHERE {which}"""
        for table in ("listing_fact", "listing_fact_past")
        if has_facts
    ]
    settings = f"""SELECT 'settings', seq, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                          NULL, digest, NULL, NULL, content, NULL FROM settings_entry WHERE {which}"""
    return " UNION ALL ".join([*documents, *facts, settings])


def entry_reader(kind: Kind, *, has_facts: bool = False) -> Stored:
    """Return a reader of the entries of a register of this kind; `has_facts`: including listing facts.

    Headers are hashed as compact JSON, in the form in which quarantine shows them; settings in canonical form.
    """
    query = _query(kind, _short_or_hashed, "seq >= %(first)s AND seq < %(until)s", has_facts=has_facts)
    entry_of = _entries(kind)

    def entries(connection: Connection, first: int, until: int) -> Iterator[tuple[int, bytes]]:
        rows = fetch(connection, query, StoredEntry, first=first, until=until)
        yield from sorted(((row[1], entry_of[row[0]](row).encode()) for row in rows), key=itemgetter(0))

    return entries


def entry_record_reader(kind: Kind, *, has_facts: bool) -> Callable[[Connection, Sequence[int]], Iterator[EntryRecord]]:
    """Return a reader of the entries with given seqs, in order, each with its record."""
    query = _query(kind, _whole, "seq = ANY(%(seqs)s)", has_facts=has_facts, record_at="record_at")
    entry_of = _entries(kind)

    def records(connection: Connection, seqs: Sequence[int]) -> Iterator[EntryRecord]:
        for row in sorted(fetch(connection, query, StoredEntry, seqs=list(seqs)), key=itemgetter(1)):
            value = canonical_json(row.content) if row.value is None else row.value
            yield EntryRecord(row.seq, entry_of[row.source](row).encode(), row.record_at, row.headers, value)

    return records


def _entries(kind: Kind) -> dict[str, Callable[[StoredEntry], str]]:
    """Return the function that builds an entry from a row, by the row's source."""
    return {"document": document_entry(kind), "fact": _fact_entry, "settings": _settings_entry}


def document_entry(kind: Kind) -> Callable[[StoredEntry], str]:
    """Return the function that builds the entry of a document of this kind."""
    of_kind = f'"kind":"{kind}","number":'
    before, after = topic_of(kind, "*").split("*")

    def entry(row: StoredEntry) -> str:
        _, seq, exchange, number, revision, _, partition, offset, is_binary = row[:9]
        value, value_sha256, headers, headers_sha256 = row[9:13]
        mode = "binary" if is_binary else "structured"
        of_headers = "null" if headers is None and headers_sha256 is None else f'"{_hash(headers, headers_sha256)}"'
        return (
            f'{{"content_mode":"{mode}","exchange":"{exchange}","headers_sha256":{of_headers},{of_kind}"{number}",'
            f'"offset":{offset},"partition":{partition},"revision":{revision},"seq":{seq},'
            f'"topic":"{before}{exchange}{after}","value_sha256":"{_hash(value, value_sha256)}"}}'
        )

    return entry


def _fact_entry(row: StoredEntry) -> str:
    _, seq, exchange, listing_no, _, topic, partition, offset, _, value, value_sha256, *_ = row
    return (
        f'{{"content_mode":null,"exchange":"{exchange}","headers_sha256":null,"kind":"fact","number":"{listing_no}",'
        f'"offset":{offset},"partition":{partition},"revision":null,"seq":{seq},"topic":"{topic}",'
        f'"value_sha256":"{_hash(value, value_sha256)}"}}'
    )


def _settings_entry(row: StoredEntry) -> str:
    seq, digest = row[1], row[10]
    return (
        '{"content_mode":null,"exchange":null,"headers_sha256":null,"kind":"settings","number":null,"offset":null,'
        f'"partition":null,"revision":null,"seq":{seq},"topic":null,"value_sha256":"{digest}"}}'
    )


def _hash(short: bytes | None, hashed: str | None) -> str | None:
    return hashed if short is None else sha256(short).hexdigest()
