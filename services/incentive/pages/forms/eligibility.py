"""Page of eligibility by table: a preview of its consequences, and its confirmation."""

from flask.typing import ResponseReturnValue

from services.incentive.http.eligibility import run_eligibility
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.forms.sent_table import confirmed_table, field_content, too_large, uploaded_table
from services.incentive.pages.language import say_half
from shared.table_files.table_error import TableError
from shared.values.json_types import Json
from shared.web.keys import require


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
    """Show the faults of each row, or the consequences of the records; nothing is recorded."""
    content = uploaded_table()
    return show_table(422, said=too_large()) if content is None else _run(content, is_preview=True)


@blueprint.post("/eligibility/table/enter")
@require("bureau")
def enter_eligibility() -> ResponseReturnValue:
    """Record all rows, or none if a row is faulty, which is shown in a preview again."""
    return _run(confirmed_table(), is_preview=False)


def _run(content: bytes, *, is_preview: bool) -> ResponseReturnValue:
    try:
        table = run_eligibility(content, is_preview=is_preview)
    except TableError as error:
        return show_table(422, said=say_half(str(error)))
    to_confirm = None if table["written"] else field_content(content)
    return show_table(422 if table["faulty"] else 200, table, to_confirm)
