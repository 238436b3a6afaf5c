"""A disk of PostgreSQL that fills, as the disk watch of its machine reports it."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING

from deploy.ha import disk_watch
from deploy.ha.disk_watch import METRICS_NAME, WatchSettings
from devset.processes import base_environment, spawn
from tests.faults.alerts.fault import AlertFault
from tests.faults.alerts.recording import Target
from tests.faults.disk import filled, mount_small, unmount
from tests.faults.fault import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.alerts.scene import Scene

_SIZE = "64m"
_LEAST_BYTES = 16 << 20
_NOBODY = "http://127.0.0.1:1"  # neither Patroni nor etcd: the watch reports its room without them
_WITHIN_S = 120.0


def disk_fills(scene: Scene) -> None:
    """Fill the file system that a disk watch looks at; its figures are read as by a node exporter."""
    folder = scene.rig.folder / "disk-watch"
    disk = folder / "disk"
    if not mount_small(disk, _SIZE):
        raise Unavailable("需要挂载文件系统的权限 / needs the right to mount a file system")
    settings = WatchSettings("set", "db1", str(disk), _LEAST_BYTES, _NOBODY, [_NOBODY])
    (folder / "settings.json").write_text(json.dumps(settings._asdict()), encoding="utf-8")
    run = [sys.executable, "-I", disk_watch.__file__, folder / "settings.json", folder]
    watch = spawn("disk watch", run, log_file=folder / "log", environment=base_environment())
    target = Target(partial((folder / METRICS_NAME).read_text, encoding="utf-8"), "", "db1:9100", job="node")
    try:
        scene.rig.wait_until(lambda: _free_bytes(folder) > _LEAST_BYTES, _WITHIN_S, "the disk is not watched")
        scene.targets.append(target)
        scene.hold(0.5)
        with filled(disk):
            scene.rig.wait_until(lambda: _free_bytes(folder) < _LEAST_BYTES, _WITHIN_S, "the disk does not fill")
            scene.hold(2)
        scene.rig.wait_until(lambda: _free_bytes(folder) > _LEAST_BYTES, _WITHIN_S, "the disk is still full")
        scene.hold(0.5)
    finally:
        scene.targets.remove(target)
        watch.process.kill()
        watch.process.wait()
        unmount(disk)


def _free_bytes(folder: Path) -> float:
    try:
        told = (folder / METRICS_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return _LEAST_BYTES
    return next(float(line.split()[-1]) for line in told.splitlines() if line.startswith("jiangbu_postgres_room_bytes"))


DISKS = (
    AlertFault(
        "disk full",
        "the file system under a disk watch is filled",
        frozenset({"JiangbuDiskShort"}),
        disk_fills,
    ),
)
