"""The generated part of the client: current, and with a function for each operation of each service."""

import filecmp
import re
from pathlib import Path

import pytest

from release.generate_client import CLIENT, PACKAGES, generate
from tests.support.web.openapi import document_of, operations_of


def _differences(compared: filecmp.dircmp[str]) -> list[str]:
    own = [*compared.left_only, *compared.right_only, *compared.diff_files, *compared.funny_files]
    return [*own, *(name for inner in compared.subdirs.values() for name in _differences(inner))]


@pytest.mark.parametrize("package", PACKAGES.values())
def test_the_client_is_what_the_documents_give(generated: Path, package: str) -> None:
    compared = filecmp.dircmp(CLIENT / package, generated / package, ignore=["__pycache__"])
    assert _differences(compared) == [], "run: python -m release.generate_client"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("client")
    generate(folder)
    return folder


@pytest.mark.parametrize(("service", "package"), PACKAGES.items())
def test_every_operation_has_a_function(service: str, package: str) -> None:
    modules = {path.stem for path in (CLIENT / package / "api").rglob("*.py") if path.name != "__init__.py"}
    named = {re.sub(r"(?<!^)(?=[A-Z])", "_", one.id).lower() for one in operations_of(document_of(service))}
    assert modules == named
