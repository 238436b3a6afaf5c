"""The program that writes extracts: it works through the queue and exits when the queue is empty.

A consumer starts it as a process of its own when there is work, so that its time and memory are not the consumer's.
One worker runs at a time, whichever consumer started it.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine

from services.incentive.extract import jobs
from services.incentive.extract.request import ExtractRequest
from services.incentive.extract.table_files import WorkbooksKilled
from services.incentive.extract.writer import ExtractOrder, write_extract
from services.incentive.store.log_entries import ledger_log
from services.incentive.store.register_client import RegisterClient, RegisterRefused, RegisterUnavailable
from shared.postgres.clock import WrongClockError, check_clock
from shared.postgres.errors import is_transient
from shared.postgres.long_reads import patient_standbys
from shared.postgres.query import fetch_value
from shared.postgres.standbys import StandbyReads
from shared.process.background import background_thread
from shared.process.backoff import Backoff
from shared.service_log.signing import signing_key
from shared.settings import LOCAL_REGISTERS, RegisterAddress, Settings, read_service_key
from shared.telemetry.masking import reason_of
from shared.values.convert import converter
from shared.values.times import now
from shared.worker.consumer_program import ConsumerProgram
from shared.worker.guarded_engine import guarded_engine
from shared.worker.leader_process import STOPS_WITHIN_S, run_as_leader

_POLL_EVERY_S: Final = 1.0
_EXPIRE_EVERY_S: Final = 60.0
_PROGRESS_EVERY_S: Final = 1.0
_to_request: Final = converter(ExtractRequest)
_COMMAND: Final = (sys.executable, "-m", "services.incentive", "make-extracts")

log = structlog.get_logger(__name__)


class Interrupted(Exception):  # noqa: N818 - no failure
    """The worker must stop, or its consumer is gone; another worker will start the job over."""


class _EndedByStandby(Exception):  # noqa: N818 - no failure: the primary is read
    """The read of a standby failed: it was cancelled because it delayed replay, or the standby was lost."""


@dataclass(frozen=True)
class ExtractWorker:
    """Writes the queued extracts. `standbys` are read; None: the primary is."""

    engine: Engine
    private: Ed25519PrivateKey
    service_key: str
    registers: Mapping[str, RegisterAddress]
    standbys: StandbyReads | None = None

    def run(self) -> None:
        """Write extracts until the queue is empty. Raises transient errors, after putting the job back."""
        standbys = self.standbys
        while True:
            with self.engine.begin() as connection:
                job = jobs.take_next(connection, now())
                check_clock(connection)
            if job is None:
                return
            try:
                self._write(job, standbys)
            except _EndedByStandby as error:
                log.warning("extract starts over on the primary, the standby ended its read", reason=str(error))
                standbys = None

    def _write(self, job: jobs.ExtractRow, standbys: StandbyReads | None) -> None:
        began_s = time.monotonic()
        server = "primary"
        try:
            pieces = jobs.Pieces(self.engine, job, now)
            with ExitStack() as opened, RegisterClient(self.service_key) as registers:
                connection, server = self._snapshot(opened, job, standbys)
                order = ExtractOrder(_to_request(job.request), job.log_size, self.private)
                write_extract(connection, order, registers, self.registers, pieces, _Progress(self.engine, job).tick)
            pieces.end()
        except jobs.Withdrawn:
            log.info("extract withdrawn", extract=job.id)
        except RegisterRefused as error:
            self._fail(job, str(error))
        except WorkbooksKilled:
            raise  # as if the worker had been killed: the attempt counts, and another worker starts over
        except Exception as error:
            if is_transient(error) or isinstance(error, RegisterUnavailable | Interrupted | WrongClockError):
                with self.engine.begin() as connection:
                    jobs.put_back(connection, job)
                if server == "standby" and is_transient(error):
                    raise _EndedByStandby(reason_of(error)) from error
                raise
            log.exception("extract failed unexpectedly", extract=job.id)
            self._fail(job, f"内部错误 / internal error: {reason_of(error)}")
        else:
            log.info("extract ready", extract=job.id, read_from=server, took_s=round(time.monotonic() - began_s, 1))

    def _snapshot(
        self, opened: ExitStack, job: jobs.ExtractRow, standbys: StandbyReads | None
    ) -> tuple[Connection, str]:
        """Open a snapshot of a standby that has everything, else of the primary; say which."""
        if standbys is not None:
            connection = standbys.open(opened, None, partial(_has_log, job.log_size), is_current=True)
            if connection is not None:
                return connection, "standby"
        engine = self.engine.execution_options(isolation_level="REPEATABLE READ")
        return opened.enter_context(engine.connect()), "primary"

    def _fail(self, job: jobs.ExtractRow, reason: str) -> None:
        log.warning("extract failed", extract=job.id, reason=reason)
        with self.engine.begin() as connection:
            jobs.fail(connection, job, reason, now())


def _has_log(size: int, connection: Connection) -> bool:
    """Return True for a snapshot with the checkpoint of the extract.

    The commit that took the job came after that checkpoint and was acknowledged, so a synchronous standby has it.
    """
    statement = "SELECT EXISTS (SELECT FROM log_checkpoint WHERE size = %(size)s)"
    return fetch_value(connection, statement, bool, size=size)


class _Progress:
    """Records the progress at most once a second, and checks that the worker should go on."""

    def __init__(self, engine: Engine, job: jobs.ExtractRow) -> None:
        self._engine, self._job = engine, job
        self._parent, self._next_s = os.getppid(), 0.0

    def tick(self, progress: float) -> None:
        if time.monotonic() < self._next_s:
            return
        if os.getppid() != self._parent:
            raise Interrupted("the consumer is gone")
        with self._engine.begin() as connection:
            jobs.show_progress(connection, self._job, progress)
        self._next_s = time.monotonic() + _PROGRESS_EVERY_S


def run_worker(settings: Settings) -> None:
    """Run the program. Raises SettingsError if it has no key to ask the registers with."""
    # The consumer waits for signals in a thread, and has them blocked.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    service_key = read_service_key(settings)
    private, registers = signing_key(settings), settings.registers or LOCAL_REGISTERS
    try:
        with guarded_engine(settings, ledger_log(private, settings.log_origin)) as engine:
            standbys = patient_standbys(settings.database_read_url, engine)
            ExtractWorker(engine, private, service_key, registers, standbys).run()
    except Exception as error:
        if not (is_transient(error) or isinstance(error, RegisterUnavailable | Interrupted | WorkbooksKilled)):
            raise
        log.warning("extracts interrupted, retrying later", reason=reason_of(error))
        sys.exit(1)


def _interrupt(_number: int, _frame: object) -> None:
    raise Interrupted("stopped by a signal")


def supervising_extract_worker(program: ConsumerProgram) -> AbstractContextManager[None]:
    """Have extracts written while the program consumes; a bug stops the program and is re-raised on exit."""
    work = partial(supervise_worker, program.engine, program.stop)
    return background_thread(work, "extracts", program.stop, join_timeout_s=1.0 + STOPS_WITHIN_S)


def supervise_worker(engine: Engine, stop: threading.Event) -> None:
    """Run the worker when extracts are queued, and delete expired extracts, until `stop` is set; raise bugs.

    One consumer does: the leader, as long as its worker runs.
    """
    backoff, next_expiry_s = Backoff(stop), 0.0
    while not stop.wait(_POLL_EVERY_S):
        try:
            with engine.begin() as connection:
                if time.monotonic() >= next_expiry_s:
                    jobs.expire(connection, now())
                    check_clock(connection)
                    next_expiry_s = time.monotonic() + _EXPIRE_EVERY_S
                has_work = jobs.has_unfinished(connection)
            is_well = not has_work or run_as_leader(engine, "extracts", _COMMAND, stop)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("queue of extracts not read, retrying", error=reason_of(error))
            is_well = False
        if is_well:
            backoff.reset()
        else:
            backoff.wait()
