"""Limits on the length of some texts; part of `make check`."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.support.paths import ROOT

MOST_SUBJECT = 72
# Commits from before this rule are longer.
COMMITS = 30


@pytest.mark.parametrize("file", ["README.md"])
def test_the_first_page_is_short(file: str) -> None:
    """New readers want to know what the project is and how to start; everything else has its own page."""
    assert len((ROOT / file).read_text("utf-8").splitlines()) <= 150


def test_the_overview_is_short() -> None:
    """An overview must be quick to read; each subject has its own page in docs."""
    words = re.findall(r"[\w'’-]+", (ROOT / "ARCHITECTURE.md").read_text("utf-8"))
    assert len(words) <= 1_500


def test_subjects_of_commits_are_short() -> None:
    """Subjects are read in lists that show 72 characters; the reason belongs in the body."""
    told = subprocess.run(
        ["git", "log", "--no-merges", "--format=%s", f"-{COMMITS}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [subject for subject in told.stdout.splitlines() if len(subject) > MOST_SUBJECT] == []
