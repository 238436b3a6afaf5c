"""HTTP routes of declared rewards: the bureau declares them, one by one or as a table."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection

from services.incentive.commands.consequences import Touched, consequences_of
from services.incentive.commands.declare import (
    DeclarationInput,
    DeclareResult,
    NoPolicyInForce,
    declare,
    zero_award,
)
from services.incentive.domain.facts import Declaration
from services.incentive.http import act_schemas as schemas
from services.incentive.http.awards import render_award
from services.incentive.http.context import (
    current_actor,
    current_rulebook,
    incentive_context,
    ledger_view,
    no_policy_in_force,
)
from services.incentive.http.schemas import AwardSchema
from services.incentive.http.tables.declared import Row, declaration_input, read_table
from services.incentive.http.tables.rows import TABLE_BODY, refuse_faulty_rows, sent_table
from services.incentive.queries import declared
from services.incentive.queries.awards import find_award
from services.incentive.queries.view import LedgerView
from services.incentive.store.awards import evidence_json
from services.incentive.store.rows import SeenAward
from services.incentive.store.rulebook import rulebook_as_of
from shared.table_files.table_error import TableError
from shared.values.json_types import Json
from shared.values.money import format_yuan, parse_yuan
from shared.values.times import format_time
from shared.web.pagination import decode_key, encode_cursor, page
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint
from shared.web.service import current_service, write_transaction

_NOT_PREVIEWED: Final[Json] = {"budget": None, "held": None, "suppressed": None, "over_approved": None}

blueprint = Blueprint("declared", __name__, description="申报的奖补 / declared rewards")


@blueprint.operation("POST /v1/declared", AwardSchema, roles=("bureau",), body=schemas.DeclaredSchema)
def declare_reward(arguments: Json) -> Json:
    """Declare a reward; the answer is the award. The same again changes nothing; another of the same item replaces it.

    422 for a declaration that earns nothing, with the field at fault. A matter that the article only records, history,
    and a correction of an earlier declaration may earn nothing.
    """
    with write_transaction() as connection:
        [result] = run_declare(connection, [declaration_input(arguments)])
        if result.declaration is None:
            raise Problem(422, errors=[FieldFault(fault.field, fault.message) for fault in result.faults])
        return render_declared(connection, _view_now(connection), result.declaration)


@blueprint.operation(
    "GET /v1/declared", schemas.DeclarationPageSchema, roles=("auditor", "bureau"), query=schemas.DeclaredQuery
)
def list_declared(arguments: Json) -> Json:
    """List declarations as they stand, in code point order of their keys."""
    after, limit = decode_key(arguments.get("cursor"), str), arguments["limit"]
    with ledger_view() as (connection, _):
        found = declared.list_declared(connection, arguments, after, limit + 1)
    return page(found, limit, lambda one: encode_cursor(one.ref.fact), declaration_json)


@blueprint.operation(
    "POST /v1/declared/table", schemas.TableSchema, roles=("bureau",), query=schemas.TableQuery, requestBody=TABLE_BODY
)
def declare_table(arguments: Json) -> Json:
    """Declare all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` only shows the result.

    Columns: `rule`, `subject`, `item`, `earned_on`; `documents` but in rows that withdraw;
    `name`, `measure`, `assessed`, `withdrawn` where needed. A preview
    reports for each row its line, its award and amounts, or its faults, and the consequences for budgets and other
    awards as the preview of a batch does; without it these are null, and a faulty row is a 422.
    """
    content, is_preview = sent_table(), arguments.get("preview") == "true"
    try:
        result = run_table(content, is_preview=is_preview)
    except TableError as error:
        raise Problem(422, str(error)) from error
    if not is_preview:
        refuse_faulty_rows(result)
    return result


def run_table(content: bytes, *, is_preview: bool) -> Json:
    """Declare a table as the person who asks, in one transaction, committed if no row is faulty. Raises TableError.

    A preview does the same and is rolled back, so that its amounts and consequences are those of the declarations.
    """
    with write_transaction() as connection:
        view = _view_now(connection)
        rows = read_table(content, view.rulebook.policy)
        if is_preview:
            shown, found = _preview_rows(connection, view, rows)
        else:
            shown, found = _declare_rows(connection, view, rows), _NOT_PREVIEWED
        faulty = sum(bool(row["errors"]) for row in shown)
        is_written = not (is_preview or faulty)
        if not is_written:
            connection.rollback()
    sums = {name: format_yuan(sum(parse_yuan(row[name] or "0") for row in shown)) for name in ("ceiling", "payable")}
    return {"written": is_written, "faulty": faulty, **sums, **found, "rows": shown}


def _declare_rows(connection: Connection, view: LedgerView, rows: Sequence[Row]) -> list[Json]:
    """Declare the rows without faults; return all as the API shows them."""
    results = iter(run_declare(connection, [row.declared for row in rows if row.declared is not None]))
    return [_row_json(connection, view, row, None if row.declared is None else next(results)) for row in rows]


def _preview_rows(connection: Connection, view: LedgerView, rows: Sequence[Row]) -> tuple[list[Json], Json]:
    """The rows as they would be declared, and the consequences, in the form of a batch's preview."""
    shown: list[Json] = []
    entered = [row.declared for row in rows if row.declared is not None]
    touched = Touched(frozenset(one.subject for one in entered), frozenset(one.earned_on.year for one in entered))

    def step() -> Touched:
        shown.extend(_declare_rows(connection, view, rows))
        return touched

    found = consequences_of(connection, view.rulebook.policy, view.now, step)
    return shown, found.as_json()


def _view_now(connection: Connection) -> LedgerView:
    rulebook = rulebook_as_of(connection, None, current_rulebook())
    return LedgerView(None, None, current_service().clock(), rulebook)


def _row_json(connection: Connection, view: LedgerView, row: Row, result: DeclareResult | None) -> Json:
    faults = row.faults if result is None else result.faults
    declaration = None if result is None else result.declaration
    award = {} if declaration is None else render_declared(connection, view, declaration)
    shown = {name: award.get(name) for name in ("award_id", "ceiling", "payable", "suppressed_by")}
    return {"line": row.line, "errors": [fault._asdict() for fault in faults], **shown}


def run_declare(connection: Connection, inputs: list[DeclarationInput]) -> list[DeclareResult]:
    """Declare as the person who asks. Problem 503 while no policy is in force."""
    try:
        return declare(connection, inputs, incentive_context().bureau, current_actor())
    except NoPolicyInForce as error:
        raise no_policy_in_force() from error


def render_declared(connection: Connection, view: LedgerView, declaration: Declaration) -> Json:
    """Render the award of a declaration; one that earned nothing is rendered with amounts of zero."""
    row = find_award(connection, view, declaration.award_id)
    if row is None:
        award = zero_award(declaration, view.rulebook.policy)
        lists = {"flags": [], "evidence": evidence_json(award.evidence), "exchanges": list(award.exchanges)}
        columns = msgspec.structs.asdict(award) | lists
        row = SeenAward(**columns, version=0, recorded_at=declaration.declared_at, whole=True)
    return render_award(connection, view, row)


def declaration_json(one: Declaration) -> Json:
    """Render a declaration as the API shows it."""
    return {
        "award_id": one.award_id,
        "rule": one.rule,
        "subject": msgspec.to_builtins(one.party),
        "item": one.item,
        "earned_on": one.earned_on.isoformat(),
        "measure": dict(one.measure),
        "assessed": None if one.assessed_fen is None else format_yuan(one.assessed_fen),
        "documents": msgspec.to_builtins(one.documents),
        "withdrawn": one.withdrawn,
        "by": one.declared_by,
        "person": one.declared_person,
        "at": format_time(one.declared_at),
        "fact": one.ref.fact,
        "seq": one.seq,
    }
