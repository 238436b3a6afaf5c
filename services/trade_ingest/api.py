"""HTTP routes of the register of trades."""

from typing import Any

from services.trade_ingest.models import trade, trade_past
from services.trade_ingest.schemas import TradeDetailSchema, TradePageSchema, TradeQuery
from shared.web.documents import answer_document, answer_page, party_id, select_page
from shared.web.query import Blueprint, NoQuery

blueprint = Blueprint("trades", __name__, description="交易 / trades")


@blueprint.route("/v1/trades")
@blueprint.arguments(TradeQuery, location="query")
@blueprint.response(200, TradePageSchema)
def list_trades(arguments: dict[str, Any]) -> dict[str, Any]:
    """Trades, each in the revision that stands, in order of exchange and number."""
    statement = select_page(trade, "completed_at", arguments)
    if "status" in arguments:
        statement = statement.where(trade.c.completed.is_(arguments["status"] == "completed"))
    if "buyer" in arguments:
        statement = statement.where(trade.c.buyer == party_id(arguments["buyer"]))
    return answer_page("trade", statement, arguments["limit"])


@blueprint.route("/v1/trades/<exchange>/<no>")
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(200, TradeDetailSchema)
def get_trade(arguments: dict[str, Any], exchange: str, no: str) -> dict[str, Any]:
    """One trade with all its revisions, by the records that brought them."""
    del arguments
    return answer_document("trade", trade, trade_past, exchange, no)
