"""Check the rules by which Patroni fails over."""

from pathlib import Path
from typing import Final, TypeVar

import msgspec
import requests

from deploy.doctor.finding import Checked, check
from deploy.ha.patroni_api import PatroniMembers, rest_session

_TIMEOUT_S: Final = 5.0

T = TypeVar("T")


class PatroniRules(msgspec.Struct, frozen=True):
    """Patroni's dynamic configuration with its defaults, as far as it decides on replication."""

    synchronous_mode: bool | str = False
    synchronous_mode_strict: bool = False
    primary_start_timeout: int = 300
    failsafe_mode: bool = False
    pause: bool = False


_RULES: Final = msgspec.json.Decoder(PatroniRules)
_MEMBERS: Final = msgspec.json.Decoder(PatroniMembers)


@check("切换规则 Patroni", requests.RequestException, msgspec.MsgspecError)
def patroni(url: str, authority: Path | None = None) -> Checked:
    """Check the rules that the Patroni at `url` follows; `authority` has signed its certificate."""
    with rest_session(authority) as session:
        rules = _ask(session, f"{url.rstrip('/')}/config", _RULES)
        members = _ask(session, f"{url.rstrip('/')}/cluster", _MEMBERS)
    return (
        patroni_faults(rules) + member_faults(rules, members),
        f"{url}: synchronous_mode {rules.synchronous_mode}, strict",
    )


def _ask(session: requests.Session, url: str, decoder: msgspec.json.Decoder[T]) -> T:
    answer = session.get(url, timeout=_TIMEOUT_S)
    answer.raise_for_status()
    return decoder.decode(answer.content)


def patroni_faults(rules: PatroniRules) -> list[str]:
    """Report rules by which a failover loses what was acknowledged, or does not come."""
    if rules.synchronous_mode in (False, "off"):
        lost = "异步复制，切换时会丢失已确认的数据 / asynchronous replication, a failover loses acknowledged data"
        return [f"{lost}: set synchronous_mode: quorum and synchronous_mode_strict: true"]
    faults = []
    if not rules.synchronous_mode_strict:
        faults.append(
            "最后一个备库停止后不再复制 / commits are not replicated once the last standby is lost:"
            " set synchronous_mode_strict: true"
        )
    if rules.primary_start_timeout != 0:
        faults.append(
            "主库崩溃后就地重启 / a crashed primary is restarted in place, with commits that no standby has:"
            " set primary_start_timeout: 0"
        )
    if not rules.failsafe_mode:
        faults.append("etcd 故障即停止写入 / the loss of etcd stops writes: set failsafe_mode: true")
    if rules.pause:
        faults.append("自动切换已暂停 / failover is paused: patronictl resume")
    return faults


def member_faults(rules: PatroniRules, members: PatroniMembers) -> list[str]:
    """Report a set without a synchronous standby; until the first has followed, the server itself waits for none."""
    if rules.synchronous_mode in (False, "off") or any(member.is_attached for member in members.members):
        return []
    return ["没有同步备库 / no synchronous standby follows the primary: see the logs of the standbys"]
