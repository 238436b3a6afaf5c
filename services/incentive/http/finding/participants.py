"""HTTP route of the participants of an exchange."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import AsOfQuery, YearParameter
from services.incentive.queries.finding.participants import (
    PARTICIPANT_SORTS,
    ParticipantRow,
    Wanted,
    find_participants,
    wanted_participants,
)
from services.incentive.queries.view import LedgerView
from shared.events.fields import Choice, Text
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.values.times import shanghai_year
from shared.web.answers import answer, texts
from shared.web.keys import current_key
from shared.web.lists import ItemList, list_operation, page_schema
from shared.web.pagination import PageQuery
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint

blueprint = Blueprint("participants", __name__, description="参与方 / participants")


class ParticipantQuery(PageQuery, AsOfQuery):
    """Year (default: this one), rule (default: the year's listed trading) and order of participants."""

    year = YearParameter()
    rule = Text(min_length=1, max_length=100)
    reached = Choice(("true", "false"))


ParticipantSchema = answer(
    "Participant",
    texts("subject", "name"),
    texts("measure", "threshold", "missing", null=True),
    texts("own"),
)
ParticipantPageSchema = page_schema("ParticipantPage", ParticipantSchema)


PARTICIPANTS: Final = ItemList("participants", ParticipantPageSchema, PARTICIPANT_SORTS)


@list_operation(blueprint, "GET /v1/exchanges/<exchange>/participants", PARTICIPANTS, query=ParticipantQuery)
@contextmanager
def list_participants(arguments: Json, exchange: str) -> Iterator[SortedRows[ParticipantRow]]:
    """List who takes part on an exchange under a rule in a year, and what each lacks to the threshold.

    `own` is the part of this exchange. `measure` and `missing` are null where other exchanges have a part in them that
    the key may not see; sorting then goes by `own`.
    """
    with ledger_view(arguments.get("as_of")) as (connection, view):
        yield find_participants(connection, view, wanted_of(view, arguments, exchange))


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
