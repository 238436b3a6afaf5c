"""A fault that an alert is for, and the alerts that fired in it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.faults.alerts.recording import Recording
from tests.faults.alerts.rules import ever_fired, fire_at_end
from tests.faults.fault import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.alerts.scene import Scene

# Before the fault, and after its repair, in minutes.
_BEFORE, _AFTER = 0.5, 0.5


@dataclass(frozen=True)
class AlertFault:
    """A fault, and the alerts that must fire in it, each with its service; no other may.

    `goes_on`: alerts about the last hour or day, which the repair does not end. `everyday`: short enough for every run
    of the tests.
    """

    name: str
    does: str
    fires: frozenset[str]
    inject: Callable[[Scene], None]
    goes_on: bool = False
    everyday: bool = False
    is_replicated: bool = False


@dataclass
class AlertOutcome:
    """The alerts that fired in a fault, and those that still fired after its repair; it took `took_s` seconds."""

    fault: AlertFault
    fired: frozenset[str] = frozenset()
    fires_after: frozenset[str] = frozenset()
    took_s: float = 0.0
    wrong: list[str] = field(default_factory=list)
    unavailable: str = ""

    @property
    def is_right(self) -> bool:
        return bool(self.unavailable) or (
            not self.wrong and self.fired == self.fault.fires and not self.fires_after_repair
        )

    @property
    def fires_after_repair(self) -> frozenset[str]:
        return frozenset() if self.fault.goes_on else self.fires_after

    def went_wrong(self, error: Exception) -> None:
        """Note an error that ended the fault; the campaign goes on with the next one."""
        self.wrong.append(f"{type(error).__name__}: {error}")

    def __str__(self) -> str:
        missing, foreign = sorted(self.fault.fires - self.fired), sorted(self.fired - self.fault.fires)
        told = [f"fired: {', '.join(sorted(self.fired)) or 'none'}"]
        told += [f"did not fire: {', '.join(missing)}"] if missing else []
        told += [f"should not have fired: {', '.join(foreign)}"] if foreign else []
        told += [f"fire after the repair: {', '.join(sorted(self.fires_after))}"] if self.fires_after_repair else []
        return f"{self.fault.name}: " + "; ".join([*told, *self.wrong])


def prove(scene: Scene, fault: AlertFault, promtool: Path, folder: Path) -> AlertOutcome:
    """Cause a fault in a set that is well, repair it, and evaluate the rules on what was scraped meanwhile.

    The recorded scrapes stay in `folder`, in the format of `promtool test rules`.
    """
    outcome = AlertOutcome(fault)
    scene.recording = Recording()
    began_s = time.monotonic()
    try:
        scene.await_well()
        scene.begin()
        scene.hold(_BEFORE)
        fault.inject(scene)
        scene.await_well()
        scene.hold(_AFTER)
    except Unavailable as missing:
        outcome.unavailable = str(missing)
        return outcome
    except Exception as error:  # noqa: BLE001 - reported in the row of the fault
        outcome.went_wrong(error)
    outcome.took_s = time.monotonic() - began_s
    outcome.fired = ever_fired(promtool, folder, scene.recording)
    outcome.fires_after = fire_at_end(promtool, folder, scene.recording)
    return outcome
