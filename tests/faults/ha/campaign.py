"""Faults of a highly available set, one after the other on one set, which is recreated when it must be."""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from devset.processes import LocalError
from exchange_kit.api import ApiError
from shared.operator_errors import OperatorError
from tests.faults.builds import build_without
from tests.faults.compare import Findings
from tests.faults.ha.asynchronous import ASYNCHRONOUS, lose_acknowledged
from tests.faults.ha.builds import HA_CONTROLS
from tests.faults.ha.fault import HaOutcome, Needs, Pace, break_once
from tests.faults.ha.other_rows import OTHERS
from tests.faults.ha.postgres_rows import POSTGRES
from tests.faults.ha.rig import HaRig

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.ha.fault import Row

_BY_NUMBER = sorted((*POSTGRES, *OTHERS), key=lambda row: (len(row.name.split()[0].rstrip("abc")), row.name))
ROWS = {row.name: row for row in _BY_NUMBER}
EVERY = (*ROWS, ASYNCHRONOUS, *HA_CONTROLS)
# The rows that decide whether anything is lost run more often.
OFTEN = ("10 WAL held and waits ended", "11 WAL held and crash")
OFTEN_TIMES = 4
# Events after which a set is recreated, as the reference recomputes everything after each fault.
EVENTS_A_SET = 24_000
# Attempts to detect a build without a fence.
ATTEMPTS = 3


@dataclass
class HaCampaign:
    """Rows, each `times` times, in series. A set on which something went wrong is stopped, its logs are kept."""

    folder: Path
    seed: int
    pace: Pace = field(default_factory=Pace)
    rig: HaRig | None = None
    _sets: int = 0
    _needs: Needs = field(default_factory=Needs)

    def outcomes(self, rows: Sequence[str], times: int) -> Iterator[HaOutcome]:
        """Yield all outcomes; rows with the same needs come in a row."""
        for name in sorted(rows, key=lambda name: str(ROWS[name].needs) if name in ROWS else "~"):
            if name in HA_CONTROLS:
                yield self._without_fence(name)
            elif name == ASYNCHRONOUS:
                yield self._asynchronous()
            else:
                for run in range(times * (OFTEN_TIMES if name in OFTEN else 1)):
                    yield self.once(name, run)

    def once(self, name: str, run: int) -> HaOutcome:
        """Inject one fault; start a set if there is none with what the row needs."""
        row = ROWS[name]
        if missing := row.needs.missing():
            return HaOutcome(name, self.seed, run, [], unavailable=missing)
        try:
            rig = self._set(row.needs)
        except (AssertionError, LocalError) as error:
            self.stop(keep=True)
            return HaOutcome(name, self.seed, run, [], findings=Findings(wrong=[f"no set: {error}"]))
        outcome = self._break(rig, row, run)
        if not outcome.clean or rig.events >= EVENTS_A_SET:
            self.stop(keep=not outcome.clean)
        return outcome

    def stop(self, *, keep: bool = False) -> None:
        """Stop the set; `keep`: keep its logs, to find out what went wrong."""
        if self.rig is None:
            return
        rig, self.rig = self.rig, None
        rig.stop()
        if not keep:
            shutil.rmtree(rig.folder, ignore_errors=True)

    def _break(self, rig: HaRig, row: Row, run: int) -> HaOutcome:
        # Only seed, row and run number decide, not the faults injected before.
        rng = random.Random(f"{self.seed} {row.name} {run}")
        return break_once(rig, row, self.seed, run, rng, self.pace)

    def _set(self, needs: Needs) -> HaRig:
        if self.rig is not None and self._needs == needs:
            return self.rig
        self.stop()
        self._needs = needs
        self._sets += 1
        place = Path(tempfile.mkdtemp(prefix=f"set-{self._sets}-", dir=self.folder))
        self.rig = HaRig(place, self.seed * 1000 + self._sets, needs)
        self.rig.start_set(random.Random(self.seed))
        return self.rig

    def _asynchronous(self) -> HaOutcome:
        """Lose acknowledged decisions where replication is asynchronous; the outcome says what was noticed."""
        outcome = HaOutcome(ASYNCHRONOUS, self.seed, 0, [])
        try:
            lose_acknowledged(self._set(Needs(is_asynchronous=True)), outcome, self.pace)
        except (AssertionError, ApiError, LocalError, OperatorError) as error:
            outcome.findings.wrong.append(f"{type(error).__name__}: {error}")
        self.stop(keep=not outcome.caught)
        return outcome

    def _without_fence(self, name: str) -> HaOutcome:
        """Run a build without a fence until a row detects it; return that outcome, the last one if none does."""
        fence = HA_CONTROLS[name]
        self.stop()
        with tempfile.TemporaryDirectory(prefix="build-", dir=self.folder) as folder:
            build = build_without(fence, Path(folder))
            for run in range(ATTEMPTS):
                outcome = self._break(self._set(Needs(build=build)), ROWS[fence.fault], run)
                self.stop()
                outcome.caught = re.search(fence.tells, str(outcome.findings)) is not None
                if outcome.caught:
                    break
        outcome.row = name
        return outcome
