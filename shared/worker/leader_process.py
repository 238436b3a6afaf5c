"""Run a program of its own next to the consumers, started by the one that leads."""

import subprocess
import threading
from collections.abc import Sequence

from sqlalchemy import Engine

from shared.postgres.leader_lock import leader_lock

STOPS_WITHIN_S = 3.0


def run_as_leader(engine: Engine, work: str, command: Sequence[str], stop: threading.Event) -> bool:
    """Run a command unless another consumer leads this work; return False if it failed.

    When `stop` is set it gets SIGTERM, and SIGKILL after STOPS_WITHIN_S.
    """
    with leader_lock(engine, work) as leader:
        if not leader.try_acquire():
            return True
        process = subprocess.Popen(command)  # noqa: S603 - ours
        try:
            while process.poll() is None and not stop.wait(0.1):
                pass
        finally:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return process.returncode == 0
