"""The OpenAPI documents of the services as they are released, and the values in them."""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from tests.support.paths import ROOT

CURRENT: Final = ROOT / "deploy" / "openapi"
LAST_RELEASE: Final = ROOT / "release" / "openapi"
SERVICES: Final = ("listing", "trade-ingest", "incentive")
_METHODS: Final = ("get", "post", "put", "patch", "delete")


class Operation(NamedTuple):
    method: str
    path: str
    about: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.about["operationId"])


def document_of(service: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CURRENT / f"{service}.json").read_text("utf-8"))
    return found


def operations_of(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield Operation(method, path, item[method])


def nodes(value: Any, pointer: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield each object of a document with its place."""
    if isinstance(value, dict):
        yield pointer, value
        for name, inner in value.items():
            yield from nodes(inner, (*pointer, str(name)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from nodes(inner, (*pointer, str(number)))
