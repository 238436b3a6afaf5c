"""Declarations of the bureau."""

from collections.abc import Mapping

from sqlalchemy import Connection

from services.incentive.domain.facts import DECLARED, Declaration, parse_fact
from shared.postgres.query import fetch, where


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
