"""Clawback proposals: amounts approved beyond the payable, for a person to answer (policy.md, details 6). Pure.

A proposal is not stored: it follows from an award's versions and decisions. So there is exactly one as long as more is
approved than payable.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from services.incentive.domain.workflow import ApprovedFor, Decision, WorkflowState, apply_step
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

ProposalState = Literal["open", "answered", "lapsed"]


class PayableVersion(NamedTuple):
    """The payable of an award from an instant on, and its subject."""

    at: datetime
    approved_for: ApprovedFor
    payable_fen: int


class ClawbackProposal(msgspec.Struct, frozen=True):
    """A proposal: `amount_fen` is still to be returned, `returned_fen` was returned by `decisions`.

    It is `answered` by a return, or `lapsed` once the payable has risen again.
    """

    award_id: str
    number: int
    approved_for: ApprovedFor
    amount_fen: int
    returned_fen: int
    state: ProposalState
    opened_at: datetime
    closed_at: datetime | None
    decisions: tuple[str, ...]


def clawback_proposals(
    award_id: str, versions: Iterable[PayableVersion], decisions: Iterable[Decision]
) -> list[ClawbackProposal]:
    """All proposals that there ever were about an award, in order of time; at most the last one is open."""
    found: list[ClawbackProposal] = []
    workflow, payable = WorkflowState(), (ApprovedFor("", 0), 0)
    events: list[PayableVersion | Decision] = sorted((*versions, *decisions), key=lambda event: event.at)
    for event in events:
        if isinstance(event, PayableVersion):
            payable = event.approved_for, event.payable_fen
        else:
            workflow = apply_step(workflow, event)
        _update(found, award_id, event, workflow.excess(*payable))
    return found


def _update(
    found: list[ClawbackProposal],
    award_id: str,
    event: PayableVersion | Decision,
    excess: tuple[ApprovedFor, int] | None,
) -> None:
    """Update the open proposal after an event; open a new one for an excess that has none."""
    if found and found[-1].state == "open":
        proposal = _answered(found[-1], event)
        if excess is not None and excess[0] == proposal.approved_for:
            found[-1] = msgspec.structs.replace(proposal, amount_fen=excess[1])
            return
        state: ProposalState = "lapsed" if isinstance(event, PayableVersion) else "answered"
        found[-1] = msgspec.structs.replace(proposal, amount_fen=0, state=state, closed_at=event.at)
    if excess is not None:
        found.append(ClawbackProposal(award_id, len(found) + 1, *excess, 0, "open", event.at, None, ()))


def _answered(proposal: ClawbackProposal, event: PayableVersion | Decision) -> ClawbackProposal:
    if isinstance(event, PayableVersion) or event.action != "return":
        return proposal
    return msgspec.structs.replace(
        proposal,
        returned_fen=proposal.returned_fen + event.amount_fen,
        decisions=(*proposal.decisions, event.decision_id),
    )


def clawback_json(proposal: ClawbackProposal) -> Json:
    closed_at = proposal.closed_at
    return {
        "clawback_id": f"{proposal.award_id}/{proposal.number}",
        "award_id": proposal.award_id,
        "subject": proposal.approved_for.subject,
        "year": proposal.approved_for.year,
        "amount": format_yuan(proposal.amount_fen),
        "returned": format_yuan(proposal.returned_fen),
        "state": proposal.state,
        "opened_at": format_time(proposal.opened_at),
        "closed_at": None if closed_at is None else format_time(closed_at),
        "decisions": list(proposal.decisions),
    }
