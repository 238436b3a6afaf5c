"""Faults of PostgreSQL and Patroni."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from tests.faults.disk import filled
from tests.faults.ha.fault import HaFault, Needs, Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.ha.rig import HaRig

MACHINE = ("patroni", "postgres")
WHOLE_MACHINE = (*MACHINE, "disk-watch", "etcd", "kafka", "haproxy", "programs")
# Ended waits let the next session commit and wait: as long as the WAL is held, this goes on.
END_WAITS_EVERY_S = 0.1
ENDINGS = ("pg_terminate_backend", "pg_cancel_backend")


def machine_dies(fault: HaFault) -> None:
    rig = fault.rig
    leader = rig.leader()
    fault.some_moment()
    rig.kill(leader, *MACHINE)
    fault.begins(f"SIGKILL of PostgreSQL and Patroni of {leader}, the primary")


def whole_machine_dies(fault: HaFault) -> None:
    """The primary's machine dies, which also has a proxy and a copy of each program; clients ask the other copy."""
    rig = fault.rig
    with_programs = [node for node in rig.nodes if rig.programs(node, "programs")]
    if rig.leader() not in with_programs:
        rig.switchover(fault.rng.choice(with_programs))
        rig.wait_until(lambda: len(rig.followers()) == len(rig.nodes) - 1, 60, "standbys do not follow")
        rig.pause(fault.pace.steady_s)
    leader = rig.leader()
    fault.some_moment()
    rig.kill(leader, *WHOLE_MACHINE)
    fault.begins(f"SIGKILL of everything on {leader}, the primary's machine")


def postmaster_dies(fault: HaFault) -> None:
    rig = fault.rig
    leader = rig.leader()
    fault.some_moment()
    os.kill(rig.postmaster(leader), signal.SIGKILL)
    fault.begins(f"SIGKILL of the postmaster of {leader}, the primary")


def backend_dies(fault: HaFault) -> None:
    rig = fault.rig
    leader = rig.leader()
    fault.some_moment()
    _kill_a_backend(rig, leader)
    fault.begins(f"SIGKILL of a session of {leader}, the primary")


def _kill_a_backend(rig: HaRig, node: str) -> None:
    statement = (
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename LIKE '%_service'"
        " ORDER BY (wait_event = 'SyncRep') IS TRUE DESC LIMIT 1"
    )
    ((pid,),) = rig.ask(node, statement)
    os.kill(pid, signal.SIGKILL)


def primary_frozen(fault: HaFault) -> None:
    rig = fault.rig
    leader = rig.leader()
    fault.some_moment()
    with rig.frozen(rig.pids(leader, *MACHINE)):
        fault.begins(f"SIGSTOP of PostgreSQL and Patroni of {leader} for {fault.pace.frozen_s:.0f} s")
        rig.pause(fault.pace.frozen_s)
    fault.plan.append(f"{leader} wakes")


def patroni_dies(fault: HaFault) -> None:
    rig = fault.rig
    leader = rig.leader()
    fault.some_moment()
    rig.kill(leader, "patroni")
    fault.begins(f"SIGKILL of Patroni of {leader}, whose PostgreSQL lives")


def partitioned(fault: HaFault) -> None:
    """The primary's machine is cut off from the other two; programs run on both sides."""
    rig = fault.rig
    leader = rig.leader()
    fault.some_moment()
    with rig.partitioned([leader]):
        fault.begins(f"{leader}, the primary's machine, is cut off for {fault.pace.away_s:.0f} s")
        rig.pause(fault.pace.away_s)
    fault.plan.append("the network is whole")


def switchover(fault: HaFault) -> None:
    rig = fault.rig
    before = rig.leader()
    fault.some_moment()
    fault.begins(f"switchover from {before}")
    rig.switchover()
    rig.wait_until(lambda: rig.leader() not in ("", before), 60, "the switchover does not end")


def standby_dies(fault: HaFault) -> None:
    rig = fault.rig
    standby = fault.rng.choice(rig.standbys())
    fault.some_moment()
    rig.kill(standby, *MACHINE)
    fault.begins(f"SIGKILL of PostgreSQL and Patroni of {standby}, a standby")


