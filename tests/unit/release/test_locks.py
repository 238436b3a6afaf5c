"""The lock files of the image pin the packages that the tests use: same versions and hashes, none missing."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.locks import Pin, needed_by, pins
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SPARK = tomllib.loads((ROOT / "spark/pyproject.toml").read_text("utf-8"))["project"]
NEEDED = {
    "requirements-server.lock": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["otel"],
    ],
    "requirements-build.lock": PROJECT["build-system"]["requires"],
    "requirements-ha.lock": PROJECT["dependency-groups"]["ha"],
    "spark/requirements.lock": SPARK["dependencies"],
    "spark/requirements-notebook.lock": [*SPARK["dependencies"], *SPARK["optional-dependencies"]["notebook"]],
}


def pins_by_name(lock: str) -> dict[str, Pin]:
    """Return the pins by name, without markers, as a smaller lock may need fewer."""
    return {pin.name: pin for pin in pins(ROOT / lock)}


@pytest.mark.parametrize("lock", ["requirements-server.lock", "requirements-build.lock"])
def test_the_image_runs_what_is_tested(lock: str) -> None:
    found, tested = pins_by_name(lock), pins_by_name("requirements.lock")
    assert found
    assert {name: pin for name, pin in found.items() if tested.get(name) != pin} == {}


@pytest.mark.parametrize(
    "lock", ["requirements-ha.lock", "spark/requirements.lock", "spark/requirements-notebook.lock"]
)
def test_what_is_installed_beside_the_tests_replaces_no_package_of_theirs(lock: str) -> None:
    found, tested = pins_by_name(lock), pins_by_name("requirements.lock")
    assert {name: pin for name, pin in found.items() if name in tested and tested[name] != pin} == {}


@pytest.mark.parametrize(("lock", "needed"), NEEDED.items())
def test_nothing_that_is_declared_is_missing(lock: str, needed: list[str]) -> None:
    found = pins_by_name(lock)
    for requirement in map(Requirement, needed):
        pin = found[canonicalize_name(requirement.name)]
        assert pin.version in requirement.specifier
        assert pin.hashes


def test_a_pin_is_read_without_extras_and_markers(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("Some.Package[extra]==1.1 ; python_version < '3' \\\n    --hash=sha256:00\n# via x==9\n", "utf-8")
    assert list(pins(lock)) == [Pin("some-package", "1.1", frozenset({"sha256:00"}))]


def test_what_a_package_needs_is_read_from_the_comments_of_a_lock(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "direct==1 \\\n    --hash=sha256:00\n    # via project (pyproject.toml)\n"
        "first==1 \\\n    --hash=sha256:00\n    # via Direct\n"
        "second==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n    # via\n    #   other\n    #   first\n"
        "third==1 \\\n    --hash=sha256:00\n    # via other\n",
        "utf-8",
    )
    assert needed_by(lock, {"direct"}) == {"direct", "first", "second"}


@pytest.mark.parametrize("folder", ["exchange_kit", "jiangbu_client"])
def test_the_lock_pins_what_kit_and_client_need(folder: str) -> None:
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
    found = pins_by_name("requirements.lock")
    for requirement in map(Requirement, project["dependencies"]):
        assert found[canonicalize_name(requirement.name)].version in requirement.specifier
