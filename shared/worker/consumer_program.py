"""Run a consumer program: wait until its database and topics are ready, and record how the run ends."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kafka.errors import AuthorizationError, SaslAuthenticationFailedError
from sqlalchemy import Engine

from shared.kafka.errors import MissingTopicsError, check_topics, is_transient_kafka_error
from shared.language import add_details
from shared.operator_errors import OperatorError
from shared.postgres.database import make_engine
from shared.postgres.errors import DAMAGED, is_damaged, is_transient
from shared.postgres.recovery import RecoveryRunningError, check_no_recovery
from shared.postgres.schema_version import WrongSchemaError, check_schema
from shared.process.backoff import Backoff
from shared.process.heartbeat import Heartbeat
from shared.process.program import OPERATOR_ERRORS, shorten_thread_switching
from shared.process.run_record import WorkerRun
from shared.process.shutdown import Shutdown
from shared.process.unknown_commits import UnknownCommits
from shared.service_log.published import NotComparedError, PublishedComparison
from shared.service_log.store import ServiceLog
from shared.settings import Settings
from shared.telemetry.masking import reason_of
from shared.telemetry.tracing import Tracing, start_tracing


@dataclass(frozen=True)
class ConsumerProgram:
    """Context of a consumer program. The program calls `run.begun` when it begins to consume."""

    settings: Settings
    engine: Engine
    stop: threading.Event
    run: WorkerRun
    heartbeat: Heartbeat
    tracing: Tracing | None

    def wait_until_ready(self, topics: Sequence[str], log: ServiceLog, begin: Callable[[], None]) -> bool:
        """Wait for the migrated database and the topics, then run `begin`; return False if stopped before.

        From `begin` on, the log is compared with what was published of it before a new session is used. Retries with
        backoff and logs the reason at each attempt. Raises bugs and DatabaseBehindError.
        """
        client_config = self.settings.kafka.client_config()
        steps = (
            lambda: check_schema(self.engine, self.settings.service),
            lambda: check_topics(client_config, topics),
            lambda: check_no_recovery(self.engine),
            lambda: PublishedComparison(client_config, self.settings.service, log.key).guard(self.engine),
            begin,
        )
        return all(Backoff(self.stop).retry(step, _why_wait, "waiting") for step in steps)


@contextmanager
def consumer_program(settings: Settings, parts: Sequence[str], of_child: UnknownCommits) -> Iterator[ConsumerProgram]:
    """Provide a program that stops on SIGTERM and SIGINT (`shared/process/shutdown.py`) and records how it ended.

    `parts` are those whose heartbeats show progress; `of_child` counts the unknown commits of its child process.
    """
    stopping = Shutdown()
    stopping.watch()
    shorten_thread_switching()
    engine = make_engine(settings.database_url)
    tracing = start_tracing(settings)
    program = ConsumerProgram(
        settings,
        engine,
        stopping.stop,
        WorkerRun(engine, of_child),
        Heartbeat(settings.heartbeat_file, parts),
        tracing,
    )
    try:
        with program.run.recording_unknown_commits(stopping.stop):
            yield program
    except Exception as error:
        stopping.stop.set()
        reason = _reason_for_operator(error)
        program.run.ended("failed" if reason is None else "halted", reason_of(error) if reason is None else reason)
        raise
    else:
        program.run.ended("stopped", None)
    finally:
        stopping.stop.set()
        if tracing is not None:
            tracing.stop()
        engine.dispose()


def _reason_for_operator(error: Exception) -> str | None:
    """Return why the program ended, if an operator has to act; None for a bug."""
    if isinstance(error, (OperatorError, *OPERATOR_ERRORS)):
        return str(error)
    return add_details(DAMAGED, reason_of(error)) if is_damaged(error) else None


def _why_wait(error: Exception) -> str | None:
    """Return what the program waits for, for the operator; None for a bug."""
    if isinstance(error, (MissingTopicsError, WrongSchemaError, RecoveryRunningError)):
        return str(error)
    if isinstance(error, NotComparedError):
        return str(error)
    if is_transient(error):
        return f"数据库不可用 / the database is unavailable: {reason_of(error)}"
    if isinstance(error, SaslAuthenticationFailedError | AuthorizationError):
        return f"消息系统拒绝访问 / the broker denied access: {reason_of(error)}"
    if is_transient_kafka_error(error):
        return f"消息系统不可用 / the broker is unavailable: {reason_of(error)}"
    return None
