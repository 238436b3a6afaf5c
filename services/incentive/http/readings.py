"""HTTP route of the readings of the policy, with what the alternative of each would change."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.incentive.http import schemas
from services.incentive.http.context import ledger_view
from services.incentive.queries.readings import price_list
from shared.postgres.sorted_rows import RowsInMemory, SortedRows, text_field
from shared.values.json_types import Json
from shared.web.lists import ItemList, list_operation
from shared.web.query import Blueprint

blueprint = Blueprint("readings", __name__, description="政策的读法 / readings of the policy")


READINGS: Final = ItemList(
    "readings",
    schemas.ReadingPageSchema,
    {"id": (text_field("id"),), **{name: (text_field(name), text_field("id")) for name in ("article", "mark")}},
)


@list_operation(
    blueprint,
    "GET /v1/readings",
    READINGS,
    roles=("auditor", "bureau"),
    operation_id="listReadings",
)
@contextmanager
def list_readings(_: Json) -> Iterator[SortedRows[Json]]:
    """List the readings of the policy in force in code point order of `id`, with what each alternative would change.

    `years` are those in which the alternative alone would change what is payable, of the ledger as of `as_of`: awards
    and subjects that differ, and all that is payable of the year. `needs` says which data computing another one needs.
    """
    with ledger_view() as (connection, view):
        yield RowsInMemory(price_list(connection, view.rulebook.policy), dict)
