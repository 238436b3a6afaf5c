"""Clawback proposals: what was approved beyond what is payable, for a person to answer (policy.md, details 6). Pure.

A proposal is not written down: it follows from an award's versions and from the steps that were taken with it, so there
is one, and only one, as long as more is approved than payable.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from services.incentive.domain.workflow import ApprovedFor, Decided, Standing, after
from shared.values.money import format_yuan
from shared.values.times import format_time

ProposalState = Literal["open", "answered", "lapsed"]


class Version(NamedTuple):
    """What was payable of an award from an instant on, and for what."""

    at: datetime
    basis: ApprovedFor
    payable_fen: int


class Proposal(msgspec.Struct, frozen=True):
    """`amount_fen` is what is to be given back now, `returned_fen` what was in answer to it, by `decisions`.

    `answered` by a return; `lapsed` where what is payable rose again. `basis` is for what it was approved.
    """

    award_id: str
    number: int
    basis: ApprovedFor
    amount_fen: int
    returned_fen: int
    state: ProposalState
    opened_at: datetime
    closed_at: datetime | None
    decisions: tuple[str, ...]


def proposals(award_id: str, versions: Iterable[Version], steps: Iterable[Decided]) -> list[Proposal]:
    """All proposals that there ever were about an award, in order of time; at most the last one is open."""
    found: list[Proposal] = []
    state, payable = Standing(), (ApprovedFor("", 0), 0)
    events: list[Version | Decided] = sorted((*versions, *steps), key=lambda event: event.at)
    for event in events:
        if isinstance(event, Version):
            payable = event.basis, event.payable_fen
        else:
            state = after(state, event)
        _settle(found, award_id, event, state.excess(*payable))
    return found


def _settle(
    found: list[Proposal], award_id: str, event: Version | Decided, excess: tuple[ApprovedFor, int] | None
) -> None:
    """Bring the last proposal to what an event made of it, and open another where there is none of this basis."""
    is_open = bool(found) and found[-1].state == "open"
    if is_open:
        found[-1] = _answered(found[-1], event)
        if excess is not None and excess[0] == found[-1].basis:
            found[-1] = msgspec.structs.replace(found[-1], amount_fen=excess[1])
            return
        state: ProposalState = "lapsed" if isinstance(event, Version) else "answered"
        found[-1] = msgspec.structs.replace(found[-1], amount_fen=0, state=state, closed_at=event.at)
    if excess is not None:
        found.append(Proposal(award_id, len(found) + 1, *excess, 0, "open", event.at, None, ()))


def _answered(proposal: Proposal, event: Version | Decided) -> Proposal:
    if isinstance(event, Version) or event.action != "return":
        return proposal
    return msgspec.structs.replace(
        proposal,
        returned_fen=proposal.returned_fen + event.amount_fen,
        decisions=(*proposal.decisions, event.decision_id),
    )


def proposal_json(proposal: Proposal) -> dict[str, Any]:
    """A proposal as the API gives it."""
    closed_at = proposal.closed_at
    return {
        "clawback_id": f"{proposal.award_id}/{proposal.number}",
        "award_id": proposal.award_id,
        "subject": proposal.basis.subject,
        "year": proposal.basis.year,
        "amount": format_yuan(proposal.amount_fen),
        "returned": format_yuan(proposal.returned_fen),
        "state": proposal.state,
        "opened_at": format_time(proposal.opened_at),
        "closed_at": None if closed_at is None else format_time(closed_at),
        "decisions": list(proposal.decisions),
    }
