"""The frame of every consumer program: how it waits for what it needs, and how it ends."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from kafka.errors import AuthorizationError, SaslAuthenticationFailedError

from shared.kafka.consumer import MissingTopicsError, check_topics, is_transient_kafka_error
from shared.operator_errors import OperatorError
from shared.postgres.database import is_transient, make_engine
from shared.postgres.schema_version import WrongSchemaError, check_schema
from shared.process.backoff import Backoff
from shared.process.heartbeat import Heartbeat
from shared.process.program import OPERATOR_ERRORS, shorten_thread_switching
from shared.process.run_record import WorkerRun
from shared.process.shutdown import Shutdown
from shared.telemetry.masking import reason_of
from shared.telemetry.tracing import Tracing, start_tracing
from shared.values.times import now

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Engine

    from shared.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ConsumerProgram:
    """What a consumer program works with. `run` is to be told when it begins to consume."""

    settings: Settings
    engine: Engine
    stop: threading.Event
    run: WorkerRun
    heartbeat: Heartbeat
    tracing: Tracing | None

    def wait_until_ready(self, topics: Sequence[str], begin: Callable[[], None]) -> bool:
        """Wait for the migrated database and the topics, then until `begin` is done; False if stopped before.

        What is away is told with its reason, in one line a pause. Raises what is a fault of ours.
        """
        return (
            self._until_done(lambda: check_schema(self.engine, self.settings.service))
            and self._until_done(lambda: check_topics(self.settings.kafka.client_config(), topics))
            and self._until_done(begin)
        )

    def _until_done(self, step: Callable[[], None]) -> bool:
        pauses = Backoff(self.stop)
        while not self.stop.is_set():
            try:
                step()
            except Exception as error:
                reason = self._why_wait(error)
                if reason is None:
                    raise
                log.warning("waiting", reason=reason, pause_s=pauses.next_s)
                pauses.wait()
            else:
                return True
        return False

    def _why_wait(self, error: Exception) -> str | None:
        """What an operator should know of what is awaited; None for a fault of ours."""
        if isinstance(error, (MissingTopicsError, WrongSchemaError)):
            return str(error)
        if is_transient(error):
            return f"数据库不可用 / the database does not answer as it should: {reason_of(error)}"
        if isinstance(error, SaslAuthenticationFailedError | AuthorizationError):
            return f"消息系统不准许 / the broker does not let us in or do that: {reason_of(error)}"
        if is_transient_kafka_error(error):
            return f"消息系统无应答 / the broker does not answer as it should: {reason_of(error)}"
        return None


@contextmanager
def consumer_program(settings: Settings, parts: Sequence[str] = ("reader", "writer")) -> Iterator[ConsumerProgram]:
    """Stops on SIGTERM and SIGINT within ten seconds (`shared/process/shutdown.py`), and leaves on record how it ended.

    `parts` are those whose heartbeats show that it gets on.
    """
    stopping = Shutdown()
    stopping.watch()
    shorten_thread_switching()
    engine = make_engine(settings.database_url)
    tracing = start_tracing(settings)
    program = ConsumerProgram(
        settings, engine, stopping.stop, WorkerRun(engine, now), Heartbeat(settings.heartbeat_file, parts), tracing
    )
    try:
        yield program
    except Exception as error:
        stopping.stop.set()
        is_halt = isinstance(error, (OperatorError, *OPERATOR_ERRORS))
        program.run.ended("halted" if is_halt else "failed", str(error) if is_halt else reason_of(error))
        raise
    else:
        program.run.ended("stopped", None)
    finally:
        stopping.stop.set()
        if tracing is not None:
            tracing.stop()
        engine.dispose()
