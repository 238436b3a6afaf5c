"""Time and memory of `jiangbu-spark recompute` over generated archives.

By processors, by number of policies, and with documents that are kept (`--documents`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil
import yaml

from shared.settings import POLICY_FILE
from tests.bench.bed import say
from tests.bench.spark.generated import write_archive
from tests.support.reading_cases import IN_FORCE, tree_by

if TYPE_CHECKING:
    from collections.abc import Sequence

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
NOT_KEPT: Final = "no"
KEPT: Final = ("first run", "second run")
EXCHANGES: Final = Path("exchanges.yaml")
SAMPLED_S: Final = 0.2


def recomputations(folder: Path, documents: int) -> list[dict[str, Any]]:
    """Measure each size with one and two processors, with ten policies in one pass, and with kept documents.

    The job has its default memory. Processor time tells more than time on a machine that does other work. `kept`: the
    first run keeps the documents that it reads, the second one finds all of them.
    """
    policies = _policies(folder / "policies")
    found: list[dict[str, Any]] = []
    for part in PARTS:
        archive = folder / str(documents // part)
        began_s = time.monotonic()
        written = write_archive(archive, documents // part)
        say(f"{written:,} documents written in {time.monotonic() - began_s:.0f} s")
        runs = [(one, policies[:1], NOT_KEPT) for one in PROCESSORS]
        runs += [(PROCESSORS[-1], policies, NOT_KEPT), *((PROCESSORS[-1], policies[:1], kept) for kept in KEPT)]
        for processors, used, kept in runs:
            command = _command(archive, processors, used)
            if kept != NOT_KEPT:
                command += ["--documents", str(folder / f"{archive.name}-kept")]
            row = {"documents": written, "processors": processors, "policies": len(used), "kept": kept}
            row |= _measured(command)
            row["documents_per_s"] = round(written / row["s"])
            found.append(row)
            say(str(row))
    return found


def _policies(folder: Path) -> list[Path]:
    """The policy file in force, and by other readings."""
    folder.mkdir(parents=True)
    files = [POLICY_FILE]
    for number, reading in enumerate(READINGS[1:]):
        files.append(folder / f"{number}-{reading.rpartition('.')[2]}.yaml")
        files[-1].write_text(yaml.safe_dump(tree_by(reading), allow_unicode=True, sort_keys=False), "utf-8")
    return files


def _command(archive: Path, processors: int, policies: Sequence[Path]) -> list[str]:
    named = [word for policy in policies for word in ("--policy", str(policy))]
    return [
        sys.executable, "-m", "jiangbu_spark", "recompute", "--archive", str(archive), "--whitelist", str(EXCHANGES),
        "--master", f"local[{processors}]", *named,
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
