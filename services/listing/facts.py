"""The facts of the listing service: each a function of entries 0 .. seq-1, rendered in one snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import text

from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.postgres.query import pg_array
from shared.register.intake import party_json
from shared.register.stored_documents import key_arrays, stored_document
from shared.values.times import format_time

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.register.head import Head
    from shared.register.publish.outbox import DirtyKey


def render_facts(connection: Connection, head: Head, keys: list[DirtyKey]) -> dict[DirtyKey, bytes]:
    """The value of each key in this snapshot."""
    version = {"generation": head.generation, "seq": head.next_seq}
    listings = [key for topic, key in keys if topic == LISTING]
    parties = [key for topic, key in keys if topic == FIRST_LISTING]
    values: dict[DirtyKey, Any] = {}
    if listings:
        values |= {(LISTING, key): value for key, value in _listings(connection, listings).items()}
    if parties:
        values |= {(FIRST_LISTING, key): value for key, value in _firsts(connection, parties).items()}
    return {key: msgspec.json.encode({**version, **value}) for key, value in values.items()}


def _listings(connection: Connection, keys: list[str]) -> dict[str, Any]:
    pairs = [(exchange, number) for exchange, _, number in (key.partition("/") for key in keys)]
    rows = connection.execute(
        text(
            """
            SELECT d.exchange, d.number, d.counted, d.mirrored, d.value, d.headers
            FROM unnest(CAST(:exchanges AS text[]), CAST(:numbers AS text[])) AS k(exchange, number)
            CROSS JOIN LATERAL (
                SELECT exchange, number, counted, mirrored, value, headers FROM listing
                WHERE exchange = k.exchange AND number = k.number LIMIT 1
            ) d
            """
        ),
        key_arrays(pairs),
    )
    # A listing that is not there (any more): it was published before an older backup was put back, say.
    values: dict[str, Any] = {
        f"{exchange}/{number}": {
            "exchange": exchange,
            "listing_no": number,
            "provider": None,
            "status": None,
            "listed_at": None,
            "mirrored": False,
            "counted": False,
        }
        for exchange, number in pairs
    }
    for row in rows:
        document: Any = stored_document("listing", row.exchange, row.value, row.headers)
        values[f"{row.exchange}/{row.number}"] = {
            "exchange": row.exchange,
            "listing_no": row.number,
            "provider": party_json(document.provider),
            "status": document.status,
            "listed_at": format_time(document.listed_at),
            "mirrored": row.mirrored,
            "counted": row.counted,
        }
    return values


def _firsts(connection: Connection, subjects: list[str]) -> dict[str, Any]:
    rows = connection.execute(
        text(
            """
            SELECT p.scheme, p.code, p.name, f.exchange, f.number, f.listed_at, l.revision
            FROM unnest(CAST(:schemes AS text[]), CAST(:codes AS text[])) AS k(scheme, code)
            JOIN party p ON p.scheme = k.scheme AND p.code = k.code
            LEFT JOIN first_listing f ON f.party = p.id
            LEFT JOIN listing l ON l.exchange = f.exchange AND l.number = f.number
            """
        ),
        {
            "schemes": pg_array(subject.partition(":")[0] for subject in subjects),
            "codes": pg_array(subject.partition(":")[2] for subject in subjects),
        },
    )
    values: dict[str, Any] = {}
    for row in rows:
        first = None
        if row.exchange is not None:
            first = {
                "exchange": row.exchange,
                "listing_no": row.number,
                "revision": row.revision,
                "listed_at": format_time(row.listed_at),
            }
        values[f"{row.scheme}:{row.code}"] = {
            "party": {"id_scheme": row.scheme, "id": row.code, "name": row.name},
            "first": first,
        }
    return values
