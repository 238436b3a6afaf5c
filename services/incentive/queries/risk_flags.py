"""Red flags of awards, and those on purchases too small to earn an award."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec.structs import asdict
from sqlalchemy import Connection

from services.incentive.domain.facts import Fact
from services.incentive.domain.risk_flags import (
    FUTURE_DATED_NAME,
    Peers,
    RiskFlag,
    UnattachedFlag,
    find_risk_flags,
    unattached_flag,
)
from services.incentive.domain.similar_purchases import first_near_cap, similar_purchases
from services.incentive.policy.terms import Policy
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import related_of
from services.incentive.store.as_of import joined_facts
from services.incentive.store.awards import award_from_row, ever_similar_buyers
from services.incentive.store.facts import load_facts
from services.incentive.store.rows import SeenAward
from shared.events.fact_topics import FIRST_PURCHASE, SIGN
from shared.postgres.query import fetch_values
from shared.values.json_types import Json

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


def award_risk_flags(
    connection: Connection, view: LedgerView, row: SeenAward, facts: tuple[Fact, ...]
) -> list[RiskFlag]:
    """The risk flags of an award, as of the view's instant."""
    if row.ceiling_fen == 0:
        return []
    policy = view.rulebook.policy
    others = [] if first_near_cap(facts, policy) is None else ever_similar_buyers(connection, policy)
    known = load_facts(connection, others, view.rulebook.registers, view.as_of, topic=FIRST_PURCHASE)
    related = related_of(connection, [row.about], view.as_of)
    peers = Peers(similar_purchases((facts.of for facts in known.values()), policy), related)
    return find_risk_flags(award_from_row(row), facts, peers, policy)


def risk_flag_json(found: RiskFlag, policy: Policy) -> Json:
    """A red flag: what was found, in which facts, and trades as examples."""
    by_policy = (terms.name for terms in policy.risk_flags if terms.flag == found.flag)
    name = next(by_policy, FUTURE_DATED_NAME)
    return {
        "sign": found.flag,
        "name": {"zh": name.zh, "en": name.en},
        "text": {"zh": found.text.zh, "en": found.text.en},
        "evidence": [asdict(ref) for ref in found.refs],
        "trades": [asdict(trade) for trade in found.trades],
    }


def list_unattached_flags(connection: Connection, view: LedgerView, year: int, limit: int) -> list[UnattachedFlag]:
    """List the flags of a year that no award has, in code point order of the subjects, at most `limit`.

    For a reader who sees everything.
    """
    return list(islice(_iterate(connection, view, year), limit))


def _iterate(connection: Connection, view: LedgerView, year: int) -> Iterator[UnattachedFlag]:
    statement = _CANDIDATES.format(facts=joined_facts(view.as_of))
    after = ""
    while True:
        subjects = fetch_values(connection, statement, str, topic=SIGN, after=after, as_of=view.as_of, limit=_BATCH)
        known = load_facts(connection, subjects, view.rulebook.registers, view.as_of)
        for subject in subjects:
            flag = unattached_flag(known[subject].of, view.rulebook.policy) if subject in known else None
            if flag is not None and flag.year == year:
                yield flag
        if len(subjects) < _BATCH:
            return
        after = subjects[-1]
