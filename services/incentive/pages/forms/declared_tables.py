"""Pages of tables of declarations that another person confirms: the list, and one with its forms."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from services.incentive.commands.declared_tables import confirmable
from services.incentive.http.act_schemas import DiscardRequestSchema
from services.incentive.http.context import current_actor, ledger_view
from services.incentive.http.declared_tables.pending import confirm, discard, list_sent_tables, preview_confirmation
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.form_body import FormRefusal, read_form, refusal_of, sent_once, show_form
from services.incentive.pages.language import say_half
from services.incentive.pages.lists import PageList
from services.incentive.store.frozen.declared_tables import find_table, load_preview, sent_table_json
from shared.web.keys import current_key, require
from shared.web.problems import Problem


@blueprint.get("/declared/tables", endpoint="sent_tables")
@require("bureau", "auditor")
def show_sent_tables() -> ResponseReturnValue:
    """Show the tables that needed another person, by default in the order in which they were sent."""
    asked = PageList(list_sent_tables, "pages.sent_tables")
    return asked.file() or show("forms/sent_tables", listed=asked.shown())


@blueprint.get("/declared/tables/<table_id>", endpoint="sent_table")
@require("bureau", "auditor")
def show_sent_table(table_id: str, refused: FormRefusal | None = None) -> ResponseReturnValue:
    """Show a table; while it waits, to the bureau as it would be declared now, with what changed since it was sent."""
    with ledger_view() as (connection, _):
        table = find_table(connection, table_id) if "\0" not in table_id else None
        if table is None:
            raise Problem(404)
        then = load_preview(connection, table_id)
    waits = table.state == "pending" and current_key().kind == "bureau"
    now = preview_confirmation(table_id) if waits else {**then, "changed": []}
    return show_form(
        "forms/sent_table",
        refused,
        table=sent_table_json(table),
        rows=now,
        waits=waits,
        confirmable=waits and confirmable(table, current_actor()) and not now["faulty"],
        is_own=current_actor().is_same_person(table.sender),
    )


@blueprint.post("/declared/tables/<table_id>/confirm")
@require("bureau")
def confirm_declared_table(table_id: str) -> ResponseReturnValue:
    """Declare all rows of a table that another person sent."""
    try:
        confirm(table_id, sent_once()["key"])
    except Problem as problem:
        refused = refusal_of("confirm", problem)
        faults = "; ".join(f"{one.field}: {say_half(one.message)}" for one in problem.errors)
        return show_sent_table(table_id, refused._replace(said=refused.said or faults))
    return redirect(url_for("pages.sent_table", table_id=table_id), 303)


@blueprint.post("/declared/tables/<table_id>/discard")
@require("bureau")
def discard_declared_table(table_id: str) -> ResponseReturnValue:
    """Discard a table that waits."""
    given, faults = read_form(DiscardRequestSchema())
    if faults:
        return show_sent_table(table_id, FormRefusal("discard", 422, None, faults))
    try:
        discard(table_id, sent_once()["key"], given)
    except Problem as problem:
        return show_sent_table(table_id, refusal_of("discard", problem))
    return redirect(url_for("pages.sent_table", table_id=table_id), 303)
