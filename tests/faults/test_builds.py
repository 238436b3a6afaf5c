"""Each edit of a build without a guard finds its text, so that renamed code is noticed before the campaign runs."""

from pathlib import Path

import pytest

from tests.faults.builds import GUARDS, Edit
from tests.faults.ha.builds import FENCES
from tests.support.paths import ROOT

EDITS = [edit for guard in (*GUARDS, *FENCES) for edit in guard.edits]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.file)
def test_the_text_of_a_guard_occurs_once(edit: Edit) -> None:
    assert (ROOT / edit.file).read_text("utf-8").count(edit.guard) == 1


@pytest.mark.parametrize("edit", [edit for edit in EDITS if edit.file.endswith(".sql")], ids=lambda edit: edit.file)
def test_no_later_migration_has_the_guard_again(edit: Edit) -> None:
    edited = ROOT / edit.file
    later = [file for file in edited.parent.glob("*.sql") if _number(file) > _number(edited)]
    assert [file.name for file in later if edit.guard in file.read_text("utf-8")] == []


def _number(migration: Path) -> str:
    return migration.name.removeprefix("r")
