"""The version and the day of a release, as the files of the source name them."""

from __future__ import annotations

import pytest

from release.contents import COPIES, PRODUCTS, VERSIONED_FILES, ReleaseError, released_on, version_of
from tests.support.paths import ROOT

FILES = {
    name: '[project]\nversion = "1.2.3"\n' if name.endswith(".toml") else "image: ${JIANGBU_IMAGE:-jiangbu:1.2.3}\n"
    for name in VERSIONED_FILES
} | {"deploy/chart/Chart.yaml": "version: 1.2.3\nappVersion: 1.2.3\n"}


def test_the_version_is_the_one_that_every_file_names() -> None:
    assert version_of(FILES) == "1.2.3"


@pytest.mark.parametrize("name", VERSIONED_FILES)
def test_another_version_in_one_file_is_refused_and_named(name: str) -> None:
    with pytest.raises(ReleaseError, match=rf"1\.2\.4 \({name}\)"):
        version_of(FILES | {name: FILES[name].replace("1.2.3", "1.2.4", 1)})


@pytest.mark.parametrize(("said", "day"), [("unreleased", None), ("2026-12-31", "2026-12-31")])
def test_the_day_of_a_version_is_that_of_its_section(said: str, day: str | None) -> None:
    assert released_on(f"# Changelog\n\n## [1.2.3] - {said}\n\n## [1.2.2] - 2025-01-01\n", "1.2.3") == day


@pytest.mark.parametrize("changelog", ["## [1.2.30] - 2026-01-01\n", "## [1.2.3] - soon\n", "## [1.2.3]\n", ""])
def test_a_version_without_a_section_or_day_is_refused(changelog: str) -> None:
    with pytest.raises(ReleaseError, match=r"CHANGELOG\.md"):
        released_on(changelog, "1.2.3")


def test_names_of_wheels_are_those_that_installers_expect() -> None:
    assert [product.wheel("1.2.3") for product in PRODUCTS][:2] == [
        "jiangbu-1.2.3-py3-none-any.whl",
        "jiangbu_exchange_kit-1.2.3-py3-none-any.whl",
    ]


def test_every_product_and_every_copied_file_is_there() -> None:
    projects = {path.parent for path in ROOT.glob("*/pyproject.toml")} | {ROOT}
    assert {(ROOT / product.folder).resolve() for product in PRODUCTS} == projects
    assert [name for name in COPIES if not (ROOT / name).is_file()] == []
