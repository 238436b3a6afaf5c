"""Clawback proposals: amounts approved beyond the payables of a subject and year (policy.md, details 6). Pure.

A proposal is not stored: it follows from awards' versions and decisions. So there is exactly one for an award as long
as its approved amount exceeds its payable and no other award of the subject and year covers it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Literal, NamedTuple

import msgspec

from services.incentive.domain.rooms import Room, RoomUse, excesses_of_room, room_of
from services.incentive.domain.workflow import ApprovedFor, Decision
from services.incentive.policy.terms import Policy
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

ProposalState = Literal["open", "closed"]


class PayableVersion(NamedTuple):
    """The payable of an award from an instant on, and its subject and year."""

    at: datetime
    award_id: str
    rule: str
    approved_for: ApprovedFor
    payable_fen: int


class ClawbackProposal(msgspec.Struct, frozen=True):
    """A proposal: `amount_fen` is still to be returned, `returned_fen` was returned by `decisions`.

    It is `closed` once nothing is in excess, by a return or because payables have risen.
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
    versions: Iterable[PayableVersion], decisions: Iterable[Decision], policy: Policy
) -> list[ClawbackProposal]:
    """All proposals that there ever were, by award and in order of time; at most one is open for what was approved.

    Needs all versions and decisions of the subjects and years concerned. Events of one instant are taken together.
    """
    history = _History(policy)
    events: list[PayableVersion | Decision] = sorted((*versions, *decisions), key=lambda event: event.at)
    for at, together in groupby(events, key=lambda event: event.at):
        history.take(at, list(together))
    return history.numbered()


class _History:
    """Payables and standing amounts at an instant, by room and award, and the proposals so far."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._uses: dict[Room, dict[str, RoomUse]] = {}
        self._current: dict[str, ApprovedFor] = {}
        self._found: dict[Room, dict[str, list[ClawbackProposal]]] = {}

    def take(self, at: datetime, events: Iterable[PayableVersion | Decision]) -> None:
        """Apply what happened at an instant; open, change and close proposals."""
        rooms: dict[Room, None] = {}
        for event in events:
            changed = self._settled(event) if isinstance(event, PayableVersion) else self._decided(event)
            rooms |= dict.fromkeys(changed)
        for room in rooms:
            excesses = excesses_of_room(self._uses[room].values())
            for award_id in self._uses[room]:
                excess = excesses.get(award_id)
                self._update(room, award_id, at, 0 if excess is None else excess.over_fen)

    def _settled(self, version: PayableVersion) -> Iterator[Room]:
        """Apply a payable; return the rooms that it changes."""
        before = self._current.get(version.award_id)
        if before not in (None, version.approved_for):
            yield self._change(version.award_id, version.rule, before, payable_fen=0)
        self._current[version.award_id] = version.approved_for
        yield self._change(version.award_id, version.rule, version.approved_for, payable_fen=version.payable_fen)

    def _decided(self, decision: Decision) -> Iterator[Room]:
        """Apply an approval or a return; return the room that it changes."""
        award_id, approved_for = decision.award_id, ApprovedFor(decision.subject, decision.year)
        room = room_of(approved_for, decision.rule, self._policy)
        use = self._use(room, award_id, decision.rule)
        if decision.action == "approve":
            self._uses[room][award_id] = use._replace(
                standing_fen=use.standing_fen + decision.amount_fen, approved_seq=decision.transaction
            )
            yield room
        elif decision.action == "return":
            self._uses[room][award_id] = use._replace(standing_fen=use.standing_fen - decision.amount_fen)
            self._returned(room, decision)
            yield room

    def _change(self, award_id: str, rule: str, approved_for: ApprovedFor, *, payable_fen: int) -> Room:
        room = room_of(approved_for, rule, self._policy)
        self._uses[room][award_id] = self._use(room, award_id, rule)._replace(payable_fen=payable_fen)
        return room

    def _use(self, room: Room, award_id: str, rule: str) -> RoomUse:
        return self._uses.setdefault(room, {}).setdefault(award_id, RoomUse(award_id, rule, room[0], 0, 0, 0))

    def _returned(self, room: Room, decision: Decision) -> None:
        proposals = self._found.get(room, {}).get(decision.award_id)
        if proposals and proposals[-1].state == "open":
            proposals[-1] = msgspec.structs.replace(
                proposals[-1],
                returned_fen=proposals[-1].returned_fen + decision.amount_fen,
                decisions=(*proposals[-1].decisions, decision.decision_id),
            )

    def _update(self, room: Room, award_id: str, at: datetime, over_fen: int) -> None:
        proposals = self._found.setdefault(room, {}).setdefault(award_id, [])
        if proposals and proposals[-1].state == "open":
            closed = {} if over_fen else {"state": "closed", "closed_at": at}
            proposals[-1] = msgspec.structs.replace(proposals[-1], amount_fen=over_fen, **closed)
        elif over_fen:
            proposals.append(ClawbackProposal(award_id, 0, room[0], over_fen, 0, "open", at, None, ()))

    def numbered(self) -> list[ClawbackProposal]:
        """The proposals, numbered by award in order of time."""
        found = [one for of_room in self._found.values() for proposals in of_room.values() for one in proposals]
        found.sort(key=lambda one: (one.award_id, one.opened_at, one.approved_for))
        return [
            msgspec.structs.replace(one, number=number)
            for _, of_award in groupby(found, key=lambda one: one.award_id)
            for number, one in enumerate(of_award, 1)
        ]


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
