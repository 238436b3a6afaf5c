"""Command lines of processes, which may end while a test looks for them."""

from __future__ import annotations

import psutil


def command_line(process: psutil.Process) -> list[str]:
    """Return the command line; empty if the process has ended."""
    try:
        found: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return found
