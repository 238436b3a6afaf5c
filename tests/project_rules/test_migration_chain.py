"""The migrations of a service are one chain: two that follow the same one would leave databases that cannot go on."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = sorted(ROOT.glob("services/*/migrations/versions"))
NAME = re.compile(r"r?(?P<number>[0-9]{4})_[a-z_]+")


def constants(file: Path) -> dict[str, object]:
    """The module's names that are set to a constant."""
    return {
        target.id: statement.value.value
        for statement in ast.parse(file.read_text("utf-8")).body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def chain_faults(revisions: list[tuple[str, object, object]]) -> list[str]:
    """What is wrong with migrations, given by file name, `revision` and `down_revision`; in the order of revisions."""
    faults = []
    for name, revision, _ in revisions:
        match = NAME.fullmatch(name)
        if match is None or match["number"] != revision:
            faults.append(f"{name}: its number is not its revision, {revision}")
    ordered = sorted(revisions, key=lambda one: str(one[1]))
    if ordered and ordered[0][2] is not None:
        faults.append(f"{ordered[0][0]}: the first follows none")
    for (_, before, _), (name, revision, follows) in pairwise(ordered):
        if revision == before:
            faults.append(f"{name}: another has the revision {revision}")
        elif follows != before:
            faults.append(f"{name}: follows {follows}, but must follow {before}")
    return faults


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parts[-3])
def test_migrations_are_numbered_once_and_follow_each_other(folder: Path) -> None:
    files = [file for file in folder.glob("*.py") if file.stem != "__init__"]
    found = [(file.stem, *map(constants(file).get, ("revision", "down_revision"))) for file in sorted(files)]
    assert found
    assert chain_faults(found) == []


@pytest.mark.parametrize(
    ("revisions", "fault"),
    [
        ([("0001_a", "0001", None), ("0003_b", "0003", "0001")], None),
        ([("0001_a", "0001", None), ("0002_b", "0003", "0001")], "its number"),
        ([("0001_a", "0001", None), ("0002_b", "0002", "0001"), ("0002_c", "0002", "0001")], "another has"),
        ([("0001_a", "0001", None), ("0002_b", "0002", "0001"), ("0003_c", "0003", "0001")], "must follow 0002"),
        ([("0001_a", "0001", "0000")], "follows none"),
    ],
)
def test_what_is_no_chain_is_named(revisions: list[tuple[str, object, object]], fault: str | None) -> None:
    found = chain_faults(revisions)
    assert (found == []) if fault is None else (len(found) == 1 and fault in found[0])
