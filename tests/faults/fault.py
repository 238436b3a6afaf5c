"""One fault on a running set: what is published meanwhile, what is done, and how it ended."""

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
    """What the fault needs is not there; the message says what."""


@dataclass(frozen=True)
class Kind:
    """A fault that can be injected. `does` says what happens, for the plan and the tables."""

    name: str
    does: str
    inject: Callable[[Fault], None]


@dataclass
class Outcome:
    """What became of one fault. `caught_up_s`: from when nothing was broken any more until all was in the answers."""

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
    """What a kind of fault works with. `plan` takes a line for each thing that is done."""

    rig: Rig
    rng: random.Random
    world: World
    plan: list[str] = field(default_factory=list)
    # Places of records that are gone for good, knowingly.
    gone: set[Place] = field(default_factory=set)
    events: int = 0
    mended_s: float | None = None
    _publishers: list[Publisher] = field(default_factory=list)
    _sent: list[list[Sent]] = field(default_factory=list)

    def publish(self, events: int = EVENTS) -> None:
        """Begin to publish the next slice of the world, and go on when it is on its way."""
        records = self.world.take(events)
        publisher = Publisher(self.rig.kafka.bootstrap_servers, records, self.rng)
        publisher.start()
        publisher.begun.wait()
        self._publishers.append(publisher)
        self.events += len(records)

    def await_published(self) -> list[Sent]:
        """Wait until all is acknowledged, tending the set; what was sent since the last time."""
        sent: list[Sent] = []
        kafka = self.rig.kafka.bootstrap_servers
        for publisher in self._publishers:
            self.rig.wait_until(lambda publisher=publisher: not publisher.is_alive(), 300, "publishing does not end")
            sent += publisher.result()
        topics = {one.record.topic for one in sent}
        self.rig.wait_until(partial(end_transactions, kafka, topics), 60, "transactions of exchanges stay open")
        self._publishers.clear()
        # Slices that were published side by side are in one order in each partition, and that one decides.
        sent.sort(key=lambda one: (one.record.topic, one.partition, one.offset))
        self._sent.append(sent)
        return sent

    def some_moment(self, longest_s: float = 1.5) -> None:
        """A moment chosen by the seed, in the middle of the load."""
        seconds = self.rng.uniform(0.0, longest_s)
        self.plan.append(f"after {seconds:.2f} s")
        self.rig.pause(seconds)

    def mended(self) -> None:
        """From now on nothing is broken: the time to catch up runs."""
        self.mended_s = time.monotonic()

    def sent(self) -> list[Sent]:
        """Everything that was published and is not gone."""
        return [
            one
            for sent in self._sent
            for one in sent
            if Place(one.record.topic, one.partition, one.offset) not in self.gone
        ]


def break_once(rig: Rig, world: World, reference: Reference, kind: Kind, seed: int, run: int) -> Outcome:
    """Inject one fault under load, wait until all is in, and compare everything with the reference."""
    # The seed and the number of the run decide alone, whatever ran before.
    fault = Fault(rig, random.Random(f"{seed} {kind.name} {run}"), world)
    outcome = Outcome(kind.name, seed, run, fault.plan)
    rig.forget_ends()
    try:
        kind.inject(fault)
        if fault.mended_s is None:
            fault.mended()
        fault.await_published()
        reference.take(fault.sent())
        rig.await_quiet(QUIET_WITHIN_S)
        outcome.caught_up_s = time.monotonic() - (fault.mended_s or 0.0)
        outcome.findings = compare(rig, reference)
    except Unavailable as missing:
        outcome.unavailable = str(missing)
    except (AssertionError, KafkaError) as error:
        outcome.findings.wrong.append(f"{type(error).__name__}: {error}")
    outcome.events = fault.events
    outcome.findings.wrong += rig.ended_by_ours()
    return outcome
