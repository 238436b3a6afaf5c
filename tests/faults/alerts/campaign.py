"""Faults for alerts, one after the other on one set; those that need replicas on a second one."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from shared.whitelist import load_whitelist
from tests.faults.alerts.every import ALERT_FAULTS
from tests.faults.alerts.fault import AlertOutcome, prove
from tests.faults.alerts.records import QUOTA_BYTES
from tests.faults.alerts.replicas import replicated_rig
from tests.faults.alerts.scene import Flow, Scene, targets_of
from tests.faults.rig import Rig
from tests.faults.world import EXCHANGES_FILE
from tests.support.engines.programs import PROMTOOL
from tests.support.forked_programs import ForkServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from shared.whitelist import Whitelist
    from tests.faults.alerts.fault import AlertFault
    from tests.faults.alerts.recording import Recording

# Enough for the figures to change between two scrapes, and few enough for the load of three APIs.
QUICK_S = 0.25


@dataclass
class AlertCampaign:
    """The faults on sets in `folder`, scraped every `every_s` seconds. A set in which one went wrong is replaced."""

    folder: Path
    every_s: float = QUICK_S
    recordings: dict[str, Recording] = field(default_factory=dict)
    _set: ExitStack = field(default_factory=ExitStack)
    _scene: Scene | None = None
    _is_replicated: bool = False
    _fork_server: ForkServer = field(default_factory=ForkServer)

    def outcome(self, fault: AlertFault) -> AlertOutcome:
        """Return what fires in a fault, also if an error ends it, its set or the evaluation."""
        outcome = AlertOutcome(fault)
        try:
            scene = self._scene_for(fault)
            folder = self.folder / fault.name.replace(" ", "-")
            folder.mkdir(exist_ok=True)
            outcome = prove(scene, fault, PROMTOOL.path, folder)
            self.recordings[fault.name] = scene.recording
        except Exception as error:  # noqa: BLE001 - reported in the row of the fault
            outcome.went_wrong(error)
        if not outcome.is_right:
            try:
                self._end_set()
            except Exception as error:  # noqa: BLE001 - as above
                outcome.went_wrong(error)
        return outcome

    def stop(self) -> None:
        self._end_set()
        self._fork_server.stop()

    def _scene_for(self, fault: AlertFault) -> Scene:
        if self._scene is None or self._is_replicated != fault.is_replicated:
            self._end_set()
            self._scene = self._set.enter_context(self._begin_set(is_replicated=fault.is_replicated))
            self._is_replicated = fault.is_replicated
        return self._scene

    @contextmanager
    def _begin_set(self, *, is_replicated: bool) -> Iterator[Scene]:
        place, exchanges = Path(tempfile.mkdtemp(prefix="set-", dir=self.folder)), load_whitelist(EXCHANGES_FILE)
        with ExitStack() as stack:
            started = replicated_rig if is_replicated else _single_rig
            rig = stack.enter_context(started(place, exchanges, self._fork_server))
            flow = Flow(rig)
            stack.callback(flow.close)
            yield Scene(rig, self.every_s, targets_of(rig), flow)

    def _end_set(self) -> None:
        self._scene = None
        self._set.close()


@contextmanager
def _single_rig(folder: Path, exchanges: Whitelist, fork_server: ForkServer) -> Iterator[Rig]:
    rig = Rig(folder, exchanges, fork_server, settings={"QUARANTINE_DAILY_BYTES": str(QUOTA_BYTES)})
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


def run_alerts(console: Console, chosen: Sequence[str], every_s: float) -> bool:
    """Cause faults, and print what fired; return True if it is what should have."""
    PROMTOOL.prepare()
    folder = Path(tempfile.mkdtemp(prefix="jiangbu-alerts-"))
    console.print(f"a scrape every {every_s:g} s, logs in {folder}")
    campaign = AlertCampaign(folder, every_s)
    try:
        is_right = cause_all(console, campaign, chosen)
    finally:
        campaign.stop()
    if is_right:
        shutil.rmtree(folder, ignore_errors=True)
    return is_right


def cause_all(console: Console, campaign: AlertCampaign, chosen: Sequence[str]) -> bool:
    """Cause faults one after the other; print each outcome, and a table of them, also after Ctrl-C."""
    outcomes: list[AlertOutcome] = []
    try:
        for name in chosen:
            began_s = time.monotonic()
            outcomes.append(outcome := campaign.outcome(ALERT_FAULTS[name]))
            said = "OK  " if outcome.is_right else "FAIL"
            console.print(f"{time.monotonic() - began_s:6.1f} s  {said}  {outcome}", markup=False)
    finally:
        console.print(_table(outcomes))
    return all(outcome.is_right for outcome in outcomes)


def _table(outcomes: Sequence[AlertOutcome]) -> Table:
    shown = Table(title="告警与故障 / alerts and their faults")
    for heading in ("fault", "fired", "as it should be", "seconds"):
        shown.add_column(heading, justify="right" if heading == "seconds" else "left")
    for one in outcomes:
        told = one.unavailable or ("yes" if one.is_right else "\n".join(["NO", *one.wrong]))
        shown.add_row(one.fault.name, "\n".join(sorted(one.fired)) or "none", escape(told), f"{one.took_s:.0f}")
    return shown
