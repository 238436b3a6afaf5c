"""The mutation run: the changes it makes, and its list of survivors, which may only shrink."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.mutants import mutants_of
from tests.mutation.survivors import read_survivors
from tests.mutation.targets import MODULES, ROOT, SURVIVORS

MOST = 9  # lower it when a line is removed from the list


def changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> list[str]:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(source)
    return [mutant.name.removeprefix("m.py::f  ") for mutant in mutants_of(Path("m.py"))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a < b", ["return a < b  ->  return None", "a < b  ->  a <= b", "a < b  ->  a >= b"]),
        ("return a + 1", ["return a + 1  ->  return None", "a + 1  ->  a - 1", "a + 1  ->  a + 2"]),
        ("return 'a' + b", ["return 'a' + b  ->  return None"]),
        ("if a and b:\n  c()", ["if a and b  ->  if not (a and b)", "a and b  ->  a or b", "c()  ->  pass"]),
        ("if not a:\n  b += 1", ["not a  ->  a", "b += 1  ->  pass", "1  ->  2"]),
        ("for a in b:\n  continue", ["continue  ->  pass"]),
        ("a = max(b, key=c)", ["max(b, key=c)  ->  min(b, key=c)"]),
        ("a = sorted(b, key=c)", ["sorted(b, key=c)  ->  list(b)"]),
        ("a = [b for b in c if b is d]", ["for b in c if b is d  ->  for b in c", "b is d  ->  b is not d"]),
        (
            "a = True if b else c",
            ["True if b else c  ->  True if not b else c", "True if b else c  ->  False if b else c"],
        ),
        ("raise ValueError(1)", []),
        ('"""Text."""\nreturn None', []),
    ],
)
def test_what_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, expected: list[str]) -> None:
    source = "def f(a, b, c, d):\n" + "".join(f"  {line}\n" for line in body.splitlines())
    assert changes(tmp_path, monkeypatch, source) == expected


def test_equal_changes_of_one_function_are_numbered_and_methods_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "class C:\n  def f(self):\n    print(a < b, a < b)\n"
    assert [name for name in changes(tmp_path, monkeypatch, source) if "<=" in name] == [
        "m.py::C.f  a < b  ->  a <= b",
        "m.py::C.f  a < b  ->  a <= b (2)",
    ]


def test_the_list_of_survivors_is_sorted_has_reasons_and_only_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    survivors = read_survivors(SURVIVORS)
    names = {mutant.name for path in MODULES for mutant in mutants_of(path)}
    assert sorted(survivors.keys() - names) == [], "listed mutants that no longer exist"
    assert len(survivors) <= MOST


def test_no_mutant_of_amounts_survives_that_is_not_listed(extended: None) -> None:
    """Runs one module in seconds; `make mutation` runs all."""
    program = [sys.executable, "-m", "tests.mutation.run", "--only", "values/money.py::", "--tests"]
    done = subprocess.run(
        [*program, "tests/unit/values/test_money.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert " 0 survive" in done.stdout
