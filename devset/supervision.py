"""Supervision of child programs by name: each that ends is restarted, unless it was left or killed on purpose."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import psutil

from devset.processes import ChildProgram
from shared.language import say

STOP_TIMEOUT_S = 10.0  # services end by themselves within it (shared/process/shutdown.py, shared/web/server/serve.py)
# Delays before the restarts of a program that ends again and again; at most 4 s, because it has to be back within 5 s.
# After a run of RAN_WELL_S the delays begin again with the first.
RESTART_AFTER_S = (0.0, 0.5, 1.0, 2.0, 4.0)
RAN_WELL_S = 30.0


@dataclass
class WatchedProgram:
    """A program that is restarted when it ends as long as `is_kept`, with the history of its runs."""

    launch: Callable[[], ChildProgram]
    program: ChildProgram
    started_s: float
    ends: int = 0
    restart_at_s: float | None = None
    is_kept: bool = True


@dataclass
class Supervisor:
    """Child programs by name; `report` prints lines for the user. Call `restart_ended` regularly."""

    report: Callable[[str], None]
    programs: dict[str, WatchedProgram] = field(default_factory=dict)

    def watch(self, name: str, launch: Callable[[], ChildProgram]) -> None:
        """Launch a program and keep it running."""
        self.programs[name] = WatchedProgram(launch, launch(), time.monotonic())

    def restart_ended(self) -> None:
        """Restart programs that have ended, each after its delay."""
        for name, watched in self.programs.items():
            if watched.program.alive() or not watched.is_kept:
                continue
            now_s = time.monotonic()
            if watched.restart_at_s is None:
                watched.restart_at_s = now_s + self._delay_s(name, watched, now_s)
            if now_s >= watched.restart_at_s:
                watched.program, watched.started_s, watched.restart_at_s = watched.launch(), now_s, None

    def processes(self) -> dict[str, int]:
        """Process ids of the programs, by name."""
        return {name: watched.program.process.pid for name, watched in self.programs.items()}

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a program and its descendants, as happens to a whole container or machine."""
        signal_tree(self.programs[name].program.process.pid, number)

    def kill(self, name: str) -> None:
        """Kill a program and its descendants; it stays dead until `revive`."""
        watched = self.programs[name]
        watched.is_kept = False
        self.send(name, signal.SIGKILL)
        watched.program.process.wait()

    def revive(self, name: str) -> None:
        """Launch a program that was killed, and keep it running again."""
        self.watch(name, self.programs[name].launch)

    def stop(self, names: Iterable[str]) -> None:
        """Stop programs together, in order; kill those that take longer than STOP_TIMEOUT_S."""
        programs = [self.programs.pop(name).program for name in list(names)]
        for program in programs:
            with contextlib.suppress(ProcessLookupError):
                program.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for program in programs:
            if not program.stop(signal.SIGTERM, max(0.0, deadline - time.monotonic())):
                name = program.name
                self.report(say(f"{name} 未按时退出，已强制结束", f"{name} did not end in time and was killed"))

    def _delay_s(self, name: str, watched: WatchedProgram, now_s: float) -> float:
        """Count and report the end of a program; return the delay before its restart."""
        if now_s - watched.started_s > RAN_WELL_S:
            watched.ends = 0
        delay_s = RESTART_AFTER_S[min(watched.ends, len(RESTART_AFTER_S) - 1)]
        watched.ends += 1
        code = watched.program.process.returncode
        zh, en = f"{name} 已退出（{code}），{delay_s} 秒后重启", f"{name} ended with {code}; restarting in {delay_s} s"
        self.report(say(zh, en))
        return delay_s


def signal_tree(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and its descendants."""
    pids = [pid]
    with contextlib.suppress(psutil.NoSuchProcess):
        pids += [part.pid for part in psutil.Process(pid).children(recursive=True)]
    for one in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, number)
