"""Run Tessera's `fsck`, an independent checker of tlog-tiles logs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def run_fsck(program: Path, url: str, key_file: Path, token: str = "") -> str:
    """Return the report about the log. The exit code is always 0."""
    done = subprocess.run(
        [program, "-ui=false", "-N=2", f"-storage_url={url}", f"-public_key={key_file}", f"-bearer_token={token}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stderr
