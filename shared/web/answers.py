"""Builders of answer schemas: the fields of an answer, grouped by their type."""

from collections.abc import Collection
from typing import Any, Final

from marshmallow import Schema, fields

Fields = dict[str, fields.Field[Any]]

_AMOUNT: Final = {"pattern": r"^-?[0-9]+\.[0-9]{2}$", "description": "元 / yuan"}
_INSTANT: Final = {
    "format": "date-time",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+08:00$",
}


class JsonSchema(Schema):
    """The schema of a response that is JSON already, for the OpenAPI document and for tests.

    It is not serialized again: for a page of awards that took two fifths of the time.
    """

    def dump(self, obj: object, *, many: bool | None = None) -> object:
        del many
        return obj


def answer(name: str, *groups: Fields, base: type[Schema] = JsonSchema) -> type[Schema]:
    """Build the schema of an answer. With `base=Schema` it selects the fields on output; else it only documents."""
    return base.from_dict({field: kind for group in groups for field, kind in group.items()}, name=name)


def texts(*names: str, null: bool = False, enum: Collection[str] = ()) -> Fields:
    """Strings, of one of the words in `enum` if any are given."""
    metadata = {"enum": list(enum)} if enum else {}
    return {name: fields.String(required=True, allow_none=null, metadata=dict(metadata)) for name in names}


def amounts(*names: str, null: bool = False) -> Fields:
    """Yuan with two decimals."""
    return {name: fields.String(required=True, allow_none=null, metadata=dict(_AMOUNT)) for name in names}


def instants(*names: str, null: bool = False) -> Fields:
    """RFC 3339 times in Shanghai, with microseconds."""
    return {name: fields.String(required=True, allow_none=null, metadata=dict(_INSTANT)) for name in names}


def days(*names: str, null: bool = False) -> Fields:
    """Days as `2026-03-01`."""
    return {name: fields.String(required=True, allow_none=null, metadata={"format": "date"}) for name in names}


def integers(*names: str, null: bool = False) -> Fields:
    return {name: fields.Integer(required=True, allow_none=null) for name in names}


def booleans(*names: str) -> Fields:
    return {name: fields.Boolean(required=True) for name in names}


def text_lists(*names: str, null: bool = False) -> Fields:
    return {name: fields.List(fields.String(), required=True, allow_none=null) for name in names}


def nested(null: bool = False, **schemas: type[Schema]) -> Fields:
    return {name: fields.Nested(schema, required=True, allow_none=null) for name, schema in schemas.items()}


def lists(**schemas: type[Schema]) -> Fields:
    return {name: fields.List(fields.Nested(schema), required=True) for name, schema in schemas.items()}
