"""Runs of a consumer program on record, so that the API can tell how the newest ended and how often one was started.

A run is written down once it works: it has its checks behind it, and took in a batch or found nothing to take in. A
program that halts before, again and again while a supervisor starts it every few seconds, leaves only rows of runs that
halted, so `readyz` does not flap. A run that was killed has no end; then starts outnumber endings.

Not a ledger: the service's own role writes and updates it, and old rows may be deleted.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Final, Literal, get_args

import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Integer,
    MetaData,
    NullPool,
    Table,
    Text,
    create_engine,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from shared.telemetry.masking import reason_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from shared.values.times import Clock

Ending = Literal["stopped", "halted", "failed"]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)

# Written while something else has failed: it must not take long.
_END_WITHIN_S: Final = 2
_REASON_MOST_CHARACTERS: Final = 1000

log = structlog.get_logger(__name__)


def worker_run_table(metadata: MetaData) -> Table:
    """The table as each service declares it."""
    return Table(
        "worker_run",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("host", Text, nullable=False),
        Column("pid", Integer, nullable=False),
        Column("started_at", DateTime(timezone=True), nullable=False),
        Column("ended_at", DateTime(timezone=True)),
        Column("ending", Text(collation="C")),
        Column("reason", Text),
    )


class WorkerRun:
    """One run, of this process."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._row = {"host": socket.gethostname(), "pid": os.getpid(), "started_at": clock()}
        self._id: int | None = None

    def begun(self) -> None:
        """Write the run down; errors of the driver are the caller's."""
        with self._engine.begin() as connection:
            self._id = connection.execute(
                text("INSERT INTO worker_run (host, pid, started_at) VALUES (:host, :pid, :started_at) RETURNING id"),
                self._row,
            ).scalar_one()

    def ended(self, ending: Ending, reason: str | None) -> None:
        """Write down how it ended, if the database can be reached soon: never hides why.

        A run that stopped before it began leaves no row.
        """
        if self._id is None and ending == "stopped":
            return
        end = {
            "ended_at": self._clock(),
            "ending": ending,
            "reason": None if reason is None else reason.replace("\0", "")[:_REASON_MOST_CHARACTERS],
        }
        # Not of the pool, whose connections may hang.
        limits = {"connect_timeout": _END_WITHIN_S, "options": f"-c statement_timeout={_END_WITHIN_S}s"}
        engine = create_engine(self._engine.url, poolclass=NullPool, connect_args=limits, hide_parameters=True)
        try:
            with engine.begin() as connection:
                if self._id is None:
                    connection.execute(
                        text(
                            "INSERT INTO worker_run (host, pid, started_at, ended_at, ending, reason)"
                            " VALUES (:host, :pid, :started_at, :ended_at, :ending, :reason)"
                        ),
                        {**self._row, **end},
                    )
                else:
                    connection.execute(
                        text(
                            "UPDATE worker_run SET ended_at = :ended_at, ending = :ending, reason = :reason"
                            " WHERE id = :id"
                        ),
                        {**end, "id": self._id},
                    )
        except SQLAlchemyError as error:
            log.warning("how this run ended is not on record", error=reason_of(error))
