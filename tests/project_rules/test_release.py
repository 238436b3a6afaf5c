"""The source names one version everywhere, and the changelog describes it; part of `make check`."""

from __future__ import annotations

from release.contents import CHANGELOG, released_on
from tests.support.paths import ROOT
from tests.support.releases.repository import project_version


def test_one_version_is_named_everywhere_and_has_a_section_in_the_changelog() -> None:
    """A release whose parts differ cannot be installed, and one that no section describes tells users nothing."""
    released_on((ROOT / CHANGELOG).read_text("utf-8"), project_version())
