"""Snapshots of standby servers that contain everything committed on the primary before the request.

A standby replays the WAL, so it shows a prefix of the primary's commits, in the order in which the primary wrote them.
A request asks the primary how far its WAL is flushed and takes its snapshot once the standby has replayed that much:
every commit that was visible on the primary by then is in the snapshot, because PostgreSQL shows a commit only after it
has flushed its record. The answer is thus at least as new as the primary's, on whichever standby.

While the primary does not answer, standbys answer without this check, for at most a minute.
"""

import select
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Final

import psycopg
import structlog
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.postgres.database import make_engine, make_probe_engine, snapshot_on
from shared.postgres.errors import is_transient, translated_errors
from shared.postgres.query import driver_connection, fetch_value
from shared.postgres.row_security import set_viewer
from shared.telemetry.masking import reason_of

POSITION_WITHIN_S: Final = 1.0  # the primary's answer
REPLAYED_WITHIN_S: Final = 0.5
UNCONFIRMED_FOR_S: Final = 60.0
_FIRST_PAUSE_S: Final = 1.0  # in which no standby is asked after a failure
_LONGEST_PAUSE_S: Final = 30.0
_ASK_AGAIN_S: Final = 0.2
_FIRST_LOOK_S: Final = 0.001  # between two looks at what is replayed
_LONGEST_LOOK_S: Final = 0.02

_FLUSHED: Final = "SELECT CAST(pg_current_wal_flush_lsn() - '0/0' AS bigint)"
# A server that is no standby has its own commits.
_REPLAYED: Final = """
    SELECT CAST(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END - '0/0'
                AS bigint)
"""

log = structlog.get_logger(__name__)

Monotonic = Callable[[], float]


class PrimaryPosition:
    """The position up to which the primary has flushed its WAL, asked by one thread for all requests of the process.

    Requests that wait at the same time share one question. A thread of its own can wait for a frozen primary; requests
    wait at most `POSITION_WITHIN_S`, and not at all while the primary is known to be silent.
    """

    def __init__(self, ask: Callable[[], int], monotonic: Monotonic = time.monotonic) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wanted = self._asked = self._answered = 0  # numbers of questions
        self._position: int | None = None
        self._silent_since_s: float | None = None

    def asked_now(self) -> int | None:
        """Return a position that was asked after this call began; None if the primary does not answer."""
        with self._changed:
            began_s, number = self._monotonic(), self._asked + 1
            self._wanted = number
            self._start_thread()
            self._changed.notify_all()
            if self._silent_since_s is None:
                self._changed.wait_for(lambda: self._answered >= number, POSITION_WITHIN_S)
            if self._answered >= number:
                return self._position
            if self._silent_since_s is None:
                self._silent_since_s = began_s
            return None

    def silent_s(self) -> float:
        """Return for how many seconds the primary has not answered; 0.0 if it did last time."""
        with self._changed:
            return 0.0 if self._silent_since_s is None else self._monotonic() - self._silent_since_s

    def _start_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="primary-position", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted > self._asked)
                self._asked += 1
                number, began_s = self._asked, self._monotonic()
            try:
                position = self._ask()
            except SQLAlchemyError:
                position = None
            with self._changed:
                self._answered, self._position = number, position
                if position is not None:
                    self._silent_since_s = None
                elif self._silent_since_s is None:
                    self._silent_since_s = began_s
                self._changed.notify_all()
            if position is None:
                time.sleep(_ASK_AGAIN_S)


