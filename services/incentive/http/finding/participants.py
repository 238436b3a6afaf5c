"""HTTP route of the participants of an exchange."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from flask import Response
from marshmallow import fields

from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import AsOfQuery, YearParameter
from services.incentive.queries.finding.participants import (
    SORTS,
    ParticipantOrder,
    ParticipantRow,
    Position,
    Wanted,
    count_participants,
    list_participants,
    participant_json,
    stream_participants,
    wanted_participants,
)
from services.incentive.queries.view import LedgerView
from shared.events.fields import Choice, Text
from shared.values.json_types import Json
from shared.values.times import shanghai_year
from shared.web.answers import answer, texts
from shared.web.csv_list import csv_response, wants_csv
from shared.web.keys import current_key
from shared.web.pagination import PageQuery, decode_cursor, encode_cursor, page, page_schema
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint

blueprint = Blueprint("participants", __name__, description="参与方 / participants")

_COLUMNS: Final = ("subject", "name", "measure", "threshold", "missing", "own")


class ParticipantQuery(PageQuery, AsOfQuery):
    """Year (default: this one), rule (default: the year's listed trading) and order of participants."""

    year = YearParameter()
    rule = Text(min_length=1, max_length=100)
    reached = Choice(("true", "false"))
    sort = Choice(tuple(SORTS), load_default="subject")
    order = Choice(("asc", "desc"), load_default="asc")
    count = Choice(("true", "false"))


ParticipantSchema = answer(
    "Participant",
    texts("subject", "name"),
    texts("measure", "threshold", "missing", null=True),
    texts("own"),
)
ParticipantPageSchema = page_schema("ParticipantPage", ParticipantSchema).from_dict(
    {"count": fields.Integer()}, name="ParticipantPage"
)


@blueprint.operation("GET /v1/exchanges/<exchange>/participants", ParticipantPageSchema, query=ParticipantQuery)
def participants_or_csv(arguments: Json, exchange: str) -> Json | Response:
    """List who takes part on an exchange under a rule in a year, and what each lacks to the threshold.

    `own` is the part of this exchange. `measure` and `missing` are null where other exchanges have a part in them that
    the key may not see; sorting then goes by `own`. With `Accept: text/csv` all rows as CSV.
    """
    if not wants_csv() or arguments.get("as_of") is not None:
        return page_of_participants(arguments, exchange)
    with ExitStack() as opened:
        connection, view = opened.enter_context(ledger_view())
        wanted = wanted_of(view, arguments, exchange)
        rows = stream_participants(connection, view, wanted, _order(arguments))
        return csv_response("participants", _COLUMNS, (participant_json(row, wanted) for row in rows), opened)


def page_of_participants(arguments: Json, exchange: str) -> Json:
    """Return a page of participants."""
    order, limit = _order(arguments), arguments["limit"]
    after = read_cursor(arguments.get("cursor"), order)
    with ledger_view(arguments.get("as_of")) as (connection, view):
        wanted = wanted_of(view, arguments, exchange)
        rows = list_participants(connection, view, wanted, order, after, limit + 1)
        is_counted = arguments.get("count") == "true"
        counted = {"count": count_participants(connection, view, wanted)} if is_counted else {}
    return page(rows, limit, cursor_maker(order, wanted), lambda row: participant_json(row, wanted)) | counted


def cursor_maker(order: ParticipantOrder, wanted: Wanted) -> Callable[[ParticipantRow], str]:
    """Return what makes the cursor of the page after a row."""
    direction = "desc" if order.descends else "asc"
    return lambda row: encode_cursor(order.sort, direction, *order.position(row, wanted))


def wanted_of(view: LedgerView, arguments: Json, exchange: str) -> Wanted:
    """Return whom the parameters ask for. Problem 404 for an exchange that the key may not see, 422 for no rule."""
    policy = view.rulebook.policy
    if exchange not in view.rulebook.exchanges.ids or not current_key().sees(exchange):
        raise Problem(404)
    if arguments.get("rule") not in (None, *policy.rule_order):
        raise Problem(422, errors=[FieldFault("rule", "政策中没有此规则 / no rule of the policy")])
    has_reached = {"true": True, "false": False}.get(arguments.get("reached", ""))
    year = arguments.get("year") or shanghai_year(view.instant)
    return wanted_participants(view, exchange, year, arguments.get("rule"), has_reached)


def _order(arguments: Json) -> ParticipantOrder:
    return ParticipantOrder(arguments["sort"], descends=arguments["order"] == "desc")


def read_cursor(cursor: str | None, order: ParticipantOrder) -> Position | None:
    """Return the position in a cursor of a list in the same order. Problem 422 for another one."""
    kind = str if order.sort in ("subject", "name") else int
    values = decode_cursor(cursor, str, str, kind, str)
    if values is None:
        return None
    if values[:2] != (order.sort, "desc" if order.descends else "asc"):
        raise Problem(422, errors=[FieldFault("cursor", "属于另一种排序 / belongs to another order")])
    return values[2], values[3]
