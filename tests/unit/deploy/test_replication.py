"""The doctor's findings on standbys, slots, the way to the primary, Patroni's rules and replicas."""

from __future__ import annotations

import pytest

from deploy.doctor.patroni import PatroniRules, member_faults, patroni_faults
from deploy.doctor.replication import (
    FrontDoor,
    Replicas,
    Slot,
    StandbyCounts,
    front_door_faults,
    replica_faults,
    slot_faults,
    standby_faults,
)
from deploy.ha.patroni_api import PatroniMember, PatroniMembers
from shared.postgres.replication_state import wanted_standbys


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (StandbyCounts(0, 0, "", "on"), []),
        (StandbyCounts(1, 0, "*", "off"), []),
        (StandbyCounts(1, 1, "ANY 1 (a, b)", "off"), []),
        (StandbyCounts(0, 2, "", "off"), ["a failover loses acknowledged data"]),
        (StandbyCounts(0, 1, "a", "off"), ["commits wait: 0 standbys of a are attached"]),
        (StandbyCounts(1, 0, "ANY 2 (a, b)", "off"), ["commits wait: 1 standbys of ANY 2 (a, b) are attached"]),
        (StandbyCounts(1, 0, "*", "on"), ["set restart_after_crash to off"]),
        (StandbyCounts(1, 0, "*", "off", 300 << 20), ["a standby is 300 MiB behind"]),
        (StandbyCounts(1, 0, "*", "off", 200 << 20), []),
    ],
)
def test_a_primary_that_may_lose_what_it_acknowledged(there: StandbyCounts, says: list[str]) -> None:
    faults = standby_faults(there)
    assert len(faults) == len(says)
    assert all(part in fault for part, fault in zip(says, faults, strict=True))


@pytest.mark.parametrize(
    ("names", "wanted"), [("", 0), ("*", 1), ("a, b", 1), ("ANY 2 (a, b, c)", 2), ("first 1 (*)", 1), ("3(a,b,c)", 3)]
)
def test_how_many_standbys_a_commit_waits_for(names: str, wanted: int) -> None:
    assert wanted_standbys(names) == wanted


def test_slots_that_fill_the_disk() -> None:
    (fault,) = slot_faults([Slot("n2", 5 << 30), Slot("n3", 1 << 20)])
    assert "slot n2, which keeps 5120 MiB of WAL" in fault
    assert "pg_drop_replication_slot('n2')" in fault


@pytest.mark.parametrize(
    ("door", "says"),
    [
        (FrontDoor(("10.0.0.1",), "any", is_direct=True), "leads to one server alone"),
        (FrontDoor(("localhost",), "any", is_direct=True), "leads to one server alone"),
        (FrontDoor(("",), "any", is_direct=True), "leads to one server alone"),
        (FrontDoor(("10.0.0.1",), "any", is_direct=False), None),  # a proxy
        (FrontDoor(("primary.example.com",), "any", is_direct=True), None),
        (FrontDoor(("10.0.0.1", "10.0.0.2"), "any", is_direct=True), "may lead to a standby"),
        (FrontDoor(("10.0.0.1", "10.0.0.2"), "read-write", is_direct=True), None),
        (FrontDoor(("10.0.0.1", "10.0.0.2"), "any", is_direct=False), None),
    ],
)
def test_a_url_that_does_not_follow_a_failover(door: FrontDoor, says: str | None) -> None:
    faults = front_door_faults(door, "DATABASE_URL")
    assert [says in fault for fault in faults if says] == [True] * (says is not None)
    assert all(fault.startswith("DATABASE_URL: ") for fault in faults)


RIGHT = PatroniRules(
    synchronous_mode="quorum", synchronous_mode_strict=True, primary_start_timeout=0, failsafe_mode=True
)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"synchronous_mode": "off"}, "asynchronous replication"),
        ({"synchronous_mode": False}, "asynchronous replication"),
        ({"synchronous_mode": True}, None),
        ({"synchronous_mode_strict": False}, "synchronous_mode_strict: true"),
        ({"primary_start_timeout": 300}, "primary_start_timeout: 0"),
        ({"failsafe_mode": False}, "failsafe_mode: true"),
        ({"pause": True}, "patronictl resume"),
    ],
)
def test_rules_of_patroni(changes: dict[str, bool | str | int], says: str | None) -> None:
    rules = PatroniRules(**{name: changes.get(name, getattr(RIGHT, name)) for name in PatroniRules.__struct_fields__})
    faults = patroni_faults(rules)
    assert [says in fault for fault in faults if says] == [True] * (says is not None)
    assert len(faults) == (says is not None)


def test_a_set_without_a_synchronous_standby() -> None:
    """As while a cluster starts, or if no standby can follow: the server then waits for none."""

    def faults(role: str, state: str, rules: PatroniRules = RIGHT) -> list[str]:
        members = (PatroniMember("a", "leader", "running", ""), PatroniMember("b", role, state, ""))
        return member_faults(rules, PatroniMembers(members))

    assert faults("quorum_standby", "streaming") == []
    assert faults("sync_standby", "streaming") == []
    for role, state in (("replica", "streaming"), ("quorum_standby", "running")):
        (fault,) = faults(role, state)
        assert "no synchronous standby follows the primary" in fault
    # Asynchronous replication is reported as such.
    assert faults("replica", "streaming", PatroniRules(synchronous_mode="off")) == []


def test_replicas_out_of_sync() -> None:
    partitions = [Replicas(f"t[{number}]", 3, 2 if number < 7 else 3) for number in range(9)]
    (fault,) = replica_faults(partitions)
    assert fault.startswith("7 ")
    assert "t[0] 2/3, t[1] 2/3, t[2] 2/3, t[3] 2/3, t[4] 2/3:" in fault
    assert replica_faults(partitions[7:]) == []