class StandbyReads:
    """The servers of DATABASE_READ_URL. One that does not answer or is behind is left alone for a growing pause."""

    def __init__(
        self,
        url: str,
        primary: Engine,
        monotonic: Monotonic = time.monotonic,
        replayed_within_s: float = REPLAYED_WITHIN_S,
    ) -> None:
        self._engine = make_engine(url)
        self._replayed_within_s = replayed_within_s
        self._position = PrimaryPosition(partial(_flushed, make_probe_engine(primary)), monotonic)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._pause_s = 0.0  # 0.0: the last attempt succeeded
        self._paused_until_s = 0.0
        event.listen(primary, "engine_disposed", lambda _: self._engine.dispose())

    def open(
        self,
        opened: ExitStack,
        viewer: str | None,
        suffices: Callable[[Connection], bool],
        *,
        is_current: bool = False,
    ) -> Connection | None:
        """Open a snapshot for a viewer, to be closed with `opened`; None if the primary must answer.

        `suffices` looks at the snapshot while all rows are visible. What is committed before the call is in it, unless
        the primary is silent; with `is_current` the primary must then answer.
        """
        pause_s = self._pause_s
        if self._is_paused():
            return None
        position = self._position.asked_now()
        is_allowed = not is_current and POSITION_WITHIN_S <= self._position.silent_s() <= UNCONFIRMED_FOR_S
        if position is None and not is_allowed:
            return None
        try:
            with ExitStack() as opening:
                connection = opening.enter_context(self._engine.connect())
                if not self._has_replayed(connection, position or 0):
                    self._pause(pause_s, "it has not replayed what the primary has")
                    return None
                self._resume()
                opening.enter_context(snapshot_on(connection, viewer))
                if not suffices(connection):
                    return None
                if viewer is not None:
                    set_viewer(connection, viewer)
                opened.push(opening.pop_all())
        except (DBAPIError, PoolTimeoutError) as error:
            if isinstance(error, DBAPIError) and not is_transient(error):
                raise
            self._pause(pause_s, reason_of(error))
            return None
        return connection

    def _has_replayed(self, connection: Connection, position: int) -> bool:
        """Return True once the server has replayed the WAL up to a position, False if that takes too long.

        Outside of the snapshot, which is taken afterwards: replay goes on while a snapshot stays as it is.
        """
        connection.execution_options(isolation_level="AUTOCOMMIT")
        until_s, pause_s = self._monotonic() + self._replayed_within_s, _FIRST_LOOK_S
        while _replayed(connection) < position:
            if self._monotonic() >= until_s:
                return False
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_LOOK_S)
        return True

    def is_unconfirmed(self) -> bool:
        """Return True while the primary is silent: snapshots may lack what it committed last."""
        return self._position.silent_s() > 0.0

    def _is_paused(self) -> bool:
        """Return True for all requests but one after a pause, which tries the standby again."""
        with self._lock:
            now_s = self._monotonic()
            is_paused = now_s < self._paused_until_s
            if not is_paused:
                self._paused_until_s = now_s + self._pause_s
            return is_paused

    def _pause(self, last_s: float, reason: str) -> None:
        """Pause for twice as long as before the request that failed; those that failed at the same time count once."""
        with self._lock:
            if not self._pause_s:
                log.warning("reads go to the primary, the standby is left alone", reason=reason)
            self._pause_s = min(max(2 * last_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            self._paused_until_s = self._monotonic() + self._pause_s

    def _resume(self) -> None:
        if self._pause_s:
            with self._lock:
                self._pause_s = self._paused_until_s = 0.0
            log.info("reads go to the standby again")


def open_standbys(url: str | None, primary: Engine) -> StandbyReads | None:
    """Return the standbys of DATABASE_READ_URL, None if it is not set; they are connected to when they are asked."""
    return None if url is None else StandbyReads(url, primary)


def _flushed(engine: Engine) -> int:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return fetch_value(connection, _FLUSHED, int)


def _replayed(connection: Connection) -> int:
    """Return the position up to which the server has replayed the WAL. DBAPIError unless it answers in time.

    psycopg itself would wait for a frozen server for as long as it stays so.
    """
    with translated_errors(connection, _REPLAYED):
        driver_connection(connection).pgconn.send_query(_REPLAYED.encode())
        [result] = iter(partial(_result_in_time, connection), None)
        value = result.get_value(0, 0)
        if value is None:
            raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
        return int(value)


def _result_in_time(connection: Connection) -> psycopg.pq.abc.PGresult | None:
    """Return the next result of the statement that was sent, None after the last."""
    pgconn = driver_connection(connection).pgconn
    answers = select.poll()
    answers.register(pgconn.socket, select.POLLIN)
    while pgconn.is_busy():
        if not answers.poll(REPLAYED_WITHIN_S * 1000):
            connection.invalidate()
            raise psycopg.OperationalError("the server does not answer")
        pgconn.consume_input()
    return pgconn.get_result()
