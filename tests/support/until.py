"""Wait for a condition, instead of a sleep or a loop in a test."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_LOOK_EVERY_S = 0.05


def until(condition: Callable[[], T], timeout_s: float = 180, why: Callable[[], object] = lambda: "") -> T:
    """Return the first true value of the condition. AssertionError with `why` after the timeout.

    The timeout only ends tests that would hang, also on a busy machine. It is no requirement on speed.
    """
    deadline_s = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline_s:
            raise AssertionError(f"the condition did not come true within {timeout_s:.0f} s: {why()}")
        time.sleep(_LOOK_EVERY_S)
    return found
