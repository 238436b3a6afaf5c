"""What the bureau declared."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, func, select

from services.incentive.domain.facts import DECLARED, Declaration, FactRef, parse_fact
from services.incentive.store.tables import fact, fact_current


def list_declared(
    connection: Connection, filters: Mapping[str, Any], after: str | None, limit: int
) -> list[Declaration]:
    """Current declarations in code point order of their facts, at most `limit`, by subject and rule."""
    columns = fact_current.c
    statement = (
        select(columns.topic, columns.key, fact.c.value)
        .join(fact, fact.c.id == columns.fact_id)
        .where(columns.topic == DECLARED)
        .order_by(columns.key)
        .limit(limit)
    )
    if "subject" in filters:
        statement = statement.where(columns.about == filters["subject"])
    if "rule" in filters:
        statement = statement.where(func.split_part(columns.key, "/", 3) == filters["rule"])
    if after is not None:
        statement = statement.where(columns.key > after.partition("/")[2])
    found = [parse_fact(row.topic, row.key, row.value) for row in connection.execute(statement)]
    return [one for one in found if isinstance(one, Declaration)]


def find_declaration(connection: Connection, ref: FactRef) -> Declaration | None:
    """A declaration as of a `seq`; None if the fact is not a declaration."""
    topic, _, key = ref.fact.partition("/")
    columns = fact.c
    version = and_(columns.generation == ref.generation, columns.seq == ref.seq)
    value = select(columns.value).where(columns.topic == topic, columns.key == key, version)
    found = connection.execute(value).scalar() if topic == DECLARED else None
    parsed = None if found is None else parse_fact(topic, key, found)
    return parsed if isinstance(parsed, Declaration) else None
