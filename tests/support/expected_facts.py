"""Facts in a form that compares published ones with those that the verifier expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_content(facts: Mapping[Any, dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Return the facts that are not empty, without version and without the party's name, which depends on the order."""
    return {
        key: {field: inner for field, inner in value.items() if field not in ("generation", "seq")}
        | ({"party": value["party"]["id"]} if "party" in value else {})
        for key, value in facts.items()
        if value.get("first")
        or value.get("annulled")
        or value.get("cancelled")
        or value.get("buckets")
        or value.get("by_exchange")
    }
