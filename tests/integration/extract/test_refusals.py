"""Every refusal of the verifier is reported with file, line and reason, and every place that refuses has a row."""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from importlib.resources import files as package_files
from typing import TYPE_CHECKING

import pytest

from services.incentive.verifier.report import UsageError
from tests.support.extracts.refusals import HERE, MISUSES, REFUSALS, Extract, Misuse, Refusal
from tests.support.incentive.extract_makers import files, makers_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def extract(postgres, tmp_path_factory) -> Iterator[Extract]:
    with makers_of(postgres, tmp_path_factory.mktemp("refusals")) as makers:
        yield Extract(files(makers.extract(evidence="registers")), makers.keys(), tmp_path_factory.mktemp("changed"))


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row.file}: {row.reason}")
def test_what_is_changed_is_refused_with_file_line_and_reason(extract: Extract, row: Refusal) -> None:
    fault, line = extract.check(row)
    assert fault.message.en == row.reason, fault
    assert fnmatch(fault.file or "", row.file), fault
    assert fault.line == (line if row.line == HERE else row.line), fault


@pytest.mark.parametrize("row", MISUSES, ids=lambda row: row.reason)
def test_a_call_that_cannot_be_answered_is_refused(extract: Extract, row: Misuse) -> None:
    with pytest.raises(UsageError) as raised:
        row.call(extract)
    assert raised.value.message.en == row.reason


def test_every_refusal_has_a_row(extract: Extract) -> None:
    """The rows reach every place in the verifier's source that raises a refusal; steps have tests of their own."""
    reached = {site(extract.check(row)[0]) for row in REFUSALS}
    for misuse in MISUSES:
        with pytest.raises(UsageError) as raised:
            misuse.call(extract)
        reached.add(site(raised.value))
    assert {one for one in sites() - reached if one[0] != "history.py"} == set()


def site(error: BaseException) -> tuple[str, int]:
    """The module and line that raised an error."""
    trace = error.__traceback__
    assert trace is not None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename.rpartition("/")[2], trace.tb_lineno


def sites() -> set[tuple[str, int]]:
    found = set()
    for module in package_files("services.incentive.verifier").iterdir():
        if not module.name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            match node:
                case ast.Raise(exc=ast.Call(func=ast.Name(id="Unsound" | "UsageError" | "unreadable"))):
                    found.add((module.name, node.lineno))
    assert len(found) > 100
    return found
