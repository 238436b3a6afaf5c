"""`make faults`: inject every fault many times into real processes, and report the outcomes.

make faults ARGS="--times 20 --parallel 3 --kinds 'zombie,bad CRC' --seed 7 --report faults.json"
make faults ARGS="--ha --times 5 --kinds '1,10,18' --seed 7 --report faults.json"
make faults ARGS="--spark --times 5"
make faults ARGS="--alerts 15 --kinds 'API killed,rubbish'"
"""

from __future__ import annotations

import json
import platform
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import psutil
from rich.console import Console
from rich.table import Table

from devset.processes import adopt_orphans, end_descendants
from tests.faults.alerts.campaign import QUICK_S, run_alerts
from tests.faults.alerts.every import ALERT_FAULTS
from tests.faults.builds import CONTROLS
from tests.faults.campaign import Campaign, end_once
from tests.faults.ha.campaign import EVERY
from tests.faults.ha.report import run_rows
from tests.faults.kinds.every import KINDS
from tests.faults.spark_oracle import ARCHIVES, recompute

if TYPE_CHECKING:
    from tests.faults.fault import Outcome

TIMES = 20
HA_TIMES = 5


@click.command(help=__doc__)
@click.option("--ha", is_flag=True, help="rows of the highly available set, in series; kinds by number too")
@click.option(
    "--alerts",
    "every_s",
    type=float,
    is_flag=False,
    flag_value=QUICK_S,
    metavar="[SECONDS]",
    help="faults for alerts: each must fire in its fault, and no other; once each. A scrape every so many seconds,"
    f" {QUICK_S} if not given; they are stamped 15 s apart",
)
@click.option(
    "--spark", is_flag=True, help="also recompute all awards on Spark from the topics; not with --ha, --alerts"
)
@click.option("--times", type=int, help="how often each kind  [default: 20, with --ha 5]")
@click.option("--parallel", default=3, show_default=True, help="sets side by side; most of the time is waiting")
@click.option("--kinds", default="", help="names, separated by commas; all when left out")
@click.option("--seed", default=1, show_default=True)
@click.option("--report", type=click.Path(path_type=Path), help="also write all outcomes as JSON to this file")
def main(  # noqa: PLR0913, PLR0917 - the options
    ha: bool, every_s: float | None, spark: bool, times: int | None, parallel: int, kinds: str, seed: int,
    report: Path | None,
) -> None:  # fmt: skip
    if spark and (ha or every_s is not None):
        raise click.UsageError("--spark is for the faults of one set")
    names = (EVERY if ha else (*KINDS, *CONTROLS)) if every_s is None else ALERT_FAULTS
    every = {name.split()[0] if ha else name: name for name in names}
    asked = [name.strip() for name in kinds.split(",") if name.strip()] or list(every)
    unknown = [name for name in asked if name not in every]
    if unknown:
        raise click.UsageError(f"no such kinds: {', '.join(unknown)}; there are: {', '.join(every.values())}")
    chosen = [every[name] for name in asked]
    adopt_orphans()
    signal.signal(signal.SIGTERM, end_once)
    console = Console(width=160)
    try:
        if every_s is not None:
            is_right = run_alerts(console, chosen, every_s)
        elif ha:
            is_right = run_rows(console, chosen, times or HA_TIMES, seed, report)
        else:
            is_right = run_kinds(console, chosen, times or TIMES, seed, parallel, report, with_spark=spark)
    finally:
        end_descendants()
    memory = psutil.virtual_memory().total // 10**9
    sets = 1 if ha or every_s is not None else parallel
    machine = f"{platform.machine()}, {psutil.cpu_count()} cores, {memory} GB, Python {platform.python_version()}"
    console.print(f"{machine}, {sets} sets side by side")
    sys.exit(0 if is_right else 1)


def run_kinds(
    console: Console, chosen: list[str], times: int, seed: int, parallel: int, report: Path | None, *, with_spark: bool
) -> bool:
    """Run a campaign and print its table; return True if every outcome is as it should be."""
    folder = Path(tempfile.mkdtemp(prefix="jiangbu-faults-"))
    campaign = Campaign(folder, seed, times, chosen, min(parallel, len(chosen)), are_archived=with_spark)
    outcomes: list[Outcome] = []
    try:
        campaign.start()
        console.print(f"seed {seed}, {times} x {len(chosen)} faults, logs in {folder}")
        for outcome in campaign.outcomes():
            outcomes.append(outcome)
            if not as_it_should_be(outcome):
                console.print(f"FAIL {outcome}", markup=False)
                again = f"--kinds '{outcome.kind}' --times {times} --seed {outcome.seed} --parallel 1"
                console.print(f'  again: make faults ARGS="{again}"')
        if with_spark:
            campaign.await_archives()
    finally:
        campaign.stop()
    console.print(table([outcome for outcome in outcomes if outcome.kind not in CONTROLS]))
    for outcome in outcomes:
        if outcome.kind in CONTROLS:
            caught = "not caught" if outcome.clean else "caught"
            console.print(f"{outcome.kind}: {caught}: {outcome.findings}", markup=False)
    if report is not None:
        report.write_text(json.dumps([asdict(one) for one in outcomes], ensure_ascii=False, indent=1), encoding="utf-8")
    is_right = all(as_it_should_be(outcome) for outcome in outcomes)
    if with_spark:
        is_right = recomputed_as_posted(console, folder) and is_right
    if is_right:
        shutil.rmtree(folder, ignore_errors=True)
    return is_right


def recomputed_as_posted(console: Console, folder: Path) -> bool:
    """Recompute all sets of a campaign on Spark and print the result; return True if no award differs."""
    found = recompute(folder / ARCHIVES)
    console.print(
        f"Spark: {found.archives} sets, {found.awards} awards, {len(found.differences)} differences;"
        f" {len(found.lost)} sets not archived as a fault deleted records"
    )
    for line in (*found.differences, *found.lost):
        console.print(line, markup=False)
    return found.archives > 0 and not found.differences


def as_it_should_be(outcome: Outcome) -> bool:
    """Return True for an outcome without findings; for a build without a guard, for one with findings."""
    return outcome.clean != (outcome.kind in CONTROLS)


def table(outcomes: list[Outcome]) -> Table:
    """Tabulate by kind: runs, events, lost, doubled and foreign records, and the longest time to catch up."""
    found = defaultdict(list)
    for outcome in outcomes:
        found[outcome.kind].append(outcome)
    shown = Table(title="故障注入 / faults injected")
    for heading in ("kind", "runs", "events", "lost", "doubled", "foreign", "else wrong", "caught up after at most"):
        shown.add_column(heading, justify="left" if heading == "kind" else "right")
    total = [0] * 6
    for kind, ones in found.items():
        if all(one.unavailable for one in ones):
            shown.add_row(kind, ones[0].unavailable)
            continue
        figures = [
            len(ones),
            sum(one.events for one in ones),
            sum(one.findings.lost for one in ones),
            sum(one.findings.doubled for one in ones),
            sum(one.findings.foreign for one in ones),
            sum(not one.clean for one in ones),
        ]
        total = [before + now for before, now in zip(total, figures, strict=True)]
        shown.add_row(kind, *map(str, figures), f"{max(one.caught_up_s for one in ones):.1f} s")
    shown.add_section()
    shown.add_row("all", *map(str, total), f"{max((one.caught_up_s for one in outcomes), default=0):.1f} s")
    return shown


if __name__ == "__main__":
    main()
