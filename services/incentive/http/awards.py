"""HTTP routes of the incentive service."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from flask import current_app
from sqlalchemy import Connection

from services.incentive.http.schemas import (
    AsOfQuery,
    AwardPageSchema,
    AwardQuery,
    AwardSchema,
    BalancePageSchema,
    BalanceQuery,
    ExchangeStatusSchema,
    ExplanationSchema,
    StatusQuery,
    SubjectStatusSchema,
    TransactionPageSchema,
    TransactionQuery,
)
from services.incentive.queries import awards as award_queries
from services.incentive.queries import explanations, ledger, status
from services.incentive.queries.serializers import Json, award_json, balance_json, transaction_json
from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import wait_until_settled
from services.incentive.store.award_context import AwardContext, load_award_context
from services.incentive.store.rulebook import Rulebook, rulebook_as_of
from shared.values.parties import parse_subject
from shared.values.times import format_time
from shared.web.keys import current_key
from shared.web.pagination import decode_cursor, encode_cursor, page
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint, NoQuery
from shared.web.service import current_service
from shared.web.viewer_snapshot import viewer_snapshot

BASIS: Final = "jiangbu.rulebook"

blueprint = Blueprint("incentive", __name__, description="奖补 / awards and the ledger")


def current_rulebook() -> Rulebook:
    """The policy and whitelist of the application that answers."""
    rulebook: Rulebook = current_app.extensions[BASIS]
    return rulebook


def settle(as_of: datetime | None, now: datetime) -> None:
    """Refuse an instant in the future; return once nothing can be recorded of it any more."""
    if as_of is None:
        return
    if as_of > now:
        raise Problem(422, errors=[FieldFault("as_of", "不得晚于现在 / may not be in the future")])
    with current_service().engine.begin() as connection:
        wait_until_settled(connection, as_of)


@contextmanager
def asked(as_of: datetime | None = None) -> Iterator[tuple[Connection, LedgerView]]:
    """One state of the database for a whole answer, and who asks it as of when."""
    service = current_service()
    now = service.clock()
    settle(as_of, now)
    with viewer_snapshot() as connection:
        yield (
            connection,
            LedgerView(current_key().exchange, as_of, now, rulebook_as_of(connection, as_of, current_rulebook())),
        )


@blueprint.route("/v1/awards")
@blueprint.arguments(AwardQuery, location="query")
@blueprint.response(200, AwardPageSchema)
def list_awards(arguments: dict[str, Any]) -> dict[str, Any]:
    """Awards, in code point order of `award_id`."""
    after = decode_cursor(arguments.get("cursor"), str)
    limit = arguments["limit"]
    with asked(arguments.get("as_of")) as (connection, view):
        rows = award_queries.list_awards(connection, view, arguments, None if after is None else after[0], limit + 1)
        render = awards_rendered(connection, view, rows)
    return page(rows, limit, lambda row: encode_cursor(row.award_id), render)


@blueprint.route("/v1/awards/<path:award_id>")
@blueprint.arguments(AsOfQuery, location="query")
@blueprint.response(200, AwardSchema)
def get_award(arguments: dict[str, Any], award_id: str) -> Json:
    """One award."""
    with asked(arguments.get("as_of")) as (connection, view):
        return render_award(connection, view, find_award(connection, view, award_id))


@blueprint.route("/v1/awards/<path:award_id>/explanation")
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(200, ExplanationSchema)
def explain_award(arguments: dict[str, Any], award_id: str) -> Json:
    """Why an award is what it is: what counted and what did not, step by step, and what is missing to more."""
    del arguments
    with asked() as (connection, view):
        return explanations.explain_award(connection, view, find_award(connection, view, award_id))


@blueprint.route("/v1/subjects/<subject>/status")
@blueprint.arguments(StatusQuery, location="query")
@blueprint.response(200, SubjectStatusSchema)
def subject_status(arguments: dict[str, Any], subject: str) -> Json:
    """How a subject stands in a year, rule by rule."""
    try:
        parse_subject(subject)
    except ValueError as error:
        raise Problem(404) from error
    with asked(arguments.get("as_of")) as (connection, view):
        found = status.load_subject_status(connection, view, subject, arguments["year"])
    if found is None:
        raise Problem(404)
    return found


@blueprint.route("/v1/exchanges/<exchange>/status")
@blueprint.arguments(StatusQuery, location="query")
@blueprint.response(200, ExchangeStatusSchema)
def exchange_status(arguments: dict[str, Any], exchange: str) -> Json:
    """How an exchange stands in a year: its months and tiers."""
    with asked(arguments.get("as_of")) as (connection, view):
        found = status.load_exchange_status(connection, view, exchange, arguments["year"])
    if found is None:
        raise Problem(404)
    return found


@blueprint.route("/v1/ledger/transactions")
@blueprint.arguments(TransactionQuery, location="query")
@blueprint.response(200, TransactionPageSchema)
def list_transactions(arguments: dict[str, Any]) -> dict[str, Any]:
    """Transactions, in order of `seq`."""
    after = decode_cursor(arguments.get("cursor"), int)
    limit = arguments["limit"]
    with asked() as (connection, view):
        rows, entries = ledger.list_transactions(
            connection, view, arguments, None if after is None else after[0], limit + 1
        )
    return page(rows, limit, lambda row: encode_cursor(row.seq), lambda row: transaction_json(row, entries[row.seq]))


@blueprint.route("/v1/ledger/balances")
@blueprint.arguments(BalanceQuery, location="query")
@blueprint.response(200, BalancePageSchema)
def list_balances(arguments: dict[str, Any]) -> dict[str, Any]:
    """Balances of all accounts at an instant, else at the last posting; every page of one list is of one state."""
    after = decode_cursor(arguments.get("cursor"), str, int)
    limit = arguments["limit"]
    with asked(arguments.get("as_of")) as (connection, view):
        found = ledger.ledger_as_of(connection, view, None if after is None else after[1])
        rows = ledger.list_balances(connection, view, found.size, None if after is None else after[0], limit + 1)
    items = page(rows, limit, lambda row: encode_cursor(row.account, found.size), balance_json)
    return {"as_of": format_time(found.as_of), "size": found.size, **items}


def find_award(connection: Connection, view: LedgerView, award_id: str) -> Any:
    """The row of an award that the view has. Problem 404."""
    row = None if "\0" in award_id else award_queries.find_award(connection, view, award_id)
    if row is None:
        raise Problem(404)
    return row


def no_policy_yet() -> Problem:
    """503: the ledger has not been told of any policy."""
    said = "尚无生效的政策 / no policy is in force yet"
    return Problem(503, said, headers={"Retry-After": "5"})


def render_award(connection: Connection, view: LedgerView, row: Any) -> Json:
    """The contract's Award of such a row, as the view has it."""
    return awards_rendered(connection, view, [row])(row)


def awards_rendered(connection: Connection, view: LedgerView, rows: Sequence[Any]) -> Callable[[Any], Json]:
    """How each of these rows is shown, with where the award stands with the bureau."""
    standings = load_award_context(connection, rows, view.rulebook.policy, view.as_of, view.instant)
    return lambda row: render_at(view, row, standings[row.award_id])


def render_at(view: LedgerView, row: Any, told: AwardContext) -> Json:
    """The contract's Award of such a row, that stands with the bureau as told."""
    return award_json(row, told, whole=row.whole, visible=view.visible, policy=view.rulebook.policy, now=view.instant)
