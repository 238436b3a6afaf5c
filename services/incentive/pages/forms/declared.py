"""Pages of declared rewards: the list with the form to declare one, and tables, each previewed first."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.act_schemas import DeclaredSchema
from services.incentive.http.context import current_rulebook, ledger_view
from services.incentive.http.declared import declare_reward, list_declared
from services.incentive.http.declared_tables.upload import run_table
from services.incentive.pages.blueprint import blueprint
from services.incentive.pages.form_body import FormRefusal, read_form, refusal_of, sent_once, show_form
from services.incentive.pages.forms.sent_table import confirmed_table, field_content, too_large, uploaded_table
from services.incentive.pages.language import say_half
from services.incentive.pages.lists import PageList
from services.incentive.policy.terms import DeclaredTerms
from services.incentive.queries.award_sums import which_awards
from shared.table_files.table_error import TableError
from shared.values.json_types import Json
from shared.web.keys import require
from shared.web.problems import Problem


@blueprint.post("/declared")
@require("bureau")
def declare() -> ResponseReturnValue:
    terms = _chosen()
    if terms is None:
        raise Problem(404)
    measured = request.form.get("measure", "").strip()
    measure = {} if terms.measure is None or not measured else {terms.measure.name: measured}
    withdrawn = {"withdrawn": True} if request.form.get("withdrawn") else {}
    given, faults = read_form(DeclaredSchema(), {"rule": terms.rule, "measure": measure, **withdrawn})
    if faults:
        return show_declared(FormRefusal("declare", 422, None, faults))
    try:
        award = declare_reward(given)
    except Problem as problem:
        refused = refusal_of("declare", problem)
        return show_declared(refused._replace(said=refused.said or "; ".join(refused.faults.values())))
    if award["ceiling"] == "0.00":
        return redirect(url_for("pages.declared", rule=terms.rule), 303)
    return redirect(url_for("pages.award", award_id=award["award_id"]), 303)


@blueprint.get("/declared", endpoint="declared")
@require("bureau", "auditor")
def show_declared(refused: FormRefusal | None = None) -> ResponseReturnValue:
    """Show the declarations under one rule or all; with a rule, the form for it, with why it was refused."""
    terms, asked = _chosen(), PageList(list_declared, "pages.declared", ("rule",))
    file = asked.file()
    if file is not None:
        return file
    listed = asked.shown()
    with ledger_view() as (connection, view):
        awards = which_awards(connection, [one["award_id"] for one in listed.items])
    return show_form(
        "forms/declared",
        refused,
        listed=listed,
        awards=awards,
        terms=terms,
        policy=view.rulebook.policy,
    )


def _chosen() -> DeclaredTerms | None:
    """Return the rule that is asked for; None for all. Problem 404 if there is no such declared rule."""
    named = request.args.get("rule", "")
    terms = current_rulebook().policy.declared.find(named)
    if named and terms is None:
        raise Problem(404)
    return terms


@blueprint.get("/declared/table", endpoint="declared_table")
@require("bureau")
def show_table(
    http_status: int = 200, table: Json | None = None, content: str | None = None, said: str | None = None
) -> ResponseReturnValue:
    """Show the form, with a preview and the content that its confirmation sends, or why a table was refused."""
    refused = None if http_status == 200 else FormRefusal("table", http_status, said, {})  # noqa: PLR2004
    return show_form("forms/declared_table", refused, table=table, content=content, said=said)


@blueprint.post("/declared/table")
@require("bureau")
def preview_table() -> ResponseReturnValue:
    """Show the result or the faults of each row; nothing is declared."""
    content = uploaded_table()
    return show_table(422, said=too_large()) if content is None else _run(content, is_preview=True)


@blueprint.post("/declared/table/enter")
@require("bureau")
def enter_table() -> ResponseReturnValue:
    """Declare all rows, or none if a row has become faulty since, which is shown in a preview again."""
    return _run(confirmed_table(), is_preview=False)


def _run(content: bytes, *, is_preview: bool) -> ResponseReturnValue:
    """Show what was declared, without a redirect: sent again, it changes nothing; or else a preview to confirm.

    A table that another person must confirm has a page of its own.
    """
    try:
        table, waits = run_table(content, is_preview=is_preview, key=sent_once()["key"])
    except TableError as error:
        return show_table(422, said=say_half(str(error)))
    if waits is not None:
        return redirect(url_for("pages.sent_table", table_id=waits.id), 303)
    to_confirm = None if table["written"] else field_content(content)
    return show_table(422 if table["faulty"] else 200, table, to_confirm)
