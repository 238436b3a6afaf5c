"""Signs that no award carries, whoever they are of: what earns nothing is flagged nowhere, and yet to be looked at."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from sqlalchemy import Connection, text

from services.incentive.domain.risk_flags import UnattachedFlag, unattached_flag
from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import FACT_AS_OF, FACT_NOW
from services.incentive.store.facts import load_facts
from shared.events.fact_topics import SIGN

# Buyers of whom a large purchase soon after a small first one was measured: few, as trade-ingest names no others.
_CANDIDATES: Final = """
    SELECT DISTINCT c.about
    FROM fact_current c {facts}
    WHERE c.topic = :topic AND c.about > :after AND split_part(c.key, '/', 2) = 'buyer'
      AND jsonb_typeof(convert_from(f.value, 'UTF8')::jsonb -> 'greatest') = 'object'
    ORDER BY c.about
    LIMIT :limit
"""
_NOW: Final = text(_CANDIDATES.format(facts=FACT_NOW))
_THEN: Final = text(_CANDIDATES.format(facts=FACT_AS_OF))
_AT_ONCE: Final = 200


def list_unattached_flags(connection: Connection, view: LedgerView, year: int, limit: int) -> list[UnattachedFlag]:
    """Those of a year, in code point order of the subjects, at most `limit`; for who sees all."""
    return list(islice(_iterate(connection, view, year), limit))


def _iterate(connection: Connection, view: LedgerView, year: int) -> Iterator[UnattachedFlag]:
    after = ""
    while True:
        statement = _NOW if view.as_of is None else _THEN
        parameters = {"topic": SIGN, "after": after, "as_of": view.as_of, "limit": _AT_ONCE}
        subjects = list(connection.execute(statement, parameters).scalars())
        known = load_facts(connection, subjects, {}, view.rulebook.registers, view.as_of)
        for subject in subjects:
            one = unattached_flag(known[subject].of, view.rulebook.policy) if subject in known else None
            if one is not None and one.year == year:
                yield one
        if len(subjects) < _AT_ONCE:
            return
        after = subjects[-1]
