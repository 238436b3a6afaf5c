"""Page of payments: the list for finance, and finance's table back with a preview and its confirmation."""

from typing import Final

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.batches import perform_request, preview_request
from services.incentive.http.payments import due_payments_file, payments_request
from services.incentive.pages.blueprint import blueprint
from services.incentive.pages.form_body import FormRefusal, sent_once, show_form
from services.incentive.pages.forms.sent_table import confirmed_table, field_content, too_large, uploaded_table
from services.incentive.pages.language import say, say_half
from shared.table_files.table_error import TableError
from shared.values.json_types import Json
from shared.web.keys import require
from shared.web.problems import Problem

_SHOWN: Final = 50  # faults


@blueprint.get("/batches/payments", endpoint="payments")
@require("bureau")
def show_payments(
    refused: FormRefusal | None = None, previewed: Json | None = None, content: str | None = None
) -> ResponseReturnValue:
    """Show the form, with a preview and the content that its confirmation sends, or why a table was refused."""
    return show_form("forms/payments", refused, previewed=previewed, content=content)


@blueprint.get("/batches/payments/<any(xlsx, csv):format_name>", endpoint="due_payments")
@require("bureau")
def download_due_payments(format_name: str) -> Response:
    """Download the payments that are due."""
    return due_payments_file(request.args.get("batch"), format_name)


@blueprint.post("/batches/payments", endpoint="preview_payments")
@require("bureau")
def preview_payments() -> ResponseReturnValue:
    """Show the faults of a table, or the consequences of its payments; nothing is recorded."""
    content = uploaded_table()
    if content is None:
        return show_payments(FormRefusal("payments", 422, too_large(), {}))
    try:
        found = preview_request(payments_request("", content))
    except (TableError, Problem) as error:
        return show_payments(_refusal(error))
    return show_payments(None, found, field_content(content))


@blueprint.post("/batches/payments/enter", endpoint="enter_payments")
@require("bureau")
def enter_payments() -> ResponseReturnValue:
    """Record all payments of a table, or none."""
    content = confirmed_table()
    try:
        batch = perform_request(payments_request(sent_once()["key"] or "", content))
    except (TableError, Problem) as error:
        return show_payments(_refusal(error))
    return redirect(url_for("pages.batch", batch_id=batch["batch_id"]), 303)


def _refusal(error: TableError | Problem) -> FormRefusal:
    """Why a table was refused: its faults by line and column, or by award. Other problems are raised."""
    if isinstance(error, TableError):
        return FormRefusal("payments", 422, say_half(str(error)), {})
    if error.code not in (409, 422):
        raise error
    faults = {one.field: say_half(one.message) for one in error.errors[:_SHOWN]}
    for one in error.further.get("refused", ())[:_SHOWN]:
        faults[one["award_id"]] = say(one["why"][0]["reason"]["zh"], one["why"][0]["reason"]["en"])
    return FormRefusal("payments", error.code, say_half(error.description or "") or None, faults)
