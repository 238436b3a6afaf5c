"""Third-party programs and files that tests need. `make test-tools` prepares them, tests only look them up.

Run as a program, this module is `make test-tools`. It reports each tool that cannot be prepared; under CI that is an
error.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shared.settings import LocalSettings

if TYPE_CHECKING:
    from collections.abc import Callable

_WITHIN_S = 600
_PROMTOOL = "./usr/bin/promtool"
_ASYNCAPI = "@asyncapi/specs@6.11.1"
_ASYNCAPI_SHA512 = "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ=="


class UnavailableError(Exception):
    """The tool is not available on this machine. The message says why."""


@dataclass(frozen=True)
class Tool:
    """A program or file in the cache folder. `make` creates it at the path or raises UnavailableError."""

    name: str
    path: Path
    make: Callable[[Path], None]

    def prepare(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with (self.path.parent / f".{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.path.exists():
                self.make(self.path)

    def found(self) -> Path:
        """Return the path; skip the test if `make test-tools` has not prepared the tool."""
        if not self.path.exists():
            pytest.skip(f"{self.name} 未备好 / is not ready: make test-tools")
        return self.path


def cache_folder() -> Path:
    return LocalSettings().cache_folder


def go_environment() -> tuple[str, dict[str, str]]:
    """Return Go's program and the environment to run it in. UnavailableError."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        raise UnavailableError("没有 Go / Go is not installed")
    return go, os.environ | {"CGO_ENABLED": "0"}


def go_program(name: str, module: str, package: str, version: str) -> Tool:
    """Return a program that is built from a Go module."""

    def build(path: Path) -> None:
        go, environment = go_environment()
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            # It runs for seconds: optimization would take longer than it saves.
            run = [go, "install", "-gcflags=all=-N -l", f"{module}/{package}@{version}"]
            run_tool(run, env=environment | {"GOBIN": scratch})
            (Path(scratch) / path.name).rename(path)

    folder = cache_folder() / f"{module.rpartition('/')[2]}-{version}"
    return Tool(name, folder / package.rpartition("/")[2], build)


FSCK = go_program("fsck (Tessera)", "github.com/transparency-dev/tessera", "cmd/fsck", "v1.0.4")
OASDIFF = go_program("oasdiff", "github.com/oasdiff", "oasdiff", "v1.38.0")
VERSITYGW = go_program("Versity S3 Gateway", "github.com/versity/versitygw", "cmd/versitygw", "v1.8.0")
LITEWITNESS = go_program("litewitness", "filippo.io/torchwood", "cmd/litewitness", "v0.6.1")


def _fetch_promtool(path: Path) -> None:
    """Link the installed promtool, or unpack it from Debian's package, whose installation would start a daemon."""
    installed = shutil.which("promtool")
    if installed is not None:
        path.symlink_to(installed)
        return
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise UnavailableError("没有 promtool，也没有可用于下载的 apt / no promtool, and no apt to download it")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        _unpack_promtool(_download_prometheus(Path(folder)), Path(folder)).rename(path)


def _download_prometheus(folder: Path) -> Path:
    """Download Debian's package, verified by apt; fetch package lists if the machine has none."""
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    own = [f"-oDir::State::lists={lists}", f"-oDir::Cache={folder / 'cache'}", "-oAPT::Sandbox::User="]
    try:
        run_tool(["apt-get", "-qq", "download", "prometheus"], cwd=folder)
    except UnavailableError:
        run_tool(["apt-get", "-qq", *own, "update"], cwd=folder)
        run_tool(["apt-get", "-qq", *own, "download", "prometheus"], cwd=folder)
    return next(folder.glob("prometheus_*.deb"))


def _unpack_promtool(package: Path, folder: Path) -> Path:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as dpkg:
        with tarfile.open(fileobj=dpkg.stdout, mode="r|") as archive:
            for member in archive:
                if member.name == _PROMTOOL:
                    archive.extract(member, folder, filter="data")
        return folder / _PROMTOOL


PROMTOOL = Tool("promtool", cache_folder() / "promtool", _fetch_promtool)


def _fetch_asyncapi_schema(path: Path) -> None:
    """Fetch the official JSON Schema of AsyncAPI, which is published on npm only."""
    npm = shutil.which("npm")
    if npm is None:
        raise UnavailableError("没有 npm / npm is not installed")
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        run_tool([npm, "pack", "--silent", _ASYNCAPI], cwd=Path(scratch))
        (package,) = Path(scratch).glob("*.tgz")
        if base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode() != _ASYNCAPI_SHA512:
            raise UnavailableError("与发布的文件不同 / not the package that was released")
        package.rename(path)


ASYNCAPI_SCHEMA = Tool("AsyncAPI's schema", cache_folder() / "asyncapi-specs-6.11.1.tgz", _fetch_asyncapi_schema)


def run_tool(command: list[str], **options: object) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_WITHIN_S, **options)  # type: ignore[call-overload]
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise UnavailableError(f"{command[0]}: {words[-1]}")


def main() -> None:
    # These take Tool from here.
    from tests.support.engines.keycloak import KEYCLOAK  # noqa: PLC0415
    from tests.support.engines.kubernetes import CLOUDNATIVEPG, HELM, PROMETHEUS_RULE, SCHEMAS, SERVICE_MONITOR, STRIMZI  # noqa: PLC0415

    missing = 0
    for tool in (
        FSCK,
        LITEWITNESS,
        OASDIFF,
        PROMTOOL,
        ASYNCAPI_SCHEMA,
        KEYCLOAK,
        HELM,
        SCHEMAS,
        STRIMZI,
        CLOUDNATIVEPG,
        SERVICE_MONITOR,
        PROMETHEUS_RULE,
        VERSITYGW,
    ):
        try:
            tool.prepare()
        except (UnavailableError, OSError, subprocess.TimeoutExpired) as error:
            missing += 1
            sys.stderr.write(f"{tool.name}: 无法备好 / cannot be made ready: {error}\n")
    if missing and os.environ.get("CI"):
        sys.exit("在 CI 中缺一不可 / none of them may be missing where CI is set")


if __name__ == "__main__":
    main()
