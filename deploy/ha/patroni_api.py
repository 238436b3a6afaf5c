"""Patroni's REST API: the members of its cluster, and the order to switch over."""

from typing import Final

import msgspec
import requests

from deploy.ha.etcd import etcd_scheme
from deploy.ha.nodes import Cluster, Machine
from deploy.ha.patroni import API_USER
from shared.operator_errors import OperatorError

_TIMEOUT_S: Final = (2.0, 5.0)  # to connect, to answer
# The answer to a switchover comes once the new leader has the lock, or after 20 s (Patroni's api.py).
_SWITCHOVER_TIMEOUT_S: Final = (2.0, 40.0)
_SYNCHRONOUS: Final = {"sync_standby": "sync", "quorum_standby": "quorum"}


class PatroniError(OperatorError):
    """Patroni does not answer or refuses; the message says which address and why."""


class PatroniMember(msgspec.Struct, frozen=True):
    """A PostgreSQL server as Patroni knows it. `lag` is in bytes, or `unknown`; the leader has none."""

    name: str
    role: str
    state: str
    api_url: str
    host: str = ""
    port: int = 0
    timeline: int | None = None
    lag: int | str | None = None

    @property
    def is_leader(self) -> bool:
        return self.role == "leader"

    @property
    def sync(self) -> str:
        """`sync` or `quorum` if commits wait for this standby, `async` for another, nothing for the leader."""
        return "" if self.is_leader else _SYNCHRONOUS.get(self.role, "async")

    @property
    def is_attached(self) -> bool:
        """True for a standby that commits wait for and that receives WAL."""
        return self.sync in _SYNCHRONOUS.values() and self.state == "streaming"

    @property
    def url(self) -> str:
        """The base URL of its Patroni."""
        return self.api_url.removesuffix("/patroni")


class PatroniMembers(msgspec.Struct, frozen=True):
    """The members of a cluster; `pause` means that Patroni does not fail over by itself."""

    members: tuple[PatroniMember, ...]
    pause: bool = False

    @property
    def leader(self) -> PatroniMember | None:
        return next((member for member in self.members if member.is_leader), None)


def rest_session() -> requests.Session:
    """Return a session for REST APIs within the deployment, where no proxy lies between."""
    session = requests.Session()
    session.trust_env = False
    return session


def read_members(cluster: Cluster) -> PatroniMembers:
    """Return the cluster as the first Patroni that answers knows it. PatroniError if none answers."""
    faults = []
    for machine in cluster.machines:
        url = f"http://{machine.at(machine.ports.patroni)}"
        try:
            with rest_session() as session:
                return msgspec.json.decode(
                    session.get(f"{url}/cluster", timeout=_TIMEOUT_S).content, type=PatroniMembers
                )
        except (requests.RequestException, msgspec.MsgspecError) as error:
            faults.append(f"{url} ({type(error).__name__})")
    raise PatroniError(f"Patroni 无应答 / Patroni does not answer: {', '.join(faults)}")


def is_etcd_healthy(cluster: Cluster, machine: Machine) -> bool:
    """Return True if the etcd of a machine answers and its members have a quorum."""
    url = f"{etcd_scheme(cluster)}://{machine.at(machine.ports.etcd)}/health"
    try:
        with rest_session() as session:
            if tls := cluster.etcd_tls:
                session.verify, session.cert = str(tls.authority), (str(tls.certificate), str(tls.key))
            return bool(session.get(url, timeout=_TIMEOUT_S).json()["health"] == "true")
    except (requests.RequestException, KeyError, TypeError):
        return False


def order_switchover(leader: PatroniMember, candidate: PatroniMember, password: str | None) -> None:
    """Have the leader hand over to the candidate; returns once the candidate is leader. PatroniError if refused."""
    order = {"leader": leader.name, "candidate": candidate.name}
    login = None if password is None else (API_USER, password)
    try:
        with rest_session() as session:
            answer = session.post(f"{leader.url}/switchover", json=order, auth=login, timeout=_SWITCHOVER_TIMEOUT_S)
    except requests.RequestException as error:
        raise PatroniError(f"{leader.url}: 无应答 / no answer: {type(error).__name__}") from error
    if answer.status_code == requests.codes.unauthorized:
        raise PatroniError(f"{leader.url}: 密码不符 / wrong password: set PATRONI_PASSWORD_FILE")
    if not answer.ok:
        raise PatroniError(f"{leader.url}: Patroni 拒绝 / Patroni refuses: {answer.status_code} {answer.text.strip()}")
