"""The contents of a release: products, names of files, version and day."""

import re
import tomllib
from collections.abc import Mapping
from typing import Final, NamedTuple

import yaml


class ReleaseError(Exception):
    """The release cannot be made as the source stands; the message says what to do."""


class Product(NamedTuple):
    """A wheel: its distribution, the folder that it is built from, and the lock that pins what it needs.

    `is_whole` says that the lock pins nothing else; otherwise it has the pins of tests and tools, too.
    """

    name: str
    folder: str
    lock: str
    is_whole: bool

    @property
    def project_file(self) -> str:
        return "pyproject.toml" if self.folder == "." else f"{self.folder}/pyproject.toml"

    def wheel(self, version: str) -> str:
        return f"{self.name.replace('-', '_')}-{version}-py3-none-any.whl"


PRODUCTS: Final = (
    Product("jiangbu", ".", "requirements-server.lock", is_whole=True),
    Product("jiangbu-exchange-kit", "exchange_kit", "requirements.lock", is_whole=False),
    Product("jiangbu-client", "jiangbu_client", "requirements.lock", is_whole=False),
    Product("jiangbu-spark", "spark", "spark/requirements.lock", is_whole=True),
)
CHART: Final = "deploy/chart"
OPENAPI: Final = "deploy/openapi"
LAST_OPENAPI: Final = "release/openapi"
CHANGELOG: Final = "CHANGELOG.md"
# Files of the source that come along, with their names in the release.
COPIES: Final = {
    CHANGELOG: CHANGELOG,
    "LICENSE": "LICENSE",
    "requirements-server.lock": "requirements-server.lock",
    "requirements-ha.lock": "requirements-ha.lock",
    "spark/requirements.lock": "requirements-spark.lock",
    "spark/requirements-notebook.lock": "requirements-spark-notebook.lock",
    "spark/notebooks/prices.py": "jiangbu-spark-prices.py",
}
MANIFEST: Final = "release.json"
SUMS: Final = "SHA256SUMS"
# Parts that can be left out.
IMAGE: Final = "image"
UNSIGNED: Final = "signature"
SIGNATURE: Final = f"{SUMS}.minisig"

_IMAGE_FILES: Final = ("docker-compose.yml", "docker-compose.ha.yml")
VERSIONED_FILES: Final = (*(product.project_file for product in PRODUCTS), f"{CHART}/Chart.yaml", *_IMAGE_FILES)
_IMAGE: Final = re.compile(r"\bjiangbu(?:-ha)?:(\d[\w.]*)")
_SECTION: Final = re.compile(r"^## \[([^\]]+)\] - (\S+)$", re.MULTILINE)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def chart_file(version: str) -> str:
    return f"jiangbu-{version}.tgz"


def image_file(version: str) -> str:
    return f"jiangbu-{version}-image.tar"


def materials_file(version: str) -> str:
    return f"jiangbu-{version}.cdx.json"


def version_of(files: Mapping[str, str]) -> str:
    """Return the one version that the texts of VERSIONED_FILES name. ReleaseError."""
    named = [(name, version) for name in VERSIONED_FILES for version in _versions_in(name, files[name])]
    versions = {version for _, version in named}
    if len(versions) != 1:
        told = ", ".join(f"{version} ({name})" for name, version in named)
        raise ReleaseError(f"the files name different versions: {told}")
    return versions.pop()


def _versions_in(name: str, text: str) -> list[str]:
    if name.endswith(".toml"):
        return [str(tomllib.loads(text)["project"]["version"])]
    if name.endswith("Chart.yaml"):
        chart = yaml.safe_load(text)
        return [str(chart["version"]), str(chart["appVersion"])]
    return _IMAGE.findall(text)


def released_on(changelog: str, version: str) -> str | None:
    """Return the day (YYYY-MM-DD) that the changelog gives a version; None if it says `unreleased`. ReleaseError."""
    sections = dict(_SECTION.findall(changelog))
    if version not in sections:
        raise ReleaseError(f"{CHANGELOG} has no section `## [{version}] - DAY`")
    day = sections[version]
    if day == "unreleased":
        return None
    if not _DAY.fullmatch(day):
        raise ReleaseError(f"{CHANGELOG} gives {version} neither a day (YYYY-MM-DD) nor `unreleased`: {day}")
    return str(day)
