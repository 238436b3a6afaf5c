"""Check replication: PostgreSQL's standbys, the way to the primary, and the replicas of Kafka's partitions."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final, NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import args_row

from deploy.backup.server_copy import SLOT_PREFIX
from deploy.doctor.databases import Connection, connect, first_line
from deploy.doctor.finding import Checked, check
from shared.postgres.replication_state import wanted_standbys

_IS_STANDBY: Final = "SELECT pg_is_in_recovery()"
_STANDBYS: Final = """
    SELECT count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')),
        count(*) FILTER (WHERE sync_state NOT IN ('sync', 'quorum')),
        current_setting('synchronous_standby_names'), current_setting('restart_after_crash'),
        CAST(coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0) AS bigint)
    FROM pg_stat_replication WHERE state = 'streaming'
"""
_SLOTS: Final = """
    SELECT slot_name, CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS bigint)
    FROM pg_replication_slots
    WHERE NOT active AND restart_lsn IS NOT NULL AND NOT starts_with(slot_name, %s) ORDER BY 1
"""
_SERVER: Final = "SELECT coalesce(host(inet_server_addr()), ''), coalesce(inet_server_port(), 0)"
# A standby further behind delays a failover; a slot that keeps more WAL fills the disk.
_MOST_LAG_BYTES: Final = 256 << 20
_MOST_KEPT_BYTES: Final = 1 << 30
_TO_PRIMARY: Final = ("read-write", "primary")
_SHOWN: Final = 5


class StandbyCounts(NamedTuple):
    """The standbys of a primary: how many it waits for, how many it does not wait for, and two of its settings.

    `lag_bytes` is the WAL that the slowest of them has not replayed.
    """

    synchronous: int
    asynchronous: int
    names: str
    restart_after_crash: str
    lag_bytes: int = 0

    @property
    def are_asked_for(self) -> bool:
        """True if there are standbys, or commits wait for one."""
        return bool(self.synchronous or self.asynchronous or self.names)


class Slot(NamedTuple):
    """A standby's replication slot that it does not use, and the WAL that the server keeps for it."""

    name: str
    kept_bytes: int


class FrontDoor(NamedTuple):
    """How a URL leads to the primary: its hosts, `target_session_attrs`, and whether it was reached without a proxy."""

    hosts: tuple[str, ...]
    target: str
    is_direct: bool


@check("备库 standbys")
def standbys(admin_url: str) -> Checked:
    """Check that a failover to a standby can lose nothing that was acknowledged, and that programs follow it."""
    try:
        with connect(admin_url) as connection:
            if connection.execute(_IS_STANDBY).fetchone() == (True,):
                return ["DATABASE_ADMIN_URL: 通向备库 / leads to a standby: name the primary, or a proxy that does"], ""
            (there,) = connection.cursor(row_factory=args_row(StandbyCounts)).execute(_STANDBYS).fetchall()
            slots = connection.cursor(row_factory=args_row(Slot)).execute(_SLOTS, [SLOT_PREFIX]).fetchall()
            door = front_door(connection, admin_url)
    except psycopg.Error as error:
        return [f"DATABASE_ADMIN_URL: {first_line(error)}"], ""
    faults = standby_faults(there) + slot_faults(slots)
    if there.are_asked_for:
        faults += front_door_faults(door, "DATABASE_ADMIN_URL")
    return faults, f"{there.synchronous} synchronous, {there.asynchronous} asynchronous"


def way_to_primary(url: str) -> list[str]:
    """Report a service's URL that does not follow a failover, if its server has standbys."""
    try:
        with connect(url) as connection:
            (there,) = connection.cursor(row_factory=args_row(StandbyCounts)).execute(_STANDBYS).fetchall()
            return front_door_faults(front_door(connection, url), "DATABASE_URL") if there.are_asked_for else []
    except psycopg.Error as error:
        return [f"DATABASE_URL: {first_line(error)}"]


def standby_faults(there: StandbyCounts) -> list[str]:
    """Report a primary that does not wait for its standbys, or waits for more than there are.

    A server without standbys that waits for none is no fault.
    """
    if not there.names:
        if not there.asynchronous:
            return []
        lost = "切换时会丢失已确认的数据 / a failover loses acknowledged data: set synchronous_standby_names"
        return [f"{there.asynchronous} 个异步备库 / asynchronous standbys: {lost}"]
    faults = []
    if there.synchronous < wanted_standbys(there.names):
        faults.append(
            f"同步备库不足，写入等待 / commits wait: {there.synchronous} standbys of {there.names} are attached"
        )
    if there.restart_after_crash != "off":
        faults.append(
            "崩溃后重启会显示备库没有的提交 / a restart after a crash shows commits that no standby has:"
            " set restart_after_crash to off"
        )
    if there.lag_bytes > _MOST_LAG_BYTES:
        faults.append(
            f"备库落后 / a standby is {there.lag_bytes >> 20} MiB behind: check its disk, CPU and long queries"
        )
    return faults


def slot_faults(slots: Iterable[Slot]) -> list[str]:
    """Report slots for which the server keeps WAL although no standby uses them, until its disk is full."""
    return [
        f"复制槽 {slot.name} 无备库使用 / no standby uses slot {slot.name}, which keeps {slot.kept_bytes >> 20} MiB of"
        f" WAL: start its standby, or SELECT pg_drop_replication_slot('{slot.name}')"
        for slot in slots
        if slot.kept_bytes > _MOST_KEPT_BYTES
    ]


def front_door(connection: Connection, url: str) -> FrontDoor:
    """Return how the URL led to the server of the connection."""
    row = connection.execute(_SERVER).fetchone()
    given = conninfo_to_dict(url)
    hosts = str(given.get("host") or given.get("hostaddr") or "").split(",")
    is_direct = row in ((connection.info.hostaddr, connection.info.port), ("", 0))
    return FrontDoor(tuple(hosts), str(given.get("target_session_attrs") or "any"), is_direct)


def front_door_faults(door: FrontDoor, setting: str) -> list[str]:
    """Report a URL that does not lead to the new primary after a failover.

    A name may follow the primary, an address does not.
    """
    servers = "name all servers with target_session_attrs=read-write, or the proxies"
    if len(door.hosts) == 1:
        if door.is_direct and _is_address(door.hosts[0]):
            return [f"{setting}: 只指向一台服务器 / leads to one server alone: {servers}"]
        return []
    if door.is_direct and door.target not in _TO_PRIMARY:
        return [f"{setting}: 可能通向备库 / may lead to a standby: {servers}"]
    return []


def _is_address(host: str) -> bool:
    """Return True for an address, and for this machine's own name and socket."""
    try:
        ip_address(host)
    except ValueError:
        return host in ("", "localhost") or host.startswith("/")
    return True


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
