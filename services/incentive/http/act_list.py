"""HTTP route of the list of acts: who did what, when."""

from contextlib import ExitStack
from typing import Final

from flask import Response
from marshmallow import fields

from services.incentive.http.context import ledger_view
from services.incentive.http.fields import TimeOrDay
from services.incentive.http.schemas import TextsSchema
from services.incentive.queries import acts
from shared.events.fields import Choice, Text
from shared.values.json_types import Json
from shared.web.answers import answer, instants, integers, nested, texts
from shared.web.csv_list import csv_response, wants_csv
from shared.web.pagination import PageQuery, decode_key, encode_cursor, page, page_schema
from shared.web.query import Blueprint

_FILTERS: Final = ("by", "kind", "from_", "until")
_COLUMNS: Final = (
    *("act_id", "kind", "action", "by", "person", "at", "award_id", "subject", "year", "amount"),
    *("text.zh", "text.en", "transaction"),
)

blueprint = Blueprint("acts", __name__, description="办理记录 / acts of the bureau")


class ActQuery(PageQuery):
    """Filters of the list of acts. `by` is a person or a name; `kind` a kind of act, or the action of a decision."""

    by = Text(min_length=1, max_length=500)
    kind = Choice(tuple(dict.fromkeys(acts.KINDS_AND_ACTIONS)))
    from_ = TimeOrDay(data_key="from")
    until = TimeOrDay()
    order = Choice(("asc", "desc"), load_default="asc")
    count = Choice(("true", "false"))


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
    texts("amount"),
    nested(text=TextsSchema),
    integers("transaction"),
)
ActPageSchema = page_schema("ActPage", ActSchema).from_dict({"count": fields.Integer()}, name="ActPage")


@blueprint.operation("GET /v1/acts", ActPageSchema, roles=("auditor", "bureau"), query=ActQuery)
def list_acts_or_csv(arguments: Json) -> Json | Response:
    """List who did what, when: decisions and all other acts, declarations included, in order of transactions.

    With `Accept: text/csv` all rows as CSV. `count=true` adds `count`, the number of all.
    """
    if not wants_csv():
        return list_acts(arguments)
    with ExitStack() as opened:
        connection, _ = opened.enter_context(ledger_view())
        rows = acts.stream_acts(connection, act_filters(arguments), is_newest_first=arguments["order"] == "desc")
        return csv_response("acts", _COLUMNS, map(acts.act_row_json, rows), opened)


def list_acts(arguments: Json) -> Json:
    """Return a page of acts."""
    filters, is_newest_first = act_filters(arguments), arguments["order"] == "desc"
    after, limit = decode_key(arguments.get("cursor"), int), arguments["limit"]
    with ledger_view() as (connection, _):
        found = acts.list_all_acts(connection, filters, after, limit + 1, is_newest_first=is_newest_first)
        counted = {"count": acts.count_acts(connection, filters)} if arguments.get("count") == "true" else {}
    return page(found, limit, lambda one: encode_cursor(one.seq), acts.act_row_json) | counted


def act_filters(arguments: Json) -> Json:
    """Return the filters among the parameters."""
    return {name: arguments[name] for name in _FILTERS if name in arguments}
