"""promtool, Prometheus's own checker of rules: the machine's, or that of Debian's package.

Of the package nothing else is used: to install it would start a daemon.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from shared.settings import load_local_settings

_WITHIN_S = 300
_MEMBER = "./usr/bin/promtool"


class NotToBeHad(Exception):  # noqa: N818 - a state of the machine
    """There is no promtool here, and none can be fetched; the message says why."""


def find_promtool() -> Path:
    """The program; fetched into the cache folder the first time. NotToBeHad."""
    installed = shutil.which("promtool")
    if installed is not None:
        return Path(installed)
    kept = load_local_settings().cache_folder / "promtool"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            _unpack(_download(Path(folder)), Path(folder)).rename(kept)
    return kept


def _download(folder: Path) -> Path:
    """Debian's package of Prometheus, checked by apt; with lists of our own where the machine's are not there."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NotToBeHad("没有 promtool，也没有 apt 可取得它 / no promtool, and no apt to fetch it with")
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    own = [f"-oDir::State::lists={lists}", f"-oDir::Cache={folder / 'cache'}", "-oAPT::Sandbox::User="]
    for commands in ([["download", "prometheus"]], [[*own, "update"], [*own, "download", "prometheus"]]):
        if all(_apt(folder, command) for command in commands):
            return next(folder.glob("prometheus_*.deb"))
    raise NotToBeHad("无法从 Debian 软件源取得 promtool / promtool cannot be had from Debian's packages here")


def _apt(folder: Path, command: list[str]) -> bool:
    run = subprocess.run(["apt-get", "-qq", *command], check=False, cwd=folder, capture_output=True, timeout=_WITHIN_S)
    return run.returncode == 0


def _unpack(package: Path, folder: Path) -> Path:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as dpkg:
        with tarfile.open(fileobj=dpkg.stdout, mode="r|") as archive:
            for member in archive:
                if member.name == _MEMBER:
                    archive.extract(member, folder, filter="data")
        return folder / _MEMBER
