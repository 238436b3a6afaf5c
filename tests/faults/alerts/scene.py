"""A running set with its normal flow of events, scraped step by step while a fault lasts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from kafka import KafkaProducer
from kafka.errors import KafkaError

from devset.programs import SERVICES
from shared.events.topics import topic_of
from tests.faults.alerts.recording import STEP_S, Recording, Target, read_api
from tests.faults.world import trade_event
from tests.support.registers.web_register import SIDES
from tests.support.registers.worlds import uscc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.events.documents import Kind
    from tests.faults.rig import Rig

QUIET_WITHIN_S = 180.0
_BLOCKS_FOR_MS = 1_000


class Flow:
    """The normal flow: with every step a listing and a trade of one exchange, which earns an award."""

    def __init__(self, rig: Rig) -> None:
        self._exchanges = rig.exchanges.ids
        self._numbers: Iterator[int] = count()
        self._producer = KafkaProducer(
            bootstrap_servers=rig.bootstrap_servers,
            acks="all",
            max_block_ms=_BLOCKS_FOR_MS,
            reconnect_backoff_max_ms=1000,
            allow_auto_create_topics=False,
        )

    def send(self) -> None:
        """Send the next two events; while the broker is away, the exchange goes on without."""
        number = next(self._numbers)
        exchange = self._exchanges[number % len(self._exchanges)]
        self.send_event("listing", exchange, SIDES["listing"].event(exchange, f"FLOW-{number}"))
        self.send_event("trade", exchange, trade_event(exchange, f"FLOW-{number}", buyer=uscc(number)))

    def send_event(self, kind: Kind, exchange: str, value: bytes, partition: int | None = None) -> None:
        try:
            self._producer.send(topic_of(kind, exchange), value, partition=partition)
        except KafkaError as error:
            if not error.retriable:
                raise

    def flush(self) -> None:
        self._producer.flush(timeout=60)

    def close(self) -> None:
        self._producer.close(timeout=1)


@dataclass
class Scene:
    """The context of a fault. `every_s`: seconds between two scrapes, which are stamped a quarter of a minute apart.

    With 15 s the campaign lasts as long as the alerts take in operation. Figures in seconds are true in any case: a
    fault that has to last for a minute by such a figure is held for that minute.
    """

    rig: Rig
    every_s: float
    targets: list[Target]
    flow: Flow
    recording: Recording = field(default_factory=Recording)

    def step(self) -> None:
        """Let the flow go on, scrape, and tend the set until the next scrape is due."""
        due_s = time.monotonic() + self.every_s
        self.flow.send()
        self.recording.take(self.targets)
        self.rig.tend()
        self.rig.pause(due_s - time.monotonic())

    def hold(self, minutes: float) -> None:
        """Let the fault last for so long by the stamps."""
        for _ in range(round(minutes * 60 / STEP_S)):
            self.step()

    def hold_until(self, condition: Callable[[], bool], within_s: float, what: str) -> None:
        """Let the fault last until a figure says so."""
        deadline_s = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline_s, f"{what} within {within_s:.0f} s"
            self.step()

    def hold_while(self, condition: Callable[[], bool], most_s: float) -> None:
        """Let the fault last while the condition is true, but no longer than `most_s`."""
        end_s = time.monotonic() + most_s
        while condition() and time.monotonic() < end_s:
            self.step()

    def exceeds(self, metric: str, service: str, bound: float, minutes: float = 0) -> Callable[[], bool]:
        """Return a condition: the figure was above the bound in the last scrape, and in those of the minutes before.

        A service that is too busy to tell it in between begins anew, as an alert does.
        """
        scrapes = range(1 + round(minutes * 60 / STEP_S))
        return lambda: all((self.recording.latest(metric, service, back) or 0.0) > bound for back in scrapes)

    def begin(self) -> None:
        """Begin a recording with a scrape of a set that is well, because it stands for the time before."""
        self.rig.wait_until(self._begins_well, QUIET_WITHIN_S, "a scrape of the set is not well", 0.25)

    def _begins_well(self) -> bool:
        self.recording = Recording()
        self.recording.take(self.targets)
        return self.recording.is_well

    def await_well(self) -> None:
        """Wait until the set is ready and everything published is in the answers."""
        self.flow.flush()
        self.rig.wait_until(self.rig.is_ready, QUIET_WITHIN_S, "the set is not ready", 0.25)
        self.rig.await_quiet(QUIET_WITHIN_S)


def targets_of(rig: Rig) -> list[Target]:
    """Return the APIs of a set, as prometheus.yml names them."""
    return [
        Target(partial(read_api, rig.addresses.url(service), rig.keys["auditor"]), service, rig.addresses.apis[service])
        for service in SERVICES
    ]
