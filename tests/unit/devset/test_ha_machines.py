"""The machines of a highly available set on one machine, and the programs that it needs."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from devset.ha.machines import keep_cluster, local_cluster
from devset.ha.programs import find_binaries
from devset.processes import LocalError, free_ports

if TYPE_CHECKING:
    from pathlib import Path


def test_a_set_keeps_its_ports(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    first = local_cluster(tmp_path, port)
    assert [machine.name for machine in first.machines] == ["n1", "n2", "n3"]
    assert [machine.name for machine in first.proxies] == ["n1", "n2"]
    assert first.machines[0].ports.kafka == port
    keep_cluster(tmp_path, first)
    assert local_cluster(tmp_path, port + 1) == first


def test_what_an_interrupted_first_start_left_is_removed(tmp_path: Path) -> None:
    first = local_cluster(tmp_path, *free_ports(1))
    data = first.machines[1].folders.etcd
    data.mkdir(parents=True)
    local_cluster(tmp_path, *free_ports(1))
    assert not data.exists()
    data.mkdir(parents=True)
    keep_cluster(tmp_path, first)
    local_cluster(tmp_path, *free_ports(1))
    assert data.exists()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    cluster = local_cluster(tmp_path, *free_ports(1))
    keep_cluster(tmp_path, cluster)
    port = cluster.machines[2].ports.etcd
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(LocalError, match=str(port)):
            local_cluster(tmp_path, 0)


@pytest.mark.parametrize(("variable", "package"), [("ETCD", "etcd-server"), ("HAPROXY", "haproxy")])
def test_a_missing_program_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, package: str
) -> None:
    monkeypatch.setattr("devset.ha.programs.find_spec", lambda _name: object())
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    for name in ("ETCD", "HAPROXY"):
        monkeypatch.setenv(name, str(program))
    assert find_binaries() == (program, program)
    monkeypatch.setenv(variable, str(tmp_path / "nowhere"))
    with pytest.raises(LocalError, match=rf"{variable}=.*nowhere.*apt-get install {package}"):
        find_binaries()


def test_patroni_is_missing_until_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devset.ha.programs.find_spec", lambda _name: None)
    with pytest.raises(LocalError, match="make setup-ha"):
        find_binaries()
