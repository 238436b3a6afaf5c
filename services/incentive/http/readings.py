"""HTTP route of the readings of the policy, with what the alternative of each would change."""

from services.incentive.http import schemas
from services.incentive.http.context import ledger_view
from services.incentive.queries.readings import price_list
from shared.values.json_types import Json
from shared.web.pagination import PageQuery, decode_key, page_of_whole
from shared.web.query import Blueprint

blueprint = Blueprint("readings", __name__, description="政策的读法 / readings of the policy")


@blueprint.operation("GET /v1/readings", schemas.ReadingPageSchema, roles=("auditor", "bureau"), query=PageQuery)
def list_readings(arguments: Json) -> Json:
    """List the readings of the policy in force in code point order of `id`, with what each alternative would change.

    `years` are those in which the alternative alone would change what is payable, of the ledger as of `as_of`: awards
    and subjects that differ, and all that is payable of the year. `needs` says which data computing another one needs.
    """
    after = decode_key(arguments.get("cursor"), str)
    with ledger_view() as (connection, view):
        found = sorted(price_list(connection, view.rulebook.policy), key=lambda one: str(one["id"]))
    return page_of_whole(found, after, arguments["limit"], lambda one: str(one["id"]), lambda one: one)
