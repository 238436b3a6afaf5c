"""One fault of a highly available set under load: what is injected, its limits and its outcome."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kafka.errors import KafkaError

from devset.processes import LocalError
from exchange_kit.api import ApiError
from tests.faults.compare import Findings
from tests.faults.ha.acknowledged import DECISIONS, INTAKE, READS, RECORDS
from tests.faults.ha.load import working
from tests.faults.ha.verdict import examine

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.ha.rig import HaRig

SERIES = (DECISIONS, INTAKE, READS, RECORDS)
# A longer pause is none of a set that goes on.
PAUSE_S = 3.0
GOES_ON_WITHIN_S = 240.0
WHOLE_WITHIN_S = 240.0
QUIET_WITHIN_S = 240.0


@dataclass(frozen=True)
class Pace:
    """How long faults last, and for how long each series must succeed without a long pause to count as going on.

    A frozen or unreachable part must stay so for longer than Patroni's lease of 20 s.
    """

    frozen_s: float = 60.0
    away_s: float = 60.0
    held_s: float = 4.0
    steady_s: float = 6.0


@dataclass(frozen=True)
class Needs:
    """Options with which a set is started: proxies between its machines, small disks of one engine, another build."""

    network: bool = False
    small_disks: Literal["", "postgres", "kafka"] = ""
    is_asynchronous: bool = False
    build: Path | None = None

    def missing(self) -> str:
        """Return what this machine lacks for it."""
        if self.small_disks and os.geteuid() != 0:
            return "需要挂载文件系统的权限 / needs the right to mount a file system"
        return ""


@dataclass(frozen=True)
class Row:
    """A fault, and the limits of its pauses in seconds.

    `after_return`: the limits count from the return of what was away.
    """

    name: str
    does: str
    inject: Callable[[HaFault], None]
    decisions_within_s: float
    intake_within_s: float
    after_return: bool = False
    needs: Needs = Needs()


@dataclass
class HaFault:
    """The context of an injected fault. `plan` takes a line for each thing that is done."""

    rig: HaRig
    rng: random.Random
    pace: Pace = Pace()
    plan: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    since_s: float = 0.0
    returned_s: float | None = None

    def begins(self, what: str) -> None:
        """Mark the instant of the fault."""
        self.plan.append(what)
        self.since_s = time.monotonic()

    def returns(self, what: str) -> None:
        """Mark the instant at which what was away is started again."""
        self.plan.append(what)
        self.returned_s = time.monotonic()

    def some_moment(self, longest_s: float = 1.5) -> None:
        """Wait for a random moment, chosen by the seed, under load."""
        self.rig.pause(self.rng.uniform(0.0, longest_s))

    def holds(self, condition: bool, what: str) -> None:
        if not condition:
            self.wrong.append(what)


@dataclass
class HaOutcome:
    """The figures of one fault: longest pauses in seconds by series, and what was lost, doubled or forked."""

    row: str
    seed: int
    run: int
    plan: list[str]
    pauses_s: dict[str, float] = field(default_factory=dict)
    events: int = 0
    decisions: int = 0
    checkpoints: int = 0
    forked: int = 0
    findings: Findings = field(default_factory=Findings)
    unavailable: str = ""
    # True for a control that was detected for the right reason.
    caught: bool = False

    @property
    def clean(self) -> bool:
        return self.findings.clean and not self.forked

    def __str__(self) -> str:
        plan, pauses = "; ".join(self.plan), ", ".join(f"{name} {pause:.1f} s" for name, pause in self.pauses_s.items())
        return f"{self.row} (seed {self.seed}, run {self.run}): {plan}: {pauses}\n  {self.findings}"


def break_once(rig: HaRig, row: Row, seed: int, run: int, rng: random.Random, pace: Pace) -> HaOutcome:
    """Inject one fault under load, wait until the set is whole and quiet again, and examine it."""
    fault = HaFault(rig, rng, pace)
    outcome = HaOutcome(row.name, seed, run, fault.plan)
    rig.forget_ends()
    try:
        rig.await_whole(WHOLE_WITHIN_S)
        rig.elect_preferred_leaders()
        _under_load(fault, row, outcome)
        rig.await_quiet(QUIET_WITHIN_S)
        outcome.findings, forks = examine(rig, rig.reference, rig.seen)
        outcome.forked = len(forks)
    except (AssertionError, ApiError, KafkaError, LocalError) as error:
        outcome.findings.wrong.append(f"{type(error).__name__}: {error}")
    outcome.decisions, outcome.checkpoints = len(rig.seen.decisions), len(rig.seen.checkpoints)
    outcome.findings.wrong += [*fault.wrong, *rig.ended_by_ours()]
    return outcome


def _under_load(fault: HaFault, row: Row, outcome: HaOutcome) -> None:
    """Inject the fault while the load is on, and measure the pauses."""
    rig = fault.rig
    stop = threading.Event()
    exchanges, clients = rig.load(stop)
    with working(clients, stop):
        began_s = time.monotonic()
        rig.wait_until(lambda: is_steady(fault, began_s), GOES_ON_WITHIN_S, "the load does not begin")
        row.inject(fault)
        since_s = fault.returned_s if row.after_return and fault.returned_s else fault.since_s
        rig.wait_until(lambda: is_steady(fault, since_s), GOES_ON_WITHIN_S, "the set does not go on")
        rig.revive()
        rig.await_whole(WHOLE_WITHIN_S)
        until_s = time.monotonic()
    outcome.pauses_s = {name: rig.seen.longest_pause_s(name, since_s, until_s) for name in SERIES}
    outcome.events = len(exchanges.sent)
    rig.reference.take(exchanges.sent)


def is_steady(fault: HaFault, since_s: float) -> bool:
    """Return True if every series has succeeded without a long pause for some seconds after `since_s`."""
    now_s = time.monotonic()
    start_s = now_s - fault.pace.steady_s
    seen = fault.rig.seen
    return start_s >= since_s and all(seen.longest_pause_s(name, start_s, now_s) < PAUSE_S for name in SERIES)
