"""Build the files of a release from a commit: exported to a folder of its own, so that nothing else gets into it."""

import hashlib
import io
import json
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from release.archives import packed
from release.contents import (
    CHANGELOG,
    CHART,
    COPIES,
    IMAGE,
    LAST_OPENAPI,
    MANIFEST,
    OPENAPI,
    PRODUCTS,
    SUMS,
    VERSIONED_FILES,
    Product,
    ReleaseError,
    chart_file,
    image_file,
    materials_file,
    released_on,
    version_of,
)
from release.release_materials import release_materials

# Where packages of the image come from: taken from the environment, if set there.
_PACKAGE_INDEXES: Final = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST")


class Source(NamedTuple):
    """An exported commit: its folder, id, time (Unix time, in seconds), version, and the day of the changelog."""

    folder: Path
    commit: str
    seconds: int
    version: str
    day: str | None


def export(root: Path, into: Path) -> Source:
    """Export the last commit of a repository into a folder. ReleaseError if files differ from it."""
    # The documents of the last release are written after a release, and nothing is built from them.
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", f":!{LAST_OPENAPI}").decode()
    if changed:
        raise ReleaseError(f"files differ from the last commit:\n{changed}")
    commit, seconds = _git(root, "log", "-1", "--no-show-signature", "--format=%H %ct").decode().split()
    with tarfile.open(fileobj=io.BytesIO(_git(root, "-c", "tar.umask=0022", "archive", commit))) as archive:
        archive.extractall(into, filter="data")
    version = version_of({name: (into / name).read_text("utf-8") for name in VERSIONED_FILES})
    day = released_on((into / CHANGELOG).read_text("utf-8"), version)
    return Source(into, commit, int(seconds), version, day)


def _git(root: Path, *arguments: str) -> bytes:
    return _run(["git", "-C", str(root), *arguments], root)


def _run(command: Sequence[str], folder: Path) -> bytes:
    """Return what a program prints. ReleaseError, with its last lines, if it fails."""
    try:
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True)
    except OSError as error:
        raise ReleaseError(f"{command[0]}: {error}") from error
    if done.returncode:
        told = done.stderr.decode(errors="replace").splitlines()[-20:]
        raise ReleaseError("\n".join([f"{' '.join(command)} failed:", *told]))
    return done.stdout


def build(source: Source, into: Path, without: Collection[str]) -> None:
    """Write the files of a release and their sums into an empty folder. ReleaseError."""
    if IMAGE not in without:
        save_image(source, into)
    for product in PRODUCTS:
        build_wheel(source, product, into)
    pack_chart(source, into)
    for name, copy in COPIES.items():
        shutil.copyfile(source.folder / name, into / copy)
    copy_documents(source.folder / OPENAPI, into / "openapi")
    (into / materials_file(source.version)).write_text(_materials(source, into), "utf-8")
    (into / MANIFEST).write_text(_manifest(source, without), "utf-8")
    (into / SUMS).write_text("".join(sums_of(into)), "utf-8")


def build_wheel(source: Source, product: Product, into: Path) -> None:
    """Build a wheel without isolation: what builds it comes from the lock, like everything else in the environment."""
    dated = ["env", f"SOURCE_DATE_EPOCH={source.seconds}", sys.executable, "-P", "-m", "hatchling", "build"]
    _run([*dated, "--target", "wheel", "--directory", str(into)], source.folder / product.folder)
    if not (into / product.wheel(source.version)).is_file():
        raise ReleaseError(f"{product.folder} did not make {product.wheel(source.version)}")


def pack_chart(source: Source, into: Path) -> None:
    """Pack the chart as `helm package` does; that program would put the time of packing into the archive."""
    content = packed(source.folder / CHART, "jiangbu", source.seconds)
    (into / chart_file(source.version)).write_bytes(content)


def save_image(source: Source, into: Path) -> None:
    """Build the image, and save it as an archive for `docker load`. ReleaseError without a container engine."""
    if shutil.which("docker") is None:
        raise ReleaseError(
            "there is no container engine; --without image leaves the image out, and the manifest says so"
        )
    tag = f"jiangbu:{source.version}"
    arguments = [word for name in _PACKAGE_INDEXES for word in ("--build-arg", name)]
    _run(["docker", "build", "--file", "deploy/Dockerfile", "--tag", tag, *arguments, "."], source.folder)
    _run(["docker", "save", "--output", str(into / image_file(source.version)), tag], source.folder)


def copy_documents(documents: Path, into: Path) -> None:
    """Copy the OpenAPI documents of the services."""
    into.mkdir(exist_ok=True)
    for path in documents.glob("*.json"):
        shutil.copyfile(path, into / path.name)


def _materials(source: Source, into: Path) -> str:
    hashes = {product.name: sha256(into / product.wheel(source.version)) for product in PRODUCTS}
    return release_materials(source.folder, source.version, datetime.fromtimestamp(source.seconds, UTC), hashes)


def _manifest(source: Source, without: Collection[str]) -> str:
    manifest = {
        "name": "jiangbu",
        "version": source.version,
        "released_on": source.day,
        "commit": source.commit,
        "committed_at": datetime.fromtimestamp(source.seconds, UTC).isoformat(),
        "built_with": f"Python {platform.python_version()}",
        # Signatures can be made later, elsewhere.
        "left_out": [IMAGE] if IMAGE in without else [],
    }
    return json.dumps(manifest, indent=1) + "\n"


def sums_of(folder: Path) -> Iterator[str]:
    """Yield a line of `sha256sum` for each file of a folder, sorted by name."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
