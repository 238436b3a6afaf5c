"""HTTP routes of the incentive service."""

from contextlib import AbstractContextManager
from typing import Any, Final

from flask import current_app
from sqlalchemy import Connection

from services.incentive import operations
from services.incentive.answers import Json, award_json, balance_json, transaction_json
from services.incentive.basis import Basis
from services.incentive.schemas import (
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
from shared.db import snapshot
from shared.parties import parse_subject
from shared.times import format_time
from shared.web.keys import current_key
from shared.web.pagination import decode_cursor, encode_cursor, page
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint, NoQuery
from shared.web.service import current_service

BASIS: Final = "jiangbu.basis"

blueprint = Blueprint("incentive", __name__, description="奖补 / awards and the ledger")


def current_basis() -> Basis:
    """The policy and whitelist of the application that answers."""
    basis: Basis = current_app.extensions[BASIS]
    return basis


def _snapshot() -> AbstractContextManager[Connection]:
    """One state of the database for a whole answer."""
    return snapshot(current_service().engine)


@blueprint.route("/v1/awards")
@blueprint.arguments(AwardQuery, location="query")
@blueprint.response(200, AwardPageSchema)
def list_awards(arguments: dict[str, Any]) -> dict[str, Any]:
    """Awards, in code point order of `award_id`."""
    after = decode_cursor(arguments.get("cursor"), str)
    limit = arguments["limit"]
    with _snapshot() as connection:
        rows = operations.list_awards(
            connection, current_key().exchange, arguments, None if after is None else after[0], limit + 1
        )
    return page(rows, limit, lambda row: encode_cursor(row.award_id), _render_award)


@blueprint.route("/v1/awards/<path:award_id>")
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(200, AwardSchema)
def get_award(arguments: dict[str, Any], award_id: str) -> Json:
    """One award."""
    del arguments
    with _snapshot() as connection:
        return _render_award(_find(connection, award_id))


@blueprint.route("/v1/awards/<path:award_id>/explanation")
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(200, ExplanationSchema)
def explain_award(arguments: dict[str, Any], award_id: str) -> Json:
    """Why an award is what it is: what counted and what did not, step by step, and what is missing to more."""
    del arguments
    with _snapshot() as connection:
        row = _find(connection, award_id)
        return operations.explain_award(connection, current_key().exchange, row, current_basis())


@blueprint.route("/v1/subjects/<subject>/status")
@blueprint.arguments(StatusQuery, location="query")
@blueprint.response(200, SubjectStatusSchema)
def subject_status(arguments: dict[str, Any], subject: str) -> Json:
    """How a subject stands in a year, rule by rule."""
    try:
        parse_subject(subject)
    except ValueError as error:
        raise Problem(404) from error
    with _snapshot() as connection:
        found = operations.tell_subject_status(
            connection, current_key().exchange, subject, arguments["year"], current_basis()
        )
    if found is None:
        raise Problem(404)
    return found


@blueprint.route("/v1/exchanges/<exchange>/status")
@blueprint.arguments(StatusQuery, location="query")
@blueprint.response(200, ExchangeStatusSchema)
def exchange_status(arguments: dict[str, Any], exchange: str) -> Json:
    """How an exchange stands in a year: its months and tiers."""
    with _snapshot() as connection:
        found = operations.tell_exchange_status(
            connection, current_key().exchange, exchange, arguments["year"], current_basis()
        )
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
    with _snapshot() as connection:
        rows, entries = operations.list_transactions(
            connection, current_key().exchange, arguments, None if after is None else after[0], limit + 1
        )
    return page(rows, limit, lambda row: encode_cursor(row.seq), lambda row: transaction_json(row, entries[row.seq]))


@blueprint.route("/v1/ledger/balances")
@blueprint.arguments(BalanceQuery, location="query")
@blueprint.response(200, BalancePageSchema)
def list_balances(arguments: dict[str, Any]) -> dict[str, Any]:
    """Balances of all accounts at an instant, else at the last posting; every page of one list is of one state."""
    now = current_service().clock()
    as_of = arguments.get("as_of")
    if as_of is not None and as_of > now:
        raise Problem(422, errors=[FieldFault("as_of", "不得晚于现在 / may not be in the future")])
    after = decode_cursor(arguments.get("cursor"), str, int)
    if as_of is not None:
        with current_service().engine.begin() as connection:
            operations.wait_for_writers(connection)
    limit = arguments["limit"]
    with _snapshot() as connection:
        ledger = operations.ledger_as_of(connection, as_of, now)
        if after is not None:
            ledger = operations.ledger_of_size(connection, after[1], ledger)
        rows = operations.list_balances(
            connection, current_key().exchange, ledger.size, None if after is None else after[0], limit + 1
        )
    items = page(rows, limit, lambda row: encode_cursor(row.account, ledger.size), balance_json)
    return {"as_of": format_time(ledger.as_of), "size": ledger.size, **items}


def _find(connection: Connection, award_id: str) -> Any:
    row = None if "\0" in award_id else operations.find_award(connection, current_key().exchange, award_id)
    if row is None:
        raise Problem(404)
    return row


def _render_award(row: Any) -> Json:
    exchange = current_key().exchange
    return award_json(
        row,
        whole=row.whole,
        visible=None if exchange is None else {exchange},
        policy=current_basis().policy,
        now=current_service().clock(),
    )
