"""Differences between the content of a refused record and a registered document, field by field. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from marshmallow import Schema, ValidationError, fields, missing

from shared.events.decode import Kind
from shared.events.schemas import ListingSchema, TradeSchema

_SCHEMAS: Final[Mapping[Kind, Schema]] = {"listing": ListingSchema(), "trade": TradeSchema()}
_NOT_COMPARED: Final = frozenset({"product.industry"})
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
    left = _leaves(_SCHEMAS[kind], refused)
    right = _leaves(_SCHEMAS[kind], registered)
    names = [name for name in (*right, *(name for name in left if name not in right)) if name not in _NOT_COMPARED]
    unlike = (name for name in names if not _is_same(left.get(name), right.get(name)))
    found = (FieldDifference(name, _text(left.get(name)), _text(right.get(name))) for name in unlike)
    return [one for one in found if one.refused != one.registered]


class _Leaf(NamedTuple):
    field: fields.Field[Any]
    value: object


def _leaves(schema: Schema, document: object, path: str = "") -> dict[str, _Leaf]:
    """Each field by its path, with its value; a whole that is no object has no fields."""
    found: dict[str, _Leaf] = {}
    if not isinstance(document, dict):
        return found
    for name, field in schema.fields.items():
        value = document.get(name, missing)
        if isinstance(field, fields.Nested) and isinstance(value, dict):
            found |= _leaves(field.schema, value, f"{path}{name}.")
        else:
            found[path + name] = _Leaf(field, value)
    return found


def _is_same(left: _Leaf | None, right: _Leaf | None) -> bool:
    """True if both sides are the same text, or nothing: most fields are, and reading them takes most of the time."""
    return left == right and (left is None or left.value in (None, missing) or isinstance(left.value, str))


def _text(leaf: _Leaf | None) -> str | None:
    """The text of a value in the contract's form, or as it is if it is not valid."""
    if leaf is None:
        return None
    field, value = leaf
    try:
        loaded = field.deserialize(value)
    except ValidationError:
        return None if value is missing else _as_it_is(value)
    written = field.serialize("it", {field.attribute or "it": loaded})
    return None if written is None or written is missing else str(written)


def _as_it_is(value: object) -> str | None:
    text = value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)
    return text if text is None or len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
