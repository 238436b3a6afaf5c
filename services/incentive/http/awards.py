"""HTTP routes of awards, and of how subjects and exchanges stand under the rules."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from sqlalchemy import Connection

from services.incentive.http import schemas
from services.incentive.http.context import ledger_view
from services.incentive.queries import awards as queries
from services.incentive.queries import explanations, status
from services.incentive.queries.awards import award_renderer
from services.incentive.queries.view import LedgerView
from services.incentive.store.rows import SeenAward
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.values.parties import parse_subject
from shared.web.keys import EVERY_KIND
from shared.web.lists import ItemList, list_operation
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint

blueprint = Blueprint("incentive", __name__, description="奖补 / awards")


AWARDS: Final = ItemList("awards", schemas.AwardPageSchema, queries.AWARD_SORTS)


@list_operation(
    blueprint,
    "GET /v1/awards",
    AWARDS,
    roles=EVERY_KIND,
    query=schemas.AwardQuery,
    operation_id="listAwards",
)
@contextmanager
def list_awards(arguments: Json) -> Iterator[SortedRows[SeenAward]]:
    """List awards, by default in code point order of `award_id`."""
    with ledger_view(arguments.get("as_of")) as (connection, view):

        def render(rows: Sequence[SeenAward]) -> Iterable[Json]:
            return map(award_renderer(connection, view, rows), rows)

        yield queries.find_awards(connection, view, arguments, render)


@blueprint.operation(
    "GET /v1/awards/<path:award_id>",
    schemas.AwardSchema,
    roles=EVERY_KIND,
    query=schemas.AsOfQuery,
    operation_id="getAward",
)
def get_award(arguments: Json, award_id: str) -> Json:
    """Return one award."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        return render_award(connection, view, find_award(connection, view, award_id))


@blueprint.operation(
    "GET /v1/awards/<path:award_id>/explanation",
    schemas.ExplanationSchema,
    roles=EVERY_KIND,
    query=schemas.AsOfQuery,
    operation_id="explainAward",
)
def explain_award(arguments: Json, award_id: str) -> Json:
    """Explain an award step by step: what counted, what did not and why, and what is missing to the next threshold."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        return explanations.explain_award(connection, view, find_award(connection, view, award_id))


@blueprint.operation(
    "GET /v1/explanations",
    schemas.ExplanationsSchema,
    roles=EVERY_KIND,
    query=schemas.ExplanationQuery,
    operation_id="explainRule",
)
def explain_rule(arguments: Json) -> Json:
    """Explain a rule for a subject and year, step by step: its awards, or why there is none (`why_not`).

    A subject's key asks about itself.
    """
    subject, rule, year = arguments["subject"], arguments["rule"], arguments["year"]
    with ledger_view(arguments.get("as_of")) as (connection, view):
        if rule not in view.rulebook.policy.rule_order:
            raise Problem(422, errors=[FieldFault("rule", "政策中没有此规则 / no rule of the policy")])
        if view.subject not in (None, subject):
            raise Problem(404)
        return {"items": explanations.explain_rule(connection, view, subject, rule, year)}


@blueprint.operation(
    "GET /v1/subjects/<subject>/status",
    schemas.SubjectStatusSchema,
    roles=EVERY_KIND,
    query=schemas.YearQuery,
    operation_id="getSubjectStatus",
)
def subject_status(arguments: Json, subject: str) -> Json:
    """Return how a subject stands in a year under each rule, with the red flags (`signs`) that no award carries."""
    check_subject(subject)
    with ledger_view(arguments.get("as_of")) as (connection, view):
        found = status.load_subject_status(connection, view, subject, arguments["year"])
    return found_or_404(found)


@blueprint.operation(
    "GET /v1/exchanges/<exchange>/status",
    schemas.ExchangeStatusSchema,
    query=schemas.YearQuery,
    operation_id="getExchangeStatus",
)
def exchange_status(arguments: Json, exchange: str) -> Json:
    """Return how an exchange stands in a year: its total by month, and the tiers that it has reached."""
    with ledger_view(arguments.get("as_of")) as (connection, view):
        found = status.load_exchange_status(connection, view, exchange, arguments["year"])
    return found_or_404(found)


def check_subject(subject: str) -> str:
    """Return the subject of a path. Problem 404 if it is not of the form `<scheme>:<id>`."""
    try:
        parse_subject(subject)
    except ValueError as error:
        raise Problem(404) from error
    return subject


Found = TypeVar("Found")


def found_or_404(found: Found | None) -> Found:
    """Return what was found. Problem 404 if nothing was."""
    if found is None:
        raise Problem(404)
    return found


def find_award(connection: Connection, view: LedgerView, award_id: str) -> SeenAward:
    """Return the row of an award in the view. Problem 404."""
    return found_or_404(None if "\0" in award_id else queries.find_award(connection, view, award_id))


def render_award(connection: Connection, view: LedgerView, row: SeenAward) -> Json:
    """Render the contract's Award of a row as the view may see it."""
    return award_renderer(connection, view, [row])(row)
