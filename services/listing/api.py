"""HTTP routes of listings."""

from services.listing.schemas import ListingDetailSchema, ListingPageSchema, ListingQuery
from shared.values.json_types import Json
from shared.web.query import Blueprint, NoQuery
from shared.web.register.documents import answer_document, answer_page

blueprint = Blueprint("listings", __name__, description="挂牌 / listings")


@blueprint.route("/v1/listings")
@blueprint.arguments(ListingQuery, location="query")
@blueprint.response(200, ListingPageSchema)
def list_listings(arguments: Json) -> Json:
    """Listings in their current revision, in order of exchange and number."""
    return answer_page("listing", arguments, status="status = %(status)s")


@blueprint.route("/v1/listings/<exchange>/<no>")
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(200, ListingDetailSchema)
def get_listing(arguments: Json, exchange: str, no: str) -> Json:
    """One listing with all its revisions and the records that brought them."""
    del arguments
    return answer_document("listing", exchange, no)
