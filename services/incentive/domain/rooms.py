"""The room of a subject and year: its payables less what stands approved, and what is to come back (details 6). Pure.

An amount that stands is the amount approved less what was revoked and returned. If a payable moves to another award of
the same subject and year, what stands is credited to it; only what all of them exceed is to come back. All of an award
comes back if a condition of eligibility was failed on the day of its approval already.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from services.incentive.domain.holds import FAILED, Verification
from services.incentive.domain.workflow import ApprovedFor
from services.incentive.policy.terms import NO_KIND, Policy
from shared.values.times import shanghai_date

OVER_APPROVED: Final = "over_approved"  # the flag of an award with an open clawback proposal of an excess
NOT_ELIGIBLE: Final = "not_eligible"  # the flag of an award with an open clawback proposal because of eligibility
OFFSET: Final = "offset"  # the flag of an award whose standing amount others cover


class RoomUse(NamedTuple):
    """An award's payable and standing amount for a subject and year, in fen.

    `payable_fen` is 0 if the award belongs to another subject or year now; `approved_seq` is the number of the last
    approval's transaction (0: none). `is_not_eligible`: a condition was failed on the day of that approval.
    """

    award_id: str
    rule: str
    approved_for: ApprovedFor
    payable_fen: int
    standing_fen: int
    approved_seq: int
    is_not_eligible: bool = False


class Excess(NamedTuple):
    """The parts of what stands for an award, in fen, that exceed its payable or were approved without eligibility.

    `over_fen` and `not_eligible_fen` are to come back; `offset_fen` is covered by other awards.
    """

    over_fen: int
    offset_fen: int
    not_eligible_fen: int = 0

    @property
    def to_come_back_fen(self) -> int:
        return self.over_fen + self.not_eligible_fen


class Room(NamedTuple):
    """A subject and year whose payables and standing amounts are compared.

    `year` is None where rewards of all years compete; `is_apart`: the room of kind `none`.
    """

    subject: str
    year: int | None
    is_apart: bool


Standing = tuple[str, ApprovedFor]  # an award, and the subject and year that it was approved for


def room_of(approved_for: ApprovedFor, rule: str, policy: Policy) -> Room:
    """The room that an award uses; those of kind `none` have one by themselves."""
    is_apart = policy.kind_of(rule) == NO_KIND
    is_of_life = policy.highest_only_scope == "whole_life" and not is_apart
    return Room(approved_for.subject, None if is_of_life else approved_for.year, is_apart)


def was_failed(recorded: Iterable[Verification], approved_at: datetime) -> bool:
    """Return True if eligibility was failed from a day not after that of the approval, given the records in order.

    The last record that is of that day counts.
    """
    found, day = "", shanghai_date(approved_at)
    for one in recorded:
        start, end = one.valid
        if (start is None or shanghai_date(start) <= day) and (end is None or end > approved_at):
            found = one.status
    return found == FAILED


def excesses(uses: Iterable[RoomUse], policy: Policy) -> dict[Standing, Excess]:
    """The excess of each award that has one, by award and what it was approved for.

    Needs all awards of each subject and year.
    """
    rooms: dict[Room, list[RoomUse]] = {}
    for use in uses:
        rooms.setdefault(room_of(use.approved_for, use.rule, policy), []).append(use)
    found: dict[Standing, Excess] = {}
    for together in rooms.values():
        found |= excesses_of_room(together)
    return found


def excesses_of_room(uses: Collection[RoomUse]) -> dict[Standing, Excess]:
    """The excess of each award of one room that has one; the latest approved comes back first.

    An amount approved without eligibility comes back whole, so only other standing amounts are compared with payables.
    """
    kept = {use: 0 if use.is_not_eligible else use.standing_fen for use in uses}
    rest_fen = max(0, sum(kept_fen - use.payable_fen for use, kept_fen in kept.items()))
    found: dict[Standing, Excess] = {}
    for use in sorted(uses, key=lambda one: (-one.approved_seq, one.award_id, one.approved_for)):
        beyond_fen = max(0, kept[use] - use.payable_fen)
        over_fen = min(rest_fen, beyond_fen)
        rest_fen -= over_fen
        excess = Excess(over_fen, beyond_fen - over_fen, max(0, use.standing_fen - kept[use]))
        if any(excess):
            found[use.award_id, use.approved_for] = excess
    return found
