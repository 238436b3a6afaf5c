"""Clawback proposals, computed from the awards' versions and decisions."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from services.incentive.domain.clawbacks import ClawbackProposal, PayableVersion, clawback_proposals
from services.incentive.domain.workflow import ApprovedFor
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import decisions_of
from services.incentive.store.tables import award_version, decision

CLAWBACKS_BATCH: Final = 500


def list_clawbacks(
    connection: Connection, view: LedgerView, state: str | None, after: tuple[str, int] | None, limit: int
) -> list[ClawbackProposal]:
    """Proposals in order of award and number, at most `limit`; `after` names the last one of the page before."""
    approved = select(decision.c.award_id).where(decision.c.action == "approve").distinct()
    if after is not None:
        approved = approved.where(decision.c.award_id >= after[0])
    ids = list(connection.execute(approved.order_by(decision.c.award_id)).scalars())
    found: list[ClawbackProposal] = []
    for start in range(0, len(ids), CLAWBACKS_BATCH):
        some = ids[start : start + CLAWBACKS_BATCH]
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
    columns = award_version.c
    statement = (
        select(columns.award_id, columns.recorded_at, columns.subject, columns.year, columns.payable_fen)
        .where(columns.award_id == any_(literal(award_ids, ARRAY(columns.award_id.type))))
        .order_by(columns.award_id, columns.version)
    )
    if as_of is not None:
        statement = statement.where(columns.recorded_at <= as_of)
    found: dict[str, list[PayableVersion]] = {}
    for row in connection.execute(statement):
        version = PayableVersion(row.recorded_at, ApprovedFor(row.subject, row.year), row.payable_fen)
        found.setdefault(row.award_id, []).append(version)
    return found
