"""The AsyncAPI document against the official JSON Schema of AsyncAPI 3.0."""

import copy
import json
import tarfile
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.support.engines.programs import ASYNCAPI_SCHEMA
from tests.support.paths import ROOT

DOCUMENT = ROOT / "docs" / "events" / "asyncapi.yaml"


@pytest.fixture(scope="module")
def official(extended: None) -> jsonschema_rs.Draft7Validator:
    with tarfile.open(ASYNCAPI_SCHEMA.found()) as archive:
        file = archive.extractfile("package/schemas/3.0.0.json")
        assert file is not None
        return jsonschema_rs.Draft7Validator(json.load(file))


@pytest.fixture
def document() -> dict[str, Any]:
    return yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))


def test_it_is_asyncapi_3(official: jsonschema_rs.Draft7Validator, document: dict[str, Any]) -> None:
    assert [(list(error.instance_path), error.message) for error in official.iter_errors(document)] == []


def test_the_official_schema_looks_into_bindings_too(official: Any, document: dict[str, Any]) -> None:
    broken = copy.deepcopy(document)
    broken["channels"]["listings"]["bindings"]["kafka"]["partitions"] = "3"
    assert not official.is_valid(broken)
    del document["operations"]["reportTrades"]["channel"]
    assert not official.is_valid(document)
