"""Schedule of the outbox sender: which facts are sent together, and how often while intake keeps changing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.process.pace import Pace

_LEAST_S: Final = 0.25  # from the start of a round of a lane that pauses to the start of the next
_MOST_S: Final = 30.0
_IDLE_AFTER_S: Final = 0.6  # longer than the interval of batches


@dataclass(frozen=True)
class Lane:
    """Facts that are sent together.

    `throttle_above`: while intake is active and more changes than this wait, the lane pauses after each round, so that
    a key that changes all the time is rendered, and computed by the ledger, only now and then: its rounds take `share`
    of the time. `own_transaction`: the other lanes wait for one round of this one at most, which has up to `max_keys`,
    or `active_keys` while intake is active.
    """

    topics: Sequence[str]
    max_keys: int = 5_000
    active_keys: int = 5_000
    throttle_above: int | None = None
    share: float = 0.25
    own_transaction: bool = False


class LaneThrottle:
    """The pause of a lane, in seconds of a monotonic clock."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._pace = Pace(lane.share, _LEAST_S, _MOST_S)
        self._until_s = 0.0
        self.is_full = False  # the last round had as many keys as fit, so more may wait

    def most_keys(self, *, intake_active: bool) -> int:
        """Return the most keys of a round."""
        return min(self.lane.max_keys, self.lane.active_keys) if intake_active else self.lane.max_keys

    def row_limit(self, now_s: float, *, intake_active: bool) -> int | None:
        """Return the number of waiting changes above which nothing is sent now; None for no limit."""
        is_over = not intake_active or now_s >= self._until_s
        return None if is_over else self.lane.throttle_above

    def wait_s(self, now_s: float, look_s: float) -> float:
        """Return how long the next round may wait for news of work; `look_s` if nothing of this lane waits."""
        if self.is_full:
            return 0.0
        if self.lane.throttle_above is None or now_s >= self._until_s:
            return look_s
        # What waits goes out at the end of the pause, or when intake does nothing more.
        return min(self._until_s - now_s, _IDLE_AFTER_S, look_s)

    def pause(self, began_s: float, now_s: float) -> None:
        """Start the pause after a round that began at `began_s`."""
        self._until_s = now_s + self._pace.rest_s(now_s - began_s)


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
