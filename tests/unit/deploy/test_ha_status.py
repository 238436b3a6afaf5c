"""The state of a highly available set, and whom a switchover may choose."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from deploy.ha.cli import table
from deploy.ha.disk_watch import DiskRoom
from deploy.ha.nodes import Machine
from deploy.ha.patroni_api import PatroniMember, PatroniMembers
from deploy.ha.status import DEGRADED, UNREACHABLE, WHOLE, SetPart, broker_part, servers, verdict
from deploy.ha.switchover import SwitchoverError, choose

MACHINES = tuple(Machine(f"db{number}", number, f"10.0.0.{number}") for number in (1, 2, 3))
PRIMARY = PatroniMember("db1", "leader", "running", "http://10.0.0.1:8008/patroni", "10.0.0.1", 5432, timeline=4)
QUORUM = replace(PRIMARY, name="db2", role="quorum_standby", state="streaming", lag=0)
LAST = replace(QUORUM, name="db3", lag=512)
ALL = PatroniMembers((PRIMARY, QUORUM, LAST))


ROOMS = {machine.name: DiskRoom(free=90 << 30, least=1 << 30) for machine in MACHINES}


def faults(*members: PatroniMember, pause: bool = False, rooms: dict[str, DiskRoom] | None = ROOMS) -> dict[str, str]:
    parts = servers(MACHINES, PatroniMembers(members, pause), rooms)
    return {part.name: part.fault for part in parts if part.fault}


def test_members_of_a_whole_set_have_no_fault() -> None:
    assert faults(PRIMARY, QUORUM, LAST) == {}
    primary, standby, _ = servers(MACHINES, ALL, ROOMS)
    assert primary == SetPart(
        "postgresql", "db1", "10.0.0.1:5432", "running", role="primary", timeline=4, free_bytes=90 << 30
    )
    assert (standby.role, standby.sync, standby.lag_bytes) == ("standby", "quorum", 0)


def test_one_standby_that_is_waited_for_is_enough() -> None:
    assert faults(PRIMARY, QUORUM, replace(LAST, role="replica")) == {}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"state": "in archive recovery"}, "does not receive WAL"),
        ({"timeline": 3}, "another timeline"),
        ({"lag": 17 << 20}, "too far behind"),
        ({"lag": "unknown"}, "too far behind"),
    ],
)
def test_a_standby_that_could_not_take_over_is_a_fault(change: dict[str, object], fault: str) -> None:
    found = faults(PRIMARY, QUORUM, replace(LAST, **change))
    assert list(found) == ["db3"]
    assert fault in found["db3"]


def test_a_primary_without_a_synchronous_standby_is_a_fault() -> None:
    asynchronous = [replace(QUORUM, role="replica"), replace(LAST, role="replica")]
    assert "commits wait" in faults(PRIMARY, *asynchronous)["db1"]
    gone = [replace(QUORUM, state="starting"), replace(LAST, state="starting")]
    assert "commits wait" in faults(PRIMARY, *gone)["db1"]


def test_a_primary_that_stopped_or_a_paused_failover_is_a_fault() -> None:
    assert "does not run" in faults(replace(PRIMARY, state="stopping"), QUORUM, LAST)["db1"]
    assert "paused" in faults(PRIMARY, QUORUM, LAST, pause=True)["db1"]


def test_a_machine_that_patroni_does_not_know_is_a_fault() -> None:
    assert "no answer" in faults(PRIMARY, QUORUM)["db3"]


def test_a_server_without_room_or_without_its_watch_is_a_fault() -> None:
    short = ROOMS | {"db2": DiskRoom(free=(1 << 30) - 1, least=1 << 30)}
    assert faults(PRIMARY, QUORUM, LAST, rooms=short) == {
        "db2": "磁盘余量不足 1024 MiB / less than 1024 MiB are free on its disk"
    }
    unknown = {name: room for name, room in ROOMS.items() if name != "db3"}
    assert "the disk watch does not run" in faults(PRIMARY, QUORUM, LAST, rooms=unknown)["db3"]
    # Nobody knows the rooms while etcd does not answer, which is a fault of its own.
    assert faults(PRIMARY, QUORUM, LAST, rooms=None) == {}
    assert "too far behind" in faults(PRIMARY, QUORUM, replace(LAST, lag=17 << 20), rooms=unknown)["db3"]


def test_a_broker_is_at_fault_if_it_is_down_or_behind() -> None:
    assert broker_part(MACHINES[0], is_up=True, behind=0).fault == ""
    assert "7 个分区" in broker_part(MACHINES[0], is_up=True, behind=7).fault
    down = broker_part(MACHINES[0], is_up=False, behind=7)
    assert (down.state, down.fault) == ("down", "无应答 / no answer")


PROXY = SetPart("proxy", "db1", "10.0.0.1:5000", "-> db1", role="primary")
BROKER = SetPart("kafka", "db1", "10.0.0.1:9092", "up", behind=0)
FAULTY = SetPart("etcd", "db3", "10.0.0.3:2379", "unhealthy", fault="无应答 / no answer")


def test_a_set_is_whole_degraded_or_unreachable() -> None:
    assert verdict([PROXY, BROKER]) == WHOLE
    assert verdict([PROXY, BROKER, FAULTY]) == DEGRADED
    assert verdict([replace(PROXY, role="standby", fault="!"), BROKER]) == UNREACHABLE
    assert verdict([PROXY, replace(BROKER, state="unknown", fault="!")]) == UNREACHABLE


def test_a_primary_without_a_proxy_that_leads_to_it_is_unreachable() -> None:
    primary = SetPart("postgresql", "db1", "10.0.0.1:5432", "running", role="primary")
    assert verdict([primary, BROKER]) == UNREACHABLE


def test_the_table_has_a_line_for_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    heading, proxy, etcd = table([PROXY, FAULTY])
    assert heading.split()[-1] == "异常"
    assert proxy.split() == ["proxy", "db1", "10.0.0.1:5000", "->", "db1", "primary"]
    assert etcd.endswith("无应答")
    # A Chinese character takes two columns.
    assert proxy.index("10.0.0.1") == heading.index("地址") + len("部分名称")


def test_patroni_elects_the_new_primary_unless_one_is_named() -> None:
    assert choose(ALL, None, ROOMS).candidate is None
    assert choose(ALL, "db3", ROOMS).candidate == LAST
    assert choose(ALL, "db3", {}).candidate == LAST  # without disk watches nobody knows the rooms


def test_a_switchover_is_refused_where_it_would_lose_something() -> None:
    behind = PatroniMembers((PRIMARY, replace(QUORUM, role="replica"), replace(LAST, state="starting")))
    with pytest.raises(SwitchoverError, match="no synchronous standby is attached"):
        choose(behind, None, ROOMS)
    with pytest.raises(SwitchoverError, match=r"db3: .* is not an attached synchronous standby: db2"):
        choose(PatroniMembers((PRIMARY, QUORUM, replace(LAST, role="replica"))), "db3", ROOMS)
    with pytest.raises(SwitchoverError, match="there is no primary"):
        choose(PatroniMembers((QUORUM, LAST)), None, ROOMS)


@pytest.mark.parametrize(("free_mib", "is_refused"), [(0, True), (511, True), (512, False), (1023, False)])
def test_no_standby_is_named_where_the_shutdown_may_find_no_room(free_mib: int, is_refused: bool) -> None:
    rooms = ROOMS | {"db1": DiskRoom(free=free_mib << 20, least=1 << 30)}
    assert choose(ALL, None, rooms).candidate is None
    if is_refused:
        with pytest.raises(SwitchoverError, match=f"has only {free_mib} MiB free: .* leave out --to"):
            choose(ALL, "db2", rooms)
    else:
        assert choose(ALL, "db2", rooms).candidate == QUORUM
