"""Wait for a condition, in place of a sleep or a loop of a test's own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_LOOK_EVERY_S = 0.05


def until(condition: Callable[[], T], timeout_s: float = 60, why: Callable[[], object] = lambda: "") -> T:
    """Return the first true value of the condition. AssertionError with `why` after the time.

    The time is a bound for what never comes, on a busy machine too: it says nothing about how fast it should come.
    """
    deadline_s = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline_s:
            raise AssertionError(f"the condition did not come true within {timeout_s:.0f} s: {why()}")
        time.sleep(_LOOK_EVERY_S)
    return found
