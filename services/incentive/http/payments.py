"""HTTP routes of payments: the list of due payments for finance, and finance's table of payments made."""

from collections.abc import Iterator
from typing import Final

from flask import Response, jsonify

from services.incentive.commands.batches import BatchRequest
from services.incentive.domain.subjects.accounts import PAYMENT_HEADINGS, payment_rows
from services.incentive.extract.tables import Table
from services.incentive.extract.xlsx import Row
from services.incentive.http import act_schemas as schemas
from services.incentive.http.batches import PreviewQuery, perform_request, preview_request
from services.incentive.http.context import current_actor, ledger_view
from services.incentive.http.notices.lists import MEDIA_TYPES, table_download
from services.incentive.http.tables.examples import DUE_PAYMENTS, PAYMENTS
from services.incentive.http.tables.payments import read_payments
from services.incentive.http.tables.rows import sent_table, table_body
from services.incentive.queries.casework.due_payments import due_payments
from services.incentive.store.batches import find_batch
from shared.events.fields import Choice, Text
from shared.table_files.table_error import TableError
from shared.values.json_types import Json
from shared.values.times import shanghai_date
from shared.web.problems import FieldFault, Problem
from shared.web.query import BINARY, Blueprint, QuerySchema
from shared.web.service import current_service

_OWN: Final = ("amount", "voucher_no", "paid_on")
_PREVIEW: Final = schemas.BatchPreviewSchema

blueprint = Blueprint("payments", __name__, description="拨付 / payments")


class DuePaymentsQuery(QuerySchema):
    format = Choice(("xlsx", "csv"), load_default="xlsx")
    batch = Text(min_length=1, max_length=64)


@blueprint.operation(
    "GET /v1/batches/payments",
    BINARY,
    roles=("bureau",),
    query=DuePaymentsQuery,
    content_type=MEDIA_TYPES["xlsx"],
    further_types={MEDIA_TYPES["csv"]: {**BINARY, "example": DUE_PAYMENTS}},
    operation_id="downloadDuePayments",
)
def get_due_payments(arguments: Json) -> Response:
    """Return the payments that are due, for finance: approved, unpaid and on no hold; those of a `batch`, or all.

    Each has the subject's confirmed account with the whole number. Finance fills in voucher and day.
    """
    return due_payments_file(arguments.get("batch"), arguments["format"])


def due_payments_file(batch_id: str | None, format_name: str) -> Response:
    """The list of payments that are due, as a download. Problem 404 if there is no such batch."""
    with ledger_view() as (connection, view):
        if batch_id is not None and find_batch(connection, batch_id, None) is None:
            raise Problem(404)
        due = due_payments(connection, view.rulebook.policy, current_actor(), view.now, batch_id)
    rows: list[Json] = [{"cells": list(row)} for row in payment_rows(due)]
    return table_download(_DUE, rows, f"payments-{shanghai_date(view.now).isoformat()}", format_name)


def _cells(row: Json) -> Iterator[Row]:
    yield row["cells"]


_DUE: Final = Table("拨付清单", PAYMENT_HEADINGS, _cells)


@blueprint.operation(
    "POST /v1/batches/payments",
    schemas.BatchSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    query=PreviewQuery,
    conflict=schemas.RefusedBatchSchema,
    requestBody=table_body(PAYMENTS),
    responses={"200": {"description": "preview=true", "content": {"application/json": {"schema": _PREVIEW}}}},
    operation_id="recordPayments",
)
def record_payments(header: Json, arguments: Json) -> Json | Response:
    """Record finance's table of payments (CSV or XLSX) as one batch, all rows or none.

    Columns: `award`, `amount`, `voucher`, `day`; others of the payment list may stay. The amount is all that is
    unpaid. 409 with the awards that cannot be paid, and why. With `preview=true` nothing is recorded, and a 200 says
    what would follow.
    """
    key, content = header.get("key"), sent_table()
    try:
        if arguments.get("preview") == "true":
            return jsonify(preview_request(payments_request(key or "", content)))
        if key is None:
            raise Problem(422, errors=[FieldFault("Idempotency-Key", "必须提供 / required")])
        return perform_request(payments_request(key, content))
    except TableError as error:
        raise Problem(422, str(error)) from error


def payments_request(key: str, content: bytes) -> BatchRequest:
    """The batch of payments that a table asks for. Raises TableError; Problem 422 for rows at fault."""
    paid = read_payments(content, shanghai_date(current_service().clock()))
    sent = {"action": "pay", "payments": [{"award_id": award_id, **fields} for award_id, fields in paid.items()]}
    return BatchRequest(current_actor(), key, "pay", paid, sent, own=_OWN)
