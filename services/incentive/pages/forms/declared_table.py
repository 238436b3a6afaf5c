"""Page that declares a table (CSV): first a preview of each row, then the same table entered as a whole."""

import base64
import binascii
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.http.declared import run_table
from services.incentive.http.declared_csv import TableError
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.language import say, say_half
from shared.values.json_types import Json
from shared.web.keys import require
from shared.web.problems import Problem

_TABLE_MOST_BYTES: Final = 300_000  # the form that confirms it carries it


@blueprint.get("/declared/table", endpoint="declared_table")
@require("bureau")
def show_table(
    http_status: int = 200, table: Json | None = None, content: str | None = None, said: str | None = None
) -> ResponseReturnValue:
    """Show the form, with a preview and the content that its confirmation sends, or why a table was refused."""
    return show("forms/declared_table", http_status, table=table, content=content, said=said)


@blueprint.post("/declared/table")
@require("bureau")
def preview_table() -> ResponseReturnValue:
    """Show the result or the faults of each row; nothing is declared."""
    file = request.files.get("table")
    content = b"" if file is None else file.stream.read(_TABLE_MOST_BYTES + 1)
    if len(content) > _TABLE_MOST_BYTES:
        said = say("文件过大，请分几次登记。", "The file is too large. Split it and submit the parts.")
        return show_table(422, said=said)
    return _preview(content)


@blueprint.post("/declared/table/enter")
@require("bureau")
def enter_table() -> ResponseReturnValue:
    """Declare all rows, or none if a row has become faulty since, which is shown in a preview again."""
    try:
        content = base64.b64decode(request.form.get("content", ""), validate=True)
    except binascii.Error as error:
        raise Problem(422) from error
    try:
        table = run_table(content, is_preview=False)
    except TableError as error:
        return show_table(422, said=say_half(str(error)))
    # Shown without a redirect: if it is sent again, the same declarations change nothing.
    return show_table(200, table) if table["written"] else _preview(content)


def _preview(content: bytes) -> ResponseReturnValue:
    try:
        table = run_table(content, is_preview=True)
    except TableError as error:
        return show_table(422, said=say_half(str(error)))
    return show_table(422 if table["faulty"] else 200, table, base64.b64encode(content).decode())
