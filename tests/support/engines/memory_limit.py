"""A cgroup, version 1 or 2, that limits the memory of a process."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOTS = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
    (Path("/sys/fs/cgroup"), "memory.max", "memory.swap.max"),
)


@contextmanager
def limited_memory(limit_bytes: int) -> Iterator[tuple[str, ...] | None]:
    """Yield a command that starts another one within the limit; None where no cgroup can be created."""
    folder = _new_group(limit_bytes)
    if folder is None:
        yield None
        return
    try:
        yield ("/bin/sh", "-c", f'echo $$ > {folder}/cgroup.procs && exec "$@"', "sh")
    finally:
        until(lambda: not (folder / "cgroup.procs").read_text())  # children of a killed program end a moment later
        folder.rmdir()


def _new_group(limit_bytes: int) -> Path | None:
    for root, limit, swap in _ROOTS:
        folder = root / f"jiangbu-{uuid.uuid4().hex[:8]}"
        try:
            folder.mkdir()
            (folder / limit).write_text(str(limit_bytes))
        except OSError:
            if folder.is_dir():
                folder.rmdir()
            continue
        if (folder / swap).exists():
            (folder / swap).write_text("0" if swap == "memory.swap.max" else str(limit_bytes))
        return folder
    return None


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process has had resident."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) << 10
