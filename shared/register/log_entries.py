"""The entries of a register's log (contract, section 5), made from what stands: one for each `seq`.

An entry says where in Kafka the record stands that was accepted, and the hash of its value, so that whoever published
it can tell it among theirs without that anybody else sees what is in it. It is JSON in the form of RFC 8785, written by
template: nothing in ids, numbers and topics needs to be escaped.
"""

from __future__ import annotations

from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.canonical import canonical_json
from shared.db import raw
from shared.events.topics import topic_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from shared.events.decode import Kind
    from shared.log_store import Stored

# PostgreSQL takes 6 µs for the hash of a short record, Python one; a long one it need not send.
_SHORT_BYTES: Final = 4096


class Entered(NamedTuple):
    """An entry, as the log has it, and the record that it is of; of settings, their canonical form."""

    seq: int
    entry: bytes
    headers: bytes | None
    value: bytes


class _Table(NamedTuple):
    """Where entries are: the query for its rows, and what makes of a row the entry, and the headers and the value."""

    query: str
    entry: Callable[[Any], str]
    record: Callable[[Any], tuple[bytes | None, bytes]]


def _short_or_hashed(column: str) -> str:
    length = f"octet_length({column})"
    return (
        f"CASE WHEN {length} <= {_SHORT_BYTES} THEN {column} END,"
        f" CASE WHEN {length} > {_SHORT_BYTES} THEN encode(sha256({column}), 'hex') END"
    )


def _whole(column: str) -> str:
    return f"{column}, NULL"


def _tables(kind: Kind, bytes_of: Callable[[str], str], *, has_facts: bool) -> list[_Table]:
    """`bytes_of` gives two columns for one: its bytes, or NULL and then their hash."""
    value, headers, entry = bytes_of("value"), bytes_of("headers"), _document_entry(kind)
    document = f'SELECT seq, exchange, number, revision, partition, "offset", binary_mode, {value}, {headers}'
    fact = f'SELECT seq, exchange, listing_no, topic, partition, "offset", {value}'
    tables = [
        _Table(f"{document} FROM {table}", entry, lambda row: (row[-2], row[-4])) for table in (kind, f"{kind}_past")
    ]
    if has_facts:
        tables += [
            _Table(f"{fact} FROM {table}", _fact_entry, lambda row: (None, row[-2]))
            for table in ("listing_fact", "listing_fact_past")
        ]
    settings = "SELECT seq, digest, content FROM settings_entry"
    return [*tables, _Table(settings, _settings_entry, lambda row: (None, canonical_json(row[-1])))]


def stored_entries(kind: Kind, *, has_facts: bool = False) -> Stored:
    """What makes the entries of a register of documents of this kind; `has_facts`: of listing facts, too.

    The hash of headers is that of their JSON as quarantine shows them, in compact form; that of a settings entry is
    of the settings in canonical form.
    """
    queries = [
        (f"{table.query} WHERE seq >= %(first)s AND seq < %(until)s".encode(), table.entry)
        for table in _tables(kind, _short_or_hashed, has_facts=has_facts)
    ]

    def entries(connection: Connection, first: int, until: int) -> Iterator[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        with raw(connection).cursor(binary=True) as cursor:
            for query, entry in queries:
                rows: list[Any] = cursor.execute(query, {"first": first, "until": until}).fetchall()
                found += [(row[0], entry(row).encode()) for row in rows]
        found.sort(key=itemgetter(0))
        yield from found

    return entries


def entered_records(kind: Kind, *, has_facts: bool) -> Callable[[Connection, Sequence[int]], Iterator[Entered]]:
    """What gives the entries of these numbers, in order, each with its record."""
    tables = _tables(kind, _whole, has_facts=has_facts)

    def records(connection: Connection, seqs: Sequence[int]) -> Iterator[Entered]:
        found: list[Entered] = []
        with raw(connection).cursor(binary=True) as cursor:
            for table in tables:
                rows: list[Any] = cursor.execute(
                    f"{table.query} WHERE seq = ANY(%(seqs)s)".encode(), {"seqs": list(seqs)}
                ).fetchall()
                found += [Entered(row[0], table.entry(row).encode(), *table.record(row)) for row in rows]
        found.sort(key=itemgetter(0))
        yield from found

    return records


def _document_entry(kind: Kind) -> Callable[[Any], str]:
    of_kind = f'"kind":"{kind}","number":'
    before, after = topic_of(kind, "*").split("*")

    def entry(row: Any) -> str:
        seq, exchange, number, revision, partition, offset, is_binary, value, value_sha256, headers, headers_sha256 = (
            row
        )
        mode = "binary" if is_binary else "structured"
        of_headers = "null" if headers is headers_sha256 is None else f'"{_hash(headers, headers_sha256)}"'
        return (
            f'{{"content_mode":"{mode}","exchange":"{exchange}","headers_sha256":{of_headers},{of_kind}"{number}",'
            f'"offset":{offset},"partition":{partition},"revision":{revision},"seq":{seq},'
            f'"topic":"{before}{exchange}{after}","value_sha256":"{_hash(value, value_sha256)}"}}'
        )

    return entry


def _fact_entry(row: Any) -> str:
    seq, exchange, listing_no, topic, partition, offset, value, value_sha256 = row
    return (
        f'{{"content_mode":null,"exchange":"{exchange}","headers_sha256":null,"kind":"fact","number":"{listing_no}",'
        f'"offset":{offset},"partition":{partition},"revision":null,"seq":{seq},"topic":"{topic}",'
        f'"value_sha256":"{_hash(value, value_sha256)}"}}'
    )


def _settings_entry(row: Any) -> str:
    seq, digest, _ = row
    return (
        '{"content_mode":null,"exchange":null,"headers_sha256":null,"kind":"settings","number":null,"offset":null,'
        f'"partition":null,"revision":null,"seq":{seq},"topic":null,"value_sha256":"{digest}"}}'
    )


def _hash(short: bytes | None, hashed: str | None) -> str | None:
    return hashed if short is None else sha256(short).hexdigest()
