"""Schedule of the outbox sender: which facts are sent together, and how often while intake keeps changing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_MIN_PAUSE_S: Final = 0.5
_PAUSE_FACTOR: Final = 3.0  # times the duration of the last round: a lane takes at most a quarter of the time
_IDLE_AFTER_S: Final = 0.3


@dataclass(frozen=True)
class Lane:
    """Facts that are sent together.

    `throttle_above`: while intake is active and more changes than this wait, the lane pauses after each round, so that
    a key that changes all the time is rendered, and computed by the ledger, only now and then. `own_transaction`: the
    other lanes do not wait for this one.
    """

    topics: Sequence[str]
    max_keys: int = 5_000  # a round
    throttle_above: int | None = None
    own_transaction: bool = False


class LaneThrottle:
    """The pause of a lane, in seconds of a monotonic clock."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._until_s = 0.0

    def row_limit(self, now_s: float, *, intake_active: bool) -> int | None:
        """Return the number of waiting changes above which nothing is sent now; None for no limit."""
        is_over = not intake_active or now_s >= self._until_s
        return None if is_over else self.lane.throttle_above

    def pause(self, began_s: float, now_s: float) -> None:
        """Start the pause after a round that began at `began_s`."""
        self._until_s = now_s + max(_PAUSE_FACTOR * (now_s - began_s), _MIN_PAUSE_S)


class IntakeActivity:
    """Return True if intake was active within the last moments."""

    def __init__(self) -> None:
        self._newest: int | None = None
        self._active_at_s = 0.0

    def observe(self, newest: int | None, now_s: float) -> bool:
        """Note the id of the newest waiting change, None if there is none; return True if intake is active."""
        if newest is not None and newest != self._newest:
            self._newest = newest
            self._active_at_s = now_s
        return now_s - self._active_at_s < _IDLE_AFTER_S
