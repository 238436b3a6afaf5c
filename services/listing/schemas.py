"""Shapes of the listing service's answers, and the parameters that it takes."""

from marshmallow import fields

from shared.events.documents import LISTING_STATUSES
from shared.events.fields import Choice
from shared.events.schemas import ListingSchema
from shared.web.pagination import page_schema
from shared.web.register.documents import DocumentQuery, RevisionSchema


class ListingQuery(DocumentQuery):
    """Filters of the list."""

    status = Choice(LISTING_STATUSES)


class ListingItemSchema(ListingSchema):
    """A listing as it stands; `counted`: its exchange was on the whitelist at that time."""

    exchange = fields.String(required=True)
    seq = fields.Integer(required=True)
    counted = fields.Boolean(required=True)


class ListingDetailSchema(ListingItemSchema):
    """The same, with every accepted revision in order of `seq`."""

    revisions = fields.List(fields.Nested(RevisionSchema), required=True)


ListingPageSchema = page_schema("ListingPage", ListingItemSchema)
