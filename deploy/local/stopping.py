"""When to stop: on a signal, once; and when the `make` above us was interrupted or killed."""

import os
import signal
from pathlib import Path
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):  # noqa: N818 - what was asked for, no error
    """Somebody asked the set to stop; unwinds what is being done."""


class StopSignals:
    """Turns the first of the signals into `Stopped` in the main thread; the others change nothing any more."""

    def __init__(self) -> None:
        self._stopping = False
        self._parent = os.getppid()
        self._under_make = _is_make(_status(self._parent))

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
        if self._under_make and not self._stopping and self._make_has_stopped():
            self._stopping = True
            raise Stopped

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise Stopped

    def _make_has_stopped(self) -> bool:
        if os.getppid() != self._parent:
            return True
        blocked = int(_status(self._parent).get("SigBlk", "0"), 16)
        return bool(blocked & (1 << (signal.SIGINT - 1)))


def _is_make(status: dict[str, str]) -> bool:
    return status.get("Name") in ("make", "gmake")


def _status(pid: int) -> dict[str, str]:
    """What Linux says of a process; nothing on another system, or of one that is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
