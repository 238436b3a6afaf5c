"""The bills of materials (CycloneDX) of wheel and image, validated against the schema of the standard."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from release.advisories import locked_versions
from release.image_materials import debian_components, image_materials
from tests.support.paths import ROOT

STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.41-12+deb13u1
Description: GNU C Library
 More of it.

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1:2.0
"""


def components_of(text: str) -> list[dict[str, str]]:
    """Return the components of a bill, which must be valid."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found: list[dict[str, str]] = json.loads(text)["components"]
    return found


def test_installed_debian_packages_become_components() -> None:
    url = "pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=amd64"
    component = {"type": "library", "name": "libc6", "version": "2.41-12+deb13u1", "purl": url, "bom-ref": url}
    assert list(debian_components(STATUS)) == [component]


def test_the_bill_of_an_image_names_python_and_debian_packages(extended: None, tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text(STATUS, "utf-8")
    names = {component["name"] for component in components_of(json.dumps(image_materials(Path(sys.prefix), status)))}
    assert {"jiangbu", "psycopg", "libc6"} <= names
    assert "removed" not in names


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the wheel is built from."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements-server.lock"):
        shutil.copy(ROOT / name, folder)
    for name in ("services", "shared", "deploy", "release"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_wheel_carries_the_bill_of_its_locked_dependencies(extended: None, source: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-build-isolation",
        "--no-deps",
        "-w",
        str(tmp_path),
        ".",
    ]
    subprocess.run(command, cwd=source, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if ".dist-info/sboms/" in name]
        components = components_of(archive.read(name).decode())
        assert not any(name.startswith("release/") for name in archive.namelist())
    locked = locked_versions([ROOT / "requirements-server.lock"])
    assert {(canonicalize_name(component["name"]), component["version"]) for component in components} == locked
