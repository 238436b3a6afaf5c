"""The lock by which a command that recovers a service keeps its consumers from starting meanwhile."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine

from shared.postgres.leader_lock import has_leader, leader_lock

_WORK: Final = "recovery"
_POLL_S: Final = 0.1


class RecoveryRunningError(Exception):
    """A command recovers the service; its consumers wait for the end."""


def check_no_recovery(engine: Engine) -> None:
    """Raise RecoveryRunningError while a command recovers the service."""
    with engine.begin() as connection:
        if has_leader(connection, _WORK):
            raise RecoveryRunningError("正在恢复（`jiangbu ha recover`） / `jiangbu ha recover` is running")


@contextmanager
def recovering(engine: Engine) -> Iterator[None]:
    """Keep consumers that start from going on until the block ends. Waits for another recovery."""
    with leader_lock(engine, _WORK) as leader:
        while not leader.try_acquire():
            time.sleep(_POLL_S)
        yield
