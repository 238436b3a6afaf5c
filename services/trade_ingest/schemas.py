"""Shapes of the trade-ingest service's answers, and the parameters that it takes."""

from marshmallow import Schema, fields

from shared.events.documents import TRADE_STATUSES
from shared.events.fields import Choice
from shared.events.schemas import TradeSchema
from shared.web.pagination import page_schema
from shared.web.query import SubjectParameter
from shared.web.register.documents import DocumentQuery, RevisionSchema
from shared.web.register.trade_fact_schemas import CountedField, PlaceSchema


class TradeQuery(DocumentQuery):
    """Filters of the list."""

    buyer = SubjectParameter()
    status = Choice(TRADE_STATUSES)


class TradeItemSchema(TradeSchema):
    """A trade as it stands; `counted`: its exchange was on the whitelist at that time."""

    exchange = fields.String(required=True)
    seq = fields.Integer(required=True)
    counted = fields.Boolean(required=True)


class TradeDetailSchema(TradeItemSchema):
    """The same, with every accepted revision in order of `seq`."""

    revisions = fields.List(fields.Nested(RevisionSchema), required=True)


TradePageSchema = page_schema("TradePage", TradeItemSchema)


class TradeFactSchema(Schema):
    """A fact at every seq from `from` to `until` (both included; null: whatever comes next, too)."""

    fact = fields.String(required=True)
    from_ = fields.Integer(required=True, data_key="from", attribute="from")
    until = fields.Integer(required=True, allow_none=True)
    counted = CountedField(required=True)
    document = fields.Nested(PlaceSchema, required=True)


class TradeFactsSchema(Schema):
    """What a trade was evidence of, of the register's present generation."""

    generation = fields.Integer(required=True)
    facts = fields.List(fields.Nested(TradeFactSchema), required=True)
