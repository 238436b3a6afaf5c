"""PostgreSQL under Patroni, etcd and HAProxy as rendered with certificates: nothing between them is in plain text."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest
import requests
import trustme

from deploy.doctor.patroni import patroni
from deploy.ha.disk_watch import DiskRoom, Etcd, Watch, WatchSettings, free_space
from deploy.ha.nodes import TlsFiles
from deploy.ha.patroni import SUPERUSER, disk_watch_json, patroni_url
from deploy.ha.patroni_api import is_etcd_healthy, read_members, read_rooms
from deploy.ha.switchover import plan_switchover, switch_over
from devset.ha.guard import end_servers
from devset.ha.machines import local_cluster
from devset.ha.programs import MachinePrograms
from devset.postgres import postgres_account
from devset.processes import free_ports
from devset.supervision import Supervisor
from tests.support.engines.postgres_with_tls import binaries_with_tls
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.ha.nodes import Cluster, Machine
    from devset.ha.programs import Binaries

WITHIN_S = 180.0
_STREAMS = """
    SELECT ssl.ssl FROM pg_stat_replication JOIN pg_stat_ssl AS ssl USING (pid) WHERE sync_state = 'quorum'
"""


def files(folder: Path, authority: trustme.CA, names: list[str], uid: int | None) -> TlsFiles:
    """Write a certificate with all names; only the account may read its key."""
    folder.mkdir()
    found = TlsFiles(*(folder / f"{name}.pem" for name in TlsFiles._fields))
    issued = authority.issue_cert(*names)
    authority.cert_pem.write_to_path(found.authority)
    for part in issued.cert_chain_pems:
        part.write_to_path(found.certificate, append=True)
    issued.private_key_pem.write_to_path(found.key)
    found.key.chmod(0o600)
    if uid is not None:
        os.chown(found.key, uid, -1)
    return found


@pytest.fixture(scope="module")
def encrypted(
    large: None, ha_binaries: Binaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cluster, str]]:
    """A set without Kafka, and the password of its superuser. Each machine has an address of its own."""
    folder, authority, account = tmp_path_factory.mktemp("encrypted"), trustme.CA(), postgres_account()
    local = local_cluster(folder, *free_ports(1))
    machines = tuple(machine._replace(host=f"127.0.1.{machine.number}") for machine in local.machines)
    # Proxies do not decrypt, so that a client sees the certificate of a server under the name of a proxy.
    # etcd checks the address that a member comes from, which here is that of the loopback.
    names = [*(machine.host for machine in machines), "127.0.0.1"]
    cluster = local._replace(
        machines=machines,
        postgres_binaries=binaries_with_tls(),
        etcd_tls=files(folder / "etcd", authority, names, None),
        postgres_tls=files(folder / "postgres", authority, names, account and account.pw_uid),
    )
    password, supervisor = secrets.token_urlsafe(24), Supervisor(print)
    with ExitStack() as stack:
        stack.callback(end_servers, [machine.folders.postgres for machine in machines])
        for machine in machines:
            programs = MachinePrograms(cluster, machine, folder / machine.name, folder / "logs", ha_binaries)
            parts = {"etcd": programs.etcd, "patroni": partial(programs.patroni, password)}
            for name, launch in (parts | ({"haproxy": programs.haproxy} if machine.proxy else {})).items():
                program = f"{name} {machine.name}"
                supervisor.watch(program, launch)
                stack.callback(supervisor.kill, program)
        until(lambda: streams(cluster, password) == [True, True], WITHIN_S)
        # Patroni notices later than PostgreSQL; it is asked by TLS.
        until(lambda: sorted(one.sync for one in read_members(cluster).members) == ["", "quorum", "quorum"], WITHIN_S)
        yield cluster, password


def streams(cluster: Cluster, password: str) -> list[bool]:
    """Return for each synchronous standby whether it receives WAL by TLS; nothing while there is no primary."""
    try:
        with psycopg.connect(cluster.primary_url("postgres", SUPERUSER, password), connect_timeout=3) as connection:
            assert connection.pgconn.ssl_in_use
            return [encrypted for (encrypted,) in connection.execute(_STREAMS)]
    except psycopg.OperationalError:
        return []


def test_clients_check_the_server_and_none_is_let_in_without_tls(encrypted: tuple[Cluster, str]) -> None:
    cluster, password = encrypted
    url = cluster.primary_url("postgres", SUPERUSER, password)
    assert "sslmode=verify-full" in url
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(url.replace("sslmode=verify-full", "sslmode=disable"))
    other = cluster.machines[0].folders.postgres.parent / "another.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(url, sslrootcert=str(other))


def test_etcd_and_patroni_speak_tls_alone(encrypted: tuple[Cluster, str]) -> None:
    cluster, _ = encrypted
    machine, tls = cluster.machines[0], cluster.postgres_tls
    assert tls is not None
    assert all(is_etcd_healthy(cluster, one) for one in cluster.machines)
    assert not is_etcd_healthy(cluster._replace(etcd_tls=None), machine)
    with pytest.raises(requests.exceptions.RequestException):  # etcd asks for a certificate
        requests.get(f"https://{machine.at(machine.ports.etcd)}/health", verify=str(tls.authority), timeout=5)
    assert patroni(patroni_url(cluster, machine), tls.authority).well
    assert not patroni(patroni_url(cluster, machine)).well  # an authority that nobody knows


def test_the_disk_watch_hands_over_by_tls(encrypted: tuple[Cluster, str]) -> None:
    """The primary's disk is less than it should be; the standbys say that theirs are large, and one of them rests."""
    cluster, password = encrypted
    leader = read_members(cluster).leader
    assert leader is not None
    machine, first, second = sorted(cluster.machines, key=lambda one: one.name != leader.name)
    least = free_space(machine.folders.postgres) * 5 // 4
    found = WatchSettings(**json.loads(disk_watch_json(cluster, machine, None)))._replace(least=least)
    etcd, watch = Etcd(found), Watch(found, None)
    etcd.publish(first.name, DiskRoom(2 * least - 1, 0))
    watch.look()
    assert primary_of(cluster) == leader.name  # the room is not clearly more

    def is_handed_over() -> bool:
        etcd.publish(first.name, DiskRoom(8 * least, 0))
        etcd.publish(second.name, DiskRoom(8 * least, 0, rests=True))
        watch.look()
        return primary_of(cluster) == first.name

    until(is_handed_over, WITHIN_S)
    until(lambda: streams(cluster, password) == [True, True], WITHIN_S)
    until(lambda: rests(watch, cluster, machine), WITHIN_S)


def rests(watch: Watch, cluster: Cluster, machine: Machine) -> bool:
    """Return True if everybody knows that the machine has handed over."""
    watch.look()
    rooms = read_rooms(cluster)
    return rooms is not None and rooms[machine.name].rests


def primary_of(cluster: Cluster) -> str:
    leader = read_members(cluster).leader
    return leader.name if leader else ""


def test_a_switchover_is_ordered_by_tls(encrypted: tuple[Cluster, str]) -> None:
    cluster, password = encrypted
    # Patroni names the synchronous standbys some time after they stream.
    standby = until(
        lambda: next((one.name for one in read_members(cluster).members if one.is_attached), None), WITHIN_S
    )
    planned = plan_switchover(cluster, standby)
    done = switch_over(cluster, planned, cluster.primary_url("postgres", SUPERUSER, password), None)
    assert done.primary == standby
    until(lambda: streams(cluster, password) == [True, True], WITHIN_S)
    leader = read_members(cluster).leader
    assert leader is not None
    assert leader.name == standby
