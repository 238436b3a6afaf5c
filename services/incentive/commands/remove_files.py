"""Remove kept files that no act names: uploads of acts that were refused or given up.

PostgreSQL decides what is named. Every consumer does it, once an hour; two at once remove nothing twice.
"""

import threading
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Engine

from services.incentive.store.frozen.declared_tables import TABLE_SORTS, find_tables
from services.incentive.store.kept_files import RemovedFile, remove_unnamed_files
from shared.postgres.clock import check_clock
from shared.postgres.errors import is_transient
from shared.postgres.sorted_rows import first_rows
from shared.process.background import background_thread
from shared.telemetry.masking import reason_of
from shared.values.times import Clock, now
from shared.worker.consumer_program import ConsumerProgram

UNNAMED_FOR: Final = timedelta(days=30)
_EVERY_S: Final = 3600.0

log = structlog.get_logger(__name__)


def removing_unnamed_files(program: ConsumerProgram) -> AbstractContextManager[None]:
    """Remove files while the program consumes; a bug stops the program and is re-raised on exit."""
    work = partial(supervise_removal, program.engine, program.stop)
    return background_thread(work, "unnamed files", program.stop, join_timeout_s=5.0)


def supervise_removal(engine: Engine, stop: threading.Event, every_s: float = _EVERY_S) -> None:
    """Remove at the start and after each pause, until `stop` is set; raise bugs and WrongClockError."""
    while not stop.is_set():
        try:
            remove_files(engine, now, stop)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("unnamed files not removed, retrying later", reason=reason_of(error))
        stop.wait(every_s)


def remove_files(engine: Engine, clock: Clock, stop: threading.Event) -> list[RemovedFile]:
    """Remove in short transactions what was uploaded last longer ago than UNNAMED_FOR, and log it.

    The documents of a table of declarations that waits for another person are named once it is confirmed. Until then
    the time is counted back from when it was sent.
    """
    removed: list[RemovedFile] = []
    while not stop.is_set():
        with engine.begin() as connection:
            check_clock(connection)
            # The documents of a table that waits for another person are named once it is confirmed.
            waiting = first_rows(find_tables(connection, "pending"), TABLE_SORTS, 1)
            oldest_table = [table.recorded_at for table in waiting]
            batch = remove_unnamed_files(connection, min([clock(), *oldest_table]) - UNNAMED_FOR)
        for one in batch:
            log.info("kept file removed, no act names it", sha256=one.sha256, bytes=one.bytes)
        removed += batch
        if not batch:
            break
    return removed
