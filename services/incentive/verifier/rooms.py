"""The room of a subject and year: what stands approved there beyond its payables (details 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .payables import SubjectYear
from .policy import PolicyValues

OVER_APPROVED, OFFSET = "over_approved", "offset"
OF_ACTS = (OVER_APPROVED, OFFSET)  # flags that follow from acts


class StandingAward(NamedTuple):
    """An award with its payable and standing amount for a subject and year, in fen.

    `approved_in` is the last approval's transaction, -1 for none.
    """

    award_id: str
    rule: str
    whose: SubjectYear
    payable: int
    standing: int
    approved_in: int


def flags_of_excess(uses: Iterable[StandingAward], policy: PolicyValues) -> Mapping[str, set[str]]:
    """By award: `over_approved` for a part of the excess of its room, the latest approved first; `offset` for what
    others cover. Needs all awards of each subject and year.
    """
    rooms: dict[tuple[SubjectYear, bool], list[StandingAward]] = {}
    for one in uses:
        rooms.setdefault((one.whose, policy.kind_of(one.rule) == "none"), []).append(one)
    flags: dict[str, set[str]] = {}
    for room in rooms.values():
        excess = sum(one.standing for one in room) - sum(one.payable for one in room)
        for one in sorted(room, key=lambda use: use.approved_in, reverse=True):
            over = one.standing - one.payable
            if over > 0 and excess > 0:
                flags.setdefault(one.award_id, set()).add(OVER_APPROVED)
            if over > max(0, excess):
                flags.setdefault(one.award_id, set()).add(OFFSET)
            excess -= max(0, over)
    return flags
