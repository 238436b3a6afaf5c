"""Programs of the local set: the last words of one that ended."""

import sys
from pathlib import Path

from devset.processes import Program, base_environment, spawn


def run(log_file: Path, script: str) -> Program:
    program = spawn("one", [sys.executable, "-c", script], log_file=log_file, environment=base_environment())
    program.process.wait(timeout=30)
    return program


def test_last_words_are_of_the_last_run(tmp_path: Path) -> None:
    log_file = tmp_path / "logs" / "one.log"
    first = run(log_file, "print('migrating'); print('ready')")
    assert first.last_words() == "migrating | ready"
    second = run(log_file, "print('SETTING: must be a day')")
    assert second.last_words() == "SETTING: must be a day"
    assert log_file.read_text(encoding="utf-8") == "migrating\nready\nSETTING: must be a day\n"


def test_last_words_without_a_word(tmp_path: Path) -> None:
    log_file = tmp_path / "one.log"
    run(log_file, "print('earlier')")
    assert run(log_file, "pass").last_words() == ""
