"""Which facts go out together, and when: at once, or now and then while they change all the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAST_REST_S: Final = 0.5
_REST: Final = 3.0  # times the time that a round took: a quarter of the time at most is theirs
_OVER_AFTER_S: Final = 0.3


@dataclass(frozen=True)
class Lane:
    """Facts that go out together.

    A lane with `few` rests after a round while intake goes on and more than `few` changes wait: a key that changes all
    the time is then rendered now and then, and the ledger computes what follows as often. One that goes `apart` has a
    transaction of its own, for which the others do not wait.
    """

    topics: Sequence[str]
    most: int = 5_000  # keys a round
    few: int | None = None
    apart: bool = False


def topics_of(lanes: Sequence[Lane]) -> tuple[str, ...]:
    """The topics of all their facts."""
    return tuple(topic for lane in lanes for topic in lane.topics)


class LaneThrottle:
    """A lane's rest. Times are seconds of any clock that only goes forward."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._until_s = 0.0

    def at_most(self, now_s: float, *, intake_works: bool) -> int | None:
        """If more changes wait than that, none goes out now; None: however many there are."""
        is_over = not intake_works or now_s >= self._until_s
        return None if is_over else self.lane.few

    def begin(self, began_s: float, now_s: float) -> None:
        """After a round that took from `began_s` to now."""
        self._until_s = now_s + max(_REST * (now_s - began_s), _LEAST_REST_S)


class IntakeActivity:
    """Whether intake works: it did something a moment ago."""

    def __init__(self) -> None:
        self._newest: int | None = None
        self._came_s = 0.0

    def come(self, newest: int | None, now_s: float) -> bool:
        """`newest` is the number of the newest change that waits, or None if nothing does."""
        if newest is not None and newest != self._newest:
            self._newest = newest
            self._came_s = now_s
        return now_s - self._came_s < _OVER_AFTER_S
