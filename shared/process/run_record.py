"""Record runs of a consumer program: the API reports how the newest run ended and how often one started.

A run is recorded once it works: its checks passed, and it committed a batch or found nothing to read. A program that a
supervisor restarts every few seconds because it halts earlier leaves rows of halted runs alone, so `readyz` does not
flap. A killed run has no end, so starts outnumber endings.

The service's own role updates the rows, and old rows may be deleted.
"""

import os
import socket
from typing import Final, Literal, get_args

import structlog
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from shared.postgres.query import execute, fetch_value
from shared.telemetry.masking import reason_of
from shared.values.times import Clock

Ending = Literal["stopped", "halted", "failed"]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)

# Written while something else has failed, so it must not take long.
_END_TIMEOUT_S: Final = 2
_MAX_REASON_CHARACTERS: Final = 1000

log = structlog.get_logger(__name__)


_BEGIN = "INSERT INTO worker_run (host, pid, started_at) VALUES (%(host)s, %(pid)s, %(started_at)s) RETURNING id"
_END = "UPDATE worker_run SET ended_at = %(ended_at)s, ending = %(ending)s, reason = %(reason)s WHERE id = %(id)s"


class WorkerRun:
    """The run of this process."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._row = {"host": socket.gethostname(), "pid": os.getpid(), "started_at": clock()}
        self._id: int | None = None

    def begun(self) -> None:
        """Record the start. Raises errors of the driver."""
        with self._engine.begin() as connection:
            self._id = fetch_value(connection, _BEGIN, int, **self._row)

    def ended(self, ending: Ending, reason: str | None) -> None:
        """Record the end if the database answers soon; never raises, so it cannot hide why the run ended.

        A run that stopped before it started leaves no row.
        """
        if self._id is None and ending == "stopped":
            return
        end = {
            "ended_at": self._clock(),
            "ending": ending,
            "reason": None if reason is None else reason.replace("\0", "")[:_MAX_REASON_CHARACTERS],
        }
        # Not from the pool, whose connections may hang.
        limits = {"connect_timeout": _END_TIMEOUT_S, "options": f"-c statement_timeout={_END_TIMEOUT_S}s"}
        engine = create_engine(self._engine.url, poolclass=NullPool, connect_args=limits, hide_parameters=True)
        try:
            with engine.begin() as connection:
                run = fetch_value(connection, _BEGIN, int, **self._row) if self._id is None else self._id
                execute(connection, _END, **end, id=run)
        except SQLAlchemyError as error:
            log.warning("end of the run not recorded", error=reason_of(error))
