"""Child programs of the set: the last output of a program that has ended, and its end."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from devset.processes import ChildProgram, await_ended, base_environment, free_ports, spawn


def run(log_file: Path, script: str) -> ChildProgram:
    program = spawn("one", [sys.executable, "-c", script], log_file=log_file, environment=base_environment())
    program.process.wait(timeout=30)
    return program


def test_last_output_is_of_the_last_run(tmp_path: Path) -> None:
    log_file = tmp_path / "logs" / "one.log"
    first = run(log_file, "print('migrating'); print('ready')")
    assert first.last_output() == "migrating | ready"
    second = run(log_file, "print('SETTING: must be a day')")
    assert second.last_output() == "SETTING: must be a day"
    assert log_file.read_text(encoding="utf-8") == "migrating\nready\nSETTING: must be a day\n"


def test_last_output_is_empty_without_output(tmp_path: Path) -> None:
    log_file = tmp_path / "one.log"
    run(log_file, "print('earlier')")
    assert run(log_file, "pass").last_output() == ""


def test_a_process_that_is_reaped_while_it_is_asked_for_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, open_process = [], os.pidfd_open

    def reaped_meanwhile(pid: int, flags: int = 0) -> int:
        asked.append(pid)
        if len(asked) == 1:
            raise FileNotFoundError
        return open_process(pid, flags)

    monkeypatch.setattr(os, "pidfd_open", reaped_meanwhile)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as program:
        assert program.stdin is not None
        one = psutil.Process(program.pid)
        assert await_ended([one], 0.1) == [one]
        program.stdin.close()
        assert await_ended([one], 30.0) == []
    assert asked


def test_ports_are_given_in_turn() -> None:
    """Two sets that start at once must not choose the same port before either listens."""
    ports = [*free_ports(20), *free_ports(20)]
    assert len(set(ports)) == 40
