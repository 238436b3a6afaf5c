"""HTTP route of the objections that were received publicly."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from marshmallow import Schema, fields

from services.incentive.domain.holds import OUTCOMES
from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import AsOfPageQuery
from services.incentive.store.public.objections import (
    OBJECTION_SORTS,
    OBJECTION_STATES,
    ListedObjection,
    find_objections,
)
from shared.events.fields import Choice, Text
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.web.answers import answer, instants, texts
from shared.web.lists import ItemList, list_operation, page_schema
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


OBJECTIONS: Final = ItemList("objections", ObjectionPageSchema, OBJECTION_SORTS)


@list_operation(
    blueprint,
    "GET /v1/objections",
    OBJECTIONS,
    roles=("auditor", "bureau"),
    query=ObjectionQuery,
    operation_id="listObjections",
)
@contextmanager
def list_received(arguments: Json) -> Iterator[SortedRows[ListedObjection]]:
    """List objections that were received without a key, by default in order of their id, which begins with the day.

    A hold of kind `objection` that names one registers it, and the release of that hold answers it.
    """
    with ledger_view(arguments.get("as_of")) as (connection, view):
        yield find_objections(connection, arguments.get("state"), arguments.get("award_id"), view.as_of)
