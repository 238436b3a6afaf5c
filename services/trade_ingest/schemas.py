"""Response schemas and query parameters of the trade-ingest service."""

from marshmallow import Schema, fields

from shared.events.documents import TRADE_STATUSES
from shared.events.fields import Choice
from shared.events.schemas import TradeSchema
from shared.web.pagination import page_schema
from shared.web.query import SubjectParameter
from shared.web.register.documents import DocumentQuery, detail_schema, item_schema
from shared.web.register.trade_fact_schemas import CountedField, PlaceSchema


class TradeQuery(DocumentQuery):
    buyer = SubjectParameter()
    status = Choice(TRADE_STATUSES)


TradeItemSchema = item_schema("TradeItem", TradeSchema)
TradeDetailSchema = detail_schema("TradeDetail", TradeItemSchema)
TradePageSchema = page_schema("TradePage", TradeItemSchema)


class TradeFactSchema(Schema):
    """A fact at every seq from `from` to `until`, both included; null: open."""

    fact = fields.String(required=True)
    from_ = fields.Integer(required=True, data_key="from", attribute="from")
    until = fields.Integer(required=True, allow_none=True)
    counted = CountedField(required=True)
    document = fields.Nested(PlaceSchema, required=True)


class TradeFactsSchema(Schema):
    """The facts of which a trade was evidence in the register's current generation."""

    generation = fields.Integer(required=True)
    facts = fields.List(fields.Nested(TradeFactSchema), required=True)
