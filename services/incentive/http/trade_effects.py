"""HTTP route of a trade's effects: the postings that it took part in."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.incentive.http.context import ledger_view
from services.incentive.http.register_reads import find_trade
from services.incentive.http.schemas import EffectPageSchema
from services.incentive.queries.ledger import TRANSACTION_SORTS, TransactionRow
from services.incentive.queries.trade_effects import RegisteredTrade, current_counting, find_effects
from shared.events.topics import EXCHANGE_PATTERN
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.values.parties import is_number
from shared.web.keys import current_key
from shared.web.lists import ItemList, list_operation
from shared.web.problems import Problem
from shared.web.query import Blueprint

blueprint = Blueprint("effects", __name__, description="交易的去向 / effects of a trade")

EFFECTS: Final = ItemList("effects", EffectPageSchema, TRANSACTION_SORTS)


@list_operation(
    blueprint,
    "GET /v1/trades/<exchange>/<no>/effects",
    EFFECTS,
    operation_id="listTradeEffects",
)
@contextmanager
def list_trade_effects(_: Json, exchange: str, no: str) -> Iterator[SortedRows[TransactionRow]]:
    """List the transactions that a trade took part in, in order of `seq`: those for a fact with the trade as evidence.

    `facts` reports whether the trade counts now, and if not, why. 503 while the register does not answer.
    """
    if not (current_key().sees(exchange) and re.fullmatch(EXCHANGE_PATTERN, exchange) and is_number(no)):
        raise Problem(404)
    trade = RegisteredTrade(exchange, no, find_trade(exchange, no))
    with ledger_view() as (connection, view):
        found = find_effects(connection, view, trade)
        found.further = {"exchange": exchange, "trade_no": no, "facts": current_counting(connection, view, trade)}
        yield found
