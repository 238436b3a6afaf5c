"""The room of a subject and year: what stands beyond its payables (details 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .payables import SubjectYear
from .policy import PolicyValues

RoomKey = tuple[str, int, bool]  # subject, year (0: all years together), and True for the room of kind `none`

OVER_APPROVED, OFFSET, NOT_ELIGIBLE = "over_approved", "offset", "not_eligible"
OF_ACTS = (OVER_APPROVED, OFFSET, NOT_ELIGIBLE)  # flags that follow from acts


class StandingAward(NamedTuple):
    """An award with its payable and standing amount for a subject and year, in fen.

    `approved_in` is the last approval's transaction, -1 for none; `is_failed`: a condition was failed on its day.
    """

    award_id: str
    rule: str
    whose: SubjectYear
    payable: int
    standing: int
    approved_in: int
    is_failed: bool = False


def room_of(whose: SubjectYear, rule: str, policy: PolicyValues) -> RoomKey:
    """The room that an award of a subject and year uses."""
    is_apart = policy.kind_of(rule) == "none"
    is_of_life = policy.highest_only_scope == "whole_life" and not is_apart
    return whose[0], 0 if is_of_life else whose[1], is_apart


def flags_of_excess(uses: Iterable[StandingAward], policy: PolicyValues) -> Mapping[str, set[str]]:
    """By award: `not_eligible` for all that was approved without eligibility; of the rest, `over_approved` for a part
    of the excess of its room, the latest approved first, and `offset` for what others cover. Needs all awards of each
    subject and year.
    """
    rooms: dict[RoomKey, list[StandingAward]] = {}
    for one in uses:
        rooms.setdefault(room_of(one.whose, one.rule, policy), []).append(one)
    flags: dict[str, set[str]] = {}
    for room in rooms.values():
        kept = {one: 0 if one.is_failed else one.standing for one in room}
        excess = sum(kept.values()) - sum(one.payable for one in room)
        for one in sorted(room, key=lambda use: use.approved_in, reverse=True):
            if one.standing > kept[one]:
                flags.setdefault(one.award_id, set()).add(NOT_ELIGIBLE)
            over = kept[one] - one.payable
            if over > 0 and excess > 0:
                flags.setdefault(one.award_id, set()).add(OVER_APPROVED)
            if over > max(0, excess):
                flags.setdefault(one.award_id, set()).add(OFFSET)
            excess -= max(0, over)
    return flags
