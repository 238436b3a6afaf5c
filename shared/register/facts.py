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
    """Render the first document of each party.

    `describe` gives the fields of a document besides its exchange, from the document and its record's timestamp.
    """
    query = f"""
        SELECT p.scheme, p.code, p.name, d.exchange, d.record_at, d.value, d.headers
        FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[])) AS k(scheme, code)
        JOIN party p ON p.scheme = k.scheme AND p.code = k.code
        LEFT JOIN {table.first} f ON f.party = p.id
        LEFT JOIN {table.document} d ON d.exchange = f.exchange AND d.number = f.number
    """
    values: Json = {}
    parameters = pg_arrays((subject.split(":", 1) for subject in subjects), "schemes", "codes")
    for scheme, code, name, exchange, record_at, value, headers in fetch(
        connection, query, tuple[str, str, str, str | None, datetime | None, bytes | None, bytes | None], **parameters
    ):
        first = None
        if exchange is not None and record_at is not None and value is not None:
            document = stored_document(table.document, exchange, value, headers)
            first = {"exchange": exchange, **describe(document, record_at)}
        values[f"{scheme}:{code}"] = {"party": {"id_scheme": scheme, "id": code, "name": name}, "first": first}
    return values


def party_json(party: Party) -> dict[str, str]:
    return {"id_scheme": party.id_scheme, "id": party.id, "name": party.name}
