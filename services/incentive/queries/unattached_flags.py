"""Red flags on purchases too small to earn an award."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.risk_flags import UnattachedFlag, unattached_flag
from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import FACT_AS_OF, FACT_NOW
from services.incentive.store.facts import load_facts
from shared.events.fact_topics import SIGN
from shared.postgres.query import fetch_values

# Buyers with a measured large purchase soon after a small first one: few, as trade-ingest names no others.
_CANDIDATES: Final = """
    SELECT DISTINCT c.about
    FROM fact_current c {facts}
    WHERE c.topic = %(topic)s AND c.about > %(after)s AND split_part(c.key, '/', 2) = 'buyer'
      AND jsonb_typeof(convert_from(f.value, 'UTF8')::jsonb -> 'greatest') = 'object'
    ORDER BY c.about
    LIMIT %(limit)s
"""
_BATCH: Final = 200


def list_unattached_flags(connection: Connection, view: LedgerView, year: int, limit: int) -> list[UnattachedFlag]:
    """Those of a year, in code point order of the subjects, at most `limit`, for a reader who sees everything."""
    return list(islice(_iterate(connection, view, year), limit))


def _iterate(connection: Connection, view: LedgerView, year: int) -> Iterator[UnattachedFlag]:
    statement = _CANDIDATES.format(facts=FACT_NOW if view.as_of is None else FACT_AS_OF)
    after = ""
    while True:
        subjects = fetch_values(connection, statement, str, topic=SIGN, after=after, as_of=view.as_of, limit=_BATCH)
        known = load_facts(connection, subjects, {}, view.rulebook.registers, view.as_of)
        for subject in subjects:
            flag = unattached_flag(known[subject].of, view.rulebook.policy) if subject in known else None
            if flag is not None and flag.year == year:
                yield flag
        if len(subjects) < _BATCH:
            return
        after = subjects[-1]
