"""The lock files of the image pin the packages that the tests use: same versions and hashes, none missing."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED = {
    "requirements-server.lock": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["otel"],
    ],
    "requirements-build.lock": PROJECT["build-system"]["requires"],
}


def pins(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return version and hashes by name, without markers, as a smaller lock may need fewer."""
    entries = re.findall(
        r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)[^\n]*\\\n((?: +--hash=\S+(?: \\)?\n)+)",
        (ROOT / lock).read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return {
        canonicalize_name(name): (version, frozenset(re.findall(r"--hash=(\S+)", hashes)))
        for name, version, hashes in entries
    }


@pytest.mark.parametrize("lock", NEEDED)
def test_the_image_runs_what_is_tested(lock: str) -> None:
    found, tested = pins(lock), pins("requirements.lock")
    assert found
    assert {name: pin for name, pin in found.items() if tested.get(name) != pin} == {}


@pytest.mark.parametrize(("lock", "needed"), NEEDED.items())
def test_nothing_that_is_declared_is_missing(lock: str, needed: list[str]) -> None:
    found = pins(lock)
    for requirement in map(Requirement, needed):
        version, hashes = found[canonicalize_name(requirement.name)]
        assert version in requirement.specifier
        assert hashes
