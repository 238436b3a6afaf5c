"""A limit of attempts, for routes that are open without a key."""

from collections import deque
from datetime import datetime, timedelta
from math import ceil
from threading import Lock


class AttemptLimit:
    """A sliding window: at most `most` attempts in each `window`, of all callers of this process together."""

    def __init__(self, most: int, window: timedelta) -> None:
        self._most, self._window = most, window
        self._taken: deque[datetime] = deque()
        self._lock = Lock()

    def seconds_to_wait(self, now: datetime) -> int:
        """Count an attempt; 0 if it is within the limit, else the seconds until the next one is."""
        with self._lock:
            while self._taken and self._taken[0] <= now - self._window:
                self._taken.popleft()
            if len(self._taken) < self._most:
                self._taken.append(now)
                return 0
            return ceil((self._taken[0] + self._window - now).total_seconds())
