"""Forms of the bureau's acts: steps with an award, holds, eligibility, other grants, suspensions, years."""

from collections.abc import Callable
from functools import partial

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from services.incentive.domain.acts import RELATED, UNRELATED, YEAR_CLOSED, YEAR_OPEN, ActKind
from services.incentive.domain.holds import OBJECTION
from services.incentive.domain.subjects.eligibility import CONDITIONS
from services.incentive.http.act_schemas import (
    DecisionRequestSchema,
    RelatedPartiesRequestSchema,
    YearClosingRequestSchema,
)
from services.incentive.http.acts import ROUTES, decide, perform, relate_parties
from services.incentive.http.statements import ServiceRequestSchema
from services.incentive.http.years import record_closing
from services.incentive.pages.blueprint import blueprint
from services.incentive.pages.form_body import FormRefusal, read_form, refusal_of, sent_once
from services.incentive.pages.views.awards import show_award
from services.incentive.pages.views.related_parties import show_related
from services.incentive.pages.views.subject import show_subject
from services.incentive.pages.views.worklist import show_worklist
from shared.values.json_types import Json
from shared.web.keys import require
from shared.web.problems import Problem


def _submit(
    form: str, schema: type[Schema], do: Callable[[Json], Json], more: Json | None = None
) -> FormRefusal | None:
    """Do what a form asks for; return why it was refused, if it was."""
    given, faults = read_form(schema(), more)
    if faults:
        return FormRefusal(form, 422, None, faults)
    try:
        do(given)
    except Problem as problem:
        return refusal_of(form, problem)
    return None


def _act(form: str, about: str, kind: ActKind, more: Json | None = None) -> FormRefusal | None:
    return _submit(form, ROUTES[kind].body, lambda given: perform(sent_once(), about, given, kind), more)


def _release(hold_id: str) -> FormRefusal | None:
    return _act(f"release-{hold_id}", hold_id, "release")


def _done(
    refused: FormRefusal | None, again: Callable[[FormRefusal], ResponseReturnValue], page: str, **where: str | None
) -> ResponseReturnValue:
    """Redirect to the page, or show it again with why the form was refused."""
    return redirect(url_for(page, **where), 303) if refused is None else again(refused)  # type: ignore[arg-type]


def _award_done(award_id: str, refused: FormRefusal | None) -> ResponseReturnValue:
    return _done(refused, lambda one: show_award(award_id, one), "pages.award", award_id=award_id)


@blueprint.post("/awards/<path:award_id>/steps")
@require("bureau")
def step(award_id: str) -> ResponseReturnValue:
    action, do = request.form.get("action", ""), partial(decide, sent_once(), award_id=award_id)
    return _award_done(award_id, _submit(action, DecisionRequestSchema, do))


@blueprint.post("/awards/<path:award_id>/statements/<sha256>/service")
@require("bureau")
def serve(award_id: str, sha256: str) -> ResponseReturnValue:
    """Record that a statement was served."""
    form = f"service-{sha256[:16]}"
    refused = _submit(form, ServiceRequestSchema, lambda given: perform(sent_once(), sha256, given, "service"))
    return _award_done(award_id, refused)


@blueprint.post("/awards/<path:award_id>/holds")
@require("bureau")
def hold(award_id: str) -> ResponseReturnValue:
    return _award_done(award_id, _act("hold", award_id, "hold"))


@blueprint.post("/awards/<path:award_id>/holds/<hold_id>/release")
@require("bureau")
def release(award_id: str, hold_id: str) -> ResponseReturnValue:
    return _award_done(award_id, _release(hold_id))


@blueprint.post("/worklist/objections/<objection_id>")
@require("bureau")
def register_objection(objection_id: str) -> ResponseReturnValue:
    """Place the hold that registers an objection received publicly."""
    more: Json = {"kind": OBJECTION, "objection_id": objection_id}
    refused = _act(f"objection-{objection_id}", request.form.get("award_id", ""), "hold", more)
    return _done(refused, show_worklist, "pages.worklist")


