"""Backups that fail, and backups that nobody starts; their figures are read as by a node exporter."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from devset.processes import base_environment
from tests.faults.alerts.fault import AlertFault
from tests.faults.alerts.recording import Target
from tests.faults.world import EXCHANGES_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.alerts.scene import Scene

_FINISHED = "jiangbu_backup_finished_timestamp_seconds "
_A_DAY_AND_MORE_S = 27 * 3600


def backup_fails(scene: Scene) -> None:
    """The place of the backups is a file, then a folder again."""
    with _watched(scene) as metrics:
        assert _back_up(scene, metrics) == 0
        scene.hold(0.5)
        assert _back_up(scene, metrics, place=metrics) == 1
        scene.hold(32)
        assert _back_up(scene, metrics) == 0
        scene.hold(0.5)


def no_backup(scene: Scene) -> None:
    """The newest backup is a day and three hours old."""
    with _watched(scene) as metrics:
        assert _back_up(scene, metrics) == 0
        scene.hold(0.5)
        told = metrics.read_text("ascii")
        finished = next(float(line.split()[1]) for line in told.splitlines() if line.startswith(_FINISHED))
        metrics.write_text(told.replace(f"{finished:.0f}", f"{finished - _A_DAY_AND_MORE_S:.0f}"), "ascii")
        scene.hold(6)
        assert _back_up(scene, metrics) == 0
        scene.hold(0.5)


@contextmanager
def _watched(scene: Scene) -> Iterator[Path]:
    """Scrape the file of the backup's metrics, once a run has written it."""
    folder = scene.rig.folder / "backups"
    folder.mkdir(exist_ok=True)
    metrics = folder / "backup.prom"
    target = Target(partial(_read, metrics, time.time()), "", "db1:9100", job="node")
    scene.targets.append(target)
    try:
        yield metrics
    finally:
        scene.targets.remove(target)


def _read(metrics: Path, now: float) -> str:
    """Return the figures with their instant by the recording's clock, which begins in 1970."""
    lines = metrics.read_text("ascii").splitlines()
    return "".join(
        f"{_FINISHED}{float(line.split()[1]) - now}\n" if line.startswith(_FINISHED) else f"{line}\n" for line in lines
    )


def _back_up(scene: Scene, metrics: Path, place: Path | None = None) -> int:
    """Run the backup as its timer does."""
    rig, key = scene.rig, metrics.parent / "key"
    settings = {"DATABASE_ADMIN_URL": rig.postgres.url(), "KAFKA_BOOTSTRAP_SERVERS": rig.bootstrap_servers}
    environment = base_environment() | settings | {"EXCHANGES_FILE": str(EXCHANGES_FILE)}
    jiangbu = [sys.executable, "-m", "deploy", "backup"]
    if not key.exists():
        subprocess.run([*jiangbu, "key", key], check=True, env=environment, stdout=subprocess.DEVNULL)
    to = place or metrics.parent / "store"
    run = [*jiangbu, "--to", to, "--key", key, "--metrics", metrics]
    return subprocess.run(run, check=False, env=environment, stdout=subprocess.DEVNULL).returncode


BACKUPS = (
    AlertFault(
        "backup refused",
        "the place of the backups cannot be written for half an hour",
        frozenset({"JiangbuBackupFailed"}),
        backup_fails,
    ),
    AlertFault(
        "no backup",
        "the time of the newest backup is set back by 27 hours in its file of metrics",
        frozenset({"JiangbuBackupLate"}),
        no_backup,
    ),
)
