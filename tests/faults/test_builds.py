"""Each edit of a build without a guard finds its text, so that renamed code is noticed before the campaign runs."""

import pytest

from tests.faults.builds import GUARDS, Edit
from tests.faults.ha.builds import FENCES
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    "edit", [edit for guard in (*GUARDS, *FENCES) for edit in guard.edits], ids=lambda edit: edit.file
)
def test_the_text_of_a_guard_occurs_once(edit: Edit) -> None:
    assert (ROOT / edit.file).read_text("utf-8").count(edit.guard) == 1
