"""Grants under other municipal policies, as they are deducted from an award at an instant."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.acts import OtherGrantPart
from services.incentive.domain.budget import BudgetHolds
from services.incentive.domain.explanations.payable import DeductedGrant, SetAside
from services.incentive.domain.facts import FactRef
from services.incentive.domain.holds import RULE_SUSPENDED
from services.incentive.domain.payables.highest_only import PayableInputs, deductions
from services.incentive.domain.payables.other_grants import OTHER_GRANT, OtherGrants
from services.incentive.queries.awards import awards_of_subject
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import find_part, other_grants_of
from services.incentive.store.award_context import AwardContext, load_award_context, recorded_inputs
from services.incentive.store.awards import award_from_row
from services.incentive.store.payable_inputs import when_earned
from services.incentive.store.rows import SeenAward


def deducted_grants(connection: Connection, view: LedgerView, row: SeenAward) -> tuple[DeductedGrant, ...] | None:
    """The grants that are deducted from an award, in their turn; None if the viewer may see none of them."""
    if view.exchange is not None:
        return None
    grants = other_grants_of(connection, [row.subject], view.as_of)
    if (row.subject, row.year) not in grants:
        return ()
    rows = awards_of_subject(connection, view, row.subject)
    inputs = _payable_inputs(connection, view, rows, grants)
    deducted = deductions([award_from_row(one) for one in rows], view.rulebook.policy, inputs)
    found = []
    for one in deducted.get(row.award_id, ()):
        part = find_part(connection, "other_grant", "id", one.grant.removeprefix(f"{OTHER_GRANT}/"))
        if isinstance(part, OtherGrantPart):
            found.append(DeductedGrant(part.name, part.document_no, one.fen))
    return tuple(found)


def set_aside(context: AwardContext) -> SetAside | None:
    """Why an award is payable up to its approved amount at most; None if it is not."""
    return context.workflow.set_aside or ("suspended" if RULE_SUSPENDED in context.holds else None)


def _payable_inputs(
    connection: Connection, view: LedgerView, rows: Sequence[SeenAward], grants: OtherGrants
) -> PayableInputs:
    """The inputs of the payables of a subject's awards, as of the view's instant."""
    policy, now = view.rulebook.policy, view.instant
    # A budget changes no payable.
    contexts = load_award_context(connection, rows, policy, view.as_of, now, BudgetHolds(policy, now, {}))
    facts = {
        FactRef(one["fact"], one["generation"], one["seq"]): row.award_id for row in rows for one in row.evidence[:1]
    }
    earned = when_earned(connection, facts)
    days = {award_id: period.start.date() for award_id, period in earned.items() if period.start is not None}
    return msgspec.structs.replace(recorded_inputs(rows, contexts, grants), days=days)
