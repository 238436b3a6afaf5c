"""Declarations of the bureau."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.facts import DECLARED, Declaration, FactRef, parse_fact
from shared.postgres.query import fetch, fetch_optional, where

_VERSION: Final = """
    SELECT value FROM fact WHERE topic = %(topic)s AND key = %(key)s AND generation = %(generation)s AND seq = %(seq)s
"""


def list_declared(
    connection: Connection, filters: Mapping[str, object], after: str | None, limit: int
) -> list[Declaration]:
    """Current declarations in code point order of their facts, at most `limit`, by subject and rule."""
    conditions = where(
        "c.topic = %(topic)s",
        "c.about = %(subject)s" if "subject" in filters else None,
        "split_part(c.key, '/', 3) = %(rule)s" if "rule" in filters else None,
        None if after is None else "c.key > %(after)s",
    )
    statement = f"""
        SELECT c.key, f.value FROM fact_current c JOIN fact f ON f.id = c.fact_id
        {conditions} ORDER BY c.key LIMIT %(limit)s
    """
    key = None if after is None else after.partition("/")[2]
    parameters = {**filters, "topic": DECLARED, "after": key, "limit": limit}
    rows = fetch(connection, statement, tuple[str, bytes], **parameters)
    found = [parse_fact(DECLARED, key, value) for key, value in rows]
    return [one for one in found if isinstance(one, Declaration)]


def find_declaration(connection: Connection, ref: FactRef) -> Declaration | None:
    """A declaration as of a `seq`; None if the fact is not a declaration."""
    topic, _, key = ref.fact.partition("/")
    if topic != DECLARED:
        return None
    value = fetch_optional(connection, _VERSION, bytes, topic=topic, key=key, generation=ref.generation, seq=ref.seq)
    parsed = None if value is None else parse_fact(topic, key, value)
    return parsed if isinstance(parsed, Declaration) else None
