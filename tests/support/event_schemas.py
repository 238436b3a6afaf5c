"""The published JSON Schemas, as validators."""

import json
from typing import Any

import jsonschema_rs

from tests.support.paths import ROOT

EVENTS = ROOT / "docs" / "events"
SCHEMAS: dict[str, Any] = {
    path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted((EVENTS / "schemas").glob("*.json"))
}
_BASE = "file:///schemas/"
_REGISTRY = jsonschema_rs.Registry([(_BASE + name, schema) for name, schema in SCHEMAS.items()])


def validator(name: str, *, formats: bool = False) -> jsonschema_rs.Draft202012Validator:
    """Return a validator for the schema file. With `formats` it asserts `format`, as some validators do."""
    return jsonschema_rs.Draft202012Validator(
        SCHEMAS[name], registry=_REGISTRY, base_uri=_BASE + name, validate_formats=formats
    )
