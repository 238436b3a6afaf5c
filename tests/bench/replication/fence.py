"""Intake on a PostgreSQL with a synchronous standby, with the fences of replication and without: what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.bench.bed import Spread, prepared_bed, say
from tests.bench.intake import intake
from tests.faults.builds import Guard, build_without
from tests.faults.ha.builds import FENCES
from tests.support.engines.replicated import replicated
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from shared.events.decode import Kind

_KINDS: Final[tuple[Kind, ...]] = ("trade", "listing")  # intake of trades also reads the facts of listings
_ALL: Final = Guard("all fences", tuple(edit for one in FENCES for edit in one.edits), "", "")


def fence(folder: Path, events: int, rounds: int) -> dict[str, Any]:
    """Measure records per second with and without the fences, in turn; the servers write as in production."""
    folder.mkdir()
    sources = {"with": ROOT, "without": build_without(_ALL, folder / "without")}
    found: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in sources} for kind in _KINDS}
    with (
        replicated(folder / "servers", settings={}) as servers,
        prepared_bed(folder / "bed", events, servers.primary) as bed,
    ):
        for kind in _KINDS:
            for number in range(rounds):
                for name in list(sources) if number % 2 == 0 else list(reversed(sources)):
                    found[kind][name].append(intake(bed, kind, source=sources[name]))
                    say(f"{number + 1}/{rounds} {kind} {name} the fences: {found[kind][name][-1]:,.0f}/s")
        counts = bed.counts
    return {"records": counts} | {kind: _summary(rates) for kind, rates in found.items()}


def _summary(rates: dict[str, list[float]]) -> dict[str, Any]:
    ratios = [one / other for one, other in zip(rates["with"], rates["without"], strict=True)]
    return {name: Spread.of(measured).rounded() for name, measured in rates.items()} | {
        "of without": Spread.of(ratios).rounded(3)
    }
