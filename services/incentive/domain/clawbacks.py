"""Clawback proposals: what stands approved beyond payables, or without eligibility (policy.md, details 6 and G8). Pure.

A proposal is not stored: it follows from awards' versions, decisions and records of eligibility. So there is exactly
one of each ground for an award as long as something of it is to come back, and all of them never exceed what stands.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from services.incentive.domain.holds import Verification
from services.incentive.domain.rooms import Excess, Room, RoomUse, Standing, excesses_of_room, room_of, was_failed
from services.incentive.domain.workflow import ApprovedFor, Decision
from services.incentive.policy.terms import Policy
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

ProposalState = Literal["open", "closed"]
# Grounds of proposals, from the contract's list: an excess of the room, and an approval without eligibility.
ProposalGround = Literal["correction", "eligibility"]
GROUNDS: Final[tuple[ProposalGround, ...]] = get_args(ProposalGround)


class PayableVersion(NamedTuple):
    """The payable of an award from an instant on, and its subject and year."""

    at: datetime
    award_id: str
    rule: str
    approved_for: ApprovedFor
    payable_fen: int


class RecordedEligibility(NamedTuple):
    """A record of a subject's eligibility, and the instant at which it was entered."""

    at: datetime
    subject: str
    verification: Verification


ProposalEvent = PayableVersion | Decision | RecordedEligibility


class ClawbackProposal(msgspec.Struct, frozen=True):
    """A proposal: `amount_fen` is still to come back; `returned_fen` and `revoked_fen` were, by `decisions`.

    It is `closed` once nothing is to come back: by a return or revocation, or because payables have risen or a record
    of eligibility was replaced.
    """

    award_id: str
    number: int
    approved_for: ApprovedFor
    ground: ProposalGround
    amount_fen: int
    returned_fen: int
    revoked_fen: int
    state: ProposalState
    opened_at: datetime
    closed_at: datetime | None
    decisions: tuple[str, ...]


def clawback_proposals(
    versions: Iterable[PayableVersion],
    decisions: Iterable[Decision],
    eligibility: Iterable[RecordedEligibility],
    policy: Policy,
) -> list[ClawbackProposal]:
    """All proposals that there ever were, by award and in order of time; at most one of a ground is open.

    Needs all versions, decisions and records of the subjects and years concerned. Events of one instant are taken
    together.
    """
    history = _History(policy)
    events: list[ProposalEvent] = sorted((*versions, *decisions, *eligibility), key=lambda event: event.at)
    for at, together in groupby(events, key=lambda event: event.at):
        history.take(at, list(together))
    return history.numbered()


