"""The entries of a register's log (contract, section 5), made from what stands: one for each `seq`.

An entry says where in Kafka the record stands that was accepted, and the hash of its value, so that whoever published
it can tell it among theirs without that anybody else sees what is in it. It is JSON in the form of RFC 8785, written by
template: nothing in ids, numbers and topics needs to be escaped.
"""

from __future__ import annotations

from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.events.topics import topic_of
from shared.postgres.database import fetch
from shared.values.canonical_json import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from shared.events.decode import Kind
    from shared.service_log.store import Stored

# PostgreSQL takes 6 µs for the hash of a short record, Python one; a long one it need not send.
_SHORT_BYTES: Final = 4096


class EntryRecord(NamedTuple):
    """An entry, as the log has it, and the record that it is of; of settings, their canonical form."""

    seq: int
    entry: bytes
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


class _Row(NamedTuple):
    """An entry as it is stored: what does not apply is null, and bytes are there or, instead, their hash."""

    source: str
    seq: int
    exchange: str
    number: str
    revision: int
    topic: str
    partition: int
    offset: int
    binary_mode: bool
    value: bytes | None
    value_sha256: str | None
    headers: bytes | None
    headers_sha256: str | None
    content: Any


def _query(kind: Kind, bytes_of: Callable[[str], str], which: str, *, has_facts: bool) -> bytes:
    """All entries that the condition is true of, from wherever they are stored, as `_Row` has them.

    `bytes_of` gives two columns for one: its bytes, or NULL and then their hash.
    """
    documents = [
        f"""SELECT 'document', seq, exchange, number, revision, NULL, partition, "offset", binary_mode,
                   {bytes_of("value")}, {bytes_of("headers")}, CAST(NULL AS jsonb) FROM {table} WHERE {which}"""
        for table in (kind, f"{kind}_past")
    ]
    facts = [
        f"""SELECT 'fact', seq, exchange, listing_no, NULL, topic, partition, "offset", NULL,
                   {bytes_of("value")}, NULL, NULL, NULL FROM {table} WHERE {which}"""
        for table in ("listing_fact", "listing_fact_past")
        if has_facts
    ]
    settings = f"""SELECT 'settings', seq, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                          NULL, digest, NULL, NULL, content FROM settings_entry WHERE {which}"""
    return " UNION ALL ".join([*documents, *facts, settings]).encode()


def entry_reader(kind: Kind, *, has_facts: bool = False) -> Stored:
    """What makes the entries of a register of documents of this kind; `has_facts`: of listing facts, too.

    The hash of headers is that of their JSON as quarantine shows them, in compact form; that of a settings entry is
    of the settings in canonical form.
    """
    query = _query(kind, _short_or_hashed, "seq >= %(first)s AND seq < %(until)s", has_facts=has_facts)
    entry_of = _entries(kind)

    def entries(connection: Connection, first: int, until: int) -> Iterator[tuple[int, bytes]]:
        rows = fetch(connection, query, {"first": first, "until": until})
        yield from sorted(((row[1], entry_of[row[0]](row).encode()) for row in rows), key=itemgetter(0))

    return entries


def entry_record_reader(kind: Kind, *, has_facts: bool) -> Callable[[Connection, Sequence[int]], Iterator[EntryRecord]]:
    """What gives the entries of these numbers, in order, each with its record."""
    query = _query(kind, _whole, "seq = ANY(%(seqs)s)", has_facts=has_facts)
    entry_of = _entries(kind)

    def records(connection: Connection, seqs: Sequence[int]) -> Iterator[EntryRecord]:
        for row in sorted(map(_Row._make, fetch(connection, query, {"seqs": list(seqs)})), key=itemgetter(1)):
            value = canonical_json(row.content) if row.value is None else row.value
            yield EntryRecord(row.seq, entry_of[row.source](row).encode(), row.headers, value)

    return records


def _entries(kind: Kind) -> dict[str, Callable[[Any], str]]:
    """What makes of a row the entry, by its source."""
    return {"document": _document_entry(kind), "fact": _fact_entry, "settings": _settings_entry}


def _document_entry(kind: Kind) -> Callable[[Any], str]:
    of_kind = f'"kind":"{kind}","number":'
    before, after = topic_of(kind, "*").split("*")

    def entry(row: Any) -> str:
        _, seq, exchange, number, revision, _, partition, offset, is_binary = row[:9]
        value, value_sha256, headers, headers_sha256, _ = row[9:]
        mode = "binary" if is_binary else "structured"
        of_headers = "null" if headers is headers_sha256 is None else f'"{_hash(headers, headers_sha256)}"'
        return (
            f'{{"content_mode":"{mode}","exchange":"{exchange}","headers_sha256":{of_headers},{of_kind}"{number}",'
            f'"offset":{offset},"partition":{partition},"revision":{revision},"seq":{seq},'
            f'"topic":"{before}{exchange}{after}","value_sha256":"{_hash(value, value_sha256)}"}}'
        )

    return entry


def _fact_entry(row: Any) -> str:
    _, seq, exchange, listing_no, _, topic, partition, offset, _, value, value_sha256, *_ = row
    return (
        f'{{"content_mode":null,"exchange":"{exchange}","headers_sha256":null,"kind":"fact","number":"{listing_no}",'
        f'"offset":{offset},"partition":{partition},"revision":null,"seq":{seq},"topic":"{topic}",'
        f'"value_sha256":"{_hash(value, value_sha256)}"}}'
    )


def _settings_entry(row: Any) -> str:
    seq, digest = row[1], row[10]
    return (
        '{"content_mode":null,"exchange":null,"headers_sha256":null,"kind":"settings","number":null,"offset":null,'
        f'"partition":null,"revision":null,"seq":{seq},"topic":null,"value_sha256":"{digest}"}}'
    )


def _hash(short: bytes | None, hashed: str | None) -> str | None:
    return hashed if short is None else sha256(short).hexdigest()
