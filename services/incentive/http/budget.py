"""HTTP routes of budgets and clawback proposals."""

from services.incentive.domain.clawbacks import clawback_json
from services.incentive.http.act_schemas import BudgetSchema, ClawbackPageSchema, ClawbackQuery
from services.incentive.http.acts import SEE_ALL, blueprint
from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import YearQuery
from services.incentive.queries import clawbacks
from services.incentive.queries.budget import load_budget
from shared.values.json_types import Json
from shared.web.pagination import decode_cursor, encode_cursor, page


@blueprint.operation("GET /v1/clawbacks", ClawbackPageSchema, roles=SEE_ALL, query=ClawbackQuery)
def list_clawbacks(arguments: Json) -> Json:
    """List clawback proposals in code point order of awards; open as long as more is approved than payable."""
    after = decode_cursor(arguments.get("cursor"), str, int)
    limit, state = arguments["limit"], arguments.get("state")
    with ledger_view(arguments.get("as_of")) as (connection, view):
        found = clawbacks.list_clawbacks(connection, view, state, after, limit + 1)
    return page(found, limit, lambda one: encode_cursor(one.award_id, one.number), clawback_json)


@blueprint.operation("GET /v1/budget", BudgetSchema, roles=SEE_ALL, query=YearQuery)
def get_budget(arguments: Json) -> Json:
    """Return a year's budget, and what is payable, approved, paid and returned of its rewards."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        return load_budget(connection, view, arguments["year"])
