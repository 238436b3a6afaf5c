"""The entries of a register's log (contract, section 5), made from what stands: one for each `seq`.

An entry says where in Kafka the record stands that was accepted, and the hash of its value, so that whoever published
it can tell it among theirs without that anybody else sees what is in it.
"""

from __future__ import annotations

from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from shared.db import raw
from shared.events.topics import topic_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from shared.events.decode import Kind
    from shared.log_store import Stored

# In the order of RFC 8785: what PostgreSQL writes in one piece, `headers_sha256`, more of it, `value_sha256`.
_BEFORE: Final = ("content_mode", "exchange")
_BETWEEN: Final = ("kind", "number", "offset", "partition", "revision", "seq", "topic")
# PostgreSQL takes 6 µs for the hash of a short record, Python one; long ones it need not send.
_SHORT_BYTES: Final = 4096


def _select(table: str, *, headers: str = "NULL", value: str = "NULL", digest: str = "NULL", **members: str) -> str:
    """A query for the entries of one table; members by the SQL of their JSON, else null.

    `headers`, `value`: columns of bytes that are told by their hash; `digest`: a column with such a hash.
    """
    columns = [
        "seq",
        _written(_BEFORE, members),
        *_short_or_hashed(headers),
        _written(_BETWEEN, members),
        *_short_or_hashed(value, digest),
    ]
    return f"SELECT {', '.join(columns)} FROM {table} WHERE seq >= %(first)s AND seq < %(until)s"


def _written(names: tuple[str, ...], members: dict[str, str]) -> str:
    """Nothing in ids, numbers and topics needs to be escaped."""
    return "concat(" + ", ',', ".join(f"""'"{name}":', {members.get(name, "'null'")}""" for name in names) + ")"


def _short_or_hashed(column: str, digest: str = "NULL") -> tuple[str, str]:
    if column == "NULL":
        return "CAST(NULL AS bytea)", f"CAST({digest} AS text)"
    length = f"octet_length({column})"
    return (
        f"CASE WHEN {length} <= {_SHORT_BYTES} THEN {column} END",
        f"CASE WHEN {length} > {_SHORT_BYTES} THEN encode(sha256({column}), 'hex') END",
    )


def _text(sql: str) -> str:
    return f"""'"', {sql}, '"'"""


_PLACE: Final = {"exchange": _text("exchange"), "offset": '"offset"', "partition": "partition", "seq": "seq"}
_SETTINGS: Final = _select("settings_entry", digest="digest", kind=_text("'settings'"), seq="seq")


def _documents(kind: Kind, table: str) -> str:
    return _select(
        table,
        **_PLACE,
        headers="headers",
        value="value",
        content_mode="""CASE WHEN binary_mode THEN '"binary"' ELSE '"structured"' END""",
        kind=_text(f"'{kind}'"),
        number=_text("number"),
        revision="revision",
        topic=_text("'" + topic_of(kind, "', exchange, '") + "'"),
    )


def _facts(table: str) -> str:
    return _select(
        table, **_PLACE, value="value", kind=_text("'fact'"), number=_text("listing_no"), topic=_text("topic")
    )


def stored_entries(kind: Kind, *, has_facts: bool = False) -> Stored:
    """What makes the entries of a register of documents of this kind; `has_facts`: of listing facts, too.

    The hash of headers is that of their JSON as quarantine shows them, in compact form; that of a settings entry is
    of the settings in canonical form.
    """
    selects = [_documents(kind, table) for table in (kind, f"{kind}_past")]
    if has_facts:
        selects += [_facts(table) for table in ("listing_fact", "listing_fact_past")]
    statement = " UNION ALL ".join([*selects, _SETTINGS]).encode()

    def entries(connection: Connection, first: int, until: int) -> Iterator[tuple[int, bytes]]:
        with raw(connection).cursor(binary=True) as cursor:
            rows: list[Any] = cursor.execute(statement, {"first": first, "until": until}).fetchall()
        rows.sort(key=itemgetter(0))
        for seq, before, headers, headers_sha256, between, value, value_sha256 in rows:
            headers_hash = _hash(headers, headers_sha256)
            value_hash = _hash(value, value_sha256)
            yield seq, f'{{{before},"headers_sha256":{headers_hash},{between},"value_sha256":{value_hash}}}'.encode()

    return entries


def _hash(short: bytes | None, hashed: str | None) -> str:
    """The JSON of a hash."""
    if short is not None:
        return f'"{sha256(short).hexdigest()}"'
    return "null" if hashed is None else f'"{hashed}"'
