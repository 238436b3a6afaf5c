"""The program that makes extracts: it takes what is waiting, one after the other, and ends when nothing is.

The consumer starts it where there is work (`ExtractsMade`), as a process of its own: so that what it costs in time and
memory is not the consumer's, and ends with it. One maker works at a time, whoever started it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from services.incentive.extract import jobs
from services.incentive.extract.table_files import WorkbooksKilled
from services.incentive.extract.writer import ExtractOrder, write_extract
from services.incentive.store.register_client import RegisterClient, RegisterRefused, RegisterUnavailable
from shared.postgres.database import make_engine
from shared.postgres.errors import is_transient
from shared.postgres.leader_lock import leader_lock
from shared.process.background import background_thread
from shared.process.backoff import Backoff
from shared.service_log.signing import signing_key
from shared.settings import LOCAL_REGISTERS, read_service_key
from shared.telemetry.masking import reason_of
from shared.values.times import now

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy import Engine

    from shared.settings import RegisterAddress, Settings
    from shared.worker.consumer_program import ConsumerProgram

_LOOK_EVERY_S: Final = 1.0
_EXPIRE_EVERY_S: Final = 60.0
_SHOW_EVERY_S: Final = 1.0
_STOPS_WITHIN_S: Final = 3.0
_COMMAND: Final = (sys.executable, "-m", "services.incentive", "make-extracts")

log = structlog.get_logger(__name__)


class Interrupted(Exception):  # noqa: N818 - no fault
    """The program is told to stop, or who started it is gone: another will begin the job anew."""


@dataclass(frozen=True)
class ExtractWorker:
    """What extracts are made with."""

    engine: Engine
    private: Ed25519PrivateKey
    service_key: str
    registers: Mapping[str, RegisterAddress]

    def make_all(self) -> None:
        """Make what is waiting. Raises what is no fault of ours: then the job is begun again later."""
        while True:
            with self.engine.begin() as connection:
                job = jobs.take_next(connection, now())
            if job is None:
                return
            self._make(job)

    def _make(self, job: jobs.Job) -> None:
        began_s = time.monotonic()
        try:
            pieces = jobs.Pieces(self.engine, job, now)
            engine = self.engine.execution_options(isolation_level="REPEATABLE READ")
            with engine.connect() as connection, RegisterClient(self.service_key) as registers:
                order = ExtractOrder(job.request, job.log_size, self.private)
                write_extract(connection, order, registers, self.registers, pieces, _Shown(self.engine, job).tick)
            pieces.end()
        except jobs.Withdrawn:
            log.info("extract withdrawn", extract=job.id)
        except RegisterRefused as error:
            self._fail(job, str(error))
        except WorkbooksKilled:
            raise  # as if this program had been: the attempt counts, and another begins the job anew
        except Exception as error:
            if is_transient(error) or isinstance(error, RegisterUnavailable | Interrupted):
                with self.engine.begin() as connection:
                    jobs.put_back(connection, job)
                raise
            log.exception("extract failed by a fault", extract=job.id)
            self._fail(job, f"内部错误 / an internal error: {reason_of(error)}")
        else:
            log.info("extract ready", extract=job.id, took_s=round(time.monotonic() - began_s, 1))

    def _fail(self, job: jobs.Job, reason: str) -> None:
        log.warning("extract failed", extract=job.id, reason=reason)
        with self.engine.begin() as connection:
            jobs.fail(connection, job, reason, now())


class _Shown:
    """Progress as it is shown, at most once a second; and whether to go on."""

    def __init__(self, engine: Engine, job: jobs.Job) -> None:
        self._engine, self._job = engine, job
        self._parent, self._next_s = os.getppid(), 0.0

    def tick(self, progress: float) -> None:
        if time.monotonic() < self._next_s:
            return
        if os.getppid() != self._parent:
            raise Interrupted("its consumer is gone")
        with self._engine.begin() as connection:
            jobs.show_progress(connection, self._job, progress)
        self._next_s = time.monotonic() + _SHOW_EVERY_S


def run_worker(settings: Settings) -> None:
    """The program. Raises SettingsError where it has no key to ask the registers with."""
    # Who starts it waits for signals in a thread, and has them blocked.
    signal.signal(signal.SIGTERM, _stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    service_key = read_service_key(settings)
    engine = make_engine(settings.database_url)
    try:
        ExtractWorker(engine, signing_key(settings), service_key, settings.registers or LOCAL_REGISTERS).make_all()
    except Exception as error:
        if not (is_transient(error) or isinstance(error, RegisterUnavailable | Interrupted | WorkbooksKilled)):
            raise
        log.warning("extracts wait", reason=reason_of(error))
        sys.exit(1)
    finally:
        engine.dispose()


def _stop(_number: int, _frame: object) -> None:
    raise Interrupted("told to stop")


def extract_worker_supervised(program: ConsumerProgram) -> AbstractContextManager[None]:
    """Have extracts made while the program consumes; what goes wrong by a fault of ours stops it, and is raised."""
    made = WorkerSupervisor(program.engine, program.stop)
    return background_thread(made.run, "extracts", program.stop, join_timeout_s=1.0 + _STOPS_WITHIN_S)


@dataclass
class WorkerSupervisor:
    """Starts the program where extracts wait, and takes away what has been kept for long enough.

    Of all consumers one does: it holds a lock of its session as long as its program runs.
    """

    engine: Engine
    stop: threading.Event

    def __post_init__(self) -> None:
        self._next_expiry_s = 0.0

    def run(self) -> None:
        """Look for what waits until told to stop; raises what is a fault of ours."""
        pauses = Backoff(self.stop)
        while not self.stop.wait(_LOOK_EVERY_S):
            try:
                if self._look():
                    pauses.reset()
                else:
                    pauses.wait()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("extracts are not looked for, trying again", error=reason_of(error))
                pauses.wait()

    def _look(self) -> bool:
        """Have made what waits, if nobody else does; False where that did not go well."""
        with self.engine.begin() as connection:
            if time.monotonic() >= self._next_expiry_s:
                jobs.expire(connection, now())
                self._next_expiry_s = time.monotonic() + _EXPIRE_EVERY_S
            if not jobs.has_unfinished(connection):
                return True
        with leader_lock(self.engine, "extracts") as leader:
            return not leader.try_acquire() or self._run_program()

    def _run_program(self) -> bool:
        program = subprocess.Popen(_COMMAND)  # noqa: S603 - ours
        try:
            while program.poll() is None and not self.stop.wait(0.1):
                pass
        finally:
            program.terminate()
            try:
                program.wait(_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        return program.returncode == 0
