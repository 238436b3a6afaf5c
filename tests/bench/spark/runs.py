"""Time and memory of `jiangbu-spark recompute` over generated archives.

By processors, by number of policies, with documents that are kept (`--documents`), and compared with a ledger.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psutil
import yaml

from shared.settings import POLICY_FILE
from tests.bench.bed import say
from tests.bench.spark.generated import write_archive
from tests.bench.spark.ledgers import ledger_of
from tests.support.reading_cases import IN_FORCE, tree_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PARTS: Final = (10, 1)  # of the documents, in the archives that are measured
PROCESSORS: Final = (1, 2)
READINGS: Final = (
    IN_FORCE,
    "general.rounding",
    "general.highest_only",
    "general.other_grants",
    "general.operators_ladder",
    "rules.annual_listed_trading.readings.reaching",
    "rules.annual_listed_trading.readings.matching",
    "rules.annual_listed_trading.readings.part_years",
    "rules.exchange_tiers.readings.exceeding",
    "rules.exchange_tiers.readings.passing",
)
EXCHANGES: Final = Path("exchanges.yaml")
SAMPLED_S: Final = 0.2


class Run(NamedTuple):
    """One run of the job over an archive; `more` are arguments."""

    name: str
    processors: int
    policies: Sequence[Path]
    more: tuple[str, ...] = ()


def recomputations(folder: Path, documents: int) -> list[dict[str, Any]]:
    """Measure each size with one and two processors, with ten policies in one pass, and with kept documents.

    The job has its default memory. Processor time tells more than time on a machine that does other work.
    """
    policies = _policies(folder / "policies")
    found: list[dict[str, Any]] = []
    for part in PARTS:
        place = folder / str(documents // part)
        began_s = time.monotonic()
        written = write_archive(place / "archive", documents // part)
        say(f"{written:,} documents written in {time.monotonic() - began_s:.0f} s")
        for run in _runs(place, policies):
            row = {"documents": written, "run": run.name, "processors": run.processors, "policies": len(run.policies)}
            row |= _measured(_command(place / "archive", run))
            row["documents_per_s"] = round(written / row["s"])
            found.append(row)
            say(str(row))
    return found


def _runs(place: Path, policies: Sequence[Path]) -> Iterator[Run]:
    """Yield runs over the archive in a folder: `later` ones read the documents that the one before them kept.

    The last one compares every award with a ledger of the same awards, and fails if any differs.
    """
    for processors in PROCESSORS:
        yield Run("", processors, policies[:1])
    most, keep, awards = PROCESSORS[-1], ("--documents", str(place / "kept")), place / "written"
    yield Run("", most, policies)
    yield Run("keeps", most, policies[:1], (*keep, "--to", str(awards)))
    yield Run("later", most, policies[:1], keep)
    with ledger_of(awards / "awards", place / "ledger") as url:
        yield Run("later, compared", most, policies[:1], (*keep, "--against", url))


def _policies(folder: Path) -> list[Path]:
    """The policy file in force, and by other readings."""
    folder.mkdir(parents=True)
    files = [POLICY_FILE]
    for number, reading in enumerate(READINGS[1:]):
        files.append(folder / f"{number}-{reading.rpartition('.')[2]}.yaml")
        files[-1].write_text(yaml.safe_dump(tree_by(reading), allow_unicode=True, sort_keys=False), "utf-8")
    return files


def _command(archive: Path, run: Run) -> list[str]:
    named = [word for policy in run.policies for word in ("--policy", str(policy))]
    return [
        sys.executable, "-m", "jiangbu_spark", "recompute", "--archive", str(archive), "--whitelist", str(EXCHANGES),
        "--master", f"local[{run.processors}]", *named, *run.more,
    ]  # fmt: skip


def _measured(command: Sequence[str]) -> dict[str, float]:
    """Seconds, processor seconds and peak memory of a program and those that it starts, sampled while it runs.

    Java outlives the program that started it by a moment, so the kernel's figures of children have it not.
    """
    began_s = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": "spark"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as running:
        program, peak, used_s = psutil.Process(running.pid), 0, dict[int, float]()
        while running.poll() is None:
            peak = max(peak, _sample(program, used_s))
            time.sleep(SAMPLED_S)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)
    took = {"s": time.monotonic() - began_s, "cpu_s": sum(used_s.values()), "peak_mb": peak / 2**20}
    return {name: round(value, 1) for name, value in took.items()}


def _sample(program: psutil.Process, used_s: dict[int, float]) -> int:
    """Note the processor seconds of each process so far, and return the memory of all in bytes."""
    memory = 0
    try:
        for process in (program, *program.children(recursive=True)):
            times = process.cpu_times()
            used_s[process.pid] = times.user + times.system
            memory += process.memory_info().rss
    except psutil.NoSuchProcess:  # one that has ended in the meantime
        pass
    return memory