@blueprint.post("/worklist/suspensions")
@require("bureau")
def suspend() -> ResponseReturnValue:
    return _done(_act("suspend", request.form.get("rule", ""), "suspension"), show_worklist, "pages.worklist")


@blueprint.post("/worklist/suspensions/<hold_id>/release")
@require("bureau")
def lift(hold_id: str) -> ResponseReturnValue:
    return _done(_release(hold_id), show_worklist, "pages.worklist")


@blueprint.post("/worklist/years/<year>/close")
@require("bureau")
def close_year(year: str) -> ResponseReturnValue:
    return _close(year, YEAR_CLOSED)


@blueprint.post("/worklist/years/<year>/reopen")
@require("bureau")
def reopen_year(year: str) -> ResponseReturnValue:
    return _close(year, YEAR_OPEN)


def _close(year: str, status: str) -> ResponseReturnValue:
    do = partial(record_closing, sent_once(), year=year, status=status)
    return _done(_submit("year", YearClosingRequestSchema, do), show_worklist, "pages.worklist", year=year)


def _subject_done(subject: str, refused: FormRefusal | None) -> ResponseReturnValue:
    year = request.args.get("year")
    return _done(refused, lambda one: show_subject(subject, one), "pages.subject", subject=subject, year=year)


@blueprint.post("/subjects/<subject>/eligibility")
@require("bureau")
def verify(subject: str) -> ResponseReturnValue:
    """Record whether a subject is eligible."""
    criteria: Json = {}
    for name in CONDITIONS:
        if met := request.form.get(f"met-{name}"):
            basis = request.form.get(f"basis-{name}", "").strip()
            criteria[name] = {"met": met == "yes", **({"basis": basis} if basis else {})}
    return _subject_done(subject, _act("eligibility", subject, "eligibility", {"criteria": criteria}))


@blueprint.post("/subjects/<subject>/other-grants")
@require("bureau")
def note_grant(subject: str) -> ResponseReturnValue:
    """Record a grant under another municipal policy."""
    more: Json = {name: [one for one in request.form.getlist(name) if one] for name in ("rules", "awards")}
    return _subject_done(subject, _act("grant", subject, "other_grant", more))


@blueprint.post("/subjects/<subject>/accounts")
@require("bureau")
def record_account(subject: str) -> ResponseReturnValue:
    """Record a bank account of a subject."""
    return _subject_done(subject, _act("account", subject, "account"))


@blueprint.post("/subjects/<subject>/accounts/<account_id>/confirm")
@require("bureau")
def confirm_account(subject: str, account_id: str) -> ResponseReturnValue:
    """Confirm a bank account that another person recorded."""
    return _subject_done(subject, _act(f"confirm-{account_id}", account_id, "account_confirmation"))


@blueprint.post("/subjects/<subject>/other-grants/<grant_id>/withdraw")
@require("bureau")
def withdraw_grant(subject: str, grant_id: str) -> ResponseReturnValue:
    """Withdraw the record of another grant."""
    return _subject_done(subject, _act(f"withdraw-{grant_id}", grant_id, "grant_withdrawal"))


@blueprint.post("/related-parties")
@require("bureau")
def relate() -> ResponseReturnValue:
    """Add two subjects to the list of related parties."""
    return _record_pair("relate", RELATED)


@blueprint.post("/related-parties/end")
@require("bureau")
def unrelate() -> ResponseReturnValue:
    """Remove two subjects from the list."""
    return _record_pair(f"unrelate-{'-'.join(_two())}", UNRELATED)


def _record_pair(form: str, status: str) -> ResponseReturnValue:
    more: Json = {"subjects": _two(), "status": status}
    refused = _submit(form, RelatedPartiesRequestSchema, partial(relate_parties, sent_once()), more)
    return _done(refused, show_related, "pages.related")


def _two() -> list[str]:
    return [one.strip() for one in request.form.getlist("subjects")]
