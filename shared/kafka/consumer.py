"""Consume topics into a database: one thread polls and decodes ahead, another commits transactions.

Failures end in three ways. A record that its sender got wrong is kept by the handler, and the batch goes on. Transient
errors of the broker or database are retried with the same batch. Bugs, data loss (a recreated topic, records that
were deleted before they were read) and a wrong clock stop the process with a message that says what is missing.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import structlog
from sqlalchemy import Engine

from shared.kafka.batch_size import BatchSize
from shared.kafka.handler import BatchHandler
from shared.kafka.positions import Move, PartitionLostError
from shared.kafka.reader import Reader
from shared.kafka.source import Source
from shared.operator_errors import OperatorError
from shared.postgres.database import plan_again_after_growth
from shared.postgres.errors import is_transient
from shared.process.backoff import Backoff
from shared.process.heartbeat import Heartbeat
from shared.process.pace import Pace, Rhythm
from shared.settings import ClientConfig
from shared.telemetry.masking import reason_of

# The ledger's: facts come in batches already, several times a second.
_PACE: Final = Pace(share=0.5, least_s=0.05, most_s=0.1)
# A run that has read for so long without a record counts as started.
_STARTED_AFTER_S = 3.0

log = structlog.get_logger(__name__)

P = TypeVar("P")  # what a handler makes of a record


@dataclass
class BatchConsumer(Generic[P]):
    """One worker of a consumer group: topics into the database of one service.

    `run` calls `committed` after each transaction, and `begun` once: after the first transaction, or when no record
    came for some seconds after the positions were checked. A run that stops earlier has done no work. `heartbeat`
    receives the beats of "reader" and "writer". `sets_aside`: see `Source`. `batch_s`: how long a
    transaction should take at most, see `BatchSize`. `pace`: how often transactions begin unless batches are full.
    """

    handler: BatchHandler[P]
    engine: Engine
    client_config: ClientConfig
    service: str
    group: str
    topics: Sequence[str]
    clock: Callable[[], datetime]
    stop: threading.Event
    committed: Callable[[], None]
    begun: Callable[[], None] = lambda: None
    heartbeat: Heartbeat = field(default_factory=lambda: Heartbeat(None, ()))
    sets_aside: bool = False
    batch_s: float | None = None
    pace: Pace = _PACE
    has_backlog: bool = field(default=False, init=False)  # the newest batch was full
    _has_begun: bool = field(default=False, init=False)
    _written: int = field(default=0, init=False)  # records

    @property
    def source(self) -> Source:
        """Input of this worker."""
        return Source(
            self.client_config,
            self.engine,
            self.service,
            self.group,
            self.topics,
            self.clock,
            self.stop,
            self.sets_aside,
        )

    def run(self) -> None:
        """Consume until `stop` is set; raise bugs and data loss."""
        batch_size, rounds = BatchSize(self.batch_s), Rhythm(self.pace)
        reader = Reader(self.source, self.handler, self.heartbeat, batch_size, rounds)
        reader.start()
        try:
            while not self.stop.is_set():
                reader.raise_failure()
                try:
                    prepared, moves, self.has_backlog = reader.batches.get(timeout=0.2)
                except queue.Empty:
                    self.heartbeat.beat("writer")
                    if reader.reading_for_s >= _STARTED_AFTER_S:
                        self._report_begun()
                    continue
                began_s = time.monotonic()
                self._apply(reader, prepared, moves)
                took_s = time.monotonic() - began_s
                batch_size.observe(len(prepared), took_s)
                rounds.observe(len(prepared), took_s)
                reader.batches.task_done()
        except OperatorError:
            raise
        except BaseException:
            reader.keeps_notes = True  # the place may be the cause
            raise
        finally:
            self.stop.set()
            reader.writer_ended.set()
            reader.join(timeout=5.0)

    def _apply(self, reader: Reader[P], prepared: list[P], moves: list[Move]) -> None:
        backoff = Backoff(self.stop, first_s=0.1, longest_s=0.5)
        while not self.stop.is_set() and reader.failure is None:
            try:
                with self.engine.begin() as connection:
                    plan_again_after_growth(connection, self._written)
                    self.handler.apply(connection, prepared, moves, self.clock())
            except PartitionLostError as lost:
                # Another worker continued from here, or our own commit succeeded though its answer was lost.
                log.warning("batch does not start at the stored position, rereading", partitions=str(lost))
                reader.must_reread.set()
                return
            except Exception as error:
                if isinstance(error, OperatorError):
                    raise
                if not is_transient(error):
                    log.error("batch failed", error=reason_of(error), **_batch_fields(prepared, moves))  # noqa: TRY400 - the traceback is logged where the program ends
                    raise
                log.warning("database unavailable, retrying", error=reason_of(error), pause_s=backoff.next_s)
                backoff.wait()
            else:
                self.heartbeat.beat("writer")
                reader.committed(moves)
                self._written += len(prepared)
                if prepared:
                    log.info("batch committed", **_batch_fields(prepared, moves))
                self.committed()
                self._report_begun()
                return

    def _report_begun(self) -> None:
        if self._has_begun:
            return
        try:
            self.begun()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("database unavailable, start of the run not recorded yet", error=reason_of(error))
        else:
            self._has_begun = True


def _batch_fields(prepared: list[Any], moves: Sequence[Move]) -> dict[str, Any]:
    """Return the log fields that say which records a batch holds."""
    return {"records": len(prepared), "offsets": [str(move) for move in moves]}
