"""One host: where programs, settings and units are, and which of the installed versions is the current one.

Each version is a virtual environment of its own, `PREFIX/versions/NAME`. `PREFIX/current` is a link to the one that
units run, and `PREFIX/previous` to the one before it.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from shared.operator_errors import OperatorError
from shared.settings import Service

OUR_ACCOUNT: Final = "jiangbu"
TARGET: Final = "jiangbu.target"
KAFKA: Final = "jiangbu-kafka"
PORTS: Final[Mapping[Service, int]] = MappingProxyType({"listing": 8001, "trade-ingest": 8002, "incentive": 8003})
LOOPBACK: Final = "127.0.0.1"
OWN_BROKER: Final = f"{LOOPBACK}:9092"

_CURRENT: Final = "current"
_PREVIOUS: Final = "previous"


class HostError(OperatorError):
    """The host is not as a command needs it; the message says what to do."""


class Host(NamedTuple):
    """The options of `jiangbu install --systemd`.

    APIs listen on `bind`. `broker` and `database` are HOST:PORT of the engines; without `broker` the host runs a Kafka
    of its own, which exchanges reach under `outside`, by default from the host alone.
    """

    prefix: Path = Path("/opt/jiangbu")
    config: Path = Path("/etc/jiangbu")
    units: Path = Path("/etc/systemd/system")
    user: str = OUR_ACCOUNT
    bind: str = LOOPBACK
    ports: Mapping[Service, int] = PORTS
    database: str = f"{LOOPBACK}:5432"
    broker: str | None = None
    outside: str | None = None

    @property
    def secrets(self) -> Path:
        return self.config / "secrets"

    def url(self, service: Service) -> str:
        """Return the URL of an API as programs on the host reach it."""
        address = LOOPBACK if self.bind in ("0.0.0.0", "::") else self.bind  # noqa: S104 - compared, not bound
        return f"http://{address}:{self.ports[service]}"


class Version(NamedTuple):
    """An installed version: its folder below `PREFIX/versions`."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def prefix(self) -> Path:
        return self.folder.parent.parent

    def program(self, name: str) -> Path:
        """Return the path of a command."""
        return self.folder / "bin" / name


def running_version() -> Version:
    """Return the version whose `jiangbu` this is. HostError unless it is below a folder `versions`."""
    folder = Path(sys.prefix).resolve()
    if folder.parent.name != "versions":
        raise HostError(f"须安装于 PREFIX/versions/版本号 / must be installed in PREFIX/versions/NAME, not in {folder}")
    return Version(folder)


def current_version(prefix: Path) -> Version | None:
    """Return the version that units run; None before the first upgrade."""
    return _linked(prefix / _CURRENT)


def previous_version(prefix: Path) -> Version | None:
    """Return the version that was current before; None if there was none, or if its folder is gone."""
    return _linked(prefix / _PREVIOUS)


def _linked(link: Path) -> Version | None:
    return Version(link.resolve()) if link.is_dir() else None


def make_current(version: Version) -> None:
    """Let units run this version from their next start, and keep the one before it as the previous. OSError."""
    before = current_version(version.prefix)
    if before is not None and before != version:
        _link(version.prefix / _PREVIOUS, before)
    _link(version.prefix / _CURRENT, version)


def _link(link: Path, version: Version) -> None:
    part = link.with_name(f"{link.name}.part")
    part.unlink(missing_ok=True)
    part.symlink_to(os.path.relpath(version.folder, link.parent))
    part.replace(link)
