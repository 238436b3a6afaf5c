"""HTTP routes of the ledger: transactions and balances."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.incentive.http import schemas
from services.incentive.http.context import ledger_view
from services.incentive.queries import ledger as queries
from services.incentive.queries.ledger import BalanceRow, TransactionRow
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.web.keys import EVERY_KIND
from shared.web.lists import ItemList, list_operation
from shared.web.query import Blueprint

blueprint = Blueprint("ledger", __name__, description="台账 / the ledger")

TRANSACTIONS: Final = ItemList("transactions", schemas.TransactionPageSchema, queries.TRANSACTION_SORTS)
BALANCES: Final = ItemList("balances", schemas.BalancePageSchema, queries.BALANCE_SORTS)


@list_operation(
    blueprint,
    "GET /v1/ledger/transactions",
    TRANSACTIONS,
    roles=EVERY_KIND,
    query=schemas.TransactionQuery,
    operation_id="listTransactions",
)
@contextmanager
def list_transactions(arguments: Json) -> Iterator[SortedRows[TransactionRow]]:
    """List transactions in order of `seq`, which is that of `posted_at` too."""
    with ledger_view() as (connection, view):
        yield queries.find_transactions(connection, view, arguments)


@list_operation(
    blueprint,
    "GET /v1/ledger/balances",
    BALANCES,
    roles=EVERY_KIND,
    query=schemas.AsOfPageQuery,
    operation_id="listBalances",
)
@contextmanager
def list_balances(arguments: Json) -> Iterator[SortedRows[BalanceRow]]:
    """List the balances of all accounts at an instant, or at the last posting; all pages of a list are of one state."""
    size = None if arguments["after"] is None else arguments["after"][1]
    with ledger_view(arguments.get("as_of"), size or 0) as (connection, view):
        ledger = queries.ledger_as_of(connection, view, size)
        yield queries.find_balances(connection, view, ledger)
