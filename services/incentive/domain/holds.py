"""暂缓: what stops an award's approval and payment for now (policy.md, G7 to G9). Pure; holds change no amount."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

UNVERIFIED: Final = "unverified"
VERIFIED: Final = "verified"
BY_HAND: Final = ("manual", "objection")

Kind = Literal["eligibility", "budget", "rule_suspended", "manual", "objection"]


class Period(NamedTuple):
    """Half-open; None: without a beginning, or open."""

    start: datetime | None
    end: datetime | None

    def __contains__(self, instant: object) -> bool:
        return isinstance(instant, datetime) and self.overlaps(Period(instant, instant + timedelta(microseconds=1)))

    def overlaps(self, other: "Period") -> bool:
        """Whether the two have an instant in common."""
        return _before(self.start, other.end) and _before(other.start, self.end)


def _before(start: datetime | None, end: datetime | None) -> bool:
    return start is None or end is None or start < end


class Verification(NamedTuple):
    """What the bureau recorded of a subject's eligibility (G8), valid for a time."""

    status: str
    valid: Period


class Room(NamedTuple):
    """What is left of a budget, in fen: of the year, or of an article's pool."""

    available_fen: int


def eligibility(recorded: Iterable[Verification], now: datetime) -> str:
    """`verified`, `failed` or `unverified`: the last that was recorded and is valid now. `recorded` in order."""
    status = UNVERIFIED
    for one in recorded:
        if now in one.valid:
            status = one.status
    return status


def holds(
    *,
    status: str,
    to_approve_fen: int,
    rooms: Iterable[Room],
    earned: Period,
    suspensions: Iterable[Period],
    by_hand: Iterable[str],
) -> tuple[str, ...]:
    """The holds of an award, in the contract's order.

    `status` is its subject's eligibility; `to_approve_fen` what is payable and not approved yet; `rooms` are what is
    left of each budget that it must fit into; `earned` is when it was earned; `suspensions` those of its rule that were
    not lifted; `by_hand` the kinds of those that a person put on it and nobody released.
    """
    placed = set(by_hand)
    stops: tuple[tuple[Kind, bool], ...] = (
        ("eligibility", status != VERIFIED),
        ("budget", to_approve_fen > 0 and any(to_approve_fen > room.available_fen for room in rooms)),
        ("rule_suspended", any(earned.overlaps(suspended) for suspended in suspensions)),
        ("manual", "manual" in placed),
        ("objection", "objection" in placed),
    )
    return tuple(kind for kind, stands in stops if stands)
