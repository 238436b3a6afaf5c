"""HTTP route of search over the ledger and the registers."""

from typing import Final

from services.incentive.http.context import ledger_view
from services.incentive.http.register_reads import find_documents
from services.incentive.queries.finding.search import LISTING, TRADE, TYPES, Found, Hit, page_path, search_ledger
from shared.values.json_types import Json
from shared.values.parties import is_number
from shared.web.answers import answer, lists, text_lists
from shared.web.keys import current_key
from shared.web.query import Blueprint
from shared.web.register.search import SearchHitSchema, SearchQuery

blueprint = Blueprint("search", __name__, description="查找 / search")

_DOCUMENTS: Final = {TRADE: "trades", LISTING: "listings"}

SearchSchema = answer("Search", lists(items=SearchHitSchema), text_lists("more", "unavailable"))


@blueprint.operation(
    "GET /v1/search",
    SearchSchema,
    query=SearchQuery,
    operation_id="search",
)
def search(arguments: Json) -> Json:
    """Find by name or a part of it, code in any case, or number of an award, trade, listing or voucher.

    `path` is the path of the page. `more` names the types of which there are more hits, `unavailable` those whose
    register does not answer.
    """
    found = find(arguments["q"], arguments["limit"])
    return {"items": [hit.json() for hit in found.hits], "more": found.more, "unavailable": found.unavailable}


def find(text: str, limit: int) -> Found:
    """Find what the current key may see, at most `limit` hits of each type."""
    text = text.strip()
    with ledger_view() as (connection, view):
        by_type = search_ledger(connection, view, text, limit) if text else {}
    more, unavailable = [kind for kind, hits in by_type.items() if len(hits) > limit], []
    if is_number(text):
        for kind, documents in _DOCUMENTS.items():
            answered = find_documents(documents, text, current_key().exchange, limit)
            if answered is None:
                unavailable.append(kind)
                continue
            items, has_more = answered
            by_type[kind] = [_document(kind, item, text) for item in items]
            more += [kind] if has_more else []
    return Found([hit for kind in TYPES for hit in by_type.get(kind, [])[:limit]], more, unavailable)


def _document(kind: str, item: Json, text: str) -> Hit:
    """Return a hit of a register, with the path of our page."""
    number, exchange = item["id"], item["exchange"]
    path = page_path(kind, exchange, number)
    return Hit(kind, number, item["name"], exchange, path, is_exact=number.lower() == text.lower())
