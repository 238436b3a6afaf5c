"""What the doctor says of standbys and replicas."""

from __future__ import annotations

import pytest

from deploy.doctor.replication import Replicas, StandbyCounts, replica_faults, standby_faults


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (StandbyCounts(0, 0, "", "on"), []),
        (StandbyCounts(1, 0, "*", "off"), []),
        (StandbyCounts(1, 1, "ANY 1 (a, b)", "off"), []),
        (StandbyCounts(0, 2, "", "off"), ["a failover loses acknowledged data"]),
        (StandbyCounts(0, 1, "a", "off"), ["no standby of a is attached"]),
        (StandbyCounts(1, 0, "*", "on"), ["set restart_after_crash to off"]),
    ],
)
def test_a_primary_that_may_lose_what_it_acknowledged(there: StandbyCounts, says: list[str]) -> None:
    faults = standby_faults(there)
    assert len(faults) == len(says)
    assert all(part in fault for part, fault in zip(says, faults, strict=True))


def test_replicas_out_of_sync() -> None:
    partitions = [Replicas(f"t[{number}]", 3, 2 if number < 7 else 3) for number in range(9)]
    (fault,) = replica_faults(partitions)
    assert fault.startswith("7 ")
    assert "t[0] 2/3, t[1] 2/3, t[2] 2/3, t[3] 2/3, t[4] 2/3:" in fault
    assert replica_faults(partitions[7:]) == []
