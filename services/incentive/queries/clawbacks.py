"""Clawback proposals, computed from the awards' versions and decisions."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.clawbacks import ClawbackProposal, PayableVersion, clawback_proposals
from services.incentive.domain.workflow import ApprovedFor
from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import AS_OF
from services.incentive.store.award_context import decisions_of
from shared.postgres.query import fetch, fetch_values

_BATCH: Final = 500
_APPROVED: Final = """
    SELECT DISTINCT award_id FROM decision
    WHERE action = 'approve' AND award_id >= coalesce(%(after)s, '') ORDER BY award_id
"""
_PAYABLES: Final = f"""
    SELECT award_id, recorded_at, subject, year, payable_fen FROM award_version
    WHERE award_id = ANY(%(award_ids)s) AND recorded_at <= {AS_OF} ORDER BY award_id, version
"""


def list_clawbacks(
    connection: Connection, view: LedgerView, state: str | None, after: tuple[str, int] | None, limit: int
) -> list[ClawbackProposal]:
    """Proposals in order of award and number, at most `limit`; `after` names the last one of the page before."""
    ids = fetch_values(connection, _APPROVED, str, after=None if after is None else after[0])
    found: list[ClawbackProposal] = []
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
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
