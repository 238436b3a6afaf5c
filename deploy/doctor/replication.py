"""Check replication: PostgreSQL's synchronous standbys, and the replicas of Kafka's partitions."""

from collections.abc import Iterable
from typing import NamedTuple

import psycopg
from psycopg.rows import args_row

from deploy.doctor.databases import connect, first_line
from deploy.doctor.finding import Checked, check

_STANDBYS = """
    SELECT count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')),
        count(*) FILTER (WHERE sync_state NOT IN ('sync', 'quorum')),
        current_setting('synchronous_standby_names'), current_setting('restart_after_crash')
    FROM pg_stat_replication WHERE state = 'streaming'
"""
_SHOWN = 5


class StandbyCounts(NamedTuple):
    """The standbys of a primary: how many it waits for, how many it does not wait for, and two of its settings."""

    synchronous: int
    asynchronous: int
    names: str
    restart_after_crash: str


@check("备库 standbys")
def standbys(admin_url: str) -> Checked:
    """Check that a failover to a standby can lose nothing that was acknowledged."""
    try:
        with connect(admin_url) as connection:
            (there,) = connection.cursor(row_factory=args_row(StandbyCounts)).execute(_STANDBYS).fetchall()
    except psycopg.Error as error:
        return [f"DATABASE_ADMIN_URL: {first_line(error)}"], ""
    return standby_faults(there), f"{there.synchronous} synchronous, {there.asynchronous} asynchronous"


def standby_faults(there: StandbyCounts) -> list[str]:
    """Report a primary that does not wait for its standbys, or waits for none that is there. No standby is no fault."""
    if not there.names:
        if not there.asynchronous:
            return []
        lost = "切换时会丢失已确认的数据 / a failover loses acknowledged data: set synchronous_standby_names"
        return [f"{there.asynchronous} 个异步备库 / asynchronous standbys: {lost}"]
    faults = []
    if not there.synchronous:
        faults.append(f"没有同步备库，写入等待 / commits wait: no standby of {there.names} is attached")
    if there.restart_after_crash != "off":
        faults.append(
            "崩溃后重启会显示备库没有的提交 / a restart after a crash shows commits that no standby has:"
            " set restart_after_crash to off"
        )
    return faults


class Replicas(NamedTuple):
    """The replicas of a partition, and how many of them are in sync."""

    partition: str
    total: int
    in_sync: int


def replica_faults(partitions: Iterable[Replicas]) -> list[str]:
    """Report partitions with replicas that are not in sync, as after the death of a broker."""
    behind = sorted(f"{one.partition} {one.in_sync}/{one.total}" for one in partitions if one.in_sync < one.total)
    if not behind:
        return []
    shown = ", ".join(behind[:_SHOWN])
    return [f"{len(behind)} 个分区副本未同步 / partitions have replicas out of sync: {shown}: check their brokers"]
