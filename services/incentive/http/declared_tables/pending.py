"""HTTP routes of tables of declarations that wait for another person: list, confirm, discard."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Response, jsonify
from sqlalchemy import Connection

from services.incentive.commands.acting import ActRequest
from services.incentive.commands.declare import DeclarationInput, NoPolicyInForce
from services.incentive.commands.declared_tables import confirm_table, discard_table
from services.incentive.http import act_schemas as schemas
from services.incentive.http.acts import SEE_ALL, act_problems
from services.incentive.http.context import current_actor, incentive_context, ledger_view, no_policy_in_force
from services.incentive.http.declared import view_now
from services.incentive.http.declared_tables.upload import blueprint, preview_rows
from services.incentive.http.tables.declared import Row, read_table
from services.incentive.http.tables.rows import refuse_faults
from services.incentive.store.frozen.declared_tables import (
    TABLE_SORTS,
    SentTable,
    find_table,
    find_tables,
    load_file,
    load_preview,
    sent_table_json,
)
from services.incentive.store.ledger import lock_ledger_for_request
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.web.lists import ItemList, list_operation
from shared.web.problems import Problem
from shared.web.service import write_transaction

_COMPARED: Final = ("ceiling", "payable", "added", "above", "budget", "held", "suppressed", "over_approved")
_COMPARED_OF_ROWS: Final = ("errors", "award_id", "ceiling", "payable", "suppressed_by")

SENT_TABLES: Final = ItemList("declared-tables", schemas.SentTablePageSchema, TABLE_SORTS)


@list_operation(
    blueprint,
    "GET /v1/declared/tables",
    SENT_TABLES,
    roles=SEE_ALL,
    query=schemas.SentTablesQuery,
    operation_id="listSentTables",
)
@contextmanager
def list_sent_tables(arguments: Json) -> Iterator[SortedRows[SentTable]]:
    """List the tables of declarations that needed another person, by default in the order in which they were sent."""
    with ledger_view() as (connection, _):
        yield find_tables(connection, arguments.get("state"))


@blueprint.operation(
    "GET /v1/declared/tables/<table_id>",
    schemas.SentTableSchema,
    roles=SEE_ALL,
    operation_id="getSentTable",
)
def get_sent_table(table_id: str) -> Json:
    """Return a table of declarations with what was previewed when it was sent."""
    with ledger_view() as (connection, _):
        return _table_json(connection, table_id)


@blueprint.operation(
    "POST /v1/declared/tables/<table_id>/confirm",
    schemas.SentTableSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    query=schemas.TableQuery,
    conflict=schemas.WrongStepSchema,
    responses={
        "200": {
            "description": "preview=true",
            "content": {"application/json": {"schema": schemas.ConfirmationPreviewSchema}},
        }
    },
    operation_id="confirmSentTable",
)
def confirm_sent_table(header: Json, arguments: Json, table_id: str) -> Json | Response:
    """Confirm a table that another person sent: all its rows are declared, by who sent it, or none.

    409 for one's own table, and for one that does not wait. 422 with line and column if a row has become faulty: the
    table waits on. `preview=true` shows the preview as of now, and what has changed since the table was sent.
    """
    if arguments.get("preview") == "true":
        return jsonify(preview_confirmation(table_id))
    return confirm(table_id, header.get("key"))


@blueprint.operation(
    "POST /v1/declared/tables/<table_id>/discard",
    schemas.SentTableSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    body=schemas.DiscardRequestSchema,
    conflict=schemas.WrongStepSchema,
    operation_id="discardSentTable",
)
def discard_sent_table(header: Json, given: Json, table_id: str) -> Json:
    """Discard a table that waits, as who sent it or another person. 409 for one that does not wait."""
    return discard(table_id, header.get("key"), given)


def confirm(table_id: str, key: str | None) -> Json:
    """Confirm a table as the person who asks. Problem 404, 409, 422 or 503 if nothing was declared."""
    request = ActRequest(current_actor(), key, "declared_table_confirmation", _possible(table_id), {})
    rows: list[Row] = []
    try:
        with act_problems(), write_transaction() as connection:

            def read() -> list[DeclarationInput]:
                rows.extend(_rows_now(connection, table_id))
                refuse_faults((row.line, *fault) for row in rows for fault in row.faults)
                return [row.declared for row in rows if row.declared is not None]

            results = confirm_table(connection, incentive_context().bureau, request, read)
            refused = zip(rows, results, strict=False)  # no results if this request was carried out before
            refuse_faults((row.line, *fault) for row, result in refused for fault in result.faults)
            return _table_json(connection, table_id)
    except NoPolicyInForce as error:
        raise no_policy_in_force() from error


def discard(table_id: str, key: str | None, given: Json) -> Json:
    """Discard a table as the person who asks. Problem 404, 409 or 503 if it was not."""
    request = ActRequest(current_actor(), key, "declared_table_discard", _possible(table_id), given)
    with act_problems(), write_transaction() as connection:
        discard_table(connection, incentive_context().bureau, request)
        return _table_json(connection, table_id)


def preview_confirmation(table_id: str) -> Json:
    """The preview of a table as of now, with what differs from when it was sent. Nothing is recorded."""
    with write_transaction() as connection:
        lock_ledger_for_request(connection)
        then = load_preview(connection, _found(connection, _possible(table_id)).id)
        now = preview_rows(connection, view_now(connection), _rows_now(connection, table_id))
    return {**now, "changed": list(_changes(then, now))}


def _rows_now(connection: Connection, table_id: str) -> list[Row]:
    """The rows of a table as the policy in force now reads them."""
    content = load_file(connection, _found(connection, table_id).sha256)
    return read_table(content, view_now(connection).rulebook.policy)


def _changes(then: Json, now: Json) -> Iterator[Json]:
    """Yield the fields that differ between two previews of the same table, with the line where it is a row's."""
    for name in _COMPARED:
        if then[name] != now[name]:
            yield {"line": None, "field": name, "before": then[name], "after": now[name]}
    for before, after in zip(then["rows"], now["rows"], strict=True):
        for name in _COMPARED_OF_ROWS:
            if before[name] != after[name]:
                yield {"line": after["line"], "field": name, "before": before[name], "after": after[name]}


def _table_json(connection: Connection, table_id: str) -> Json:
    table = _found(connection, _possible(table_id))
    return {**sent_table_json(table), "previewed": load_preview(connection, table.id)}


def _found(connection: Connection, table_id: str) -> SentTable:
    table = find_table(connection, table_id)
    if table is None:
        raise Problem(404)
    return table


def _possible(table_id: str) -> str:
    """Problem 404 for a path that can name nothing."""
    if "\0" in table_id:
        raise Problem(404)
    return table_id
