"""The bureau's overview: awards of a year by workflow state and by flag, budget, red flags and clawback proposals."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.budget import budget_json
from services.incentive.domain.clawbacks import ClawbackProposal, PayableVersion, clawback_proposals
from services.incentive.domain.risk_flags import UnattachedFlag, unattached_flag
from services.incentive.domain.workflow import FIRST_STATE, OVER_APPROVED, STATES, Actor, ApprovedFor
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import IS_OVER_APPROVED_SQL, LAST_STEP_SQL
from services.incentive.store.as_of import AS_OF, joined_facts
from services.incentive.store.award_context import decisions_of, load_recorded_context
from services.incentive.store.facts import load_facts
from shared.events.fact_topics import SIGN
from shared.postgres.query import fetch, fetch_value, fetch_values
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
_CLAWBACKS_BATCH: Final = 500
_APPROVED: Final = """
    SELECT DISTINCT award_id FROM decision
    WHERE action = 'approve' AND award_id >= coalesce(%(after)s, '') ORDER BY award_id
"""
_PAYABLES: Final = f"""
    SELECT award_id, recorded_at, subject, year, payable_fen FROM award_version
    WHERE award_id = ANY(%(award_ids)s) AND recorded_at <= {AS_OF} ORDER BY award_id, version
"""


class WorklistRow(NamedTuple):
    """Awards in a state, and their payable in fen.

    `own` are those whose last step was taken by the reading person, `in_notice` those whose public notice is not over.
    """

    state: str
    awards: int
    payable_fen: int
    own: int
    in_notice: int


def list_worklist(connection: Connection, view: LedgerView, year: int, reader: Actor) -> list[WorklistRow]:
    """Awards of a year with a payable or a decision, by state, in the order of states."""
    # Another person must act after the one who took the last step on a reviewed or published award.
    statement = f"""
        SELECT coalesce(last.to_state, '{FIRST_STATE}') AS state, count(*), sum(award.payable_fen),
               count(*) FILTER (WHERE last.person = %(person)s OR last.name IS NULL AND last.person = %(name)s),
               count(*) FILTER (WHERE last.until > %(instant)s)
        FROM {view.awards} LEFT JOIN LATERAL ({LAST_STEP_SQL}) last ON true
        WHERE award.year = %(year)s AND (award.payable_fen > 0 OR last.to_state IS NOT NULL)
        GROUP BY 1
    """
    parameters = {
        "year": year,
        "person": reader.identity,
        "name": reader.name,
        "instant": view.instant,
        "as_of": view.as_of,
    }
    rows = fetch(connection, statement, WorklistRow, **parameters)
    found = {row.state: row._replace(payable_fen=int(row.payable_fen)) for row in rows}
    return [found.get(state, WorklistRow(state, 0, 0, 0, 0)) for state in STATES]


def count_flags(connection: Connection, view: LedgerView, year: int) -> dict[str, int]:
    """The number of awards of a year with each flag, for a reader who sees everything."""
    flags = f"""
        SELECT flag, count(*) FROM {view.awards}, unnest(award.flags) AS flag WHERE award.year = %(year)s GROUP BY flag
    """
    over = f"SELECT count(*) FROM {view.awards} WHERE award.year = %(year)s AND {IS_OVER_APPROVED_SQL}"
    found = dict(fetch(connection, flags, tuple[str, int], year=year, as_of=view.as_of))
    return {**found, OVER_APPROVED: fetch_value(connection, over, int, year=year, as_of=view.as_of)}


def list_unattached_flags(connection: Connection, view: LedgerView, year: int, limit: int) -> list[UnattachedFlag]:
    """Those of a year, in code point order of the subjects, at most `limit`, for a reader who sees everything."""
    return list(islice(_iterate(connection, view, year), limit))


def _iterate(connection: Connection, view: LedgerView, year: int) -> Iterator[UnattachedFlag]:
    statement = _CANDIDATES.format(facts=joined_facts(view.as_of))
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


def load_budget(connection: Connection, view: LedgerView, year: int) -> Json:
    """The contract's budget of a year, as of the view's instant."""
    payable = f"SELECT coalesce(sum(award.payable_fen), 0) FROM {view.awards} WHERE award.year = %(year)s"
    payable_fen = int(fetch_value(connection, payable, int, year=year, as_of=view.as_of))
    posted = load_recorded_context(connection, (), (), [year], view.as_of).posted.get(year, ())
    return budget_json(year, view.rulebook.policy, payable_fen, posted)


def list_clawbacks(
    connection: Connection, view: LedgerView, state: str | None, after: tuple[str, int] | None, limit: int
) -> list[ClawbackProposal]:
    """Proposals in order of award and number, at most `limit`; `after` names the last one of the page before."""
    ids = fetch_values(connection, _APPROVED, str, after=None if after is None else after[0])
    found: list[ClawbackProposal] = []
    for start in range(0, len(ids), _CLAWBACKS_BATCH):
        some = ids[start : start + _CLAWBACKS_BATCH]
        decisions, versions = decisions_of(connection, some, view.as_of), _payables_of(connection, some, view.as_of)
        found += [
            one
            for award_id in some
            for one in clawback_proposals(award_id, versions.get(award_id, ()), decisions.get(award_id, ()))
            if state in (None, one.state) and (after is None or (one.award_id, one.number) > after)
        ]
        if len(found) >= limit:
            break
    return found[:limit]


def _payables_of(
    connection: Connection, award_ids: list[str], as_of: datetime | None
) -> dict[str, list[PayableVersion]]:
    """The payable of each version of these awards, in order."""
    found: dict[str, list[PayableVersion]] = {}
    rows = fetch(connection, _PAYABLES, tuple[str, datetime, str, int, int], award_ids=award_ids, as_of=as_of)
    for award_id, at, subject, year, payable_fen in rows:
        found.setdefault(award_id, []).append(PayableVersion(at, ApprovedFor(subject, year), payable_fen))
    return found
