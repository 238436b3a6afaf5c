"""A repository to release from: one commit, with the files of the project and a version of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from release.contents import CHANGELOG, LAST_OPENAPI, VERSIONED_FILES, version_of
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "7.8.9"
DAY = "2026-01-02"
_FOLDERS = ("services", "shared", "deploy", "release", "exchange_kit", "jiangbu_client", "spark", "docs")
_AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org")
_NO_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def project_version() -> str:
    """Return the version that the files of the project name."""
    return version_of({name: (ROOT / name).read_text("utf-8") for name in VERSIONED_FILES})


def git(folder: Path, *arguments: str) -> str:
    """Run git as an author without settings, and return its output."""
    command, environment = ["git", *_AUTHOR, *arguments], os.environ | _NO_SETTINGS
    return subprocess.check_output(command, cwd=folder, env=environment, text=True).strip()


def make_repository(folder: Path) -> None:
    """Copy the files as they are now into a folder, give them VERSION and DAY, and commit them."""
    for path in ROOT.iterdir():
        if path.is_file() and path.name != ".git":
            shutil.copy(path, folder)
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "generated"))
    current = project_version()
    for name in VERSIONED_FILES:
        (folder / name).write_text((folder / name).read_text("utf-8").replace(current, VERSION), "utf-8")
    (folder / CHANGELOG).write_text(f"# Changelog\n\n## [{VERSION}] - {DAY}\n", "utf-8")
    (folder / LAST_OPENAPI / "listing.json").write_text("{}", "utf-8")
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "Release")
