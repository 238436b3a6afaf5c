"""The guard: a program that ends PostgreSQL servers which outlive their set.

Patroni starts PostgreSQL in a session of its own, so that it outlives Patroni. If the supervisor of the set is killed,
nothing else would stop it. The guard waits for the lock of the data folder, which the supervisor holds.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from devset.processes import ENGINE_STOP_TIMEOUT_S, READY_POLL_S


def postmaster(data: Path) -> int | None:
    """Return the process id of the PostgreSQL that runs on a data folder."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        if str(data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    return None


def end_servers(folders: Iterable[Path]) -> None:
    """Shut down at once the servers that run on the data folders."""
    for data in folders:
        _signal(data, signal.SIGQUIT)


def shut_down_servers(folders: Iterable[Path]) -> None:
    """Shut down servers in order, the primary first, so that its standbys receive all that it has."""
    for data in sorted(folders, key=lambda data: (data / "standby.signal").exists()):
        _signal(data, signal.SIGINT)
        deadline = time.monotonic() + ENGINE_STOP_TIMEOUT_S
        while postmaster(data) and time.monotonic() < deadline:
            time.sleep(READY_POLL_S)
        _signal(data, signal.SIGQUIT)


def _signal(data: Path, number: signal.Signals) -> None:
    if pid := postmaster(data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def start_guard(lock_file: Path, folders: Iterable[Path]) -> subprocess.Popen[bytes]:
    """Start the guard of the servers on the data folders. It outlives the process group."""
    command = [sys.executable, "-m", "devset.ha.guard", str(lock_file), *map(str, folders)]
    return subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def main(lock_file: str, *folders: str) -> None:
    with Path(lock_file).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        end_servers(map(Path, folders))


if __name__ == "__main__":
    main(*sys.argv[1:])
