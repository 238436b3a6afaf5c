"""A planned switchover: order it where it loses nothing, and wait until the new primary answers."""

import time
from collections.abc import Mapping
from typing import Final, NamedTuple

import psycopg

from deploy.doctor.databases import first_line
from deploy.ha.disk_watch import DiskRoom
from deploy.ha.nodes import Cluster
from deploy.ha.patroni_api import PatroniMember, PatroniMembers, order_switchover, read_members, read_rooms
from deploy.ha.status import server_behind
from shared.language import say
from shared.operator_errors import OperatorError

_ANSWER_TIMEOUT_S: Final = 60.0
_POLL_S: Final = 0.1


class SwitchoverError(OperatorError):
    """A switchover is refused or did not come to an end; the message says why."""


class Switchover(NamedTuple):
    """A switchover that can be ordered: the primary, and the standby that replaces it; Patroni elects it if None."""

    leader: PatroniMember
    candidate: PatroniMember | None

    @property
    def new_primary(self) -> str:
        return self.candidate.name if self.candidate else say("Patroni 选出的备库", "the standby that Patroni elects")


def plan_switchover(cluster: Cluster, to: str | None) -> Switchover:
    """Choose the standby `to`, or leave the choice to Patroni. PatroniError, SwitchoverError."""
    return choose(read_members(cluster), to, read_rooms(cluster) or {})


def choose(members: PatroniMembers, to: str | None, rooms: Mapping[str, DiskRoom]) -> Switchover:
    """Return the switchover to `to`, or to the standby that Patroni elects. SwitchoverError if it would lose something.

    Patroni makes a standby that is named the primary even if another has a newer commit, which it has if the server
    ends before it has sent its last WAL. So none is named where its shutdown may find no room.
    """
    if members.leader is None:
        raise SwitchoverError("没有主库 / there is no primary: `jiangbu ha status`")
    attached = {member.name: member for member in members.members if member.is_attached}
    if not attached:
        raise SwitchoverError("没有同步备库，切换会丢失数据 / no synchronous standby is attached: data would be lost")
    if to is None:
        return Switchover(members.leader, None)
    if to not in attached:
        raise SwitchoverError(
            f"{to}: 不是已连接的同步备库 / is not an attached synchronous standby: {', '.join(attached)}"
        )
    room = rooms.get(members.leader.name)
    if room is not None and not room.is_enough_for_shutdown:
        raise SwitchoverError(
            f"{members.leader.name} 只余 {room.free >> 20} MiB，指定备库可能丢失提交，请去掉 --to /"
            f" has only {room.free >> 20} MiB free: naming the standby could lose commits, leave out --to"
        )
    return Switchover(members.leader, attached[to])


class SwitchoverResult(NamedTuple):
    """The new primary, and the seconds until it answered through the front door."""

    primary: str
    took_s: float


def switch_over(cluster: Cluster, planned: Switchover, admin_url: str, password: str | None) -> SwitchoverResult:
    """Order the switchover, and wait until the new primary answers through the front door, `admin_url`.

    PatroniError, SwitchoverError.
    """
    began_s = time.monotonic()
    order_switchover(cluster, planned.leader, planned.candidate, password)
    primary = _await_primary(cluster, planned.leader, admin_url, began_s + _ANSWER_TIMEOUT_S)
    return SwitchoverResult(primary, time.monotonic() - began_s)


def _await_primary(cluster: Cluster, before: PatroniMember, admin_url: str, deadline_s: float) -> str:
    """Return the name of the primary once it is another one and answers."""
    reason = "通向备库 / leads to a standby"
    while time.monotonic() < deadline_s:
        try:
            leader = read_members(cluster).leader
            if leader is not None and leader.name != before.name and server_behind(admin_url).is_primary:
                return leader.name
        except psycopg.Error as error:
            reason = first_line(error)
        time.sleep(_POLL_S)
    raise SwitchoverError(f"DATABASE_ADMIN_URL: {reason}")
