"""The room of a subject and year: its payables less what stands approved, and what exceeds them (details 6). Pure.

An amount that stands approved is the amount approved less what was returned. If a payable moves to another award of the
same subject and year, what stands approved is credited to it; only what all of them exceed is to be returned.
"""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from services.incentive.domain.workflow import ApprovedFor
from services.incentive.policy.terms import NO_KIND, Policy

OVER_APPROVED: Final = "over_approved"  # the flag of an award with an open clawback proposal
OFFSET: Final = "offset"  # the flag of an award whose standing amount others cover


class RoomUse(NamedTuple):
    """An award's payable and standing amount for a subject and year, in fen.

    `payable_fen` is 0 if the award belongs to another subject or year now; `approved_seq` is the number of the last
    approval's transaction (0: none).
    """

    award_id: str
    rule: str
    approved_for: ApprovedFor
    payable_fen: int
    standing_fen: int
    approved_seq: int


class Excess(NamedTuple):
    """The amount standing beyond an award's payable, in fen: the part to be returned, and the part others cover."""

    over_fen: int
    offset_fen: int


Room = tuple[ApprovedFor, bool]  # what is approved for, and whether it is the room of kind `none`


def room_of(approved_for: ApprovedFor, rule: str, policy: Policy) -> Room:
    """The room that an award uses; those of kind `none` have one by themselves."""
    return approved_for, policy.kind_of(rule) == NO_KIND


def excesses(uses: Iterable[RoomUse], policy: Policy) -> dict[tuple[str, ApprovedFor], Excess]:
    """The excess of each award that stands over its payable, by award and what it was approved for.

    Needs all awards of each subject and year.
    """
    rooms: dict[Room, list[RoomUse]] = {}
    for use in uses:
        rooms.setdefault(room_of(use.approved_for, use.rule, policy), []).append(use)
    return {
        (award_id, approved_for): excess
        for (approved_for, _), together in rooms.items()
        for award_id, excess in excesses_of_room(together).items()
    }


def excesses_of_room(uses: Collection[RoomUse]) -> dict[str, Excess]:
    """The excess of each award of one room that stands over its payable; the latest approved is returned first."""
    rest_fen = max(0, sum(use.standing_fen - use.payable_fen for use in uses))
    found: dict[str, Excess] = {}
    for use in sorted(uses, key=lambda one: (-one.approved_seq, one.award_id)):
        beyond_fen = use.standing_fen - use.payable_fen
        if beyond_fen > 0:
            over_fen = min(rest_fen, beyond_fen)
            rest_fen -= over_fen
            found[use.award_id] = Excess(over_fen, beyond_fen - over_fen)
    return found
