"""The AsyncAPI document against the official JSON Schema of AsyncAPI 3.0, which npm alone has."""

import base64
import copy
import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from shared.settings import load_local_settings
from tests.support.paths import ROOT

DOCUMENT = ROOT / "docs" / "events" / "asyncapi.yaml"
PACKAGE = "@asyncapi/specs@6.11.1"
FILE = "asyncapi-specs-6.11.1.tgz"
SHA512 = "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ=="


def right(archive: Path) -> bool:
    return archive.exists() and base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() == SHA512


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> jsonschema_rs.Draft7Validator:
    """The schema from the cache, where it is not from npm."""
    kept = load_local_settings().cache_folder / FILE
    if not right(kept):
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("没有 npm，无从取得 AsyncAPI 的官方模式 / no npm to fetch the official schema of AsyncAPI with")
        folder = tmp_path_factory.mktemp("npm")
        run = [npm, "pack", "--silent", PACKAGE]
        if subprocess.run(run, check=False, cwd=folder, capture_output=True, timeout=300).returncode != 0:
            pytest.skip(
                "无法从 npm 取得 AsyncAPI 的官方模式 / the official schema of AsyncAPI cannot be had from npm here"
            )
        assert right(folder / FILE), "not the package that was released"
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / FILE, kept)
    with tarfile.open(kept) as archive:
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
