"""Pages of batches: one step with many awards, previewed first; the batches so far."""

from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.domain.notices.days import notice_end
from services.incentive.domain.notices.decision_list import KINDS
from services.incentive.domain.steps import ACTIONS
from services.incentive.domain.workflow import FIRST_STATE, GROUNDS
from services.incentive.http.act_schemas import BatchRequestSchema
from services.incentive.http.batches import batch_document, get_batch, list_batches, perform_batch, preview
from services.incentive.http.context import ledger_view
from services.incentive.http.notices.lists import list_document
from services.incentive.http.schemas import AwardQuery
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.form_body import FormRefusal, load, read_form, refusal_of, sent_once, show_form
from services.incentive.pages.lists import PageList
from services.incentive.pages.words import NEXT
from services.incentive.queries.awards import award_renderer, list_awards
from shared.values.json_types import Json
from shared.values.times import shanghai_date
from shared.web.keys import require
from shared.web.problems import Problem

_FILTERS: Final = ("subject", "exchange", "rule", "year", "state", "flag", "hold", "name")
_LISTED_MOST: Final = 200
_KEPT: Final = "kept"  # hidden fields with the documents of the form that was previewed


@blueprint.get("/batches/new", endpoint="new_batch")
@require("bureau")
def show_batch_form(refused: FormRefusal | None = None, previewed: Json | None = None) -> ResponseReturnValue:
    """Show the awards that the filters find, to tick, with the form of a step; what a preview found, or a refusal."""
    given = {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}
    filters, faults = load(AwardQuery(), given)
    action = ACTIONS[_action(given.get("state", FIRST_STATE))]
    with ledger_view() as (connection, view):
        rows = [] if faults else list_awards(connection, view, filters, _LISTED_MOST + 1)
        render = award_renderer(connection, view, rows[:_LISTED_MOST])
        policy = view.rulebook.policy
    today = shanghai_date(view.now)
    return show_form(
        "forms/batch",
        refused,
        action=action,
        actions=list(ACTIONS.values()),
        grounds=GROUNDS,
        awards=[render(row) for row in rows[:_LISTED_MOST]],
        has_more=len(rows) > _LISTED_MOST,
        given=given,
        faults=faults,
        policy=policy,
        previewed=previewed,
        kept=[] if previewed is None else previewed["documents"],
        ticked=_ticked(previewed),
        is_all=request.form.get("whose") == "all",
        notice_end=notice_end(today, policy.notice_working_days, policy.public_notice).isoformat(),
    )


def _action(state: str) -> str:
    """The action of the address; without one, the first step after the state of the filter: of two ways in, listing."""
    asked = request.args.get("action", "")
    if asked in ACTIONS:
        return asked
    steps, _ = NEXT.get(state, NEXT[FIRST_STATE])
    return "list" if "list" in steps else steps[0]


def _ticked(previewed: Json | None) -> list[str]:
    """The awards to tick: those that were, without those that a preview refused."""
    refused = set() if previewed is None else {one["award_id"] for one in previewed["refused"]}
    return [one for one in request.form.getlist("award_id") if one not in refused]


@blueprint.post("/batches/new", endpoint="send_batch")
@require("bureau")
def send_batch() -> ResponseReturnValue:
    """Preview a batch, or decide on it."""
    chosen: Json = {"action": _action(request.args.get("state", FIRST_STATE))}
    if request.form.get("whose") == "all":
        chosen["filter"] = {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}
    else:
        chosen["awards"] = [{"award_id": one} for one in request.form.getlist("award_id")]
    kept = [{"sha256": one[:64], "name": one[65:]} for one in request.form.getlist(_KEPT)]
    given, faults = read_form(BatchRequestSchema(), {**chosen, **({"documents": kept} if kept else {})})
    if faults:
        return show_batch_form(FormRefusal("batch", 422, None, faults))
    try:
        if request.form.get("do") == "preview":
            found = preview("", given)
            return show_batch_form(None, {**found, "documents": given.get("documents") or []})
        batch = perform_batch(sent_once()["key"] or "", given)
    except Problem as problem:
        return show_batch_form(refusal_of("batch", problem), _refused(problem, given))
    return redirect(url_for("pages.batch", batch_id=batch["batch_id"]), 303)


def _refused(problem: Problem, given: Json) -> Json | None:
    """The refused awards, in the form of a preview."""
    if "refused" not in problem.further:
        return None
    nothing: Json = {"count": 0, "amount": "0.00", "budget": [], "held": [], "suppressed": [], "over_approved": []}
    return {**nothing, "refused": problem.further["refused"], "documents": given.get("documents") or []}


@blueprint.get("/batches", endpoint="batches")
@require("bureau", "auditor")
def show_batches() -> ResponseReturnValue:
    """Show the batches so far."""
    asked = PageList(list_batches, "pages.batches", defaults={"sort": "at", "order": "desc"})
    return asked.file() or show("views/batches", listed=asked.shown())


@blueprint.get("/batches/<batch_id>", endpoint="batch")
@require("bureau", "auditor")
def show_batch(batch_id: str) -> ResponseReturnValue:
    """Show a batch and its decisions."""
    asked = PageList(get_batch.at(batch_id=batch_id), "pages.batch", path={"batch_id": batch_id})
    found = asked.shown()
    has_document = found.further["action"] in ("publish", *KINDS)
    return asked.file() or show("views/batch", batch=found.further, listed=found, has_document=has_document)


@blueprint.get("/batches/<batch_id>/<any(pdf, xlsx, csv):format_name>", endpoint="batch_file")
@require("bureau", "auditor")
def download_batch(batch_id: str, format_name: str) -> ResponseReturnValue:
    """Download the list of a batch."""
    return list_document(batch_document(batch_id), format_name)
