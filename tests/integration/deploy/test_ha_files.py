"""The engines accept the files that are rendered for them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import yaml

from deploy.ha import disk_watch, etcd_leadership
from deploy.ha.disk_watch import DiskRoom, Etcd, WatchSettings
from deploy.ha.etcd import etcd_yml
from deploy.ha.haproxy import haproxy_cfg
from deploy.ha.patroni import disk_watch_json, patroni_environment, patroni_yml
from deploy.ha.patroni_api import read_rooms
from devset.ha.machines import local_cluster
from devset.processes import base_environment, free_ports
from tests.support.engines.ha_set import etcd_leader
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.ha.nodes import Cluster, Machine
    from devset.ha.programs import Binaries


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """Three machines with different addresses; Patroni accepts none that only its own machine reaches."""
    local = local_cluster(tmp_path, *free_ports(1))
    return local._replace(
        machines=tuple(machine._replace(host=f"127.0.1.{machine.number}") for machine in local.machines)
    )


def checked(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = base_environment() | patroni_environment("secret", "secret", "secret")
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=environment)


@pytest.mark.parametrize("number", [1, 2])
def test_haproxy_accepts_its_file(ha_binaries: Binaries, cluster: Cluster, tmp_path: Path, number: int) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(haproxy_cfg(cluster, cluster.machines[number - 1]), encoding="utf-8")
    done = checked(ha_binaries.haproxy, "-c", "-f", file)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    file.write_text(file.read_text("utf-8") + "    no-such-word\n", encoding="utf-8")
    assert checked(ha_binaries.haproxy, "-c", "-f", file).returncode != 0


@pytest.fixture
def members(
    ha_binaries: Binaries, cluster: Cluster, tmp_path: Path
) -> Iterator[dict[Machine, subprocess.Popen[bytes]]]:
    """The members of etcd, which have a leader."""
    with ExitStack() as stack:
        found = {}
        for one in cluster.machines:
            file = tmp_path / f"{one.name}.yml"
            file.write_text(etcd_yml(cluster, one), encoding="utf-8")
            one.folders.etcd.mkdir(mode=0o700, parents=True)
            found[one] = stack.enter_context(subprocess.Popen([ha_binaries.etcd, "--config-file", file]))
            stack.callback(found[one].kill)
        until(lambda: etcd_leader(cluster) is not None)
        yield found


@pytest.mark.usefixtures("members")
def test_the_machine_of_the_primary_does_not_lead_etcd(cluster: Cluster) -> None:
    for machine in cluster.machines:
        callback = yaml.safe_load(patroni_yml(cluster, machine))["postgresql"]["callbacks"]["on_role_change"]
        _, _, *arguments = callback.split()
        before = until(lambda: etcd_leader(cluster))
        assert etcd_leadership.main([*arguments, "on_role_change", "replica", cluster.name]) == 0
        assert etcd_leader(cluster) == before
        assert etcd_leadership.main([*arguments, "on_role_change", "primary", cluster.name]) == 0
        until(lambda machine=machine: etcd_leader(cluster) not in (machine, None))


def test_a_room_is_known_on_every_machine_until_its_watch_ends(
    members: dict[Machine, subprocess.Popen[bytes]], cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = cluster.machines
    for machine in (first, second):
        Etcd(watch_settings(cluster, machine)).publish(machine.name, DiskRoom(machine.number, 9))
    known = {first.name: DiskRoom(1, 9), second.name: DiskRoom(2, 9)}
    assert Etcd(watch_settings(cluster, second)).rooms() == known
    members[first].kill()
    members[first].wait()
    until(lambda: etcd_leader(cluster) is not None)
    monkeypatch.setattr(disk_watch, "_LEASE_S", 10)
    Etcd(watch_settings(cluster, first)).publish(first.name, DiskRoom(3, 9))  # through another member
    assert read_rooms(cluster) == known | {first.name: DiskRoom(3, 9)}
    until(lambda: read_rooms(cluster) == {second.name: DiskRoom(2, 9)})


def watch_settings(cluster: Cluster, machine: Machine) -> WatchSettings:
    return WatchSettings(**json.loads(disk_watch_json(cluster, machine, None)))


@pytest.mark.usefixtures("ha_binaries")
def test_patroni_accepts_its_file(cluster: Cluster, tmp_path: Path) -> None:
    machine = cluster.machines[0]
    file = tmp_path / "patroni.yml"
    file.write_text(patroni_yml(cluster, machine), encoding="utf-8")
    with ExitStack() as stack:
        # It looks whether etcd can be reached.
        for one in cluster.machines:
            server = stack.enter_context(socket.create_server((one.host, one.ports.etcd)))
            server.listen()
        done = checked(sys.executable, "-m", "patroni", "--validate-config", file)
        assert done.returncode == 0, done.stdout + done.stderr
        file.write_text(patroni_yml(cluster._replace(patroni_rules={"ttl": 10}), machine), encoding="utf-8")
        refused = checked(sys.executable, "-m", "patroni", "--validate-config", file)
    assert refused.returncode != 0
    assert "ttl" in refused.stdout + refused.stderr
