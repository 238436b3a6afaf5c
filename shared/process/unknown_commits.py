"""Count the commits of a process whose outcome is unknown, because the server stopped waiting for its standby."""

import mmap
import threading

from sqlalchemy import Engine, ExceptionContext, event

from shared.postgres.replication import UnreplicatedCommitError


class UnknownCommits:
    """The count of one process. Made before a fork it is shared: the child counts, and the parent reads."""

    def __init__(self) -> None:
        self._counting = threading.Lock()
        # One process writes. A lock of several would stay taken if its holder were killed.
        self._number = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("q")

    @property
    def number(self) -> int:
        """The commits counted so far."""
        return self._number[0]

    def watch(self, engine: Engine) -> None:
        """Count the commits of this engine, too."""
        event.listen(engine, "handle_error", self._count)

    def _count(self, failure: ExceptionContext) -> None:
        if isinstance(failure.original_exception, UnreplicatedCommitError):
            with self._counting:
                self._number[0] += 1
