"""Clawback proposals, computed from the awards' versions, decisions and records of eligibility."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.clawbacks import ClawbackProposal, PayableVersion, clawback_proposals
from services.incentive.domain.workflow import ApprovedFor
from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import AS_OF
from services.incentive.store.award_context import decisions_of
from services.incentive.store.rooms import Excesses, load_excesses, recorded_eligibility
from shared.postgres.query import fetch, fetch_values
from shared.postgres.sorted_rows import Key, Sorts

_BATCH: Final = 500
_APPROVED: Final = """
    SELECT DISTINCT award_id FROM decision WHERE action = 'approve' ORDER BY award_id
"""
# The awards that ever stood or were payable for the same subjects. A subject's own awards are about it; those of an
# exchange go to its operator, who may have changed.
_TOGETHER: Final = """
    WITH whose AS (SELECT DISTINCT subject FROM decision WHERE award_id = ANY(%(award_ids)s) AND action = 'approve')
    SELECT d.award_id FROM decision d JOIN whose USING (subject) WHERE d.action = 'approve'
    UNION
    SELECT c.award_id FROM award_current c JOIN whose w ON c.about = w.subject
    UNION
    SELECT c.award_id FROM award_current c WHERE c.about >= 'exchange/' AND c.about < 'exchange0'
    ORDER BY award_id
"""
_PAYABLES: Final = f"""
    SELECT recorded_at, award_id, rule, subject, year, payable_fen FROM award_version
    WHERE award_id = ANY(%(award_ids)s) AND recorded_at <= {AS_OF} ORDER BY award_id, version
"""

# Every order ends with these keys, which identify a proposal.
_PROPOSAL: Final = (Key(str, "", attrgetter("award_id")), Key(int, "", attrgetter("number")))
CLAWBACK_SORTS: Final[Sorts] = {
    "award_id": _PROPOSAL,
    "subject": (Key(str, "", attrgetter("approved_for.subject")), *_PROPOSAL),
    "year": (Key(int, "", attrgetter("approved_for.year")), *_PROPOSAL),
    "amount": (Key(int, "", attrgetter("amount_fen")), *_PROPOSAL),
    "state": (Key(str, "", attrgetter("state")), *_PROPOSAL),
    "opened_at": (Key(datetime, "", attrgetter("opened_at")), *_PROPOSAL),
}


def list_clawbacks(connection: Connection, view: LedgerView, state: str | None) -> list[ClawbackProposal]:
    """The proposals in a state (None: in any), in order of award and number."""
    if state == "open":
        return open_clawbacks(connection, view, load_excesses(connection, view.rulebook.policy, view.as_of))
    found = _proposals_of(connection, view, fetch_values(connection, _APPROVED, str))
    return [one for one in found if state in (None, one.state)]


def open_clawbacks(connection: Connection, view: LedgerView, excesses: Excesses) -> list[ClawbackProposal]:
    """The open proposals, in order of award and number: those of the awards of which something is to come back."""
    ids = sorted({award_id for (award_id, _), one in excesses.items() if one.to_come_back_fen})
    return [one for one in _proposals_of(connection, view, ids) if one.state == "open"]


def _proposals_of(connection: Connection, view: LedgerView, ids: Sequence[str]) -> Iterator[ClawbackProposal]:
    """Yield all proposals of these awards."""
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        together = fetch_values(connection, _TOGETHER, str, award_ids=some)
        decisions = list(chain(*decisions_of(connection, together, view.as_of).values()))
        versions = _payables_of(connection, together, view.as_of)
        eligibility = recorded_eligibility(connection, {one.subject for one in decisions}, view.as_of)
        wanted = frozenset(some)
        proposals = clawback_proposals(versions, decisions, eligibility, view.rulebook.policy)
        yield from (one for one in proposals if one.award_id in wanted)


def _payables_of(connection: Connection, award_ids: list[str], as_of: datetime | None) -> list[PayableVersion]:
    """The payable of each version of these awards; those of an award in order."""
    rows = fetch(connection, _PAYABLES, tuple[datetime, str, str, str, int, int], award_ids=award_ids, as_of=as_of)
    return [
        PayableVersion(at, award_id, rule, ApprovedFor(subject, year), payable_fen)
        for at, award_id, rule, subject, year, payable_fen in rows
    ]
