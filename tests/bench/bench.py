"""`make bench`: throughput of the set on this machine, compared with the machine's upper limit and other programs.

Compared figures are measured in turn in one run, round by round; the report has the median, minimum and maximum of
the rounds. The table goes to stderr, JSON to stdout; `--report` also saves both, the table as SVG.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import psutil
from rich.console import Console

from devset.stopping import StopSignals
from devset.supervisor import Options
from devset.up import exit_on_error, running_set
from tests.bench.answers.finding import finding
from tests.bench.answers.pages import pages
from tests.bench.answers.sizes import answers
from tests.bench.batches import batches
from tests.bench.bed import Spread, prepared_bed, say
from tests.bench.extract import extract
from tests.bench.growth import growth
from tests.bench.intake import intake
from tests.bench.limit import limit
from tests.bench.naive import naive
from tests.bench.office import office
from tests.bench.one_subject import one_subject
from tests.bench.peers.kafka_streams import kafka_streams
from tests.bench.peers.peer import NotHere
from tests.bench.peers.quix import quixstreams
from tests.bench.readings import readings
from tests.bench.registers import registers
from tests.bench.replay import replay
from tests.bench.replication.fence import fence
from tests.bench.replication.standbys import standbys
from tests.bench.report import tables
from tests.bench.spark.nasty import nasty
from tests.bench.spark.runs import recomputations
from tests.bench.steady.steady import Size, steady
from tests.bench.upgrade import upgrade
from tests.bench.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.bench.bed import Bed

SECTIONS: Final = (
    "intake",
    "replay",
    "whole",
    "steady",
    "growth",
    "extract",
    "registers",
    "readings",
    "upgrade",
    "one_subject",
    "batches",
    "finding",
    "pages",
    "office",
    "standbys",
    "fence",
    "answers",
    "spark",
    "nasty",
)
# These need more than a measurement of the services: PySpark, Java, and the disk for an archive.
ON_REQUEST: Final = frozenset({"spark", "nasty"})
NAIVE_TRADES: Final = 3_000
STEADY_S: Final = 60
COMPANIES: Final = 3_000
PARTIES: Final = 1_000_000
PAGE_TRADES: Final = 100_000
OFFICE_AWARDS: Final = 2_187  # as many as a year may have


@click.command(help=__doc__)
@click.option("--events", type=click.IntRange(min=1000), default=200_000, show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--trades", type=click.IntRange(min=100_000), default=1_000_000, show_default=True, help="of growth")
@click.option("--transactions", type=click.IntRange(min=1), default=100_000, show_default=True, help="of the extract")
@click.option("--awards", type=click.IntRange(min=12), default=20_000, show_default=True, help="of readings to batches")
@click.option(
    "--documents", type=click.IntRange(min=10_000), default=1_000_000, show_default=True, help="of spark, nasty"
)
@click.option("--seconds", type=click.IntRange(min=5), default=STEADY_S, show_default=True, help="of a steady rate")
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="a folder with another version of the source: steady measures both in turn",
)
@click.option(
    "--only", type=click.Choice(SECTIONS), multiple=True, help="leave the others out; spark, nasty run only so"
)
@click.option("--report", type=click.Path(file_okay=False, path_type=Path), help="a folder for bench.json, bench.svg")
def main(only: tuple[str, ...], report: Path | None, against: Path | None, **sizes: int) -> None:
    signals = StopSignals()
    signals.install()
    result: dict[str, Any] = {"machine": machine()}
    chosen = only or [section for section in SECTIONS if section not in ON_REQUEST]
    with exit_on_error(), tempfile.TemporaryDirectory(prefix="jiangbu-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        events, rounds = sizes["events"], sizes["rounds"]
        if "intake" in chosen:
            result["intake"] = measured_intake(folder / "intake", events, rounds)
        if "replay" in chosen:
            with prepared_bed(folder / "replay", events) as bed:
                result["replay"] = {"events": sum(bed.counts.values()), "events_per_s": round(replay(bed))}
        if "whole" in chosen:
            options = Options(folder / "set", Path("exchanges.yaml"), None, any_ports=True)
            with running_set(options, signals) as local:
                result["whole"] = Whole(local).measure(events)
        if "steady" in chosen:
            result["steady"] = steady(folder / "steady", Size(events, sizes["seconds"], rounds), against, signals.check)
        if "fence" in (only or SECTIONS):
            result["fence"] = fence(folder / "fence", events, rounds)
        sized = sized_sections(sizes)
        for section, (measured, size) in sized.items():
            if section in chosen:
                result[section] = measured(folder / section, size)
    console = Console(stderr=True, record=True, width=120)
    for table in tables(result):
        console.print(table)
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        (report / "bench.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
        console.save_svg(str(report / "bench.svg"), title="奖补 jiangbu: make bench")
    click.echo(json.dumps(result, ensure_ascii=False))


def sized_sections(sizes: Mapping[str, int]) -> dict[str, tuple[Callable[[Path, int], Any], int]]:
    """Return the sections that grow with one number, and that number."""
    transactions, awards = sizes["transactions"], sizes["awards"]
    return {
        "growth": (growth, sizes["trades"]),
        "extract": (extract, transactions),
        "registers": (registers, COMPANIES),
        "readings": (readings, awards),
        "upgrade": (upgrade, awards),
        "one_subject": (one_subject, awards),
        "batches": (batches, awards),
        "finding": (finding, PARTIES),
        "pages": (pages, PAGE_TRADES),
        "office": (office, OFFICE_AWARDS),
        "standbys": (standbys, OFFICE_AWARDS),
        "answers": (answers, awards),
        "spark": (recomputations, sizes["documents"]),
        "nasty": (nasty, sizes["documents"]),
    }


def measured_intake(folder: Path, events: int, rounds: int) -> dict[str, Any]:
    """Measure each intake of the same topics, on engines of their own."""
    with prepared_bed(folder, events) as bed:
        return compared(bed, rounds)


def compared(bed: Bed, rounds: int) -> dict[str, Any]:
    """Measure records per second of each intake of the same topic, and its ratio to the limit of the same round."""
    ways: dict[str, Callable[[], float]] = {
        "limit": lambda: limit(bed, "trade"),
        "one worker": lambda: intake(bed, "trade"),
        "two workers": lambda: intake(bed, "trade", workers=2),
        "naive": lambda: naive(bed, NAIVE_TRADES),
        "Kafka Streams": lambda: kafka_streams(bed),
        "quixstreams": lambda: quixstreams(bed),
    }
    # Intake of trades also reads the topic of listing facts, so listings are measured after all trades.
    of_listings: dict[str, Callable[[], float]] = {
        "listing: limit": lambda: limit(bed, "listing"),
        "listing: one worker": lambda: intake(bed, "listing"),
    }
    skipped: dict[str, str] = {}
    found = in_turn(ways, rounds, skipped) | in_turn(of_listings, rounds, skipped)
    told: dict[str, Any] = {"records": bed.counts, "skipped": skipped, "ways": {}}
    for name, rates in found.items():
        of = found["listing: limit" if name.startswith("listing") else "limit"]
        if rates:
            ratios = [rate / most for rate, most in zip(rates, of, strict=True)]
            told["ways"][name] = {"per_s": Spread.of(rates).rounded(), "of_limit": Spread.of(ratios).rounded(3)}
    return told


def in_turn(ways: Mapping[str, Callable[[], float]], rounds: int, skipped: dict[str, str]) -> dict[str, list[float]]:
    """Measure each way once per round; record in `skipped` those that cannot run on this machine, with the reason."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            if name in skipped:
                continue
            try:
                found[name].append(way())
                say(f"{number + 1}/{rounds} {name}: {found[name][-1]:,.0f}/s")
            except NotHere as why:
                skipped[name] = str(why)
    return found


def machine() -> dict[str, Any]:
    """Describe the machine on which the benchmark runs."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


if __name__ == "__main__":
    main()
