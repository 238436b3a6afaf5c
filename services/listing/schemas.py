"""Response schemas and query parameters of the listing service."""

from shared.events.documents import LISTING_STATUSES
from shared.events.fields import Choice
from shared.events.schemas import ListingSchema
from shared.web.pagination import page_schema
from shared.web.register.documents import DocumentQuery, detail_schema, item_schema


class ListingQuery(DocumentQuery):
    status = Choice(LISTING_STATUSES)


ListingItemSchema = item_schema("ListingItem", ListingSchema)
ListingDetailSchema = detail_schema("ListingDetail", ListingItemSchema)
ListingPageSchema = page_schema("ListingPage", ListingItemSchema)
