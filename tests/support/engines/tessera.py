"""Tessera's `fsck`, a checker of tlog-tiles logs that is not ours: built once where Go is, and run."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.support.engines.go_programs import go_program

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "v1.0.4"


def fsck_program() -> Path:
    """The program; the test is skipped where it cannot be had."""
    return go_program("github.com/transparency-dev/tessera", "cmd/fsck", VERSION)


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
