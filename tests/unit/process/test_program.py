"""How a program ends: one line for what an operator can fix, a traceback for a bug."""

from __future__ import annotations

import json
import subprocess
import sys

import psycopg
import pytest
from sqlalchemy.exc import ProgrammingError

from shared.operator_errors import OperatorError
from shared.process.program import run_program
from shared.settings import SettingsError
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def own_logs_and_settings(monkeypatch: pytest.MonkeyPatch, own_logs: None) -> None:
    del own_logs
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@127.0.0.1/nothing")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092")


def end_of(error: Exception, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    def do(_: object) -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        run_program("listing", do)
    return int(str(ended.value.code)), capsys.readouterr().err


def test_wrong_settings_are_reported_in_one_line(capsys) -> None:
    assert end_of(SettingsError("REGISTER must be short"), capsys) == (2, "listing: REGISTER must be short\n")


def test_a_database_fault_for_an_operator_is_reported_in_one_line(capsys) -> None:
    """The error may come from SQLAlchemy or directly from psycopg."""
    missing = psycopg.errors.UndefinedTable("register_head")
    for error in (missing, ProgrammingError("SELECT", {}, missing)):
        code, told = end_of(error, capsys)
        assert code == 1
        assert "the database is not migrated" in told
        assert "Traceback" not in told


def test_damaged_database_files_are_reported_in_one_line_with_the_guide(capsys) -> None:
    code, printed = end_of(psycopg.errors.DataCorrupted("invalid page in block 1 of relation"), capsys)
    line = json.loads(printed)
    assert code == 1
    assert line["reason"].startswith("database files are damaged, see the backup guide: DataCorrupted")
    assert "exception" not in line


def test_a_state_for_a_person_is_reported_without_a_traceback(capsys) -> None:
    code, told = end_of(OperatorError("an older backup was put back"), capsys)
    line = json.loads(told)
    assert code == 1
    assert line["reason"] == "an older backup was put back"
    assert "exception" not in line


def test_a_bug_is_reported_with_its_traceback(capsys) -> None:
    code, told = end_of(ZeroDivisionError("ours"), capsys)
    assert code == 1
    *places, last = json.loads(told)["exception"].splitlines()
    assert "raise error" in places[-1]
    assert last == "ZeroDivisionError"


def test_the_child_of_a_program_with_a_lower_priority_keeps_it() -> None:
    """Priorities add up otherwise, and where others have the processors busy the child gets hardly any."""
    asked = "lower_cpu_priority(); print(os.nice(0)); lower_cpu_priority(); print(os.nice(0))"
    program = [sys.executable, "-c", f"import os; from shared.process.program import lower_cpu_priority; {asked}"]
    once, twice = subprocess.check_output(program, text=True, cwd=ROOT).split()
    assert once == twice
    assert int(once) >= 10
