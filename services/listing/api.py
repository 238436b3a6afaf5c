"""HTTP routes of listings."""

from contextlib import AbstractContextManager
from typing import Final

from shared.events.documents import LISTING_STATUSES
from shared.events.fields import Choice
from shared.events.schemas import ListingSchema
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.web.lists import list_operation, page_schema
from shared.web.query import Blueprint, NoQuery
from shared.web.register.documents import (
    CurrentDocument,
    DocumentQuery,
    answer_document,
    detail_schema,
    document_list,
    item_schema,
    open_documents,
)

blueprint = Blueprint("listings", __name__, description="挂牌 / listings")


class ListingQuery(DocumentQuery):
    status = Choice(LISTING_STATUSES)


ListingItemSchema = item_schema("ListingItem", ListingSchema)
ListingDetailSchema = detail_schema("ListingDetail", ListingItemSchema)
ListingPageSchema = page_schema("ListingPage", ListingItemSchema)
LISTINGS: Final = document_list("listings", ListingPageSchema, "listing")


@list_operation(
    blueprint,
    "GET /v1/listings",
    LISTINGS,
    query=ListingQuery,
    operation_id="listListings",
)
def list_listings(arguments: Json) -> AbstractContextManager[SortedRows[CurrentDocument]]:
    """Listings in their current revision, in order of exchange and number by default."""
    return open_documents("listing", arguments, status="status = %(status)s")


@blueprint.operation(
    "GET /v1/listings/<exchange>/<no>",
    ListingDetailSchema,
    query=NoQuery,
    operation_id="getListing",
)
def get_listing(exchange: str, no: str) -> Json:
    """One listing with all its revisions and the records that brought them."""
    return answer_document("listing", exchange, no)
