"""HTTP route of tables of declarations: a preview, and all rows declared, or kept until another person confirms."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from flask import Response, jsonify
from sqlalchemy import Connection

from services.incentive.commands.acting import ActRequest
from services.incentive.commands.acts import recorded_before
from services.incentive.commands.consequences import Touched, consequences_of
from services.incentive.commands.declare import DeclareResult
from services.incentive.commands.declared_tables import send_table
from services.incentive.domain.acts import DeclaredTablePart
from services.incentive.http import act_schemas as schemas
from services.incentive.http.acts import act_problems
from services.incentive.http.context import current_actor, incentive_context
from services.incentive.http.declared import render_declared, run_declare, view_now
from services.incentive.http.tables.declared import Row, read_table
from services.incentive.http.tables.examples import DECLARATIONS
from services.incentive.http.tables.rows import refuse_faulty_rows, sent_table, table_body
from services.incentive.queries.view import LedgerView
from services.incentive.store.awards import awards_of_subjects
from services.incentive.store.frozen.declared_tables import (
    SentTable,
    find_pending,
    find_table,
    load_preview,
    sent_table_json,
)
from services.incentive.store.ledger import lock_ledger_for_request
from shared.table_files.table_error import TableError
from shared.values.json_types import Json
from shared.values.money import format_yuan, parse_yuan
from shared.web.problems import Problem
from shared.web.query import Blueprint
from shared.web.service import write_transaction

_NOT_PREVIEWED: Final[Json] = {"budget": None, "held": None, "suppressed": None, "over_approved": None}
_WAITS: Final = schemas.SentTableSchema

blueprint = Blueprint("declared_tables", __name__, description="申报表 / tables of declarations")


class TableOutcome(NamedTuple):
    """The outcome of a table: rows, sums and consequences, and the table that waits for another person, if one does."""

    result: Json
    waits: SentTable | None = None


@blueprint.operation(
    "POST /v1/declared/table",
    schemas.TableSchema,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    query=schemas.TableQuery,
    requestBody=table_body(DECLARATIONS),
    responses={
        "202": {"description": "another person confirms it", "content": {"application/json": {"schema": _WAITS}}}
    },
    operation_id="declareTable",
)
def declare_table(header: Json, arguments: Json) -> Json | Response:
    """Declare all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` only shows the result.

    Columns: `rule`, `subject`, `item`, `earned_on`; `documents` unless the row withdraws; `name`, `measure`,
    `assessed`, `withdrawn` where needed. A preview reports for each row its line, its award and amounts, or its faults,
    and the consequences for budgets and other awards as the preview of a batch does; without it these are null, and a
    faulty row is a 422. `added` is by how much the ceilings of the rows' awards rise in total, `above` the sum of the
    policy file over which another person must confirm: then nothing is declared, and a 202 has the table that waits.
    The same file again is the same table.
    """
    content, is_preview = sent_table(), arguments.get("preview") == "true"
    try:
        outcome = run_table(content, is_preview=is_preview, key=header.get("key"))
    except TableError as error:
        raise Problem(422, str(error)) from error
    if outcome.waits is not None:
        answer = jsonify({**sent_table_json(outcome.waits), "previewed": outcome.result})
        answer.status_code = 202
        return answer
    if not is_preview:
        refuse_faulty_rows(outcome.result)
    return outcome.result


def run_table(content: bytes, *, is_preview: bool, key: str | None = None) -> TableOutcome:
    """Declare a table as the person who asks, in one transaction, if no row is faulty and no other person must confirm.

    A preview does the same and is rolled back, so that its amounts and consequences are those of the declarations.
    Raises TableError; Problem as of acts.
    """
    request = ActRequest(current_actor(), key, "declared_table", hashlib.sha256(content).hexdigest(), {})
    with act_problems(), write_transaction() as connection:
        lock_ledger_for_request(connection)
        known = None if is_preview else recorded_before(connection, request)
        if known is not None:
            return _waiting(connection, known["declared_table_id"])
        view = view_now(connection)
        rows = read_table(content, view.rulebook.policy)
        if is_preview:
            return TableOutcome(preview_rows(connection, view, rows))
        return _declare_or_send(connection, view, rows, request, content)


def _declare_or_send(
    connection: Connection, view: LedgerView, rows: Sequence[Row], request: ActRequest, content: bytes
) -> TableOutcome:
    """Declare the rows, or undo that and keep the table for another person; record nothing if a row is faulty."""
    savepoint = connection.begin_nested()
    result = _result(view, *_declare_rows(connection, view, rows)) | _NOT_PREVIEWED
    if result["needs_second_person"] and not result["faulty"]:
        savepoint.rollback()
        return _send(connection, view, rows, request, content)
    if result["faulty"]:
        savepoint.rollback()
    else:
        savepoint.commit()
    return TableOutcome({**result, "written": not result["faulty"]})


def _send(
    connection: Connection, view: LedgerView, rows: Sequence[Row], request: ActRequest, content: bytes
) -> TableOutcome:
    """Keep a table for another person; the same file that waits already is that table."""
    before = find_pending(connection, request.about)
    if before is not None:
        return _waiting(connection, before.id)
    previewed = preview_rows(connection, view, rows)
    added, above = parse_yuan(previewed["added"]), parse_yuan(previewed["above"])
    part = DeclaredTablePart(request.about, len(rows), added, above, previewed)
    send_table(connection, incentive_context().bureau, request, content, part)
    sent = find_pending(connection, request.about)
    return TableOutcome(previewed, sent)


def _waiting(connection: Connection, table_id: str) -> TableOutcome:
    return TableOutcome(load_preview(connection, table_id), find_table(connection, table_id))


def preview_rows(connection: Connection, view: LedgerView, rows: Sequence[Row]) -> Json:
    """The rows as they would be declared now, and the consequences, in the form of a batch's preview."""
    found: list[Json] = []
    entered = [row.declared for row in rows if row.declared is not None]
    touched = Touched(frozenset(one.subject for one in entered), frozenset(one.earned_on.year for one in entered))

    def step() -> Touched:
        found.append(_result(view, *_declare_rows(connection, view, rows)))
        return touched

    consequences = consequences_of(connection, view.rulebook.policy, view.now, step)
    return found[0] | consequences.as_json()


def _declare_rows(connection: Connection, view: LedgerView, rows: Sequence[Row]) -> tuple[list[Json], int]:
    """Declare the rows without faults; return all as the API shows them, and by how much ceilings rise, in fen."""
    entered = [row.declared for row in rows if row.declared is not None]
    before = {
        award.award_id: award.ceiling_fen
        for award in awards_of_subjects(connection, sorted({one.subject for one in entered}))
    }
    results = iter(run_declare(connection, entered))
    shown = [_row_json(connection, view, row, None if row.declared is None else next(results)) for row in rows]
    return shown, _added_fen(before, shown)


def _added_fen(before: Mapping[str, int], shown: Sequence[Json]) -> int:
    """The total rise of the ceilings of the rows' awards, in fen; one that falls makes no room for others."""
    after = {row["award_id"]: parse_yuan(row["ceiling"]) for row in shown if row["award_id"] is not None}
    return sum(max(0, fen - before.get(award_id, 0)) for award_id, fen in after.items())


def _result(view: LedgerView, shown: list[Json], added_fen: int) -> Json:
    above_fen = view.rulebook.policy.confirmed_above_fen
    sums = {name: format_yuan(sum(parse_yuan(row[name] or "0") for row in shown)) for name in ("ceiling", "payable")}
    return {
        "written": False,
        "faulty": sum(bool(row["errors"]) for row in shown),
        **sums,
        "added": format_yuan(added_fen),
        "above": None if above_fen is None else format_yuan(above_fen),
        "needs_second_person": above_fen is not None and added_fen > above_fen,
        "rows": shown,
    }


def _row_json(connection: Connection, view: LedgerView, row: Row, result: DeclareResult | None) -> Json:
    faults = row.faults if result is None else result.faults
    declaration = None if result is None else result.declaration
    award = {} if declaration is None else render_declared(connection, view, declaration)
    shown = {name: award.get(name) for name in ("award_id", "ceiling", "payable", "suppressed_by")}
    return {"line": row.line, "errors": [fault._asdict() for fault in faults], **shown}
