"""Search for documents of a register by their numbers."""

from typing import Final

from flask import current_app

from shared.events.decode import Kind
from shared.events.fields import Text
from shared.postgres.query import fetch
from shared.register.stored_documents import INSTANT_COLUMN, stored_document
from shared.values.json_types import Json
from shared.values.parties import is_number
from shared.web.answers import answer, booleans, lists, texts
from shared.web.keys import current_key
from shared.web.query import Blueprint, ExchangeParameter, QuerySchema, WholeNumber
from shared.web.register.documents import CurrentDocument
from shared.web.service import viewer_snapshot

_QUERY_LENGTH: Final = 200
_LIMIT: Final = 20
_LIMIT_MOST: Final = 100

SearchHitSchema = answer("SearchHit", texts("type", "id"), texts("name", "exchange", null=True), texts("path"))
# `more`: there are more than these.
DocumentHitsSchema = answer("DocumentHits", lists(items=SearchHitSchema), booleans("more"))

# One range of the primary key for each exchange and spelling; numbers have no character from `~` on.
_FOUND: Final = """
    SELECT found.* FROM unnest(CAST(%(exchanges)s AS text[])) AS named(exchange)
    CROSS JOIN unnest(CAST(%(spelled)s AS text[])) AS spelling
    CROSS JOIN LATERAL (
        SELECT d.exchange, d.number, d.seq, d.counted, d.value, d.headers, d.{at} AS at
        FROM {kind} d
        WHERE d.exchange = named.exchange AND d.number >= spelling AND d.number < spelling || '~'
        ORDER BY d.number LIMIT %(limit)s
    ) AS found
    ORDER BY found.number <> ALL(%(spelled)s), found.exchange, found.number LIMIT %(limit)s
"""


class SearchQuery(QuerySchema):
    """The text to search for, and how many hits of a type to return."""

    q = Text(required=True, min_length=1, max_length=_QUERY_LENGTH)
    limit = WholeNumber(least=1, most=_LIMIT_MOST, load_default=_LIMIT)


class DocumentSearchQuery(SearchQuery):
    """The same in the documents of one exchange."""

    exchange = ExchangeParameter()


def search_blueprint(kind: Kind) -> Blueprint:
    """Return the route of search in the register of that kind."""
    blueprint = Blueprint("search", __name__, description="查找 / search")

    @blueprint.operation(
        "GET /v1/search",
        DocumentHitsSchema,
        query=DocumentSearchQuery,
        operation_id="searchDocuments",
    )
    def search(arguments: Json) -> Json:
        """Find documents by their number or its beginning, exact hits first."""
        return _search(kind, arguments)

    return blueprint


def _search(kind: Kind, arguments: Json) -> Json:
    text, limit = arguments["q"].strip(), arguments["limit"]
    exchanges = [one for one in sorted(current_app.extensions["jiangbu.exchanges"]) if current_key().sees(one)]
    if "exchange" in arguments:
        exchanges = [one for one in exchanges if one == arguments["exchange"]]
    if not is_number(text) or not exchanges:
        return {"items": [], "more": False}
    spelled = sorted({text, text.upper(), text.lower()})
    with viewer_snapshot() as connection:
        statement = _FOUND.format(kind=kind, at=INSTANT_COLUMN[kind])
        rows = fetch(connection, statement, CurrentDocument, exchanges=exchanges, spelled=spelled, limit=limit + 1)
    return {"items": [_hit(kind, row) for row in rows[:limit]], "more": len(rows) > limit}


def _hit(kind: Kind, row: CurrentDocument) -> Json:
    product = stored_document(kind, row.exchange, row.value, row.headers).product
    return {
        "type": kind,
        "id": row.number,
        "name": None if product is None else product.name,
        "exchange": row.exchange,
        "path": f"/v1/{kind}s/{row.exchange}/{row.number}",
    }