class _History:
    """Payables, standing amounts and eligibility at an instant, by room and award, and the proposals so far."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._uses: dict[Room, dict[Standing, RoomUse]] = {}
        self._current: dict[str, ApprovedFor] = {}
        self._approved_at: dict[Standing, datetime] = {}
        self._records: dict[str, list[Verification]] = {}
        self._rooms: dict[str, dict[Room, None]] = {}  # by subject
        self._found: dict[tuple[Standing, ProposalGround], list[ClawbackProposal]] = {}

    def take(self, at: datetime, events: Iterable[ProposalEvent]) -> None:
        """Apply what happened at an instant; open, change and close proposals."""
        rooms: dict[Room, None] = {}
        for event in events:
            rooms |= dict.fromkeys(self._apply(event))
        for room in rooms:
            uses = [self._judged(use) for use in self._uses[room].values()]
            excesses = excesses_of_room(uses)
            for standing in self._uses[room]:
                excess = excesses.get(standing, Excess(0, 0))
                self._update(standing, "correction", at, excess.over_fen)
                self._update(standing, "eligibility", at, excess.not_eligible_fen)

    def _apply(self, event: ProposalEvent) -> Iterable[Room]:
        if isinstance(event, PayableVersion):
            return self._settled(event)
        if isinstance(event, Decision):
            return self._decided(event)
        self._records.setdefault(event.subject, []).append(event.verification)
        return self._rooms.get(event.subject, ())

    def _judged(self, use: RoomUse) -> RoomUse:
        approved_at = self._approved_at.get((use.award_id, use.approved_for))
        records = self._records.get(use.approved_for.subject, ())
        return use._replace(is_not_eligible=approved_at is not None and was_failed(records, approved_at))

    def _settled(self, version: PayableVersion) -> Iterator[Room]:
        """Apply a payable; return the rooms that it changes."""
        before = self._current.get(version.award_id)
        if before not in (None, version.approved_for):
            yield self._change(version.award_id, version.rule, before, payable_fen=0)
        self._current[version.award_id] = version.approved_for
        yield self._change(version.award_id, version.rule, version.approved_for, payable_fen=version.payable_fen)

    def _decided(self, decision: Decision) -> Iterator[Room]:
        """Apply an approval, a revocation or a return; return the room that it changes."""
        award_id, approved_for = decision.award_id, ApprovedFor(decision.subject, decision.year)
        standing, use = (award_id, approved_for), self._use(award_id, decision.rule, approved_for)
        room = room_of(approved_for, decision.rule, self._policy)
        if decision.action == "approve":
            self._approved_at[standing] = decision.at
            changed = use._replace(
                standing_fen=use.standing_fen + decision.amount_fen, approved_seq=decision.transaction
            )
        elif decision.action in ("revoke", "return"):
            changed = use._replace(standing_fen=use.standing_fen - decision.amount_fen)
            self._came_back(standing, decision)
        else:
            return
        self._uses[room][standing] = changed
        yield room

    def _change(self, award_id: str, rule: str, approved_for: ApprovedFor, *, payable_fen: int) -> Room:
        room = room_of(approved_for, rule, self._policy)
        use = self._use(award_id, rule, approved_for)
        self._uses[room][award_id, approved_for] = use._replace(payable_fen=payable_fen)
        return room

    def _use(self, award_id: str, rule: str, approved_for: ApprovedFor) -> RoomUse:
        room = room_of(approved_for, rule, self._policy)
        self._rooms.setdefault(approved_for.subject, {})[room] = None
        nothing = RoomUse(award_id, rule, approved_for, 0, 0, 0)
        return self._uses.setdefault(room, {}).setdefault((award_id, approved_for), nothing)

    def _came_back(self, standing: Standing, decision: Decision) -> None:
        """Note a decision with the proposals that it answers; at most one of an approval is open."""
        for ground in GROUNDS:
            proposals = self._found.get((standing, ground))
            if proposals and proposals[-1].state == "open":
                name = "returned_fen" if decision.action == "return" else "revoked_fen"
                came_back_fen = getattr(proposals[-1], name) + decision.amount_fen
                proposals[-1] = msgspec.structs.replace(
                    proposals[-1],
                    **{name: came_back_fen},
                    decisions=(*proposals[-1].decisions, decision.decision_id),
                )

    def _update(self, standing: Standing, ground: ProposalGround, at: datetime, fen: int) -> None:
        proposals = self._found.setdefault((standing, ground), [])
        if proposals and proposals[-1].state == "open":
            closed = {} if fen else {"state": "closed", "closed_at": at}
            proposals[-1] = msgspec.structs.replace(proposals[-1], amount_fen=fen, **closed)
        elif fen:
            award_id, approved_for = standing
            proposals.append(ClawbackProposal(award_id, 0, approved_for, ground, fen, 0, 0, "open", at, None, ()))

    def numbered(self) -> list[ClawbackProposal]:
        """The proposals, numbered by award in order of time."""
        found = [one for proposals in self._found.values() for one in proposals]
        found.sort(key=lambda one: (one.award_id, one.opened_at, one.approved_for, one.ground))
        return [
            msgspec.structs.replace(one, number=number)
            for _, of_award in groupby(found, key=lambda one: one.award_id)
            for number, one in enumerate(of_award, 1)
        ]


def clawback_json(proposal: ClawbackProposal) -> Json:
    """A proposal as the contract shows it, with its subject, year and what came back; `clawback_id` is the `id` too."""
    closed_at, name = proposal.closed_at, f"{proposal.award_id}/{proposal.number}"
    return {
        "id": name,
        "clawback_id": name,
        "award_id": proposal.award_id,
        "subject": proposal.approved_for.subject,
        "year": proposal.approved_for.year,
        "amount": format_yuan(proposal.amount_fen),
        "ground": proposal.ground,
        "returned": format_yuan(proposal.returned_fen),
        "revoked": format_yuan(proposal.revoked_fen),
        "state": proposal.state,
        "opened_at": format_time(proposal.opened_at),
        "closed_at": None if closed_at is None else format_time(closed_at),
        "decisions": list(proposal.decisions),
    }
