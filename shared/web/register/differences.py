"""Differences between the content of a refused record and a registered document, field by field. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from marshmallow import Schema, ValidationError, fields, missing

from shared.events.decode import Kind
from shared.events.schemas import ListingSchema, TradeSchema

_SCHEMAS: Final[Mapping[Kind, Schema]] = {"listing": ListingSchema(), "trade": TradeSchema()}
_MOST_CHARACTERS: Final = 500  # of a value that is not what the contract says


class FieldDifference(NamedTuple):
    """A field by its path, such as `provider.id`, with its text on both sides; None: absent or null."""

    field: str
    refused: str | None
    registered: str | None


def differences(kind: Kind, refused: object, registered: object) -> list[FieldDifference]:
    """Compare the contract's fields of a refused document with a registered one, both as the events had them.

    Values that mean the same, such as amounts `1.5` and `1.50`, do not differ.
    """
    left = _flat(_SCHEMAS[kind], refused)
    right = _flat(_SCHEMAS[kind], registered)
    names = [*right, *(name for name in left if name not in right)]
    pairs = ((name, left.get(name), right.get(name)) for name in names)
    return [FieldDifference(*pair) for pair in pairs if pair[1] != pair[2]]


def _flat(schema: Schema, document: object, path: str = "") -> dict[str, str | None]:
    """The text of each field by its path; a whole that is no object has no fields."""
    found: dict[str, str | None] = {}
    if not isinstance(document, dict):
        return found
    for name, field in schema.fields.items():
        value = document.get(name, missing)
        if isinstance(field, fields.Nested) and isinstance(value, dict):
            found |= _flat(field.schema, value, f"{path}{name}.")
        else:
            found[path + name] = _text(field, value)
    return found


def _text(field: fields.Field[Any], value: object) -> str | None:
    """The text of a value in the contract's form, or as it is if it is not valid."""
    try:
        loaded = field.deserialize(value)
    except ValidationError:
        return None if value is missing else _as_it_is(value)
    written = field.serialize("it", {field.attribute or "it": loaded})
    return None if written is None or written is missing else str(written)


def _as_it_is(value: object) -> str | None:
    text = value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)
    return text if text is None or len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
