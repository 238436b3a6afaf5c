"""Run a part of a consumer program in a child process with an interpreter of its own.

The child is forked while the program has one thread and no connections, and waits for the signal to begin. It ends on
request, on failure, and when its parent dies, because then the parent's end of the pipe closes.
"""

import multiprocessing
import os
import pickle
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Final

import structlog

from shared.process.background import background_thread
from shared.process.heartbeat import Heartbeat
from shared.process.program import collect_garbage_rarely, shorten_thread_switching
from shared.process.shutdown import SHUTDOWN_DEADLINE_S
from shared.process.unknown_commits import UnknownCommits
from shared.telemetry.masking import reason_of

_BEAT: Final = "beat"
_BEAT_EVERY_S: Final = 0.5
_JOIN_TIMEOUT_S: Final = 3.0

log = structlog.get_logger(__name__)


class ChildProcessDiedError(RuntimeError):
    """The child process ended without a reason: it was killed."""


@dataclass
class ChildSide:
    """The child's side of the pipe: when to stop, whether to leave the CPU to the parent, and that there is work."""

    _pipe: Connection
    unknown_commits: UnknownCommits
    stop: threading.Event = field(default_factory=threading.Event)
    throttled: threading.Event = field(default_factory=threading.Event)
    work: threading.Event = field(default_factory=threading.Event)
    _next_beat_s: float = 0.0

    def beat(self, _part: str) -> None:
        """Record progress (as `Heartbeat.beat`)."""
        if time.monotonic() >= self._next_beat_s:
            self._next_beat_s = time.monotonic() + _BEAT_EVERY_S
            with suppress(OSError):  # the parent died, as `listen` notices
                self._pipe.send(_BEAT)

    def listen(self) -> None:
        """Follow the parent's messages until it sends None or dies; then exit by the shutdown deadline."""
        with suppress(EOFError, OSError):
            while (throttle := self._pipe.recv()) is not None:
                (self.throttled.set if throttle else self.throttled.clear)()
                self.work.set()
        self.stop.set()
        self.work.set()
        time.sleep(SHUTDOWN_DEADLINE_S)
        os._exit(1)


@dataclass
class ChildProcess:
    """The parent's side."""

    name: str
    _pipe: Connection
    unknown_commits: UnknownCommits
    is_working: bool = False

    @contextmanager
    def working(self, stop: threading.Event, heartbeat: Heartbeat) -> Iterator[None]:
        """Let the child work until the block ends, and forward its heartbeats; re-raise its error on exit.

        Sets `stop` once the child has ended.
        """
        with background_thread(lambda: self._watch(stop, heartbeat), self.name, stop, _JOIN_TIMEOUT_S):
            self.is_working = True
            self._send(False)
            try:
                yield
            finally:
                self._send(None)

    def committed(self, has_backlog: bool) -> None:
        """Tell the child that there is work; with a backlog it leaves the CPU to the parent.

        A child that does not read, because it is suspended, holds nothing up: it is told by a later call.
        """
        room = select.poll()
        room.register(self._pipe, select.POLLOUT)
        if room.poll(0):
            self._send(has_backlog)

    def _send(self, throttle: bool | None) -> None:
        with suppress(OSError):  # the child ended, and the watcher knows how
            self._pipe.send(throttle)

    def _watch(self, stop: threading.Event, heartbeat: Heartbeat) -> None:
        message: object = _BEAT
        try:
            while message == _BEAT:
                message = self._pipe.recv()
                heartbeat.beat(self.name)
        except (EOFError, OSError):
            message = ChildProcessDiedError(f"{self.name}: 进程被终止 / the process was killed")
        self.is_working = False
        if isinstance(message, BaseException):
            raise message
        stop.set()


@contextmanager
def child_process(name: str, work: Callable[[ChildSide], None]) -> Iterator[ChildProcess]:
    """Fork a child that runs `work` after the signal to begin. Call it before any thread starts."""
    ours, theirs = multiprocessing.Pipe()
    unknown_commits = UnknownCommits()
    # Existing objects stay in shared memory only as long as the garbage collector does not write to them.
    collect_garbage_rarely()
    process = multiprocessing.get_context("fork").Process(
        target=_work, args=(name, work, theirs, ours, unknown_commits), name=name, daemon=True
    )
    process.start()
    theirs.close()
    part = ChildProcess(name, ours, unknown_commits)
    try:
        yield part
    finally:
        if part.is_working:
            log.warning("child process did not exit in time, killing it", part=name)
        ours.close()
        process.kill()  # as safe as killing the whole program (shared/process/shutdown.py)
        process.join()


def _work(
    name: str,
    work: Callable[[ChildSide], None],
    pipe: Connection,
    others: Connection,
    unknown_commits: UnknownCommits,
) -> None:
    others.close()
    # The parent handles signals and forwards them to its children.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    try:
        pipe.recv()
    except EOFError:
        return
    shorten_thread_switching()
    side = ChildSide(pipe, unknown_commits)
    threading.Thread(target=side.listen, daemon=True).start()
    ending: BaseException | None = None
    try:
        work(side)
    except BaseException as error:
        log.exception("child process failed", part=name)
        ending = _picklable(error)
    with suppress(OSError):
        pipe.send(ending)


def _picklable(error: BaseException) -> BaseException:
    """Return the error, or a RuntimeError with its reason if it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own pickle
    except Exception:  # noqa: BLE001 - any class may fail in its own way
        return RuntimeError(reason_of(error))
    return error
