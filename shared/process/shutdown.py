"""When a consumer program stops: on SIGTERM or SIGINT, by itself; and within ten seconds whatever hangs.

Ended in the middle (`os._exit`) is as safe as being killed, and that is safe by construction: what follows from a batch
is one transaction with its offsets, so PostgreSQL rolls back all of it, or has committed all of it; a Kafka transaction
that was open is aborted by the successor's `init_transactions`, and facts that were sent and not yet marked are sent
again.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import structlog

from shared.postgres import database as db

# A supervisor gives ten seconds before it kills.
SHUTDOWN_DEADLINE_S = 8.0
_TELL_WITHIN_S = 1.0
_OURS = str(Path(__file__).resolve().parents[2])

log = structlog.get_logger(__name__)


class Shutdown:
    """The event `stop`, set by a signal or by the program; the process exits at most SHUTDOWN_DEADLINE_S later.

    Signals are taken by a thread: a handler of Python's runs in the main thread, and not while that waits inside a
    library. A signal that the caller had ignored stays ignored.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()

    def watch(self) -> None:
        """Begin. To be called by the main thread, before others are started."""
        taken = [one for one in (signal.SIGTERM, signal.SIGINT) if signal.getsignal(one) is not signal.SIG_IGN]
        signal.pthread_sigmask(signal.SIG_BLOCK, taken)
        for target, arguments in ((self._take_signals, (taken,)), (self._end, ())):
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def _take_signals(self, taken: list[signal.Signals]) -> None:
        # Not sigtimedwait: in CPython 3.11 it gives signals that nobody sent when the process was stopped meanwhile.
        number = signal.sigwait(taken)
        log.info("stopping", signal=signal.Signals(number).name)
        self.stop.set()

    def _end(self) -> None:
        self.stop.wait()
        time.sleep(SHUTDOWN_DEADLINE_S)  # the program's end ends this thread
        # Whoever waits may hold the lock of the log.
        teller = threading.Thread(target=self._tell, daemon=True)
        teller.start()
        teller.join(_TELL_WITHIN_S)
        os._exit(1)

    @staticmethod
    def _tell() -> None:
        log.warning("did not end by itself in time, ended; nothing half done stays", waits_in=thread_locations())


def thread_locations() -> list[str]:
    """For each thread that is in code of ours, the innermost such place."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    places = []
    for ident, innermost in sys._current_frames().items():  # noqa: SLF001 - documented, and the only way to ask
        frame = innermost
        while frame is not None and not _is_ours(frame.f_code.co_filename):
            frame = frame.f_back  # type: ignore[assignment]
        if frame is not None:
            code = frame.f_code
            path = Path(code.co_filename).relative_to(_OURS)
            places.append(f"{names.get(ident, ident)}: {path}:{frame.f_lineno} {code.co_name}")
    return sorted(places)


def _is_ours(path: str) -> bool:
    # Every statement waits in `db`: who asks tells more.
    return path.startswith(_OURS) and "site-packages" not in path and path not in (__file__, db.__file__)