def both_standbys_die(fault: HaFault) -> None:
    """Writes stop, reads go on, and readyz says why, until one of them is back."""
    rig = fault.rig
    standbys = rig.standbys()
    fault.some_moment()
    for standby in standbys:
        rig.kill(standby, *MACHINE)
    fault.begins(f"SIGKILL of PostgreSQL and Patroni of both standbys, {' and '.join(standbys)}")
    rig.wait_until(lambda: "not replicated" in rig.readyz(), 60, f"readyz does not say it: {rig.readyz()}")
    began_s, decisions = time.monotonic(), len(rig.seen.decisions)
    rig.pause(10.0)
    fault.holds(len(rig.seen.decisions) == decisions, "decisions are acknowledged without a standby")
    reads_stop_s = rig.seen.longest_pause_s("reads", began_s, time.monotonic())
    fault.holds(reads_stop_s < 5.0, f"reads stop for {reads_stop_s:.1f} s")
    rig.start(standbys[0], *MACHINE)
    rig.wait_until(lambda: rig.is_streaming(standbys[0]), 120, f"{standbys[0]} does not return")
    fault.returns(f"{standbys[0]} follows again")


def wal_held_and_waits_ended(fault: HaFault) -> None:
    """Commits are visible that no standby has, as their waits are ended; then the machine dies."""
    rig = fault.rig
    leader = rig.leader()
    fault.some_moment()
    with rig.frozen(rig.walsenders(leader)):
        held_s, ended = time.monotonic(), 0
        while time.monotonic() - held_s < fault.pace.held_s:
            ended += rig.end_waits(leader, fault.rng.choice(ENDINGS))
            rig.pause(END_WAITS_EVERY_S)
        fault.wrong += rig.facts_ahead()
        rig.kill(leader, *MACHINE)
        fault.begins(f"{ended} waits for a standby ended on {leader}, whose WAL was held; then SIGKILL of the machine")
    fault.holds(ended > 0, "no session waited for a standby")


def wal_held_and_crash(fault: HaFault) -> None:
    """A session is killed while commits wait, which ends the server; then the machine dies."""
    rig = fault.rig
    leader = rig.leader()
    fault.some_moment()
    with rig.frozen(rig.walsenders(leader)):
        rig.wait_until(lambda: rig.waiting_for_standby(leader), 30, "no session waits for a standby")
        rig.pause(fault.pace.held_s)
        _kill_a_backend(rig, leader)
        rig.pause(fault.rng.uniform(0.0, 2.0))
        rig.kill(leader, *MACHINE)
        fault.begins(f"SIGKILL of a waiting session of {leader}, whose WAL was held, and then of the machine")


def disk_full(fault: HaFault) -> None:
    """The disk watch hands the primary over, while there is no room for the checkpoint of a clean shutdown."""
    rig = fault.rig
    leader = rig.leader()
    fault.some_moment()
    with filled(rig.small_disk("postgres", leader)):
        fault.begins(f"no room on the disk of {leader}, the primary")
        rig.pause(fault.pace.away_s)
        fault.holds(rig.leader() not in ("", leader), f"{leader} is the primary without room")
        fault.plan.append(f"{rig.leader()} is the primary")
    fault.plan.append("there is room again")


def _row(name: str, does: str, inject: Callable[[HaFault], None], within_s: float, **more: object) -> Row:
    return Row(name, does, inject, within_s, within_s, **more)  # type: ignore[arg-type]


POSTGRES = (
    _row("1 primary dies", "SIGKILL of PostgreSQL and its Patroni", machine_dies, 22.0),
    _row("2a postmaster dies", "SIGKILL, its Patroni lives", postmaster_dies, 8.0),
    _row("2b backend dies", "SIGKILL of one session, which ends the server", backend_dies, 8.0),
    _row("3 primary frozen", "SIGSTOP, wakes as the old primary", primary_frozen, 25.0),
    _row("4 Patroni dies", "SIGKILL, its PostgreSQL lives", patroni_dies, 22.0),
    _row("5 partition", "the primary's machine cut off from the others", partitioned, 25.0, needs=Needs(network=True)),
    _row("6 switchover", "planned, by Patroni", switchover, 6.0),
    _row("7 a standby dies", "SIGKILL of PostgreSQL and its Patroni", standby_dies, 1.0),
    _row("8 both standbys die", "writes stop until one is back", both_standbys_die, 3.0, after_return=True),
    _row(
        "10 WAL held and waits ended",
        "waiting sessions terminated or cancelled, then the machine dies",
        wal_held_and_waits_ended,
        25.0,
    ),
    _row("11 WAL held and crash", "a waiting session killed, then the machine dies", wal_held_and_crash, 25.0),
    _row("15a primary without room", "no room for PostgreSQL", disk_full, 25.0, needs=Needs(small_disks="postgres")),
    _row("17 whole machine dies", "broker, PostgreSQL, etcd, proxy and programs", whole_machine_dies, 25.0),
)
