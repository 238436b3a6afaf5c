"""A part of a consumer program as a process of its own, which shares no interpreter with the others.

It is forked while the program has one thread and no connections, and waits until it is told to begin. It ends when it
is told to, when it fails, and when the program is gone, however that ended: then the program's end of the pipe is shut.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from shared.process.background import background_thread
from shared.process.program import shorten_thread_switching
from shared.process.shutdown import SHUTDOWN_DEADLINE_S
from shared.telemetry.masking import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from shared.process.heartbeat import Heartbeat

_BEAT: Final = "beat"
_BEAT_EVERY_S: Final = 0.5
_ENDS_WITHIN_S: Final = 3.0

log = structlog.get_logger(__name__)


class ChildProcessDiedError(RuntimeError):
    """A part of the program ended and did not say why: it was killed."""


@dataclass
class Inside:
    """The part's side: when to stop, and whether it shall hold back as the program needs the processors."""

    _pipe: Connection
    stop: threading.Event = field(default_factory=threading.Event)
    throttled: threading.Event = field(default_factory=threading.Event)
    _next_beat_s: float = 0.0

    def beat(self, _part: str) -> None:
        """The part got on (as `Heartbeat.beat`)."""
        if time.monotonic() >= self._next_beat_s:
            self._next_beat_s = time.monotonic() + _BEAT_EVERY_S
            with suppress(OSError):  # the program is gone, as `listen` notices
                self._pipe.send(_BEAT)

    def listen(self) -> None:
        """Do what the program says until it says no more; then the end comes in time, whatever hangs."""
        with suppress(EOFError, OSError):
            while (throttle := self._pipe.recv()) is not None:
                (self.throttled.set if throttle else self.throttled.clear)()
        self.stop.set()
        time.sleep(SHUTDOWN_DEADLINE_S)
        os._exit(1)


@dataclass
class ChildProcess:
    """The program's side."""

    name: str
    _pipe: Connection
    _holds_back: bool = False
    is_working: bool = False

    @contextmanager
    def working(self, stop: threading.Event, heartbeat: Heartbeat) -> Iterator[None]:
        """Let it work until the end of the block, and beat in its name; what goes wrong in it is raised then.

        `stop` is set when it has ended.
        """
        with background_thread(lambda: self._watch(stop, heartbeat), self.name, stop, _ENDS_WITHIN_S):
            self.is_working = True
            self._say(False)
            try:
                yield
            finally:
                self._say(None)

    def throttle(self, throttle: bool) -> None:
        """Have it hold back, or no longer."""
        if throttle != self._holds_back:
            self._holds_back = throttle
            self._say(throttle)

    def _say(self, throttle: bool | None) -> None:
        with suppress(OSError):  # it has ended, and the watcher knows how
            self._pipe.send(throttle)

    def _watch(self, stop: threading.Event, heartbeat: Heartbeat) -> None:
        said: Any = _BEAT
        try:
            while said == _BEAT:
                said = self._pipe.recv()
                heartbeat.beat(self.name)
        except (EOFError, OSError):
            said = ChildProcessDiedError(f"{self.name}: 进程被终止 / the process was ended")
        self.is_working = False
        if said is not None:
            raise said
        stop.set()


@contextmanager
def child_process(name: str, work: Callable[[Inside], None]) -> Iterator[ChildProcess]:
    """A part that does `work`, once it is told to begin. To be called before any thread is started."""
    ours, theirs = multiprocessing.Pipe()
    # What is here already stays shared memory only as long as the garbage collector does not write to it.
    gc.collect()
    gc.freeze()
    process = multiprocessing.get_context("fork").Process(
        target=_work, args=(name, work, theirs, ours), name=name, daemon=True
    )
    process.start()
    theirs.close()
    part = ChildProcess(name, ours)
    try:
        yield part
    finally:
        if part.is_working:
            log.warning("a part did not end by itself in time, ended; nothing half done stays", part=name)
        ours.close()
        process.kill()  # as safe as for the whole program (shared/process/shutdown.py)
        process.join()


def _work(name: str, work: Callable[[Inside], None], pipe: Connection, others: Connection) -> None:
    """The process."""
    others.close()
    # Signals are the program's to take: it tells its parts.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    try:
        pipe.recv()
    except EOFError:
        return
    shorten_thread_switching()
    inside = Inside(pipe)
    threading.Thread(target=inside.listen, daemon=True).start()
    ending: BaseException | None = None
    try:
        work(inside)
    except BaseException as error:
        log.exception("a part of the program ended by a fault", part=name)
        ending = _as_sent(error)
    with suppress(OSError):
        pipe.send(ending)


def _as_sent(error: BaseException) -> BaseException:
    """The error, or what can be said of it if it does not go through a pipe."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made the moment before
    except Exception:  # noqa: BLE001 - any class may have its own ways
        return RuntimeError(reason_of(error))
    return error
