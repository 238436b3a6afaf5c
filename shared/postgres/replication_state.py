"""The state of replication, as the primary shows it: which standbys are attached, and whether commits wait for one."""

import re
from typing import Final, NamedTuple

from sqlalchemy import Connection

from shared.postgres.query import fetch

# A commit that waits for so long waits for a standby that does not answer; usually it is a few milliseconds.
WAITS_TOO_LONG_S: Final = 3.0
_NUMBER: Final = re.compile(r"\s*(?:ANY|FIRST)?\s*(\d+)\s*\(", re.IGNORECASE)
# One row for each attached standby, or one without any. Only a role with pg_read_all_stats sees standbys, and the waits
# of others. A server in recovery knows nothing of the primary's standbys: no rows.
_STATE: Final = """
    SELECT current_setting('synchronous_standby_names'), pg_has_role('pg_read_all_stats', 'USAGE'),
        (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0)::float8
         FROM pg_stat_activity WHERE wait_event = 'SyncRep'),
        r.sync_state, CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn) AS bigint)
    FROM (SELECT) AS one LEFT JOIN pg_stat_replication r ON r.state = 'streaming' WHERE NOT pg_is_in_recovery()
"""


class AttachedStandbys(NamedTuple):
    """The attached standbys: how many commits can wait for, and by how many bytes of WAL the slowest is behind."""

    synchronous: int
    lag_bytes: int


class ReplicationState(NamedTuple):
    """For how many standbys each commit waits (0: none), and for how long the longest has been waiting.

    `standbys` is None if the role may not see them.
    """

    wanted: int
    waiting_s: float
    standbys: AttachedStandbys | None

    @property
    def is_missing(self) -> bool:
        """True if commits wait, or would wait, for a standby that does not answer."""
        if self.wanted == 0:
            return False
        lacks = self.standbys is not None and self.standbys.synchronous < self.wanted
        return lacks or self.waiting_s >= WAITS_TOO_LONG_S


def wanted_standbys(names: str) -> int:
    """Return for how many standbys a commit waits with this value of synchronous_standby_names."""
    number = _NUMBER.match(names)
    return int(number[1]) if number else int(bool(names.strip()))


def read_replication(connection: Connection) -> ReplicationState | None:
    """Read the state from the primary; None from a standby."""
    rows = fetch(connection, _STATE, tuple[str, bool, float, str | None, int | None])
    if not rows:
        return None
    names, may_see, waiting_s, *_ = rows[0]
    standbys = [(sync_state, lag_bytes or 0) for *_, sync_state, lag_bytes in rows if sync_state is not None]
    attached = AttachedStandbys(
        sum(sync_state in ("sync", "quorum") for sync_state, _ in standbys),
        max((lag_bytes for _, lag_bytes in standbys), default=0),
    )
    return ReplicationState(wanted_standbys(names), waiting_s, attached if may_see else None)
