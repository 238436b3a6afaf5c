"""Page of eligibility by table (CSV): a preview of its consequences, and its confirmation."""

import base64
import binascii
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.http.eligibility import run_eligibility
from services.incentive.http.tables.csv_rows import TableError
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.language import say, say_half
from shared.values.json_types import Json
from shared.web.keys import require
from shared.web.problems import Problem

_MOST_BYTES: Final = 300_000  # the form that confirms it carries it


@blueprint.get("/eligibility/table", endpoint="eligibility_table")
@require("bureau")
def show_table(
    http_status: int = 200, table: Json | None = None, content: str | None = None, said: str | None = None
) -> ResponseReturnValue:
    """Show the form, with a preview and the content that its confirmation sends, or why a table was refused."""
    return show("forms/eligibility_table", http_status, table=table, content=content, said=said)


@blueprint.post("/eligibility/table")
@require("bureau")
def preview_eligibility() -> ResponseReturnValue:
    """Show the faults of each row, or what the records would do; nothing is recorded."""
    file = request.files.get("table")
    content = b"" if file is None else file.stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        said = say("文件过大，请分几次登记。", "The file is too large. Split it and submit the parts.")
        return show_table(422, said=said)
    return _run(content, is_preview=True)


@blueprint.post("/eligibility/table/enter")
@require("bureau")
def enter_eligibility() -> ResponseReturnValue:
    """Record all rows, or none if a row is faulty, which is shown in a preview again."""
    try:
        content = base64.b64decode(request.form.get("content", ""), validate=True)
    except binascii.Error as error:
        raise Problem(422) from error
    return _run(content, is_preview=False)


def _run(content: bytes, *, is_preview: bool) -> ResponseReturnValue:
    try:
        table = run_eligibility(content, is_preview=is_preview)
    except TableError as error:
        return show_table(422, said=say_half(str(error)))
    to_confirm = None if table["written"] else base64.b64encode(content).decode()
    return show_table(422 if table["faulty"] else 200, table, to_confirm)
