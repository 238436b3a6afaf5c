"""Page of declared rewards, with the form to declare one."""

from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.context import current_rulebook, ledger_view
from services.incentive.http.declared import declaration_json, declare_reward
from services.incentive.http.declared_schemas import DeclaredSchema
from services.incentive.pages.blueprint import blueprint, paging_links, today
from services.incentive.pages.form_body import FormRefusal, read_form, refusal_of, show_form
from services.incentive.policy.terms import DeclaredTerms
from services.incentive.queries.declared import list_declared
from services.incentive.queries.participants import which_awards
from shared.web.keys import require
from shared.web.pagination import decode_key, encode_cursor, page
from shared.web.problems import Problem

_PAGE_SIZE: Final = 25


@blueprint.post("/declared")
@require("bureau")
def declare() -> ResponseReturnValue:
    """Declare a reward."""
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
    terms, after = _chosen(), decode_key(request.args.get("cursor"), str)
    filters = {} if terms is None else {"rule": terms.rule}
    with ledger_view() as (connection, view):
        found = list_declared(connection, filters, after, _PAGE_SIZE + 1)
        awards = which_awards(connection, [one.award_id for one in found])
    listed = page(found, _PAGE_SIZE, lambda one: encode_cursor(one.ref.fact), declaration_json)
    return show_form(
        "forms/declared",
        refused,
        declarations=listed["items"],
        awards=awards,
        paging=paging_links(listed["next_cursor"], "pages.declared", filters),
        terms=terms,
        policy=view.rulebook.policy,
        today=today(),
    )


def _chosen() -> DeclaredTerms | None:
    """Return the rule that is asked for; None for all. Problem 404 if there is no such declared rule."""
    named = request.args.get("rule", "")
    terms = current_rulebook().policy.declared.find(named)
    if named and terms is None:
        raise Problem(404)
    return terms
