"""What one of all workers does at a time: the one whose session of PostgreSQL holds the lock of that work."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, text

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK: Final = "hashtextextended('jiangbu.' || :work, 0)"
_LEAD: Final = text(f"SELECT pg_try_advisory_lock({_LOCK})")
_KEEP_OUT: Final = text(f"SELECT pg_try_advisory_xact_lock({_LOCK})")


@dataclass(frozen=True)
class LeaderLock:
    """A worker that would do some work. `session` fails once it is gone, and the lock with it."""

    session: Connection
    work: str

    def try_acquire(self) -> bool:
        """Whether the work is its own now, from here to the end of the session. Does not wait for who has it."""
        return bool(self.session.execute(_LEAD, {"work": self.work}).scalar())


@contextmanager
def leader_lock(engine: Engine, work: str) -> Iterator[LeaderLock]:
    """A session of its own for who would do the work; what it does in it is committed at once."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        # The lock is the session's: it must end with it, not go back to the pool.
        session.detach()
        yield LeaderLock(session, work)


def exclude_leader(connection: Connection, work: str) -> bool:
    """Whether nobody does the work now; then none begins before the transaction ends."""
    return bool(connection.execute(_KEEP_OUT, {"work": work}).scalar())
