"""Programs that others wrote in Go, to hold ours against: built once where Go is."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from shared.settings import load_local_settings

BUILT_WITHIN_S = 600


def go_program(module: str, package: str, version: str) -> Path:
    """A program of the module, in the cache folder; the test is skipped where Go is not, or cannot get the module."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("没有 Go / Go is not installed")
    folder = load_local_settings().cache_folder / f"{module.rpartition('/')[2]}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / package.rpartition("/")[2]
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _build(go, f"{module}/{package}@{version}", program)
    return program


def _build(go: str, named: str, program: Path) -> None:
    with tempfile.TemporaryDirectory(dir=program.parent) as scratch:
        done = subprocess.run(
            # They run for seconds: what optimizing them takes, they do not give back.
            [go, "install", "-gcflags=all=-N -l", named],
            env=os.environ | {"GOBIN": scratch, "CGO_ENABLED": "0"},
            check=False,
            capture_output=True,
            text=True,
            timeout=BUILT_WITHIN_S,
        )
        if done.returncode:
            pytest.skip(f"无法取得 / Go cannot get {named}: {done.stderr.strip().splitlines()[-1]}")
        (Path(scratch) / program.name).rename(program)
