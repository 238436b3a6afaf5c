"""The image of a release: an archive that an engine loads and runs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from release.build import export, save_image
from tests.compose.stack import READY_WITHIN_S, run
from tests.support.releases.repository import VERSION, make_repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compose.stack import Stack


def test_the_image_can_be_loaded_and_has_the_version(built: Stack, tmp_path: Path) -> None:
    """It is built after the set's, whose layers of packages it shares."""
    for name in ("repository", "source", "made"):
        (tmp_path / name).mkdir()
    make_repository(tmp_path / "repository")
    tag = f"jiangbu:{VERSION}"
    try:
        save_image(export(tmp_path / "repository", tmp_path / "source"), tmp_path / "made")
        run(["docker", "image", "rm", tag], READY_WITHIN_S)
        run(["docker", "load", "--input", tmp_path / "made" / f"jiangbu-{VERSION}-image.tar"], READY_WITHIN_S)
        shown = "import importlib.metadata as installed; print(installed.version('jiangbu'))"
        assert run(["docker", "run", "--rm", tag, "python", "-c", shown], READY_WITHIN_S).strip() == VERSION
    finally:
        subprocess.run(["docker", "image", "rm", tag], check=False, capture_output=True)
