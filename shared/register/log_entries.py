"""The entries of a register's log (contract, section 5), made from what stands: one for each `seq`.

An entry says where in Kafka the record stands that was accepted, and the hash of its value, so that whoever published
it can tell it among theirs without that anybody else sees what is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from shared.db import raw
from shared.events.topics import topic_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from shared.events.decode import Kind
    from shared.log_store import Stored

_MEMBERS = (
    "content_mode",
    "exchange",
    "headers_sha256",
    "kind",
    "number",
    "offset",
    "partition",
    "revision",
    "seq",
    "topic",
    "value_sha256",
)


def _select(table: str, **members: str) -> str:
    """A query for the entries of one table: members in the order of RFC 8785, each by the SQL of its JSON, else null.

    PostgreSQL writes them, as that takes a fifth of the time. Nothing in ids, numbers and topics needs to be escaped.
    """
    entry = ", ',', ".join(f"""'"{name}":', {members.get(name, "'null'")}""" for name in _MEMBERS)
    return (
        f"SELECT seq, convert_to(concat('{{', {entry}, '}}'), 'UTF8')"
        f" FROM {table} WHERE seq >= %(first)s AND seq < %(until)s"
    )


def _text(sql: str) -> str:
    return f"""'"', {sql}, '"'"""


def _sha256(column: str) -> str:
    return _text(f"encode(sha256({column}), 'hex')")


_PLACE = {"exchange": _text("exchange"), "offset": '"offset"', "partition": "partition", "seq": "seq"}
_SETTINGS = _select("settings_entry", kind=_text("'settings'"), seq="seq", value_sha256=_text("digest"))


def _documents(kind: Kind, table: str) -> str:
    return _select(
        table,
        **_PLACE,
        content_mode="""CASE WHEN binary_mode THEN '"binary"' ELSE '"structured"' END""",
        headers_sha256=f"CASE WHEN headers IS NULL THEN 'null' ELSE concat({_sha256('headers')}) END",
        kind=_text(f"'{kind}'"),
        number=_text("number"),
        revision="revision",
        topic=_text(f"replace('{topic_of(kind, '*')}', '*', exchange)"),
        value_sha256=_sha256("value"),
    )


def _facts(table: str) -> str:
    return _select(
        table,
        **_PLACE,
        kind=_text("'fact'"),
        number=_text("listing_no"),
        topic=_text("topic"),
        value_sha256=_sha256("value"),
    )


def stored_entries(kind: Kind, *, has_facts: bool = False) -> Stored:
    """What makes the entries of a register of documents of this kind; `has_facts`: of listing facts, too.

    The hash of headers is that of their JSON as quarantine shows them, in compact form; that of a settings entry is
    of the settings in canonical form.
    """
    selects = [_documents(kind, table) for table in (kind, f"{kind}_past")]
    if has_facts:
        selects += [_facts(table) for table in ("listing_fact", "listing_fact_past")]
    statement = (" UNION ALL ".join([*selects, _SETTINGS]) + " ORDER BY 1").encode()

    def entries(connection: Connection, first: int, until: int) -> Iterator[tuple[int, bytes]]:
        with raw(connection).cursor(binary=True) as cursor:
            yield from cast("Iterator[tuple[int, bytes]]", cursor.execute(statement, {"first": first, "until": until}))

    return entries
