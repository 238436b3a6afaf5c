"""HTTP routes of the ledger: transactions and balances."""

from services.incentive.http import schemas
from services.incentive.http.context import ledger_view
from services.incentive.queries import ledger as queries
from shared.values.json_types import Json
from shared.values.times import format_time
from shared.web.keys import EVERY_KIND
from shared.web.pagination import decode_cursor, decode_key, encode_cursor, page
from shared.web.query import Blueprint

blueprint = Blueprint("ledger", __name__, description="台账 / the ledger")


@blueprint.operation(
    "GET /v1/ledger/transactions", schemas.TransactionPageSchema, roles=EVERY_KIND, query=schemas.TransactionQuery
)
def list_transactions(arguments: Json) -> Json:
    """List transactions in order of `seq`."""
    after, limit = decode_key(arguments.get("cursor"), int), arguments["limit"]
    with ledger_view() as (connection, view):
        found = queries.list_transactions(connection, view, arguments, after, limit + 1)
    return page(found, limit, lambda one: encode_cursor(one["seq"]), lambda one: one)


@blueprint.operation(
    "GET /v1/ledger/balances", schemas.BalancePageSchema, roles=EVERY_KIND, query=schemas.AsOfPageQuery
)
def list_balances(arguments: Json) -> Json:
    """List the balances of all accounts at an instant, or at the last posting; all pages of a list are of one state."""
    after = decode_cursor(arguments.get("cursor"), str, int)
    limit = arguments["limit"]
    with ledger_view(arguments.get("as_of")) as (connection, view):
        ledger = queries.ledger_as_of(connection, view, None if after is None else after[1])
        rows = queries.list_balances(connection, view, ledger.size, None if after is None else after[0], limit + 1)
    items = page(rows, limit, lambda row: encode_cursor(row.account, ledger.size), queries.balance_json)
    return {"as_of": format_time(ledger.as_of or view.instant), "size": ledger.size, **items}
