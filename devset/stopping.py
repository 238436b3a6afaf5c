"""When to stop: on a signal, once; and when the `make` above us was interrupted or killed."""

import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Make also blocks the signal for the moment in which it starts a program; longer than that it does so when it stops.
BLOCKED_S = 0.5


class Stopped(Exception):  # noqa: N818 - what was asked for, no error
    """Somebody asked the set to stop, the message says how; unwinds what is being done."""


class StopSignals:
    """Turns the first of the signals into `Stopped` in the main thread; the others change nothing any more."""

    def __init__(self) -> None:
        self._stopping = False
        self._parent = os.getppid()
        self._under_make = _is_make(_status(self._parent))
        self._blocked_since_s: float | None = None

    def install(self) -> None:
        for one in SIGNALS:
            signal.signal(one, self._receive)

    def ignore(self) -> None:
        """From now on we are stopping, and asking again does not hurry it."""
        self._stopping = True

    def check(self) -> None:
        """Raise `Stopped` when the `make` that runs us was interrupted or is gone; to be called in every waiting loop.

        At a terminal Ctrl-C reaches us too. But GNU make that alone gets a SIGINT passes it to nobody and waits for
        us, with the signal blocked. And who kills make has nobody else to stop us by.
        """
        if not self._under_make or self._stopping:
            return
        if os.getppid() != self._parent:
            self._stop("make 已不在 / make is gone")
        blocked = int(_status(self._parent).get("SigBlk", "0"), 16)
        if not blocked & (1 << (signal.SIGINT - 1)):
            self._blocked_since_s = None
        elif self._blocked_since_s is None:
            self._blocked_since_s = time.monotonic()
        elif time.monotonic() - self._blocked_since_s > BLOCKED_S:
            self._stop("make 被中断 / make was interrupted")

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stop(signal.Signals(number).name)

    def _stop(self, reason: str) -> NoReturn:
        self._stopping = True
        raise Stopped(reason)


def _is_make(status: dict[str, str]) -> bool:
    return status.get("Name") in ("make", "gmake")


def _status(pid: int) -> dict[str, str]:
    """What Linux says of a process; nothing on another system, or of one that is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
