"""The state of a highly available set: its PostgreSQL servers, etcd, proxies and brokers, and whether it is whole."""

import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, NamedTuple

import msgspec
import psycopg
from kafka.errors import KafkaError
from psycopg.rows import args_row

from deploy.broker.admin import connect_admin
from deploy.doctor.cluster import read_brokers
from deploy.doctor.databases import connect, first_line
from deploy.ha.disk_watch import DiskRoom
from deploy.ha.nodes import Cluster, Machine
from deploy.ha.patroni_api import (
    PatroniError,
    PatroniMember,
    PatroniMembers,
    is_etcd_healthy,
    read_members,
    read_rooms,
)
from shared.settings import KafkaSettings

Kind = Literal["postgresql", "etcd", "proxy", "kafka"]

WHOLE: Final = 0
DEGRADED: Final = 1
UNREACHABLE: Final = 2
# A standby further behind would delay a failover; it is one WAL segment.
_MAX_LAG_BYTES: Final = 16 << 20
_NO_ANSWER: Final = "无应答 / no answer"
_SERVER: Final = "SELECT host(inet_server_addr()), inet_server_port(), NOT pg_is_in_recovery()"


class SetPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of the set: what it is, its state, and its fault, if any (中文 / English).

    `sync` is `sync`, `quorum` or `async`; `behind` counts the partitions whose replica on this broker is out of sync;
    `free_bytes` is the room for PostgreSQL on its machine.
    """

    kind: Kind
    name: str
    address: str
    state: str
    role: str = ""
    sync: str = ""
    timeline: int | None = None
    lag_bytes: int | None = None
    behind: int | None = None
    free_bytes: int | None = None
    fault: str = ""


class Server(NamedTuple):
    """The server behind a proxy: its own address, and whether it accepts writes."""

    host: str | None
    port: int | None
    is_primary: bool


def examine_set(cluster: Cluster, admin_url: str, kafka: KafkaSettings) -> list[SetPart]:
    """Ask every part of the set for its state, several at a time."""
    with ThreadPoolExecutor(3 + len(cluster.machines)) as pool:
        asked = pool.submit(_members, cluster)
        rooms = pool.submit(read_rooms, cluster)
        brokers = pool.submit(lambda: list(_brokers(cluster.machines, kafka)))
        etcd = pool.map(lambda one: _etcd(cluster, one), cluster.machines)
        members = asked.result()
        proxies = pool.map(lambda one: _proxy(one, admin_url, members), cluster.proxies)
        return [*servers(cluster.machines, members, rooms.result()), *etcd, *proxies, *brokers.result()]


def verdict(parts: Sequence[SetPart]) -> int:
    """WHOLE without any fault; UNREACHABLE if no proxy leads to a primary, or no broker answers; else DEGRADED."""
    reached = {part.kind for part in parts if part.role == "primary" or (part.kind == "kafka" and part.state == "up")}
    if not reached >= {"proxy", "kafka"}:
        return UNREACHABLE
    return DEGRADED if any(part.fault for part in parts) else WHOLE


def _members(cluster: Cluster) -> PatroniMembers:
    try:
        return read_members(cluster)
    except PatroniError:
        return PatroniMembers(())


def servers(
    machines: Iterable[Machine], members: PatroniMembers, rooms: Mapping[str, DiskRoom] | None
) -> Iterator[SetPart]:
    """Yield the PostgreSQL server of each machine, as Patroni knows it; `rooms` is None if nobody knows them."""
    known = {member.name: member for member in members.members}
    for machine in machines:
        address = machine.at(machine.ports.postgres)
        room = None if rooms is None else rooms.get(machine.name)
        if (member := known.get(machine.name)) is None:
            yield SetPart("postgresql", machine.name, address, "unknown", fault=f"Patroni {_NO_ANSWER}")
        else:
            fault = _primary_fault(member, members) if member.is_leader else _standby_fault(member, members)
            yield SetPart(
                "postgresql",
                member.name,
                address,
                member.state,
                role="primary" if member.is_leader else "standby",
                sync=member.sync,
                timeline=member.timeline,
                lag_bytes=member.lag if isinstance(member.lag, int) else None,
                free_bytes=room.free if room else None,
                fault=fault if fault or rooms is None else _room_fault(room),
            )


def _room_fault(room: DiskRoom | None) -> str:
    if room is None:
        return "磁盘值守未运行 / the disk watch does not run: start jiangbu-disk-watch"
    if room.is_short:
        least = f"{room.least >> 20} MiB"
        return f"磁盘余量不足 {least} / less than {least} are free on its disk"
    return ""


def _primary_fault(primary: PatroniMember, members: PatroniMembers) -> str:
    if primary.state != "running":
        return "主库未运行 / the primary does not run"
    if not any(member.is_attached for member in members.members):
        return "没有同步备库，写入等待 / commits wait: no synchronous standby is attached"
    return "自动切换已暂停 / failover is paused: patronictl resume" if members.pause else ""


def _standby_fault(standby: PatroniMember, members: PatroniMembers) -> str:
    if standby.state != "streaming":
        return "未接收 WAL / does not receive WAL"
    if members.leader is not None and standby.timeline != members.leader.timeline:
        return "时间线与主库不同 / is on another timeline than the primary"
    if isinstance(standby.lag, str) or (standby.lag or 0) > _MAX_LAG_BYTES:
        return "落后过多 / is too far behind"
    return ""


def _etcd(cluster: Cluster, machine: Machine) -> SetPart:
    is_healthy = is_etcd_healthy(cluster, machine)
    state, fault = ("healthy", "") if is_healthy else ("unhealthy", "无应答或无多数 / no answer, or no quorum")
    return SetPart("etcd", machine.name, machine.at(machine.ports.etcd), state, fault=fault)


def _proxy(machine: Machine, admin_url: str, members: PatroniMembers) -> SetPart:
    """Connect through the proxy of a machine and say which server it leads to."""
    address = machine.at(machine.ports.primary)
    try:
        server = server_behind(admin_url, host=machine.host, port=str(machine.ports.primary))
    except psycopg.Error as error:
        fault = f"未到达主库 / reaches no primary: {first_line(error)}"
        return SetPart("proxy", machine.name, address, "down", fault=fault)
    state = f"-> {_member_at(server, members)}"
    if not server.is_primary:
        return SetPart("proxy", machine.name, address, state, role="standby", fault="通向备库 / leads to a standby")
    return SetPart("proxy", machine.name, address, state, role="primary")


def server_behind(admin_url: str, **changes: str) -> Server:
    """Connect by the URL with other parameters, such as the host of a proxy; return the server that answers.

    psycopg.Error.
    """
    with connect(admin_url, **changes) as connection:
        (server,) = connection.cursor(row_factory=args_row(Server)).execute(_SERVER).fetchall()
        return server


def _member_at(server: Server, members: PatroniMembers) -> str:
    """Return the name of the member with that address, or the address if no member has it."""
    for member in members.members:
        if member.port == server.port and server.host in _resolved(member.host):
            return member.name
    return f"{server.host}:{server.port}"


def _resolved(host: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()


def _brokers(machines: Iterable[Machine], kafka: KafkaSettings) -> Iterator[SetPart]:
    try:
        with connect_admin(kafka) as admin:
            alive = read_brokers(admin).versions.keys()
            behind = Counter(
                int(node)
                for topic in admin.describe_topics()
                for partition in topic["partitions"]
                for node in set(partition["replica_nodes"]) - set(partition["isr_nodes"])
            )
    except (KafkaError, OSError) as error:
        for machine in machines:
            fault = f"{_NO_ANSWER}: {error!r}"
            yield SetPart("kafka", machine.name, machine.at(machine.ports.kafka), "unknown", fault=fault)
        return
    for machine in machines:
        yield broker_part(machine, is_up=machine.number in alive, behind=behind[machine.number])


def broker_part(machine: Machine, *, is_up: bool, behind: int) -> SetPart:
    """Return the broker of a machine; `behind` counts the partitions whose replica on it is out of sync."""
    fault = f"{behind} 个分区副本未同步 / partitions have replicas out of sync" if behind else ""
    address, state = machine.at(machine.ports.kafka), "up" if is_up else "down"
    return SetPart("kafka", machine.name, address, state, behind=behind, fault=fault if is_up else _NO_ANSWER)
