"""The second process that makes workbooks of an extract: how it ends, whatever ends it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import openpyxl
import psutil
import pytest

from services.incentive.extract.tables import Tables, WorkbooksFailed, WorkbooksKilled
from services.incentive.extract.views import BALANCES, DECISIONS
from tests.command_line import command_line

LINES = [f'{{"account":"a{n}","debit":"0.00","credit":"1.05","balance":"1.05"}}'.encode() for n in range(3)]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, of the second process too."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def look() -> None:
    """Go on."""


def second_process() -> psutil.Process:
    (found,) = (one for one in psutil.Process().children() if Tables.__module__ in command_line(one))
    return found


def test_workbooks_are_of_the_lines_that_were_kept(scratch: Path) -> None:
    with Tables() as tables:
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


def test_it_ends_with_the_block_and_nothing_is_left(scratch: Path) -> None:
    with Tables() as tables:
        program = second_process()
        list(tables.kept(BALANCES, LINES * 100_000))
    assert not program.is_running()
    assert not list(scratch.iterdir())


def test_it_is_looked_whether_to_go_on_while_a_workbook_is_waited_for() -> None:
    def stop() -> None:
        raise KeyError

    with Tables() as tables:
        second_process().suspend()
        list(tables.kept(BALANCES, LINES))
        with pytest.raises(KeyError):
            list(tables.workbook(BALANCES, stop))


def test_a_signal_to_all_processes_is_for_the_first() -> None:
    with Tables() as tables:
        list(tables.kept(BALANCES, LINES))
        list(tables.workbook(BALANCES, look))
        for number in (signal.SIGTERM, signal.SIGINT):
            second_process().send_signal(number)
        list(tables.kept(DECISIONS, ()))
        assert list(tables.workbook(DECISIONS, look))


def test_one_that_was_killed_is_no_fault_of_ours() -> None:
    with Tables() as tables:
        program = second_process()
        program.kill()
        with pytest.raises(WorkbooksKilled, match="signal 9"):
            list(tables.workbook(BALANCES, look))
        with pytest.raises(WorkbooksKilled, match="signal 9"):
            list(tables.kept(BALANCES, LINES))


def test_a_fault_is_told_without_what_a_line_says(capfd: pytest.CaptureFixture[str]) -> None:
    with Tables() as tables:
        list(tables.kept(BALANCES, ["虚构秘密".encode()]))
        with pytest.raises(WorkbooksFailed, match="ended with 1"):
            list(tables.workbook(BALANCES, look))
    (line,) = capfd.readouterr().err.splitlines()
    assert (json.loads(line)["level"], "DecodeError" in line) == ("error", True)
    assert "虚构秘密" not in line


@pytest.mark.parametrize("times", [1, 100_000])
def test_it_ends_where_the_first_was_killed_and_takes_the_folder_away(scratch: Path, times: int) -> None:
    script = f"""
import os, psutil
from services.incentive.extract.tables import Tables
from services.incentive.extract.views import BALANCES
with Tables() as tables:
    for _ in tables.kept(BALANCES, {LINES!r} * {times}):
        pass
    print(psutil.Process().children()[0].pid, flush=True)
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False, cwd=Path.cwd())
    assert done.returncode == -signal.SIGKILL
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(60.0)
    assert not list(scratch.iterdir())
