"""The source names one version everywhere, and the changelog describes it; part of `make check`."""

from __future__ import annotations

from release.contents import CHANGELOG, VERSIONED_FILES, released_on, version_of
from tests.support.paths import ROOT


def test_one_version_is_named_everywhere_and_has_a_section_in_the_changelog() -> None:
    """A release whose parts differ cannot be installed, and one that no section describes tells users nothing."""
    version = version_of({name: (ROOT / name).read_text("utf-8") for name in VERSIONED_FILES})
    released_on((ROOT / CHANGELOG).read_text("utf-8"), version)
