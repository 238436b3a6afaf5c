"""`make bench-check`: measure intake and the whole set again, and compare with a report of the same machine.

Compared are ratios to the frozen limit that the same run measured: intake by each way, events end to end, and the
processor time of an event at each load. It fails if one is worse by more than a tenth. Latency is reported only: it
says nothing on a machine that does other work. Save a report first:
`make bench ARGS="--only intake --only steady --report build/bench"`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from devset.stopping import StopSignals
from devset.up import exit_on_error
from tests.bench.bed import say
from tests.bench.bench import STEADY_S, machine, measured_intake
from tests.bench.steady.comparison import is_same_machine, missing, ratios, worse
from tests.bench.steady.steady import Size, steady


@click.command(help=__doc__)
@click.option(
    "--baseline",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("build/bench/bench.json"),
    show_default=True,
)
@click.option("--events", type=click.IntRange(min=1000), default=200_000, show_default=True)
@click.option("--seconds", type=click.IntRange(min=5), default=STEADY_S, show_default=True, help="of a steady rate")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
def main(baseline: Path, events: int, seconds: int, rounds: int) -> None:
    before = json.loads(baseline.read_text("utf-8"))
    result: dict[str, Any] = {"machine": machine()}
    if not is_same_machine(before["machine"], result["machine"]):
        raise click.UsageError(f"{baseline} was measured on another machine: {before['machine']['cpu']}")
    signals = StopSignals()
    signals.install()
    with exit_on_error(), tempfile.TemporaryDirectory(prefix="jiangbu-bench-", ignore_cleanup_errors=True) as name:
        known = ratios(before)
        if "intake" in before:
            result["intake"] = measured_intake(Path(name) / "intake", events, rounds)
        result["steady"] = steady(Path(name) / "steady", Size(events, seconds, rounds), None, signals.check)
        found = ratios(result)
        for what, ratio in found.items():
            say(f"{what}: {ratio.value:g} ({known[what].value:g})" if what in known else f"{what}: {ratio.value:g}")
        click.echo(json.dumps(result, ensure_ascii=False))
        faults = [*worse(found, known), *(f"{what}: not measured" for what in missing(found, known))]
        for fault in faults:
            say(f"更差 / worse: {fault}")
        sys.exit(bool(faults))


if __name__ == "__main__":
    main()
