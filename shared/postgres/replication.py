"""Synchronous replication: a commit counts once a standby has acknowledged it, and only what it covers may leave.

PostgreSQL commits locally before it waits for the standby. If the wait is cancelled or its session ends, the commit is
visible although no standby may have it, and a failover then loses what others have seen. Where no synchronous standby
is configured, nothing here waits.
"""

from typing import Final

import psycopg
from sqlalchemy import Connection

from shared.postgres.query import execute

# "canceling wait for synchronous replication", after a cancel or at the end of the session.
_WAIT_ENDED: Final = ("01000", "57P01")
# A transaction that wrote no WAL does not wait. The message is the smallest record that makes it wait. A demoted server
# shows commits that no other has, and may have no standbys configured any more. The message would fail there like a bug
# of PostgreSQL; pg_current_xact_id refuses as every write does.
_WRITE_WAL: Final = """
    SELECT pg_current_xact_id(), pg_logical_emit_message(true, 'jiangbu', '')
    WHERE pg_is_in_recovery() OR current_setting('synchronous_standby_names') <> ''
"""


class UnreplicatedCommitError(psycopg.OperationalError):
    """The server stopped waiting for its standby: the commit may be lost in a failover, so it is unknown."""


class ReplicatedConnection(psycopg.Connection[tuple[object, ...]]):
    """A connection whose `commit` closes it and raises UnreplicatedCommitError if the server stopped waiting."""

    def __init__(self, pgconn: psycopg.pq.abc.PGconn) -> None:
        super().__init__(pgconn)
        self._wait_ended = False
        self.add_notice_handler(self._note_warning)

    def commit(self) -> None:
        self._wait_ended = False
        super().commit()
        if self._wait_ended:
            self.close()
            raise UnreplicatedCommitError(
                "数据库不再等待备库确认，提交结果未知 / the database stopped waiting for its standby, so the outcome of"
                " the commit is unknown"
            )

    def _note_warning(self, notice: psycopg.errors.Diagnostic) -> None:
        # A session that is ended just behind its commit says so by the same code, but as FATAL.
        is_ended_wait = notice.severity_nonlocalized == "WARNING" and notice.sqlstate in _WAIT_ENDED
        self._wait_ended = self._wait_ended or is_ended_wait


def require_replication(connection: Connection) -> None:
    """Have the commit of this transaction wait for the synchronous standby, also if the transaction only read.

    The standby has everything that the transaction saw once its commit succeeds, because the commit comes later in the
    WAL. UnreplicatedCommitError is raised by the commit, and a read-only error (transient) here by a demoted server.
    """
    execute(connection, _WRITE_WAL)
