"""A planned switchover: choose a synchronous standby, order it, and wait until the new primary answers."""

import time
from typing import Final, NamedTuple

import psycopg

from deploy.doctor.databases import first_line
from deploy.ha.nodes import Cluster
from deploy.ha.patroni_api import PatroniMember, PatroniMembers, order_switchover, read_members
from deploy.ha.status import server_behind
from shared.operator_errors import OperatorError

_ANSWER_TIMEOUT_S: Final = 60.0
_POLL_S: Final = 0.1


class SwitchoverError(OperatorError):
    """A switchover is refused or did not come to an end; the message says why."""


class Switchover(NamedTuple):
    """A switchover that can be ordered: the primary, and the standby that replaces it."""

    leader: PatroniMember
    candidate: PatroniMember


def plan_switchover(cluster: Cluster, to: str | None) -> Switchover:
    """Choose the standby `to`, or the one least behind. PatroniError, SwitchoverError."""
    return choose(read_members(cluster), to)


def choose(members: PatroniMembers, to: str | None) -> Switchover:
    """Return the switchover to `to`, or to the synchronous standby least behind. SwitchoverError if there is none."""
    if members.leader is None:
        raise SwitchoverError("没有主库 / there is no primary: `jiangbu ha status`")
    attached = {member.name: member for member in members.members if member.is_attached}
    if not attached:
        raise SwitchoverError("没有同步备库，切换会丢失数据 / no synchronous standby is attached: data would be lost")
    if to is None:
        return Switchover(members.leader, min(attached.values(), key=_lag_bytes))
    if to not in attached:
        raise SwitchoverError(
            f"{to}: 不是已连接的同步备库 / is not an attached synchronous standby: {', '.join(attached)}"
        )
    return Switchover(members.leader, attached[to])


def switch_over(cluster: Cluster, planned: Switchover, admin_url: str, password: str | None) -> float:
    """Order the switchover; return the seconds until the new primary answered through the front door, `admin_url`.

    PatroniError, SwitchoverError.
    """
    began_s = time.monotonic()
    order_switchover(cluster, planned.leader, planned.candidate, password)
    _await_primary(admin_url, began_s + _ANSWER_TIMEOUT_S)
    return time.monotonic() - began_s


def _await_primary(admin_url: str, deadline_s: float) -> None:
    reason = "通向备库 / leads to a standby"
    while time.monotonic() < deadline_s:
        try:
            if server_behind(admin_url).is_primary:
                return
        except psycopg.Error as error:
            reason = first_line(error)
        time.sleep(_POLL_S)
    raise SwitchoverError(f"DATABASE_ADMIN_URL: {reason}")


def _lag_bytes(member: PatroniMember) -> float:
    return member.lag if isinstance(member.lag, int) else float("inf")
