"""Shapes of the trade-ingest service's answers, and the parameters that it takes."""

from marshmallow import fields

from shared.events.documents import TRADE_STATUSES
from shared.events.fields import Choice
from shared.events.schemas import TradeSchema
from shared.web.documents import DocumentQuery, RevisionSchema
from shared.web.pagination import page_schema
from shared.web.query import SubjectParameter


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
