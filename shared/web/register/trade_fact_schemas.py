"""Shapes that trade-ingest and incentive share, of a trade as evidence of facts."""

from typing import Any

from marshmallow import Schema, fields


class PlaceSchema(Schema):
    """A revision of a document, and the record in Kafka that brought it."""

    revision = fields.Integer(required=True)
    seq = fields.Integer(required=True)
    topic = fields.String(required=True)
    partition = fields.Integer(required=True)
    offset = fields.Integer(required=True)


class CountedField(fields.Raw):
    """True, or the reason why not."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"description": "true, or the reason why not"}, **kwargs)
