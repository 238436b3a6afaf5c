"""Faults of etcd, Kafka and HAProxy, and none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.disk import filled
from tests.faults.ha.fault import HaFault, Needs, Row

if TYPE_CHECKING:
    from collections.abc import Callable


def nothing(fault: HaFault) -> None:
    """Measure the pauses of the load itself, with which those of faults are compared."""
    fault.begins(f"nothing for {fault.pace.away_s:.0f} s")
    fault.rig.pause(fault.pace.away_s)


def etcd_member_dies(fault: HaFault) -> None:
    rig = fault.rig
    node = fault.rng.choice(rig.nodes)
    fault.some_moment()
    rig.kill(node, "etcd")
    fault.begins(f"SIGKILL of etcd on {node}")


def etcd_without_quorum(fault: HaFault) -> None:
    """The primary stays, as it reaches all members."""
    rig = fault.rig
    leader, nodes = rig.leader(), fault.rng.sample(rig.nodes, 2)
    fault.some_moment()
    for node in nodes:
        rig.kill(node, "etcd")
    fault.begins(f"SIGKILL of etcd on {' and '.join(nodes)} for {fault.pace.away_s:.0f} s")
    rig.pause(fault.pace.away_s)
    for node in nodes:
        rig.start(node, "etcd")
    fault.plan.append(f"etcd is back; the primary is {rig.leader()}, it was {leader}")


def a_broker(fault: HaFault) -> str:
    rig = fault.rig
    return fault.rng.choice([node for node in rig.nodes if node != rig.controller()])


def controller(fault: HaFault) -> str:
    return fault.rig.controller()


def coordinator(fault: HaFault) -> str:
    """The broker that coordinates a consumer group and leads the partitions of its transactions."""
    return fault.rig.coordinator()


def broker_dies(choose: Callable[[HaFault], str]) -> Callable[[HaFault], None]:
    def inject(fault: HaFault) -> None:
        node = choose(fault)
        fault.some_moment()
        fault.rig.kill(node, "kafka")
        fault.begins(f"SIGKILL of the broker on {node}")

    return inject


def broker_frozen(choose: Callable[[HaFault], str]) -> Callable[[HaFault], None]:
    def inject(fault: HaFault) -> None:
        rig, node = fault.rig, choose(fault)
        fault.some_moment()
        with rig.frozen(rig.pids(node, "kafka")):
            fault.begins(f"SIGSTOP of the broker on {node} for {fault.pace.frozen_s:.0f} s")
            rig.pause(fault.pace.frozen_s)
        fault.plan.append("it wakes")

    return inject


def two_brokers_die(fault: HaFault) -> None:
    rig, nodes = fault.rig, fault.rng.sample(fault.rig.nodes, 2)
    fault.some_moment()
    for node in nodes:
        rig.kill(node, "kafka")
    fault.begins(f"SIGKILL of the brokers on {' and '.join(nodes)} for {fault.pace.away_s:.0f} s")
    decided_s = fault.since_s
    rig.pause(fault.pace.away_s)
    pause_s = rig.seen.longest_pause_s("decisions", decided_s, decided_s + fault.pace.away_s)
    fault.plan.append(f"decisions stopped for {pause_s:.1f} s meanwhile")
    for node in nodes:
        rig.start(node, "kafka")
    fault.returns("both are started")


def broker_disk_full(fault: HaFault) -> None:
    rig, node = fault.rig, fault.rng.choice(fault.rig.nodes)
    fault.some_moment()
    with filled(rig.small_disk("kafka", node)):
        fault.begins(f"no room on the disk of the broker on {node}")
        rig.pause(fault.pace.away_s)
    fault.plan.append("there is room again")


def proxy_dies(fault: HaFault) -> None:
    rig = fault.rig
    node = fault.rng.choice([node for node in rig.nodes if rig.programs(node, "haproxy")])
    fault.some_moment()
    rig.kill(node, "haproxy")
    fault.begins(f"SIGKILL of HAProxy on {node}")


OTHERS = (
    Row("0 no fault", "the same load for a minute", nothing, 1.0, 1.0),
    Row("9a etcd member dies", "SIGKILL of one of three", etcd_member_dies, 1.0, 1.0),
    Row("9b etcd without quorum", "SIGKILL of two of three for a minute", etcd_without_quorum, 5.0, 5.0),
    Row("12a a broker dies", "SIGKILL of one that is not the controller", broker_dies(a_broker), 1.0, 12.0),
    Row("12b controller dies", "SIGKILL of the active controller and its broker", broker_dies(controller), 1.0, 12.0),
    Row("12c coordinator dies", "SIGKILL of a group's coordinator", broker_dies(coordinator), 1.0, 12.0),
    Row("13a a broker frozen", "SIGSTOP for a minute", broker_frozen(a_broker), 1.0, 15.0),
    Row("13b controller frozen", "SIGSTOP for a minute", broker_frozen(controller), 1.0, 15.0),
    Row("14 two brokers die", "SIGKILL of two of three for a minute", two_brokers_die, 1.0, 15.0, after_return=True),
    Row(
        "15b a broker without room", "no room for Kafka", broker_disk_full, 25.0, 25.0, needs=Needs(small_disks="kafka")
    ),
    Row("16 HAProxy dies", "SIGKILL of one of them", proxy_dies, 3.0, 3.0),
)
