"""Pages of awards: the list with filters; an award with its explanation, history and, for the bureau, next steps."""

from collections.abc import Iterable
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.domain.holds import KINDS as HOLDS
from services.incentive.domain.holds import OBJECTION
from services.incentive.domain.notices.days import notice_end
from services.incentive.domain.payables.other_grants import OTHER_GRANT
from services.incentive.domain.steps import ACTIONS, MOST, StepContext, allowed_actions, refusals
from services.incentive.domain.workflow import GROUNDS
from services.incentive.http.awards import find_award, list_awards, render_award
from services.incentive.http.context import current_actor
from services.incentive.http.schemas import FLAGS
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.form_body import FormRefusal, show_form
from services.incentive.pages.lists import PageList
from services.incentive.pages.views.waiting import queue_of
from services.incentive.policy.terms import Policy
from services.incentive.queries.awards import FLAGS_FOR_ALL, render_in_context
from services.incentive.queries.casework.step_contexts import step_contexts
from services.incentive.queries.explanations import explain_award
from services.incentive.queries.ledger import list_transactions
from services.incentive.queries.statements import service_json
from services.incentive.queries.subjects.decisions import seen_decisions
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import find_acts, list_acts
from services.incentive.store.award_context import load_award_context
from services.incentive.store.frozen.statements import find_statement
from services.incentive.store.rows import SeenAward
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.web.keys import EVERY_KIND, current_key, require

_FILTERS: Final = ("subject", "exchange", "rule", "year", "state", "flag", "hold", "name")
_POSTINGS_MOST: Final = 500


@blueprint.get("/awards")
def awards() -> ResponseReturnValue:
    """Show the awards that the reader may see, in the order of the API's list."""
    asked = PageList(list_awards, "pages.awards", _FILTERS, dated=True)
    file = asked.file()
    if file is not None:
        return file
    listed = asked.shown()
    with page_view() as (_, view):
        policy = view.rulebook.policy
    return show(
        "views/awards",
        422 if listed.faults else 200,
        listed=listed,
        exchanges=[one for one in view.rulebook.exchanges.ids if view.viewer in (None, one)],
        policy=policy,
        holds=HOLDS,
        flags=[one for one in FLAGS if view.viewer is None or one in FLAGS_FOR_ALL],
    )


@blueprint.get("/awards/<path:award_id>", endpoint="award")
@require(*EVERY_KIND)
def show_award(award_id: str, refused: FormRefusal | None = None) -> ResponseReturnValue:
    """Show an award, with why a form was refused."""
    with page_view() as (connection, view):
        acts_now = current_key().kind == "bureau" and view.as_of is None
        row = find_award(connection, view, award_id)
        policy = view.rulebook.policy
        context = load_award_context(connection, [row], policy, view.as_of, view.instant)[award_id]
        explained = explain_award(connection, view, row)
        rendered = render_in_context(view, row, context, explained["readings"])
        steps = None
        if acts_now:
            contexts, actor = {award_id: context}, current_actor()
            steps = step_contexts(connection, [row], contexts, policy, actor, view.instant)[award_id]
        subject = rendered["subject"]
        shown: Json = {
            "award": rendered,
            "subject": f"{subject['id_scheme']}:{subject['id']}",
            "terms": policy.terms(rendered["rule"]),
            "policy": policy,
            "explanation": explained,
            "rival": _rival(connection, view, rendered["suppressed_by"]),
            "postings": list_transactions(connection, view, {"award_id": award_id}, _POSTINGS_MOST),
            **_recorded(connection, view, row),
            **_possible(steps, policy),
            "received": request.args.get("received"),
            "queue": queue_of(connection, view, award_id) if acts_now else None,
        }
    return show_form("views/award", refused, acts_now=acts_now, **shown)


def _recorded(connection: Connection, view: LedgerView, row: SeenAward) -> Json:
    """Load the decisions on an award and its holds that are not released; nothing if it is only partly visible."""
    if not row.whole:
        return {"decisions": [], "accounts": {}, "services": {}, "held": [], "objections": []}
    decisions = seen_decisions(connection, view, row)
    holds = list_acts(connection, "hold", ("award_id", row.award_id), view.as_of)
    # The API shows bank accounts to the same readers alone.
    named = {one["account"] for one in decisions if one.get("account")} if view.viewer is None else set()
    paid_to = find_acts(connection, named)
    return {
        "decisions": decisions,
        "accounts": {one["account_id"]: one for one in paid_to},
        "services": _services(connection, view, [one.get("statement") for one in decisions]),
        "held": [one for one in holds if one["released_at"] is None],
        # Who objects is for those who may see it in the API.
        "objections": [one for one in holds if one["kind"] == OBJECTION] if view.viewer is None else [],
    }


def _services(connection: Connection, view: LedgerView, statements: Iterable[str | None]) -> Json:
    """Load how each statement was served, for those who may see statements."""
    if view.exchange is not None:
        return {}
    found = (None if one is None else find_statement(connection, one) for one in statements)
    return {one.sha256: service_json(connection, view, one) for one in found if one is not None}


def _possible(steps: StepContext | None, policy: Policy) -> Json:
    """Return the steps that can be taken, each with its greatest amount, and why the others cannot be.

    The last are those that the award's state rules out.
    """
    if steps is None:
        return {"actions": [], "suggested": None, "refused_steps": [], "other_steps": []}
    refused = refusals(steps)
    return {
        "actions": [ACTIONS[name] for name in allowed_actions(steps)],
        "suggested": {action: format_yuan(most(steps)) for action, most in MOST.items()},
        "refused_steps": [(name, said.reason) for name, said in refused.items() if said.code != "state"],
        "other_steps": [(name, said.reason) for name, said in refused.items() if said.code == "state"],
        "grounds": GROUNDS,
        "notice_end": notice_end(steps.today, policy.notice_working_days, policy.public_notice).isoformat(),
    }


def _rival(connection: Connection, view: LedgerView, award_id: str | None) -> Json | None:
    """Load the award that suppresses it; a grant under another policy is not an award."""
    if award_id is None or award_id.startswith(f"{OTHER_GRANT}/"):
        return None
    return render_award(connection, view, find_award(connection, view, award_id))
