"""A limit of attempts, for routes that are open without a key."""

from collections import Counter, deque
from datetime import datetime, timedelta
from math import ceil
from threading import Lock


class AttemptLimit:
    """A sliding window of this process: at most `each` attempts of a sender, and `all_` of all together.

    A sender beyond its share takes nothing from the others. The memory is that of `all_` attempts.
    """

    def __init__(self, each: int, all_: int, window: timedelta) -> None:
        self._each, self._all, self._window = each, all_, window
        self._taken: deque[tuple[datetime, str]] = deque()
        self._of_sender: Counter[str] = Counter()
        self._lock = Lock()

    def seconds_to_wait(self, now: datetime, sender: str) -> int:
        """Count an attempt; 0 if it is within the limit, else the seconds until the next one is."""
        with self._lock:
            self._forget(now - self._window)
            if self._of_sender[sender] >= self._each:
                return self._until_free(now, next(at for at, other in self._taken if other == sender))
            if len(self._taken) >= self._all:
                return self._until_free(now, self._taken[0][0])
            self._taken.append((now, sender))
            self._of_sender[sender] += 1
            return 0

    def _until_free(self, now: datetime, taken: datetime) -> int:
        return ceil((taken + self._window - now).total_seconds())

    def _forget(self, until: datetime) -> None:
        while self._taken and self._taken[0][0] <= until:
            _, sender = self._taken.popleft()
            self._of_sender[sender] -= 1
            if not self._of_sender[sender]:
                del self._of_sender[sender]
