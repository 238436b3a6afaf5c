"""HTTP routes of trades."""

from contextlib import AbstractContextManager
from typing import Final

from services.trade_ingest.trade_facts import trade_facts
from shared.events.schemas import TradeSchema
from shared.events.topics import topic_of
from shared.postgres.sorted_rows import SortedRows
from shared.register.head import read_head
from shared.values.json_types import Json
from shared.values.parties import is_number
from shared.web.answers import answer, integers, lists, nested, texts
from shared.web.lists import list_operation, page_schema
from shared.web.problems import Problem
from shared.web.query import Blueprint, NoQuery
from shared.web.register.documents import (
    CountedField,
    CurrentDocument,
    PlaceSchema,
    TradeQuery,
    answer_document,
    detail_schema,
    document_list,
    is_party,
    item_schema,
    open_documents,
)
from shared.web.service import read_snapshot

blueprint = Blueprint("trades", __name__, description="交易 / trades")


TradeItemSchema = item_schema("TradeItem", TradeSchema)
TradeDetailSchema = detail_schema("TradeDetail", TradeItemSchema)
TradePageSchema = page_schema("TradePage", TradeItemSchema)
TRADES: Final = document_list("trades", TradePageSchema, "trade")


# A fact at every seq from `from` to `until`, both included; null: open.
TradeFactSchema = answer(
    "TradeFact",
    texts("fact"),
    integers("from"),
    integers("until", null=True),
    {"counted": CountedField()},
    nested(document=PlaceSchema),
)
# The facts of which a trade was evidence in the register's current generation.
TradeFactsSchema = answer("TradeFacts", integers("generation"), lists(facts=TradeFactSchema))


@list_operation(
    blueprint,
    "GET /v1/trades",
    TRADES,
    query=TradeQuery,
    operation_id="listTrades",
)
def list_trades(arguments: Json) -> AbstractContextManager[SortedRows[CurrentDocument]]:
    """Trades in their current revision, in order of exchange and number by default."""
    filters = {
        "status": "completed = (%(status)s = 'completed')",
        "buyer": is_party("buyer", "buyer"),
        "in_total": "(completed AND NOT mirrored AND counted) = (%(in_total)s = 'true')",
        "product_kind": "product_kind = %(product_kind)s",
        "industry": "industry = %(industry)s",
    }
    return open_documents("trade", arguments, **filters)


@blueprint.operation(
    "GET /v1/trades/<exchange>/<no>",
    TradeDetailSchema,
    query=NoQuery,
    operation_id="getTrade",
)
def get_trade(exchange: str, no: str) -> Json:
    """One trade with all its revisions and the records that brought them."""
    return answer_document("trade", exchange, no)


@blueprint.operation(
    "GET /v1/trades/<exchange>/<no>/facts",
    TradeFactsSchema,
    roles=("service",),
    query=NoQuery,
    operation_id="getTradeFacts",
)
def get_trade_facts(exchange: str, no: str) -> Json:
    """Facts that a trade was evidence of, at which seqs, and whether it counted; for the incentive service."""
    with read_snapshot() as connection:
        generation = read_head(connection).generation
        spans = trade_facts(connection, exchange, no) if is_number(no) and "\0" not in exchange else []
    if not spans:
        raise Problem(404)
    facts = [
        {
            "fact": span.fact,
            "from": span.from_seq,
            "until": span.until_seq,
            "counted": span.counted,
            "document": {
                "revision": span.revision.revision,
                "seq": span.revision.seq,
                "topic": topic_of("trade", exchange),
                "partition": span.revision.partition,
                "offset": span.revision.offset,
            },
        }
        for span in spans
    ]
    return {"generation": generation, "facts": facts}
