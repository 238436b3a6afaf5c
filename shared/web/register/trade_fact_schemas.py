"""Response schemas of a trade as evidence of facts, shared by trade-ingest and incentive."""

from typing import Any

from marshmallow import Schema, fields


class PlaceSchema(Schema):
    """A revision of a document, and the Kafka record that brought it."""

    revision = fields.Integer(required=True)
    seq = fields.Integer(required=True)
    topic = fields.String(required=True)
    partition = fields.Integer(required=True)
    offset = fields.Integer(required=True)


class CountedField(fields.Raw):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"description": "true, or the reason why it does not count"}, **kwargs)
