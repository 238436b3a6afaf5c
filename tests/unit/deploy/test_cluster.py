"""The doctor's findings on the brokers of a cluster, and on disks."""

from __future__ import annotations

import pytest

from deploy.broker.replication import broker_settings
from deploy.doctor.cluster import Brokers, Controllers, broker_faults, controller_faults, setting_faults
from deploy.doctor.disks import Disk, disk_faults

VERSION = (4, 3)


def test_brokers_that_do_not_answer() -> None:
    assert broker_faults(Brokers({1: VERSION, 2: VERSION}, {})) == []
    (fault,) = broker_faults(Brokers({1: VERSION}, {3: "c:9092", 2: "b:9092"}))
    assert "brokers are down: 2 (b:9092), 3 (c:9092)" in fault


@pytest.mark.parametrize(
    ("controllers", "brokers", "says"),
    [
        (Controllers((1,), ()), 1, []),
        (Controllers((1, 2, 3), ()), 3, []),
        (Controllers((1, 2, 3), (2,)), 3, ["controllers are down: 2 of 3"]),
        (Controllers((1,), ()), 3, ["controllers: the death of one stops Kafka"]),
    ],
)
def test_controllers(controllers: Controllers, brokers: int, says: list[str]) -> None:
    faults = controller_faults(controllers, brokers)
    assert len(faults) == len(says)
    assert all(part in fault for part, fault in zip(says, faults, strict=True))


@pytest.mark.parametrize(
    ("name", "value", "is_fault"),
    [
        ("min.insync.replicas", "1", True),
        ("min.insync.replicas", "3", True),  # then one dead broker stops everything
        ("unclean.leader.election.enable", "true", True),
        ("offsets.topic.replication.factor", "1", True),
        ("offsets.topic.replication.factor", "4", False),
        ("broker.session.timeout.ms", "9000", True),
        ("broker.session.timeout.ms", "3000", False),
    ],
)
def test_settings_of_three_brokers(name: str, value: str, is_fault: bool) -> None:
    right = broker_settings(3)
    assert setting_faults({1: right, 2: right, 3: right}, 3) == []
    faults = setting_faults({1: right, 2: right, 3: {**right, name: value}}, 3)
    assert [f"set {name}={right[name]} (brokers 3)" in fault for fault in faults] == [True] * is_fault


def test_a_single_broker_and_settings_that_are_not_shown_are_no_faults() -> None:
    assert setting_faults({1: {"unclean.leader.election.enable": "true"}}, 1) == []
    assert setting_faults({1: {}, 2: {}, 3: {}}, 3) == []


@pytest.mark.parametrize(
    ("total_gb", "free_gb", "is_fault"), [(20, 1.9, True), (20, 2.1, False), (1000, 9, True), (1000, 11, False)]
)
def test_disks_that_are_almost_full(total_gb: int, free_gb: float, is_fault: bool) -> None:
    disk = Disk("broker 1 /data", total_gb * 10**9, int(free_gb * 10**9))
    faults = disk_faults([disk])
    assert [disk.text in fault for fault in faults] == [True] * is_fault
