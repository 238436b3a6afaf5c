"""Patroni's REST API and etcd: the members of the cluster, their rooms, and the order to switch over."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import requests

from deploy.ha.disk_watch import DiskRoom, room_prefix, room_range, rooms_in
from deploy.ha.etcd import etcd_scheme
from deploy.ha.nodes import Cluster, Machine
from deploy.ha.patroni import API_USER, patroni_url
from shared.operator_errors import OperatorError

_TIMEOUT_S: Final = (2.0, 5.0)  # to connect, to answer
# The answer to a switchover comes once the new leader has the lock, or after 20 s (Patroni's api.py).
_SWITCHOVER_TIMEOUT_S: Final = (2.0, 40.0)
_SYNCHRONOUS: Final = {"sync_standby": "sync", "quorum_standby": "quorum"}

T = TypeVar("T")


class PatroniError(OperatorError):
    """Patroni does not answer or refuses; the message says which address and why."""


class PatroniMember(msgspec.Struct, frozen=True):
    """A PostgreSQL server as Patroni knows it. `lag` is in bytes, or `unknown`.

    The leader has no lag, nor has anybody while etcd has no quorum.
    """

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


def rest_session(authority: Path | None = None) -> requests.Session:
    """Return a session for REST APIs within the deployment, where no proxy lies between.

    `authority` is a PEM file of those that may have signed their certificates, by default the public ones.
    """
    session = requests.Session()
    session.trust_env = False
    if authority is not None:
        session.verify = str(authority)
    return session


def _session(cluster: Cluster) -> requests.Session:
    return rest_session(cluster.postgres_tls.authority if cluster.postgres_tls else None)


class _Receiver(msgspec.Struct, frozen=True):
    """A standby as the primary sees it."""

    application_name: str
    sync_state: str


class _OwnState(msgspec.Struct, frozen=True):
    """The state of a server as its own Patroni reports it, which needs no etcd."""

    state: str
    role: str
    timeline: int | None = None
    replication_state: str = ""
    replication: tuple[_Receiver, ...] = ()


_MEMBERS: Final = msgspec.json.Decoder(PatroniMembers)
_OWN_STATE: Final = msgspec.json.Decoder(_OwnState)


def read_members(cluster: Cluster) -> PatroniMembers:
    """Return the members as the first Patroni that answers knows them. PatroniError if none answers.

    While etcd has no quorum nobody knows the members, so each is asked about itself.
    """
    known = _ask_all(cluster, "cluster", _MEMBERS)
    if known:
        return next(iter(known.values()))
    states = _ask_all(cluster, "patroni", _OWN_STATE)
    if not states:
        names = ", ".join(machine.at(machine.ports.patroni) for machine in cluster.machines)
        raise PatroniError(f"Patroni 无应答 / Patroni does not answer: {names}")
    sync = {one.application_name: one.sync_state for state in states.values() for one in state.replication}
    return PatroniMembers(tuple(_member(cluster, machine, state, sync) for machine, state in states.items()))


def _member(cluster: Cluster, machine: Machine, state: _OwnState, sync: Mapping[str, str]) -> PatroniMember:
    """Return a member by its own state, and by how the primary waits for it."""
    roles = {waits: role for role, waits in _SYNCHRONOUS.items()}
    return PatroniMember(
        machine.name,
        "leader" if state.role == "primary" else roles.get(sync.get(machine.name, ""), "replica"),
        state.replication_state or state.state,
        f"{patroni_url(cluster, machine)}/patroni",
        machine.host,
        machine.ports.postgres,
        state.timeline,
    )


def _ask_all(cluster: Cluster, path: str, decoder: msgspec.json.Decoder[T]) -> dict[Machine, T]:
    """Ask the Patroni of every machine at the same time; return the answers that came."""
    with ThreadPoolExecutor(len(cluster.machines)) as pool:
        answers = pool.map(lambda machine: _ask(cluster, machine, path, decoder), cluster.machines)
        asked = zip(cluster.machines, answers, strict=True)
        return {machine: answer for machine, answer in asked if answer is not None}


def _ask(cluster: Cluster, machine: Machine, path: str, decoder: msgspec.json.Decoder[T]) -> T | None:
    try:
        with _session(cluster) as session:
            answer = session.get(f"{patroni_url(cluster, machine)}/{path}", timeout=_TIMEOUT_S)
        return decoder.decode(answer.content)
    except (requests.RequestException, msgspec.MsgspecError):
        return None


def is_etcd_healthy(cluster: Cluster, machine: Machine) -> bool:
    """Return True if the etcd of a machine answers and its members have a quorum."""
    try:
        with _etcd_session(cluster) as session:
            health = session.get(f"{_etcd_url(cluster, machine)}/health", timeout=_TIMEOUT_S).json()
            return bool(health["health"] == "true")
    except (requests.RequestException, KeyError, TypeError):
        return False


def read_rooms(cluster: Cluster) -> dict[str, DiskRoom] | None:
    """Return the room that each machine's disk watch keeps in etcd, by name; None if no etcd answers."""
    prefix = room_prefix(cluster.name)
    for machine in cluster.machines:
        try:
            with _etcd_session(cluster) as session:
                url = f"{_etcd_url(cluster, machine)}/v3/kv/range"
                answer = session.post(url, json=room_range(prefix), timeout=_TIMEOUT_S)
            if answer.ok:
                return rooms_in(answer.json(), prefix)
        except OSError:  # also without the files of TLS
            continue
    return None


def _etcd_session(cluster: Cluster) -> requests.Session:
    session = rest_session()
    if tls := cluster.etcd_tls:
        session.verify, session.cert = str(tls.authority), (str(tls.certificate), str(tls.key))
    return session


def _etcd_url(cluster: Cluster, machine: Machine) -> str:
    return f"{etcd_scheme(cluster)}://{machine.at(machine.ports.etcd)}"


def order_switchover(
    cluster: Cluster, leader: PatroniMember, candidate: PatroniMember | None, password: str | None
) -> None:
    """Have the leader hand over to the candidate, or to the standby that is elected; returns once another leads.

    PatroniError if refused.
    """
    order = {"leader": leader.name} | ({"candidate": candidate.name} if candidate else {})
    login = None if password is None else (API_USER, password)
    try:
        with _session(cluster) as session:
            answer = session.post(f"{leader.url}/switchover", json=order, auth=login, timeout=_SWITCHOVER_TIMEOUT_S)
    except requests.RequestException as error:
        raise PatroniError(f"{leader.url}: 无应答 / no answer: {type(error).__name__}") from error
    if answer.status_code == requests.codes.unauthorized:
        raise PatroniError(f"{leader.url}: 密码不符 / wrong password: set PATRONI_PASSWORD_FILE")
    if not answer.ok:
        raise PatroniError(f"{leader.url}: Patroni 拒绝 / Patroni refuses: {answer.status_code} {answer.text.strip()}")
