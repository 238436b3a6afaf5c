"""Pauses between attempts: they grow, so that what is away is neither pressed nor told of every second."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading


class Backoff:
    """The first pause, then twice as long each time up to the longest; in seconds. A stop ends each at once."""

    def __init__(self, stop: threading.Event, first_s: float = 1.0, longest_s: float = 5.0) -> None:
        self._stop = stop
        self._first_s = first_s
        self._longest_s = longest_s
        self.next_s = first_s

    def wait(self) -> None:
        """Wait for about `next_s`: workers that fail together should not come back together."""
        self._stop.wait(self.next_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
        self.next_s = min(self.next_s * 2, self._longest_s)

    def reset(self) -> None:
        """It went well: the next failure is another one."""
        self.next_s = self._first_s
