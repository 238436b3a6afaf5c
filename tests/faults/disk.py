"""File systems of their own that can be filled."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def mount_small(place: Path, size: str) -> bool:
    """Mount a file system of this size at `place`, which is created; return False without the right to mount."""
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "jiangbu-faults", place]
    return os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0


def unmount(place: Path) -> None:
    subprocess.run(["umount", "-l", place], check=True)


@contextlib.contextmanager
def filled(place: Path) -> Iterator[Callable[[], None]]:
    """Leave no room on the file system until the block ends; yields a function that fills what was freed meanwhile.

    PostgreSQL frees whole segments of WAL at each checkpoint. OSError if the file system does not fill.
    """
    ballast = place / "ballast"
    try:
        _fill(ballast)
        yield partial(_fill, ballast)
    finally:
        ballast.unlink()


def _fill(ballast: Path) -> None:
    file = os.open(ballast, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        size = shutil.disk_usage(ballast.parent).total
        for step in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    os.write(file, bytes(step))
        if shutil.disk_usage(ballast.parent).free > size // 10:
            raise OSError(errno.ENOSPC, "the file system does not fill")
    finally:
        os.close(file)
