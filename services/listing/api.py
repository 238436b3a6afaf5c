"""HTTP routes of listings."""

from services.listing.schemas import ListingDetailSchema, ListingPageSchema, ListingQuery
from shared.values.json_types import Json
from shared.web.query import Blueprint, NoQuery
from shared.web.register.documents import answer_document, answer_page

blueprint = Blueprint("listings", __name__, description="挂牌 / listings")


@blueprint.operation("GET /v1/listings", ListingPageSchema, query=ListingQuery)
def list_listings(arguments: Json) -> Json:
    """Listings in their current revision, in order of exchange and number."""
    return answer_page("listing", arguments, status="status = %(status)s")


@blueprint.operation("GET /v1/listings/<exchange>/<no>", ListingDetailSchema, query=NoQuery)
def get_listing(exchange: str, no: str) -> Json:
    """One listing with all its revisions and the records that brought them."""
    return answer_document("listing", exchange, no)
