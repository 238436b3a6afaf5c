"""HTTP routes of listings."""

from shared.events.documents import LISTING_STATUSES
from shared.events.fields import Choice
from shared.events.schemas import ListingSchema
from shared.values.json_types import Json
from shared.web.pagination import page_schema
from shared.web.query import Blueprint, NoQuery
from shared.web.register.documents import DocumentQuery, answer_document, answer_page, detail_schema, item_schema

blueprint = Blueprint("listings", __name__, description="挂牌 / listings")


class ListingQuery(DocumentQuery):
    status = Choice(LISTING_STATUSES)


ListingItemSchema = item_schema("ListingItem", ListingSchema)
ListingDetailSchema = detail_schema("ListingDetail", ListingItemSchema)
ListingPageSchema = page_schema("ListingPage", ListingItemSchema)


@blueprint.operation("GET /v1/listings", ListingPageSchema, query=ListingQuery)
def list_listings(arguments: Json) -> Json:
    """Listings in their current revision, in order of exchange and number."""
    return answer_page("listing", arguments, status="status = %(status)s")


@blueprint.operation("GET /v1/listings/<exchange>/<no>", ListingDetailSchema, query=NoQuery)
def get_listing(exchange: str, no: str) -> Json:
    """One listing with all its revisions and the records that brought them."""
    return answer_document("listing", exchange, no)
