"""Watch the clock of a consumer program also while no records come."""

import threading
from contextlib import AbstractContextManager
from functools import partial
from typing import Final

from sqlalchemy import Engine

from shared.postgres.clock import check_clock
from shared.postgres.errors import is_transient
from shared.process.background import background_thread
from shared.worker.consumer_program import ConsumerProgram

_EVERY_S: Final = 2.0


def watching_clock(program: ConsumerProgram) -> AbstractContextManager[None]:
    """Compare this machine's clock with the database's in the background; a wrong one stops the program.

    Batches check it themselves. A program that ends is reported by `readyz` with its reason, and its supervisor starts
    it until the clocks agree.
    """
    work = partial(watch_clock, program.engine, program.stop)
    return background_thread(work, "clock", program.stop, join_timeout_s=1.0)


def watch_clock(engine: Engine, stop: threading.Event) -> None:
    """Check until `stop` is set. Raises WrongClockError and bugs; a database that does not answer shows nothing."""
    while not stop.wait(_EVERY_S):
        try:
            with engine.begin() as connection:  # psycopg drops the plans of a session that rolls back
                check_clock(connection)
        except Exception as error:
            if not is_transient(error):
                raise
