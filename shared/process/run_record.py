"""Record runs of a consumer program: the API reports how the newest run ended and how often one started.

A run is recorded once it works: its checks passed, and it committed a batch or found nothing to read. A program that a
supervisor restarts every few seconds because it halts earlier leaves rows of halted runs alone, so `readyz` does not
flap. A killed run has no end, so starts outnumber endings.

The service's own role updates the rows, and old rows may be deleted.
"""

import os
import socket
import threading
import time
from contextlib import AbstractContextManager
from functools import partial
from typing import Final, Literal, get_args

import structlog
from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from shared.postgres.errors import is_transient
from shared.postgres.query import execute, fetch_value
from shared.process.background import background_thread
from shared.process.unknown_commits import UnknownCommits
from shared.telemetry.masking import reason_of

Ending = Literal["stopped", "halted", "failed"]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)

# Written while something else has failed, so it must not take long.
_END_TIMEOUT_S: Final = 2
# Metrics are scraped every 15 s.
_RECORD_EVERY_S: Final = 2.0
_MAX_REASON_CHARACTERS: Final = 1000

log = structlog.get_logger(__name__)


# By the database's clock: a program that ends because its own is wrong records that, too.
_BEGIN = """
    INSERT INTO worker_run (host, pid, started_at)
    VALUES (%(host)s, %(pid)s, clock_timestamp() - make_interval(secs => %(age_s)s)) RETURNING id
"""
_END = """
    UPDATE worker_run
    SET ended_at = clock_timestamp(), ending = %(ending)s, reason = %(reason)s, unknown_commits = %(unknown)s
    WHERE id = %(id)s
"""
# Not held up by the standby that the counted commit has waited for in vain. A failover may lose the figure.
_WITHOUT_STANDBY = "SET LOCAL synchronous_commit = local"
_UNKNOWN = "UPDATE worker_run SET unknown_commits = %(unknown)s WHERE id = %(id)s"


class WorkerRun:
    """The run of this process. It counts the commits of its engine and of a child that no standby has acknowledged."""

    def __init__(self, engine: Engine, of_child: UnknownCommits | None = None) -> None:
        self._engine = engine
        self._started_s = time.monotonic()
        self._id: int | None = None
        own = UnknownCommits()
        own.watch(engine)
        self._counts = [own] if of_child is None else [own, of_child]
        self._recorded = 0

    def begun(self) -> None:
        """Record the start. Raises errors of the driver."""
        with self._engine.begin() as connection:
            self._id = self._begin(connection)

    def recording_unknown_commits(self, stop: threading.Event) -> AbstractContextManager[None]:
        """Record in the background how many commits have an unknown outcome, whenever there are more.

        Batches do not pay for it, and no further record has to come.
        """
        return background_thread(partial(self._record_until, stop), "unknown-commits", stop, join_timeout_s=1.0)

    def _record_until(self, stop: threading.Event) -> None:
        while not stop.wait(_RECORD_EVERY_S):
            self._record_unknown()

    def _record_unknown(self) -> None:
        """Write the count if it has grown. A transient error leaves it to the next call; raises other errors."""
        unknown = self._unknown()
        if self._id is None or unknown == self._recorded:
            return
        try:
            with self._engine.begin() as connection:
                execute(connection, _WITHOUT_STANDBY)
                execute(connection, _UNKNOWN, unknown=unknown, id=self._id)
        except DBAPIError as error:
            if not is_transient(error):
                raise
            log.warning("commits of unknown outcome not recorded yet", error=reason_of(error))
        else:
            self._recorded = unknown

    def ended(self, ending: Ending, reason: str | None) -> None:
        """Record the end if the database answers soon; never raises, so it cannot hide why the run ended.

        A run that stopped before it started leaves no row.
        """
        if self._id is None and ending == "stopped":
            return
        end = {
            "ending": ending,
            "reason": None if reason is None else reason.replace("\0", "")[:_MAX_REASON_CHARACTERS],
        }
        # Not from the pool, whose connections may hang.
        limits = {"connect_timeout": _END_TIMEOUT_S, "options": f"-c statement_timeout={_END_TIMEOUT_S}s"}
        engine = create_engine(self._engine.url, poolclass=NullPool, connect_args=limits, hide_parameters=True)
        try:
            with engine.begin() as connection:
                run = self._begin(connection) if self._id is None else self._id
                execute(connection, _END, **end, unknown=self._unknown(), id=run)
        except SQLAlchemyError as error:
            log.warning("end of the run not recorded", error=reason_of(error))

    def _begin(self, connection: Connection) -> int:
        age_s = time.monotonic() - self._started_s
        return fetch_value(connection, _BEGIN, int, host=socket.gethostname(), pid=os.getpid(), age_s=age_s)

    def _unknown(self) -> int:
        return sum(one.number for one in self._counts)
