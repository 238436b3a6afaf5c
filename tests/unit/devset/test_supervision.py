"""Programs that end are restarted, unless they were killed on purpose."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from devset.processes import await_ended, base_environment, spawn
from devset.supervision import Supervisor
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devset.processes import ChildProgram

NAME = "sleeper"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """One program, a shell with a child process."""

    def launch() -> ChildProgram:
        command = ["/bin/sh", "-c", "sleep 600 & wait"]
        return spawn(NAME, command, log_file=tmp_path / "log", environment=base_environment())

    supervisor = Supervisor(lambda _line: None)
    supervisor.watch(NAME, launch)
    until(lambda: children(supervisor))
    yield supervisor
    supervisor.kill(NAME)


def children(supervisor: Supervisor) -> list[psutil.Process]:
    return psutil.Process(supervisor.processes()[NAME]).children()


def test_a_program_that_ends_is_restarted(supervisor: Supervisor) -> None:
    first = supervisor.processes()[NAME]
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.restart_ended() or supervisor.processes()[NAME] != first)


def test_a_killed_program_stays_dead_with_its_children_until_it_is_revived(supervisor: Supervisor) -> None:
    (child,) = children(supervisor)
    first = supervisor.processes()[NAME]
    supervisor.kill(NAME)
    await_ended([child], 20.0)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    supervisor.restart_ended()
    assert supervisor.processes()[NAME] == first
    supervisor.revive(NAME)
    assert supervisor.processes()[NAME] != first
    assert supervisor.programs[NAME].program.alive()


def test_a_signal_reaches_a_program_and_its_children(supervisor: Supervisor) -> None:
    everything = [psutil.Process(supervisor.processes()[NAME]), *children(supervisor)]
    supervisor.send(NAME, signal.SIGSTOP)
    until(lambda: all(one.status() == psutil.STATUS_STOPPED for one in everything))
    supervisor.send(NAME, signal.SIGCONT)
    until(lambda: not any(one.status() == psutil.STATUS_STOPPED for one in everything))
