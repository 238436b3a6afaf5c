"""One fault on a running set: the records published during it, its steps and its outcome."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from kafka.errors import KafkaError

from tests.faults.compare import Findings, compare
from tests.faults.reference import Place, Reference
from tests.faults.world import Publisher, Sent, World, end_transactions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.rig import Rig

EVENTS = 300
QUIET_WITHIN_S = 180.0


class Unavailable(Exception):  # noqa: N818 - not an error: this machine cannot show the fault
    """This machine lacks what the fault needs; the message says what."""


@dataclass(frozen=True)
class Kind:
    """A fault that can be injected. `does` describes it, for the plan and the tables."""

    name: str
    does: str
    inject: Callable[[Fault], None]


@dataclass
class Outcome:
    """The outcome of one fault. `caught_up_s`: time from the repair until everything was in the answers."""

    kind: str
    seed: int
    run: int
    plan: list[str]
    events: int = 0
    caught_up_s: float = 0.0
    findings: Findings = field(default_factory=Findings)
    unavailable: str = ""

    @property
    def clean(self) -> bool:
        return self.findings.clean

    def __str__(self) -> str:
        plan = "; ".join(self.plan)
        return f"{self.kind} (seed {self.seed}, run {self.run}): {plan}\n  {self.findings}"


@dataclass
class Fault:
    """The context of an injected fault. `plan` takes a line for each thing that is done."""

    rig: Rig
    rng: random.Random
    world: World
    plan: list[str] = field(default_factory=list)
    # Places of records that the fault deliberately deletes for good.
    gone: set[Place] = field(default_factory=set)
    # Places of records that are not of the world, with the reason for which they are refused.
    refused: list[tuple[Place, str]] = field(default_factory=list)
    events: int = 0
    repaired_s: float | None = None
    _publishers: list[Publisher] = field(default_factory=list)
    _sent: list[list[Sent]] = field(default_factory=list)

    def publish(self, events: int = EVENTS) -> None:
        """Start to publish the next slice of the world; return once it is on its way."""
        records = self.world.take(events)
        publisher = Publisher(self.rig.kafka.bootstrap_servers, records, self.rng)
        publisher.start()
        publisher.begun.wait()
        self._publishers.append(publisher)
        self.events += len(records)

    @property
    def is_publishing(self) -> bool:
        return any(publisher.is_alive() for publisher in self._publishers)

    def await_published(self) -> list[Sent]:
        """Tend the set until everything is acknowledged; return what was sent since the last call."""
        sent: list[Sent] = []
        kafka = self.rig.kafka.bootstrap_servers
        for publisher in self._publishers:
            self.rig.wait_until(lambda publisher=publisher: not publisher.is_alive(), 300, "publishing does not end")
            sent += publisher.result()
        topics = {one.record.topic for one in sent}
        self.rig.wait_until(partial(end_transactions, kafka, topics), 180, "transactions of exchanges stay open")
        self._publishers.clear()
        # Slices published in parallel have one order in each partition, which decides.
        sent.sort(key=lambda one: (one.record.topic, one.partition, one.offset))
        self._sent.append(sent)
        return sent

    def sent_too(self, sent: list[Sent]) -> None:
        """Take records into account that the fault itself published."""
        self._sent.append(sent)
        self.events += len(sent)

    def some_moment(self, longest_s: float = 1.5) -> None:
        """Wait for a random moment, chosen by the seed, under load."""
        seconds = self.rng.uniform(0.0, longest_s)
        self.plan.append(f"after {seconds:.2f} s")
        self.rig.pause(seconds)

    def repaired(self) -> None:
        """Mark the end of the fault: the time to catch up is measured from now on."""
        self.repaired_s = time.monotonic()

    def sent(self) -> list[Sent]:
        """Return everything that was published and not deleted."""
        return [
            one
            for sent in self._sent
            for one in sent
            if Place(one.record.topic, one.partition, one.offset) not in self.gone
        ]


def break_once(rig: Rig, world: World, reference: Reference, kind: Kind, seed: int, run: int) -> Outcome:
    """Inject one fault under load, wait until everything is processed, and compare it with the reference."""
    # Only seed, kind and run number decide, not the faults injected before.
    fault = Fault(rig, random.Random(f"{seed} {kind.name} {run}"), world)
    outcome = Outcome(kind.name, seed, run, fault.plan)
    rig.forget_ends()
    try:
        kind.inject(fault)
        if fault.repaired_s is None:
            fault.repaired()
        fault.await_published()
        reference.take(fault.sent())
        reference.refused.update(fault.refused)
        rig.await_quiet(QUIET_WITHIN_S)
        outcome.caught_up_s = time.monotonic() - (fault.repaired_s or 0.0)
        outcome.findings = compare(rig, reference)
    except Unavailable as missing:
        outcome.unavailable = str(missing)
    except (AssertionError, KafkaError) as error:
        outcome.findings.wrong.append(f"{type(error).__name__}: {error}")
    outcome.events = fault.events
    outcome.findings.wrong += rig.ended_by_ours()
    return outcome
