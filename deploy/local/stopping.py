"""When to stop: on a signal, once; and when the `make` above us was interrupted."""

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

    def install(self) -> None:
        for one in SIGNALS:
            signal.signal(one, self._receive)

    def ignore(self) -> None:
        """From now on we are stopping, and asking again does not hurry it."""
        self._stopping = True

    def check(self) -> None:
        """Raise `Stopped` when the `make` that runs us got a SIGINT of its own; to be called in every waiting loop.

        At a terminal Ctrl-C reaches us too. But GNU make that alone gets a SIGINT passes it to nobody and waits for
        us, with the signal blocked.
        """
        if not self._stopping and _interrupted_make(self._parent):
            self._stopping = True
            raise Stopped

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise Stopped


def _interrupted_make(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:  # another system, or no parent any more
        return False
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    blocked = int(fields.get("SigBlk", "0"), 16)
    return fields.get("Name") in ("make", "gmake") and bool(blocked & (1 << (signal.SIGINT - 1)))
