"""HTTP routes of declared rewards: the bureau declares, and whoever sees all may read what was declared."""

from types import SimpleNamespace
from typing import Any, Final

import msgspec
from flask import request
from sqlalchemy import Connection

from services.incentive.commands.declare import (
    DeclarationInput,
    Declarer,
    DeclareResult,
    NoPolicyInForce,
    declare,
    zero_award,
)
from services.incentive.domain.facts import Declaration
from services.incentive.http.awards import asked, current_rulebook, no_policy_yet, render_award
from services.incentive.http.bureau import current_office
from services.incentive.http.declared_csv import Row, TableError, declared_of, read_table
from services.incentive.http.declared_schemas import (
    DeclarationPageSchema,
    DeclaredQuery,
    DeclaredSchema,
    TableQuery,
    TableSchema,
)
from services.incentive.http.schemas import AwardSchema
from services.incentive.queries import declared as declared_queries
from services.incentive.queries.awards import find_award
from services.incentive.queries.serializers import Json
from services.incentive.queries.view import LedgerView
from services.incentive.store.awards import evidence_json
from services.incentive.store.rulebook import rulebook_as_of
from shared.values.money import format_yuan, parse_yuan
from shared.values.times import format_time
from shared.web.keys import current_key, require
from shared.web.pagination import decode_cursor, encode_cursor, page
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint
from shared.web.service import current_service

_CSV: Final = "text/csv"
_TABLE: Final = {"requestBody": {"required": True, "content": {_CSV: {"schema": {"type": "string"}}}}}

blueprint = Blueprint("declared", __name__, description="申报的奖补 / rewards that are declared")


@blueprint.route("/v1/declared", methods=["POST"])
@require("bureau")
@blueprint.arguments(DeclaredSchema)
@blueprint.response(200, AwardSchema)
def declare_reward(arguments: dict[str, Any]) -> Json:
    """Declare a reward; the answer is the award. The same again changes nothing, another of the same matter replaces.

    422 for what earns nothing, with the member that it lies in; what the article only has recorded, what is history
    and what corrects an earlier one may earn nothing.
    """
    return enter_declaration(arguments)


def enter_declaration(arguments: dict[str, Any]) -> Json:
    """Declare what a DeclaredSchema has read, in the name of who asks; the award. Problem 422 and 503."""
    now = current_service().clock()
    with current_service().engine.begin() as connection:
        [answer] = run_declare(connection, [declared_of(arguments)])
        if answer.declaration is None:
            raise Problem(422, errors=[FieldFault(fault.field, fault.message) for fault in answer.faults])
        view = LedgerView(None, None, now, rulebook_as_of(connection, None, current_rulebook()))
        return render_declared(connection, view, answer.declaration)


@blueprint.route("/v1/declared")
@require("auditor", "bureau")
@blueprint.arguments(DeclaredQuery, location="query")
@blueprint.response(200, DeclarationPageSchema)
def list_declared(arguments: dict[str, Any]) -> Json:
    """What is declared, as it stands, in code point order of its key."""
    after = decode_cursor(arguments.get("cursor"), str)
    limit = arguments["limit"]
    with asked() as (connection, _):
        found = declared_queries.list_declared(connection, arguments, None if after is None else after[0], limit + 1)
    return page(found, limit, lambda one: encode_cursor(one.ref.fact), declaration_json)


@blueprint.route("/v1/declared/table", methods=["POST"])
@require("bureau")
@blueprint.arguments(TableQuery, location="query")
@blueprint.response(200, TableSchema)
@blueprint.doc(**_TABLE)
def declare_table(arguments: dict[str, Any]) -> Json:
    """Declare all rows of a table (CSV), or none where one is faulty; `preview=true` says what would come of it.

    Columns: `rule`, `subject`, `item`, `earned_on`; `name`, `measure`, `documents`, `withdrawn` where needed. A preview
    tells of each row its line, its award and amounts, or what is wrong with it; else a faulty row is 422.
    """
    if request.mimetype != _CSV:
        raise Problem(415, f"内容类型须为 {_CSV} / the content type must be {_CSV}")
    is_preview = arguments.get("preview") == "true"
    try:
        found = run_table(request.get_data(), is_preview=is_preview)
    except TableError as error:
        raise Problem(422, str(error)) from error
    if found["faulty"] and not is_preview:
        faults = [(row["line"], fault) for row in found["rows"] for fault in row["errors"]]
        raise Problem(422, errors=[FieldFault(f"{line}.{fault['field']}", fault["message"]) for line, fault in faults])
    return found


def run_table(content: bytes, *, is_preview: bool) -> Json:
    """Declare a table in the name of who asks, in a transaction that stays if nothing is faulty. Raises TableError.

    A preview is the same transaction, taken back: its amounts are those that would be posted.
    """
    service = current_service()
    with service.engine.connect() as connection, connection.begin() as transaction:
        view = LedgerView(None, None, service.clock(), rulebook_as_of(connection, None, current_rulebook()))
        rows = read_table(content, view.rulebook.policy)
        entered = [row.declared for row in rows if row.declared is not None]
        answers = iter(run_declare(connection, entered))
        told = [_row_json(connection, view, row, None if row.declared is None else next(answers)) for row in rows]
        faulty = sum(bool(row["errors"]) for row in told)
        is_written = not (is_preview or faulty)
        if not is_written:
            transaction.rollback()
    return {
        "written": is_written,
        "faulty": faulty,
        **{name: format_yuan(sum(parse_yuan(row[name] or "0") for row in told)) for name in ("ceiling", "payable")},
        "rows": told,
    }


def _row_json(connection: Connection, view: LedgerView, row: Row, answer: DeclareResult | None) -> Json:
    faults = row.faults if answer is None else answer.faults
    found: Json = {"line": row.line, "errors": [fault._asdict() for fault in faults]}
    declaration = None if answer is None else answer.declaration
    award = {} if declaration is None else render_declared(connection, view, declaration)
    return {**found, **{name: award.get(name) for name in ("award_id", "ceiling", "payable", "suppressed_by")}}


def run_declare(connection: Connection, entered: list[DeclarationInput]) -> list[DeclareResult]:
    """Declare in the name of who asks. 503 while no policy is in force yet."""
    log = current_office().log
    try:
        return declare(
            connection, entered, current_rulebook(), log, Declarer(current_key().name, current_service().clock)
        )
    except NoPolicyInForce as error:
        raise no_policy_yet() from error


def render_declared(connection: Connection, view: LedgerView, declaration: Declaration) -> Json:
    """The award that follows from a declaration; where there never was one, what it would be, with amounts of zero."""
    row: Any = find_award(connection, view, declaration.award_id)
    if row is None:
        nothing = zero_award(declaration, view.rulebook.policy)
        row = SimpleNamespace(
            **{**msgspec.structs.asdict(nothing), "evidence": evidence_json(nothing.evidence)},
            recorded_at=declaration.declared_at,
            whole=True,
        )
    return render_award(connection, view, row)


def declaration_json(one: Declaration) -> Json:
    """A declaration as the API gives it."""
    return {
        "award_id": one.award_id,
        "rule": one.rule,
        "subject": msgspec.to_builtins(one.party),
        "item": one.item,
        "earned_on": one.earned_on.isoformat(),
        "measure": dict(one.measure),
        "documents": msgspec.to_builtins(one.documents),
        "withdrawn": one.withdrawn,
        "by": one.declared_by,
        "at": format_time(one.declared_at),
        "fact": one.ref.fact,
        "seq": one.ref.seq,
    }
