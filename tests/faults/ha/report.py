"""Run rows of the highly available set, and tabulate their figures."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from tests.faults.ha.acknowledged import DECISIONS, INTAKE, READS, RECORDS
from tests.faults.ha.campaign import EVERY, ROWS, HaCampaign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from tests.faults.ha.fault import HaOutcome

_SERIES = (DECISIONS, INTAKE, READS, RECORDS)


def run_rows(console: Console, chosen: Sequence[str], times: int, seed: int, report: Path | None) -> bool:
    """Run the chosen rows, all if there are none; return True if every outcome is as it should be.

    The figures of rows are compared with their limits in the table; a limit that is not kept is no failure, because a
    busy machine is slower.
    """
    folder = Path(tempfile.mkdtemp(prefix="jiangbu-ha-faults-"))
    console.print(f"seed {seed}, logs in {folder}")
    outcomes: list[HaOutcome] = []
    campaign = HaCampaign(folder, seed)
    try:
        began_s = time.monotonic()
        for outcome in campaign.outcomes(chosen or EVERY, times):
            outcomes.append(outcome)
            told = "OK  " if is_right(outcome) else "FAIL"
            console.print(f"{time.monotonic() - began_s:6.1f} s  {told}  {outcome}", markup=False)
            began_s = time.monotonic()
            if report is not None:
                whole = [asdict(one) for one in outcomes]
                report.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    finally:
        campaign.stop()
    console.print(table([outcome for outcome in outcomes if outcome.row in ROWS]))
    right = all(is_right(outcome) for outcome in outcomes)
    if right:
        shutil.rmtree(folder, ignore_errors=True)
    return right


def is_right(outcome: HaOutcome) -> bool:
    """Return True for a row without findings; for a control, for one with the findings that belong to it."""
    return outcome.clean if outcome.row in ROWS else outcome.caught


def table(outcomes: Sequence[HaOutcome]) -> Table:
    """Tabulate by row: runs, the longest pauses beside their limits, and what was lost, doubled or forked."""
    found = defaultdict(list)
    for outcome in outcomes:
        found[outcome.row].append(outcome)
    shown = Table(title="高可用：故障与停顿 / high availability: faults and pauses")
    for heading in ("row", "runs", *(f"{name} stop" for name in _SERIES), "lost", "doubled", "forked", "else wrong"):
        shown.add_column(heading, justify="left" if heading == "row" else "right")
    for name, ones in found.items():
        if ones[0].unavailable:
            shown.add_row(name, ones[0].unavailable)
            continue
        limits = {DECISIONS: ROWS[name].decisions_within_s, INTAKE: ROWS[name].intake_within_s}
        pauses = [_pause(ones, series, limits.get(series)) for series in _SERIES]
        lost, doubled = sum(one.findings.lost for one in ones), sum(one.findings.doubled for one in ones)
        figures = (lost, doubled, sum(one.forked for one in ones), sum(not one.clean for one in ones))
        shown.add_row(name, str(len(ones)), *pauses, *map(str, figures))
    return shown


def _pause(outcomes: Sequence[HaOutcome], series: str, limit_s: float | None) -> str:
    """Return the longest pause of a series, and the limit if there is one."""
    longest_s = max((one.pauses_s[series] for one in outcomes if one.pauses_s), default=float("nan"))
    return f"{longest_s:.1f} s" + ("" if limit_s is None else f" (≤ {limit_s:.0f})")
