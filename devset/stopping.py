"""Stop requests: a signal, or the interruption or death of the `make` that runs this program."""

import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from shared.language import say

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# GNU make blocks SIGINT briefly while it starts a program. It blocks it for longer only when it stops.
BLOCKED_S = 0.5


class StopRequested(Exception):  # noqa: N818 - a request, no error
    """Somebody asked the set to stop; the message is the reason."""


class StopSignals:
    """Raises `StopRequested` in the main thread at the first signal. Later signals have no effect."""

    def __init__(self) -> None:
        self._reason: str | None = None
        self._ignored = False
        self._parent = os.getppid()
        self._under_make = _status(self._parent).get("Name") in ("make", "gmake")
        self._blocked_since_s: float | None = None

    def install(self) -> None:
        for one in SIGNALS:
            signal.signal(one, self._receive)

    def ignore(self) -> None:
        """Ignore further signals: the set is already stopping."""
        self._ignored = True

    def check(self) -> None:
        """Raise `StopRequested` if there was a signal, or our `make` was interrupted or has died.

        Call it in every waiting loop: what a signal raises inside a destructor or a callback of a library is lost.
        At a terminal Ctrl-C reaches this process too. But if GNU make alone receives SIGINT, it forwards it to nobody
        and waits for this process, with the signal blocked. If make is killed, nothing else would stop this process.
        """
        if self._ignored:
            return
        if self._reason is not None:
            self._stop(self._reason)
        if not self._under_make:
            return
        if os.getppid() != self._parent:
            self._stop(say("make 已退出", "make has ended"))
        blocked = int(_status(self._parent).get("SigBlk", "0"), 16)
        if not blocked & (1 << (signal.SIGINT - 1)):
            self._blocked_since_s = None
        elif self._blocked_since_s is None:
            self._blocked_since_s = time.monotonic()
        elif time.monotonic() - self._blocked_since_s > BLOCKED_S:
            self._stop(say("make 被中断", "make was interrupted"))

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if not self._ignored and self._reason is None:
            self._stop(signal.Signals(number).name)

    def _stop(self, reason: str) -> NoReturn:
        self._reason = reason
        raise StopRequested(reason)


def _status(pid: int) -> dict[str, str]:
    """Return what Linux reports about a process; empty on another system or for a process that has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
