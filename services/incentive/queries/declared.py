"""Declarations of the bureau."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.facts import DECLARED, Declaration, parse_fact
from shared.postgres.query import where
from shared.postgres.sorted_rows import Sorts, SqlRows, column
from shared.values.json_types import Json


class DeclaredRow(NamedTuple):
    """The newest version of a declaration's fact, with its content as JSON."""

    key: str
    value: bytes
    seq: int
    rule: str
    earned_on: str


_KEY: Final = column("key", str)
DECLARED_SORTS: Final[Sorts] = {
    "fact": (_KEY,),
    "seq": (column("seq", int), _KEY),
    "rule": (column("rule", str), _KEY),
    "earned_on": (column("earned_on", str), _KEY),
}


def find_declared(
    connection: Connection,
    filters: Mapping[str, object],
    render: Callable[[Sequence[Declaration]], Iterable[Json]],
) -> SqlRows[DeclaredRow]:
    """Open the current declarations by subject and rule."""
    conditions = where(
        "c.topic = %(topic)s",
        "c.about = %(subject)s" if "subject" in filters else None,
        "split_part(c.key, '/', 3) = %(rule)s" if "rule" in filters else None,
    )
    select = f"""
        SELECT c.key, f.value, f.seq, split_part(c.key, '/', 3) AS rule,
               (convert_from(f.value, 'UTF8')::jsonb ->> 'earned_on') COLLATE "C" AS earned_on
        FROM fact_current c JOIN fact f ON f.id = c.fact_id {conditions}
    """
    parameters = {**filters, "topic": DECLARED}
    return SqlRows(connection, select, DeclaredRow, parameters, lambda rows: render(_declarations(rows)))


def _declarations(rows: Sequence[DeclaredRow]) -> list[Declaration]:
    found = [parse_fact(DECLARED, row.key, row.value) for row in rows]
    return [one for one in found if isinstance(one, Declaration)]
