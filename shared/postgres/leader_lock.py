"""Leader election by a PostgreSQL session advisory lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine

from shared.postgres.query import fetch_value

_KEY: Final = "hashtextextended('jiangbu.' || %(work)s, 0)"
_TRY_ACQUIRE: Final = f"SELECT pg_try_advisory_lock({_KEY})"
_TRY_SHARE: Final = f"SELECT pg_try_advisory_xact_lock_shared({_KEY})"
_TRY_EXCLUDE: Final = f"SELECT pg_try_advisory_xact_lock({_KEY})"


@dataclass(frozen=True)
class LeaderLock:
    """A candidate for some work. If its session is lost, statements fail and the lock is free."""

    session: Connection
    work: str

    def try_acquire(self) -> bool:
        """Return True if this candidate leads, from now to the end of the session. Does not wait for another leader."""
        return fetch_value(self.session, _TRY_ACQUIRE, bool, work=self.work)


@contextmanager
def leader_lock(engine: Engine, work: str) -> Iterator[LeaderLock]:
    """Open a session of its own for a candidate; each statement in it is committed at once."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        # The lock must end with the session, so the connection does not return to the pool.
        session.detach()
        yield LeaderLock(session, work)


def exclude_leader(connection: Connection, work: str) -> bool:
    """Return True if nobody leads now; then nobody can before the transaction ends."""
    return fetch_value(connection, _TRY_EXCLUDE, bool, work=work)


def has_leader(connection: Connection, work: str) -> bool:
    """Return True if somebody leads now. If nobody does, nobody can before the transaction ends."""
    return not fetch_value(connection, _TRY_SHARE, bool, work=work)
