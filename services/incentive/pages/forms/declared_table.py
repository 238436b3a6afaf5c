"""Declarations as a table (CSV): looked at first, with what would come of each row, then entered as it was."""

import base64
import binascii
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.http.declared import run_table
from services.incentive.http.declared_csv import TableError
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.language import say, say_half
from shared.web.keys import require
from shared.web.problems import Problem

_TABLE_MOST_BYTES: Final = 300_000  # it goes with the form that confirms it
_UNPROCESSABLE: Final = 422


@blueprint.get("/declared/table")
@require("bureau")
def declared_table() -> ResponseReturnValue:
    """The form."""
    return show("forms/declared_table", table=None, content=None, said=None)


@blueprint.post("/declared/table")
@require("bureau")
def look_at_table() -> ResponseReturnValue:
    """What would come of each row, or what is wrong with it. Nothing is entered."""
    file = request.files.get("table")
    content = b"" if file is None else file.stream.read(_TABLE_MOST_BYTES + 1)
    if len(content) > _TABLE_MOST_BYTES:
        return _refused(say("文件过大，请分几次登记。", "The file is too large: enter it in parts."))
    return _look(content)


@blueprint.post("/declared/table/enter")
@require("bureau")
def enter_table() -> ResponseReturnValue:
    """Enter all rows, or none: where one has become faulty since, they are looked at again."""
    try:
        content = base64.b64decode(request.form.get("content", ""), validate=True)
    except binascii.Error as error:
        raise Problem(422) from error
    try:
        found = run_table(content, is_preview=False)
    except TableError as error:
        return _refused(say_half(str(error)))
    # Shown at once: where it is sent again, the same declarations change nothing.
    return show("forms/declared_table", table=found, content=None, said=None) if found["written"] else _look(content)


def _look(content: bytes) -> ResponseReturnValue:
    try:
        found = run_table(content, is_preview=True)
    except TableError as error:
        return _refused(say_half(str(error)))
    return show(
        "forms/declared_table",
        _UNPROCESSABLE if found["faulty"] else 200,
        table=found,
        content=base64.b64encode(content).decode(),
        said=None,
    )


def _refused(said: str) -> ResponseReturnValue:
    return show("forms/declared_table", _UNPROCESSABLE, table=None, content=None, said=said)
