"""Processes that make the workbooks of an extract: how they end, and what happens when they are killed."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from itertools import chain, count
from pathlib import Path

import openpyxl
import psutil
import pytest

from services.incentive.extract.table_files import TableFiles, WorkbooksFailed, WorkbooksKilled
from services.incentive.extract.tables import BALANCES, DECISIONS
from tests.support.command_line import command_line
from tests.support.until import until

PROCESSES = 2
LINES = [f'{{"account":"a{n}","debit":"0.00","credit":"1.05","balance":"1.05"}}'.encode() for n in range(3)]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder for temporary files, also those of the child processes."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def look() -> None:
    """Callback that lets the work continue."""


def stop() -> None:
    """Callback that aborts the work."""
    raise KeyError


def processes() -> list[psutil.Process]:
    """Both processes. A process that was just started has no command line for a moment."""

    def named() -> list[psutil.Process]:
        return [one for one in psutil.Process().children() if TableFiles.__module__ in command_line(one)]

    until(lambda: len(named()) == PROCESSES)
    return named()


def ignores(program: psutil.Process, number: signal.Signals) -> bool:
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{program.pid}/status").read_text().splitlines())
    return bool(int(status["SigIgn"], 16) >> (number - 1) & 1)


def test_workbooks_are_of_the_lines_that_were_kept(scratch: Path) -> None:
    with TableFiles() as tables:
        assert list(tables.kept(BALANCES, LINES)) == LINES
        assert list(tables.kept(DECISIONS, ())) == []
        assert list(tables.items(BALANCES)) == [json.loads(line) for line in LINES]
        decisions, balances = (b"".join(tables.workbook(view, look)) for view in (DECISIONS, BALANCES))
    assert not list(scratch.iterdir())
    assert openpyxl.load_workbook(io.BytesIO(decisions)).worksheets[0].max_row == 1
    (sheet,) = openpyxl.load_workbook(io.BytesIO(balances)).worksheets
    assert [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=2)] == [
        (f"a{n}", 0, 1.05, 1.05) for n in range(3)
    ]


def test_without_workbooks_the_lines_are_kept_and_no_process_runs() -> None:
    before = set(psutil.Process().children())  # of other tests
    with TableFiles(has_workbooks=False) as tables:
        assert list(tables.kept(BALANCES, LINES)) == LINES
        assert list(tables.items(BALANCES)) == [json.loads(line) for line in LINES]
        assert set(psutil.Process().children()) <= before


def test_they_end_with_the_block_and_nothing_is_left(scratch: Path) -> None:
    with TableFiles() as tables:
        programs = processes()
        list(tables.kept(BALANCES, LINES * 100_000))
    assert len(programs) == PROCESSES
    assert not any(program.is_running() for program in programs)
    assert not list(scratch.iterdir())


def test_a_workbook_waits_for_no_other_that_was_begun_before() -> None:
    with TableFiles() as tables:
        list(tables.kept(BALANCES, LINES * 100_000))
        list(tables.kept(DECISIONS, ()))
        assert list(tables.workbook(DECISIONS, look))
        with pytest.raises(KeyError):
            list(tables.workbook(BALANCES, stop))


def test_it_is_looked_whether_to_go_on_while_a_workbook_is_waited_for() -> None:
    with TableFiles() as tables:
        for program in processes():
            program.suspend()
        list(tables.kept(BALANCES, LINES))
        with pytest.raises(KeyError):
            list(tables.workbook(BALANCES, stop))


def test_a_signal_to_all_processes_is_for_the_first() -> None:
    with TableFiles() as tables:
        for program in processes():
            for number in (signal.SIGTERM, signal.SIGINT):
                until(partial(ignores, program, number))  # it may not have installed its signal handlers yet
                program.send_signal(number)
        list(tables.kept(BALANCES, LINES))
        list(tables.kept(DECISIONS, ()))
        assert all(list(tables.workbook(view, look)) for view in (BALANCES, DECISIONS))


def test_one_that_was_killed_is_no_bug_whatever_the_other_does() -> None:
    with TableFiles() as tables:
        processes()[0].kill()
        with pytest.raises(WorkbooksKilled, match="signal 9"):
            list(tables.workbook(BALANCES, look))


def test_nothing_is_begun_where_both_were_killed() -> None:
    with TableFiles() as tables:
        for program in processes():
            program.kill()
        with pytest.raises(WorkbooksKilled, match="signal 9"):  # as soon as both have ended
            list(chain.from_iterable(tables.kept(BALANCES, LINES) for _ in count()))


def test_a_fault_is_reported_without_what_a_line_says(capfd: pytest.CaptureFixture[str]) -> None:
    with TableFiles() as tables:
        list(tables.kept(BALANCES, ["虚构秘密".encode()]))
        with pytest.raises(WorkbooksFailed, match="exited with 1"):
            list(tables.workbook(BALANCES, look))
    (line,) = capfd.readouterr().err.splitlines()
    assert (json.loads(line)["level"], "DecodeError" in line) == ("error", True)
    assert "虚构秘密" not in line


@pytest.mark.parametrize("times", [1, 100_000])
def test_they_end_where_the_first_was_killed_and_take_the_folder_away(scratch: Path, times: int) -> None:
    script = f"""
import os, psutil
from services.incentive.extract.table_files import TableFiles
from services.incentive.extract.tables import BALANCES
with TableFiles() as tables:
    for _ in tables.kept(BALANCES, {LINES!r} * {times}):
        pass
    print(*(program.pid for program in psutil.Process().children()), flush=True)
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False, cwd=Path.cwd())
    assert done.returncode == -signal.SIGKILL
    for number in done.stdout.split():
        with suppress(psutil.NoSuchProcess):
            psutil.Process(int(number)).wait(60.0)
    assert not list(scratch.iterdir())
