"""The OpenAPI documents against those of the last release: additions alone, as a client of that release goes on.

The comparison is that of oasdiff. Each kind of change that breaks a client is made to a document, and must be found.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.engines.programs import OASDIFF
from tests.support.web.openapi import CURRENT, LAST_RELEASE, SERVICES, document_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BREAKS = 1  # oasdiff's exit code where it found a change that breaks clients


def breaking_changes(before: Path, after: Path) -> str:
    """Return what breaks clients, nothing if no change does."""
    done = subprocess.run(
        [OASDIFF.found(), "breaking", "--fail-on", "WARN", before, after],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, BREAKS), done.stderr
    return done.stdout if done.returncode == BREAKS else ""


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_breaks_clients_of_the_last_release(extended: None, service: str) -> None:
    assert breaking_changes(LAST_RELEASE / f"{service}.json", CURRENT / f"{service}.json") == ""


def _remove_operation(document: dict[str, Any]) -> None:
    del document["paths"]["/v1/listings/{exchange}/{no}"]


def _remove_field(document: dict[str, Any]) -> None:
    item = document["components"]["schemas"]["ListingItem"]
    del item["properties"]["counted"]
    item["required"].remove("counted")


def _remove_enum_value(document: dict[str, Any]) -> None:
    status = next(one for one in _parameters(document) if one["name"] == "status")
    status["schema"]["enum"].remove("withdrawn")


def _require_parameter(document: dict[str, Any]) -> None:
    next(one for one in _parameters(document) if one["name"] == "exchange")["required"] = True


def _add_required_parameter(document: dict[str, Any]) -> None:
    _parameters(document).append({"in": "query", "name": "new", "required": True, "schema": {"type": "string"}})


def _change_type(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["ListingItem"]["properties"]["seq"] = {"type": "string"}


def _remove_media_type(document: dict[str, Any]) -> None:
    del document["paths"]["/v1/listings"]["get"]["responses"]["200"]["content"]["text/csv"]


def _parameters(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["paths"]["/v1/listings"]["get"]["parameters"]
    return found


@pytest.mark.parametrize(
    "change",
    [
        _remove_operation,
        _remove_field,
        _remove_enum_value,
        _require_parameter,
        _add_required_parameter,
        _change_type,
        _remove_media_type,
    ],
)
def test_a_change_that_breaks_clients_is_found(
    extended: None, change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    document = document_of("listing")
    change(document)
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document), "utf-8")
    assert breaking_changes(CURRENT / "listing.json", changed) != ""


def test_an_addition_breaks_no_client(extended: None, tmp_path: Path) -> None:
    document = document_of("listing")
    document["paths"]["/v1/listings"]["get"]["parameters"].append(
        {"in": "query", "name": "new", "required": False, "schema": {"type": "string"}}
    )
    document["components"]["schemas"]["ListingItem"]["properties"]["new"] = {"type": "string"}
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document), "utf-8")
    assert breaking_changes(CURRENT / "listing.json", changed) == ""
