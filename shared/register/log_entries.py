"""The entries of a register's log (contract, section 5), made from what stands: one for each `seq`.

An entry says where in Kafka the record stands that was accepted, and the hash of its value, so that whoever published
it can tell it among theirs without that anybody else sees what is in it. It is JSON in the form of RFC 8785, written by
template: nothing in ids, numbers and topics needs to be escaped.
"""

from __future__ import annotations

from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from shared.db import raw
from shared.events.topics import topic_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from shared.events.decode import Kind
    from shared.log_store import Stored

# PostgreSQL takes 6 µs for the hash of a short record, Python one; a long one it need not send.
_SHORT_BYTES: Final = 4096


def _short_or_hashed(column: str) -> str:
    length = f"octet_length({column})"
    return (
        f"CASE WHEN {length} <= {_SHORT_BYTES} THEN {column} END,"
        f" CASE WHEN {length} > {_SHORT_BYTES} THEN encode(sha256({column}), 'hex') END"
    )


_VALUE: Final = _short_or_hashed("value")
_DOCUMENT: Final = f"""
    SELECT seq, exchange, number, revision, partition, "offset", binary_mode, {_VALUE}, {_short_or_hashed("headers")}
"""
_FACT: Final = f"""SELECT seq, exchange, listing_no, topic, partition, "offset", {_VALUE}"""
_SETTINGS: Final = "SELECT seq, digest"


def stored_entries(kind: Kind, *, has_facts: bool = False) -> Stored:
    """What makes the entries of a register of documents of this kind; `has_facts`: of listing facts, too.

    The hash of headers is that of their JSON as quarantine shows them, in compact form; that of a settings entry is
    of the settings in canonical form.
    """
    document = _document_entry(kind)
    tables = [(_DOCUMENT, kind, document), (_DOCUMENT, f"{kind}_past", document)]
    if has_facts:
        tables += [(_FACT, "listing_fact", _fact_entry), (_FACT, "listing_fact_past", _fact_entry)]
    tables.append((_SETTINGS, "settings_entry", _settings_entry))
    queries = [
        (f"{columns} FROM {table} WHERE seq >= %(first)s AND seq < %(until)s".encode(), entry)
        for columns, table, entry in tables
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
    seq, digest = row
    return (
        '{"content_mode":null,"exchange":null,"headers_sha256":null,"kind":"settings","number":null,"offset":null,'
        f'"partition":null,"revision":null,"seq":{seq},"topic":null,"value_sha256":"{digest}"}}'
    )


def _hash(short: bytes | None, hashed: str | None) -> str | None:
    return hashed if short is None else sha256(short).hexdigest()
