"""Values of facts about firsts, and of parties in facts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from shared.postgres.query import fetch, pg_arrays
from shared.register.firsts import FirstsTable
from shared.register.stored_documents import stored_document
from shared.values.json_types import Json
from shared.values.parties import Party


def render_firsts(
    connection: Connection, table: FirstsTable, subjects: Sequence[str], describe: Callable[[Any, datetime], Json]
) -> Json:
    """Render the first document of each party, and the void one before it, if there is one.

    `describe` gives the fields of a document besides its exchange, from the document and its record's timestamp.
    """
    query = f"""
        SELECT p.scheme, p.code, p.name, d.exchange, d.record_at, d.value, d.headers,
               v.exchange, v.record_at, v.value, v.headers
        FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[])) AS k(scheme, code)
        JOIN party p ON p.scheme = k.scheme AND p.code = k.code
        LEFT JOIN {table.first} f ON f.party = p.id
        LEFT JOIN {table.document} d ON d.exchange = f.exchange AND d.number = f.number
        LEFT JOIN LATERAL (
            SELECT exchange, record_at, value, headers FROM {table.document} n
            WHERE {table.party} = p.id AND {table.void} AND {table.comes_before("n")}
            ORDER BY {table.at}, exchange, number LIMIT 1
        ) v ON true
    """
    values: Json = {}
    parameters = pg_arrays((subject.split(":", 1) for subject in subjects), "schemes", "codes")
    for scheme, code, name, *documents in fetch(connection, query, tuple[Any, ...], **parameters):
        first, void = (
            None
            if value is None
            else {
                "exchange": exchange,
                **describe(stored_document(table.document, exchange, value, headers), record_at),
            }
            for exchange, record_at, value, headers in (documents[:4], documents[4:])
        )
        values[f"{scheme}:{code}"] = {
            "party": {"id_scheme": scheme, "id": code, "name": name},
            "first": first,
            **({} if void is None else {table.void_name: void}),
        }
    return values


def party_json(party: Party) -> dict[str, str]:
    return {"id_scheme": party.id_scheme, "id": party.id, "name": party.name}
