"""The procedures of docs/en/operations/high-availability.md, run as written on a whole set of three machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import requests
from click.testing import CliRunner

from deploy.__main__ import main
from devset.ha.guard import postmaster
from tests.support.engines.ha_set import HaSet, etcd_leader, ha_set
from tests.support.procedures import carry_out
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.ha.nodes import Machine
    from devset.ha.programs import Binaries

# A restart of every server, and a failover, on a busy machine.
TIMEOUT_S = 400.0


@pytest.fixture(scope="module")
def three(large: None, ha_binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HaSet]:
    """The set; each test leaves it whole."""
    with ha_set(tmp_path_factory.mktemp("three")) as ours:
        yield ours


def run(three: HaSet, name: str, **variables: str) -> str:
    """Run a procedure in the folder of nodes.yaml."""
    return carry_out(name, three.environment | variables, TIMEOUT_S, cwd=three.folder)


def status(three: HaSet) -> dict[str, Any]:
    """Return what `jiangbu ha status --json` says, with its exit code."""
    arguments = ["ha", "status", "--json", "--nodes", str(three.folder / "nodes.yaml")]
    done = CliRunner().invoke(main, arguments, env=three.environment)
    found: dict[str, Any] = msgspec.json.decode(done.output)
    return {**found, "exit_code": done.exit_code}


def is_whole(three: HaSet) -> bool:
    return bool(status(three)["verdict"] == "whole")


def part(three: HaSet, kind: str, name: str) -> dict[str, Any]:
    (found,) = (one for one in status(three)["parts"] if (one["kind"], one["name"]) == (kind, name))
    return found


def patroni(machine: Machine) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"http://{machine.at(machine.ports.patroni)}/patroni", timeout=60).json()
    return found


def test_the_state_of_a_set_is_shown(three: HaSet) -> None:
    until(lambda: is_whole(three))
    lines = run(three, "state of a set").splitlines()
    primary = three.primary().name
    assert lines[-1] == "whole"
    kinds = [line.split()[0] for line in lines[1:-1]]
    assert kinds == ["postgresql"] * 3 + ["etcd"] * 3 + ["proxy"] * 2 + ["kafka"] * 3
    assert [line.split()[1:5:2] for line in lines if " primary " in line and "postgresql" in line] == [
        [primary, "running"]
    ]
    assert all(f"-> {primary}" in line for line in lines if line.startswith("proxy"))
    assert status(three)["exit_code"] == 0


def test_a_planned_switchover(three: HaSet) -> None:
    before = three.primary().name
    said = run(three, "planned switchover")
    after = three.primary().name
    assert after != before
    found = re.fullmatch(r"the primary is (\w+), after [0-9.]+ s\n", said)
    assert found is not None, said
    assert found[1] == after
    until(lambda: is_whole(three))
    until(lambda: etcd_leader(three.engines.cluster) not in (None, three.primary()))


def test_a_dead_standby_is_refused_by_name(three: HaSet) -> None:
    primary = three.primary()
    standby = next(machine for machine in three.engines.cluster.machines if machine != primary)
    three.do(lambda: three.engines.kill_database(standby))
    try:
        until(lambda: part(three, "postgresql", standby.name).get("fault"))
        assert status(three)["exit_code"] == 1
        arguments = ["ha", "switchover", "--yes", "--nodes", str(three.folder / "nodes.yaml"), "--to", standby.name]
        done = CliRunner().invoke(main, arguments, env=three.environment)
        assert done.exit_code == 1
        assert f"{standby.name}: is not an attached synchronous standby" in done.output
        assert three.primary() == primary
    finally:
        three.do(lambda: three.engines.revive_database(standby))
        until(lambda: is_whole(three))


def test_a_machine_comes_back(three: HaSet) -> None:
    lost = three.engines.machine("n1")
    three.kill_machine(lost)
    # The others go on without it, also if it had the primary.
    until(lambda: status(three)["exit_code"] == 1 and three.primary() != lost)
    until(lambda: part(three, "kafka", "n1")["state"] == "down")
    until(lambda: part(three, "etcd", "n1")["state"] == "unhealthy")
    run(three, "a machine comes back", MACHINE="n1")
    until(lambda: is_whole(three))
    services = ("listing", "trade-ingest", "incentive")
    run(three, "upgrade the programs of a machine", MACHINE="n1", APIS=apis(three, services))


def test_a_quorum_comes_back(three: HaSet) -> None:
    primary = three.primary()
    three.kill("etcd n2", "etcd n3", "kafka n2", "kafka n3")
    until(lambda: patroni(primary).get("failsafe_mode_is_active"))
    until(lambda: {part(three, "etcd", name)["state"] for name in three.machines} == {"unhealthy"})
    assert part(three, "postgresql", primary.name)["role"] == "primary"
    run(three, "a quorum comes back", MACHINES=" ".join(three.machines))
    # Nobody replaced the primary, which stayed.
    assert three.primary() == primary
    until(lambda: is_whole(three))


def test_postgresql_is_upgraded(three: HaSet) -> None:
    servers = [machine.folders.postgres for machine in three.engines.cluster.machines]
    before, primary = [postmaster(server) for server in servers], three.primary().name
    standbys = " ".join(name for name in three.machines if name != primary)
    run(three, "upgrade PostgreSQL", STANDBYS=standbys, PRIMARY=primary)
    after = [postmaster(server) for server in servers]
    assert None not in after
    assert not set(after) & set(before)
    assert three.primary().name != primary
    until(lambda: is_whole(three))


@pytest.mark.parametrize(
    ("procedure", "kinds"), [("upgrade Kafka", ("kafka",)), ("upgrade etcd and HAProxy", ("etcd", "haproxy"))]
)
def test_an_engine_is_upgraded(three: HaSet, procedure: str, kinds: tuple[str, ...]) -> None:
    primary = three.primary()
    before = {kind: three.program_ids(kind) for kind in kinds}
    proxies = " ".join(machine.name for machine in three.engines.cluster.proxies)
    run(three, procedure, MACHINES=" ".join(three.machines), PROXIES=proxies)
    for kind in kinds:
        after = three.program_ids(kind)
        assert [name for name, pid in before[kind].items() if after[name] == pid] == []
    assert three.primary() == primary
    until(lambda: is_whole(three))


def test_the_programs_of_a_machine_are_upgraded(three: HaSet) -> None:
    services = ("listing", "trade-ingest", "incentive")
    before = {kind: three.program_ids(kind) for kind in services}
    run(three, "upgrade the programs of a machine", MACHINE="n2", APIS=apis(three, services, copy=1))
    for kind in services:
        after = three.program_ids(kind)
        assert {name for name, pid in before[kind].items() if after[name] != pid} == {"serve 2", "consume 2"}


def apis(three: HaSet, services: tuple[str, ...], copy: int = 0) -> str:
    return " ".join(three.local.copies[copy].url(service) for service in services)
