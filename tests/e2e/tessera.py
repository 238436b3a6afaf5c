"""Tessera's `fsck`, a checker of tlog-tiles logs that is not ours: built once where Go is, and run."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from shared.settings import load_local_settings

VERSION = "v1.0.4"
MODULE = "github.com/transparency-dev/tessera"
BUILT_WITHIN_S = 600


def fsck_program() -> Path:
    """The program, in the cache folder; the test is skipped where Go is not, or cannot get the module."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("没有 Go / Go is not installed")
    folder = load_local_settings().cache_folder / f"tessera-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "fsck"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _build(go, program)
    return program


def _build(go: str, program: Path) -> None:
    with tempfile.TemporaryDirectory(dir=program.parent) as scratch:
        done = subprocess.run(
            [go, "install", f"{MODULE}/cmd/fsck@{VERSION}"],
            env=os.environ | {"GOBIN": scratch, "CGO_ENABLED": "0"},
            check=False,
            capture_output=True,
            text=True,
            timeout=BUILT_WITHIN_S,
        )
        if done.returncode:
            pytest.skip(f"无法取得 / Go cannot get {MODULE}@{VERSION}: {done.stderr.strip().splitlines()[-1]}")
        (Path(scratch) / "fsck").rename(program)


def run_fsck(program: Path, url: str, key_file: Path, token: str = "") -> str:
    """What it says of the log; its exit code is 0 whatever it found."""
    done = subprocess.run(
        [program, "-ui=false", "-N=2", f"-storage_url={url}", f"-public_key={key_file}", f"-bearer_token={token}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stderr
