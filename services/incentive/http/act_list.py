"""HTTP route of the list of acts: who did what, when."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.incentive.http.context import ledger_view
from services.incentive.http.fields import TimeOrDay
from services.incentive.http.schemas import TextsSchema
from services.incentive.queries import acts
from services.incentive.queries.acts import ActRow
from shared.events.fields import Choice, Text
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.web.answers import amounts, answer, instants, integers, nested, texts
from shared.web.lists import ItemList, list_operation, page_schema
from shared.web.pagination import PageQuery
from shared.web.query import Blueprint

_FILTERS: Final = ("by", "kind", "from_", "until")

blueprint = Blueprint("acts", __name__, description="办理记录 / acts of the bureau")


class ActQuery(PageQuery):
    """Filters of the list of acts. `by` is a person or a name; `kind` a kind of act, or the action of a decision."""

    by = Text(min_length=1, max_length=500)
    kind = Choice(tuple(dict.fromkeys(acts.KINDS_AND_ACTIONS)))
    from_ = TimeOrDay(data_key="from")
    until = TimeOrDay()


ActSchema = answer(
    "Act",
    texts("act_id"),
    texts("kind", enum=acts.KINDS),
    texts("action", null=True),
    texts("by"),
    texts("person", null=True),
    instants("at"),
    texts("award_id", "subject", null=True),
    integers("year", null=True),
    amounts("amount"),
    nested(text=TextsSchema),
    integers("transaction"),
)
ActPageSchema = page_schema("ActPage", ActSchema)
ACTS: Final = ItemList("acts", ActPageSchema, acts.ACT_SORTS)


@list_operation(
    blueprint,
    "GET /v1/acts",
    ACTS,
    query=ActQuery,
    roles=("auditor", "bureau"),
    operation_id="listActs",
)
@contextmanager
def list_acts(arguments: Json) -> Iterator[SortedRows[ActRow]]:
    """List who did what, when: decisions and other acts, declarations included, by default in order of transactions."""
    with ledger_view() as (connection, _):
        yield acts.find_all_acts(connection, act_filters(arguments))


def act_filters(arguments: Json) -> Json:
    """Return the filters among the parameters."""
    return {name: arguments[name] for name in _FILTERS if name in arguments}
