"""Graceful shutdown of a consumer program on SIGTERM or SIGINT, with a deadline of ten seconds.

After the deadline the program calls `os._exit`, which is as safe as being killed. A batch and its offsets are one
transaction, so PostgreSQL commits or rolls back all of it; the successor's `init_transactions` aborts an open Kafka
transaction, and facts that were sent but not yet marked are sent again.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import structlog

# Supervisors kill after ten seconds.
SHUTDOWN_DEADLINE_S = 8.0
_LOG_TIMEOUT_S = 1.0
_PROJECT = str(Path(__file__).resolve().parents[2])
_POSTGRES = str(Path(_PROJECT) / "shared" / "postgres")

log = structlog.get_logger(__name__)


class Shutdown:
    """The event `stop`, set by a signal or by the program; the process exits at most SHUTDOWN_DEADLINE_S later.

    A thread waits for the signals: Python runs signal handlers in the main thread, and not while that waits inside a
    library. A signal that the caller ignores stays ignored.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()

    def watch(self) -> None:
        """Start watching. Call it from the main thread before other threads start."""
        signals = [one for one in (signal.SIGTERM, signal.SIGINT) if signal.getsignal(one) is not signal.SIG_IGN]
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        for target, arguments in ((self._wait_for_signals, (signals,)), (self._enforce_deadline, ())):
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def _wait_for_signals(self, signals: list[signal.Signals]) -> None:
        # Not sigtimedwait: in CPython 3.11 it returns spurious signals after the process was stopped and continued.
        number = signal.sigwait(signals)
        log.info("stopping", signal=signal.Signals(number).name)
        self.stop.set()

    def _enforce_deadline(self) -> None:
        self.stop.wait()
        time.sleep(SHUTDOWN_DEADLINE_S)  # this thread ends with the program
        # A stuck thread may hold the lock of the log.
        reporter = threading.Thread(target=self._report, daemon=True)
        reporter.start()
        reporter.join(_LOG_TIMEOUT_S)
        os._exit(1)

    @staticmethod
    def _report() -> None:
        log.warning("shutdown deadline passed, exiting", waits_in=thread_locations())


def thread_locations() -> list[str]:
    """Return, for each thread that runs the project's code, its innermost place there."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    places = []
    for ident, innermost in sys._current_frames().items():  # noqa: SLF001 - documented, and the only way to ask
        frame = innermost
        while frame is not None and not _is_own_code(frame.f_code.co_filename):
            frame = frame.f_back  # type: ignore[assignment]
        if frame is not None:
            code = frame.f_code
            path = Path(code.co_filename).relative_to(_PROJECT)
            places.append(f"{names.get(ident, ident)}: {path}:{frame.f_lineno} {code.co_name}")
    return sorted(places)


def _is_own_code(path: str) -> bool:
    # Every statement waits inside shared/postgres; its caller says more.
    return path.startswith(_PROJECT) and "site-packages" not in path and not path.startswith((__file__, _POSTGRES))
