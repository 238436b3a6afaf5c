"""HTTP route of a trade's effects: the postings that it took part in."""

import re

from services.incentive.http.context import ledger_view
from services.incentive.http.register_reads import find_trade
from services.incentive.http.schemas import EffectPageSchema
from services.incentive.queries.trade_effects import RegisteredTrade, current_counting, list_effects
from shared.events.topics import EXCHANGE_PATTERN
from shared.values.json_types import Json
from shared.values.parties import is_number
from shared.web.keys import current_key
from shared.web.pagination import PageQuery, decode_key, encode_cursor, page
from shared.web.problems import Problem
from shared.web.query import Blueprint

blueprint = Blueprint("effects", __name__, description="交易的去向 / effects of a trade")


@blueprint.operation("GET /v1/trades/<exchange>/<no>/effects", EffectPageSchema, query=PageQuery)
def list_trade_effects(arguments: Json, exchange: str, no: str) -> Json:
    """List the transactions that a trade took part in, in order of `seq`: those for a fact with the trade as evidence.

    `facts` reports whether the trade counts now, and if not, why. 503 while the register does not answer.
    """
    after, limit = decode_key(arguments.get("cursor"), int), arguments["limit"]
    if not (current_key().sees(exchange) and re.fullmatch(EXCHANGE_PATTERN, exchange) and is_number(no)):
        raise Problem(404)
    trade = RegisteredTrade(exchange, no, find_trade(exchange, no))
    with ledger_view() as (connection, view):
        effects = list_effects(connection, view, trade, after, limit + 1)
        facts = current_counting(connection, view, trade)
    items = page(effects, limit, lambda one: encode_cursor(one["seq"]), lambda one: one)
    return {"exchange": exchange, "trade_no": no, "facts": facts, **items}
