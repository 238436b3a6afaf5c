"""A running set that is tended while somebody waits: what ends is started again."""

from __future__ import annotations

import json
import re
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from shared.process.child_process import ChildProcessDiedError

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_S = 0.05
# The event that a program logs when a bug ends it.
_OURS = '"stopped by an unexpected error"'


class NotMoving(AssertionError):  # noqa: N818 - a state of the set
    """A condition was not met in time."""


class Tended(ABC):
    """Waits for a set; `is_hopeless` is set when a bug ends one of its programs."""

    is_hopeless = False

    @abstractmethod
    def tend(self) -> None:
        """Restart what has ended and is watched, as a supervisor does."""

    def wait_until(self, condition: Callable[[], Any], timeout_s: float, what: str, every_s: float = POLL_S) -> Any:
        """Tend the set until the condition is true and return its value; NotMoving on timeout or after a bug."""
        deadline = time.monotonic() + timeout_s
        while not (found := condition()):
            self.tend()
            if self.is_hopeless or time.monotonic() > deadline:
                raise NotMoving(f"{what}, after {timeout_s - deadline + time.monotonic():.0f} s")
            time.sleep(every_s)
        return found

    def pause(self, seconds: float) -> None:
        """Tend the set while a fault lasts."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.tend()
            time.sleep(POLL_S)


def bugs_in(log: str, name: str) -> list[str]:
    """Return the bugs that ended a program, from its log; a transient error must never end it this way."""
    lines = log.splitlines()
    told = [json.loads(line) for line in lines if _OURS in line and ChildProcessDiedError.__name__ not in line]
    return [f"{name} ended by a fault of ours: {_error_of(one['exception'])}" for one in told]


def _error_of(trace: str) -> str:
    """Return the error itself, without the lines before and after it."""
    errors = [line for line in trace.splitlines() if re.match(r"(\w+\.)*[A-Z]\w*[a-z]\w*: ", line)]
    return (errors or trace.splitlines())[-1][:300]
