"""Rendering of facts: each value is a function of entries 0 .. seq-1 of the register, read in one snapshot."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from shared.postgres.query import fetch, pg_arrays
from shared.register.firsts import FirstsTable
from shared.register.head import Head
from shared.register.publish.outbox import DirtyKey
from shared.register.stored_documents import stored_document
from shared.values.json_types import Json
from shared.values.parties import Party

RenderTopic = Callable[[Connection, list[str]], Mapping[str, Any]]  # the value of each key, without its version


def render_facts(
    renderers: Mapping[str, RenderTopic], connection: Connection, head: Head, keys: Sequence[DirtyKey]
) -> dict[DirtyKey, bytes]:
    """Render the value of each key, by the renderer of its topic."""
    keys_of = defaultdict(list)
    for topic, key in keys:
        keys_of[topic].append(key)
    version = {"generation": head.generation, "seq": head.next_seq}
    return {
        (topic, key): msgspec.json.encode({**version, **value})
        for topic, render in renderers.items()
        if topic in keys_of
        for key, value in render(connection, keys_of[topic]).items()
    }


def render_firsts(
    connection: Connection, table: FirstsTable, subjects: Sequence[str], describe: Callable[[Any], Json]
) -> Json:
    """Render the first document of each party; `describe` gives the fields of a document besides its exchange."""
    query = f"""
        SELECT p.scheme, p.code, p.name, d.exchange, d.value, d.headers
        FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[])) AS k(scheme, code)
        JOIN party p ON p.scheme = k.scheme AND p.code = k.code
        LEFT JOIN {table.first} f ON f.party = p.id
        LEFT JOIN {table.document} d ON d.exchange = f.exchange AND d.number = f.number
    """
    values: Json = {}
    parameters = pg_arrays((subject.split(":", 1) for subject in subjects), "schemes", "codes")
    for scheme, code, name, exchange, value, headers in fetch(
        connection, query, tuple[str, str, str, str | None, bytes | None, bytes | None], **parameters
    ):
        first = None
        if exchange is not None and value is not None:
            first = {"exchange": exchange, **describe(stored_document(table.document, exchange, value, headers))}
        values[f"{scheme}:{code}"] = {"party": {"id_scheme": scheme, "id": code, "name": name}, "first": first}
    return values


def party_json(party: Party) -> dict[str, str]:
    return {"id_scheme": party.id_scheme, "id": party.id, "name": party.name}
