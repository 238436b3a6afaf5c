"""The whole set at steady rates and with a backlog: latency, processor time by program, and what waits.

Nothing is warmed: each round starts the set of each version anew, in turn, with three fictional exchanges.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psutil

from exchange_kit.api import ApiError
from exchange_kit.sample.year import sample_events
from tests.bench.bed import SEED, YEAR, prepared_bed, say
from tests.bench.limit import limit
from tests.bench.steady.backlog import backlog_rate
from tests.bench.steady.latency import Probes
from tests.bench.steady.processor_time import ProcessorTime, Usage
from tests.bench.steady.publisher import flowing
from tests.bench.steady.version import EXCHANGES, MEASURING, Version, running_version
from tests.bench.steady.waiting import Sample, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.events.records import SampleRecord

RATES: Final = (200, 1_000, 2_000)
_LIMIT_EVENTS: Final = 60_000
_SAMPLE_EVERY_S: Final = 5.0
_SPARE_S: Final = 10  # of events, for the last probes


class Size(NamedTuple):
    """The extent of a measurement: events of the backlog, seconds of each steady rate, and rounds."""

    events: int
    seconds: float
    rounds: int


def steady(folder: Path, size: Size, against: Path | None, check: Callable[[], None]) -> dict[str, Any]:
    """Measure this source and, if given, that in the folder `against`, in turn.

    `check` raises if somebody asked to stop; waiting loops call it.
    """
    folder.mkdir()
    trees = {"before": against} if against is not None else {}
    trees["this"] = Path.cwd()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in trees}
    half: int | None = None
    for number in range(size.rounds):
        order = list(trees) if number % 2 == 0 else list(reversed(trees))
        limited = _limit(folder / f"limit-{number}")
        for name in order:
            say(f"{number + 1}/{size.rounds} {name} ...")
            tree = trees[name]
            assert tree is not None
            with running_version(tree.absolute(), folder / f"{name}-{number}", check) as version:
                measured = Measured(version).run(size, half)
            half = half or measured["half_per_s"]
            found[name].append(measured | {"limit": limited, "load": round(os.getloadavg()[0], 1)})
    return {"exchanges": len(EXCHANGES), "seconds": size.seconds, "events": size.events, "versions": found}


def _limit(folder: Path) -> dict[str, float]:
    """Measure the frozen limit: trades a second, and microseconds of processors that each takes."""
    with prepared_bed(folder, _LIMIT_EVENTS) as bed:
        assert bed.postgres.program is not None
        server = psutil.Process(bed.postgres.program.process.pid)
        before = time.process_time(), _all_s(server)
        per_s = limit(bed, "trade")
        used_s = time.process_time() - before[0] + _all_s(server) - before[1]
        return {"per_s": round(per_s), "us_a_record": round(used_s / bed.counts["trade"] * 1e6, 1)}


def _all_s(process: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:4]) for one in (process, *process.children(recursive=True)))


@dataclass
class Measured:
    """The measurements of one version's running set."""

    version: Version
    _numbers: Iterator[int] = field(default_factory=count)

    def run(self, size: Size, half: int | None) -> dict[str, Any]:
        loads: dict[str, Any] = {}
        seconds = size.seconds
        needed = round((sum(RATES) + 20_000) * (seconds + _SPARE_S)) + size.events
        events = sample_events(SEED, EXCHANGES, needed, YEAR, rubbish=False)
        for per_s in RATES:
            loads[f"{per_s}/s"] = self._flow(_some(events, per_s, seconds), per_s, seconds)
        backlog, rate = self._backlog(list(islice(events, size.events)))
        loads["backlog"] = backlog
        half = half or round(rate / 2)
        loads["half"] = self._flow(_some(events, half, seconds), half, seconds)
        return {"end_to_end_per_s": round(rate), "half_per_s": half, "loads": loads}

    def _backlog(self, records: list[SampleRecord]) -> tuple[dict[str, Any], float]:
        version, begun = self.version, Mark()
        rate = backlog_rate(
            records,
            version.kafka,
            version.client,
            version.database_url("trade-ingest"),
            version.consumers(),
            lambda: begun.set(version.usages()),
            version.check,
        )
        return begun.processors(version.usages(), len(records)), rate

    def _flow(self, records: list[SampleRecord], per_s: int, seconds: float) -> dict[str, Any]:
        """Publish at a steady rate for so many seconds; then wait until nothing does."""
        say(f"{per_s}/s ...")
        version, waiting, begun = self.version, list[Sample](), Mark()
        before = version.taken()
        begun.set(version.usages())
        with (
            flowing(version.kafka, records, per_s) as sender,
            Probes(version.kafka, version.database_url("incentive"), EXCHANGES[1], self._numbers) as probes,
        ):
            while (left_s := begun.at_s + seconds - time.monotonic()) > 0:
                time.sleep(min(left_s, _SAMPLE_EVERY_S))
                version.check()
                begun.observe(version.usages())
                with suppress(ApiError):  # a service may be too busy to answer
                    waiting.append(version.waiting(time.monotonic()))
            publisher = Usage(0, "publisher", sum(psutil.Process(sender).cpu_times()[:2]), 0.0)
            found = begun.processors(version.usages() | {sender: publisher}, version.taken() - before)
            found["latency_ms"] = probes.finish()
        found["waiting"] = summary(waiting, per_s)
        version.await_quiet()
        return found


class Mark:
    """The processor time that all processes use from an instant on."""

    at_s: float
    _used: ProcessorTime

    def set(self, usages: Mapping[int, Usage]) -> None:
        self.at_s = time.monotonic()
        self._used = ProcessorTime(usages)

    def observe(self, usages: Mapping[int, Usage]) -> None:
        """Take a sample, so that what ends before the next one counts for its own program until now."""
        self._used.observe(usages)

    def processors(self, after: Mapping[int, Usage], events: int) -> dict[str, Any]:
        """Return microseconds an event by program and in all, and the share of the cores; the measurement apart.

        `events`: those that the registers took in meanwhile.
        """
        self._used.observe(after)
        by_program = dict(self._used.by_program)
        measuring = by_program.pop(MEASURING, 0.0)
        total_s = sum(by_program.values())
        cores_s = (time.monotonic() - self.at_s) * (os.cpu_count() or 1)
        return {
            "events": events,
            "us_an_event": round(total_s / events * 1e6, 1),
            "by_program_us": {
                name: round(used / events * 1e6, 1) for name, used in sorted(by_program.items()) if used >= 0.005
            },
            "of_cores": round(total_s / cores_s, 3),
            "measurement_us": round(measuring / events * 1e6, 1),
        }


def _some(events: Iterator[SampleRecord], per_s: int, seconds: float) -> list[SampleRecord]:
    return list(islice(events, round(per_s * (seconds + _SPARE_S))))
