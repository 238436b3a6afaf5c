"""HTTP route of the objections that were received publicly."""

from marshmallow import Schema, fields

from services.incentive.domain.holds import OUTCOMES
from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import AsOfPageQuery
from services.incentive.store.objections import OBJECTION_STATES, ListedObjection, list_objections
from shared.events.fields import Choice, Text
from shared.values.json_types import Json
from shared.values.times import format_time
from shared.web.answers import answer, instants, texts
from shared.web.pagination import decode_key, encode_cursor, page, page_schema
from shared.web.query import Blueprint

blueprint = Blueprint("objections", __name__, description="异议 / objections")

ObjectionSchema = answer(
    "Objection",
    texts("objection_id", "award_id", "name", "contact", "reason"),
    texts("state", enum=OBJECTION_STATES),
    texts("hold_id", "release_id", "answer", null=True),
    {"outcome": fields.String(required=True, allow_none=True, metadata={"enum": [*OUTCOMES, None]})},
    instants("received_at"),
    base=Schema,
)
ObjectionPageSchema = page_schema("ObjectionPage", ObjectionSchema)


class ObjectionQuery(AsOfPageQuery):
    state = Choice(OBJECTION_STATES)
    award_id = Text()


@blueprint.operation("GET /v1/objections", ObjectionPageSchema, roles=("auditor", "bureau"), query=ObjectionQuery)
def list_received(arguments: Json) -> Json:
    """List objections that were received without a key, in order of their id, which begins with the day.

    A hold of kind `objection` that names one registers it, and the release of that hold answers it.
    """
    after, limit = decode_key(arguments.get("cursor"), str), arguments["limit"]
    with ledger_view(arguments.get("as_of")) as (connection, view):
        found = list_objections(
            connection, arguments.get("state"), arguments.get("award_id"), view.as_of, after, limit + 1
        )
    return page(found, limit, lambda one: encode_cursor(one.id), objection_json)


def objection_json(one: ListedObjection) -> Json:
    found = one._asdict() | {"state": one.state, "received_at": format_time(one.received_at)}
    return {"objection_id": found.pop("id"), **found}
