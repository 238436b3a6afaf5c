"""What the bureau does on pages: steps with an award, holds, eligibility, other grants, suspensions, its lists."""

from collections.abc import Callable
from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from services.incentive.commands.acts import ActKind
from services.incentive.http.act_schemas import (
    DecisionRequestSchema,
    EligibilityRequestSchema,
    HoldRequestSchema,
    OtherGrantRequestSchema,
    RelatedPartiesRequestSchema,
    ReleaseRequestSchema,
    SuspensionRequestSchema,
)
from services.incentive.http.acts import perform, record_related_parties, take_step
from services.incentive.pages.blueprint import blueprint
from services.incentive.pages.form_body import FormRefusal, read_form, sent_once
from services.incentive.pages.language import say_half
from services.incentive.pages.views.award import show_award
from services.incentive.pages.views.related_parties import show_related
from services.incentive.pages.views.subject import show_subject
from services.incentive.pages.views.worklist import show_worklist
from services.incentive.queries.serializers import Json
from services.incentive.store.acts import RELATED, UNRELATED
from shared.web.keys import require
from shared.web.problems import Problem

_STEP: Final = ("action", "amount", "reason", "until", "voucher_no", "paid_on")
_CONFLICT, _UNPROCESSABLE = 409, 422


def _carry_out(
    form: str,
    schema: type[Schema],
    names: tuple[str, ...],
    do: Callable[[Json], Json],
    numbers: tuple[str, ...] = (),
    more: Json | None = None,
) -> FormRefusal | None:
    """Do what a form asks for; what is in the way of it, if anything is."""
    given, faults = read_form(schema(), names, numbers, more)
    if faults:
        return FormRefusal(form, _UNPROCESSABLE, None, faults)
    try:
        do(given)
    except Problem as problem:
        if problem.code not in (_CONFLICT, _UNPROCESSABLE):
            raise
        faults = {fault.field: say_half(fault.message) for fault in problem.errors}
        said = None if faults else say_half(problem.description or "")
        return FormRefusal(form, problem.code, said, faults)
    return None


@blueprint.post("/awards/<path:award_id>/steps")
@require("bureau")
def step(award_id: str) -> ResponseReturnValue:
    """Take a step with an award."""
    action = request.form.get("action", "")
    refused = _carry_out(action, DecisionRequestSchema, _STEP, lambda given: take_step(sent_once(), given, award_id))
    return _to_award(award_id) if refused is None else show_award(award_id, refused)


@blueprint.post("/awards/<path:award_id>/holds")
@require("bureau")
def hold(award_id: str) -> ResponseReturnValue:
    """Put a hold on an award."""
    refused = _carry_out(
        "hold",
        HoldRequestSchema,
        ("kind", "reason"),
        lambda given: perform(sent_once(), award_id, given, "hold"),
    )
    return _to_award(award_id) if refused is None else show_award(award_id, refused)


@blueprint.post("/awards/<path:award_id>/holds/<hold_id>/release")
@require("bureau")
def release(award_id: str, hold_id: str) -> ResponseReturnValue:
    """Let go of a hold."""
    refused = _release(hold_id)
    return _to_award(award_id) if refused is None else show_award(award_id, refused)


@blueprint.post("/worklist/suspensions/<hold_id>/release")
@require("bureau")
def lift(hold_id: str) -> ResponseReturnValue:
    """Lift a suspension."""
    refused = _release(hold_id)
    return redirect(url_for("pages.worklist"), 303) if refused is None else show_worklist(refused)


def _release(hold_id: str) -> FormRefusal | None:
    return _carry_out(
        f"release-{hold_id}",
        ReleaseRequestSchema,
        ("reason",),
        lambda given: perform(sent_once(), hold_id, given, "release"),
    )


@blueprint.post("/worklist/suspensions")
@require("bureau")
def suspend() -> ResponseReturnValue:
    """Suspend a rule for a time."""
    rule = request.form.get("rule", "")
    refused = _carry_out(
        "suspend",
        SuspensionRequestSchema,
        ("from", "until", "reason"),
        lambda given: perform(sent_once(), rule, given, "suspension"),
    )
    return redirect(url_for("pages.worklist"), 303) if refused is None else show_worklist(refused)


@blueprint.post("/subjects/<subject>/eligibility")
@require("bureau")
def verify(subject: str) -> ResponseReturnValue:
    """Record whether a subject is eligible."""
    return _about_subject(
        subject, "eligibility", EligibilityRequestSchema, ("status", "from", "until", "kind_of_entity"), "eligibility"
    )


@blueprint.post("/subjects/<subject>/other-grants")
@require("bureau")
def note_grant(subject: str) -> ResponseReturnValue:
    """Record what another municipal policy granted."""
    return _about_subject(subject, "grant", OtherGrantRequestSchema, ("name", "year", "amount"), "other_grant")


def _about_subject(
    subject: str, form: str, schema: type[Schema], names: tuple[str, ...], kind: ActKind
) -> ResponseReturnValue:
    refused = _carry_out(form, schema, names, lambda given: perform(sent_once(), subject, given, kind), ("year",))
    if refused is None:
        return redirect(url_for("pages.subject", subject=subject, year=request.args.get("year")), 303)
    return show_subject(subject, refused)


@blueprint.post("/related-parties")
@require("bureau")
def relate() -> ResponseReturnValue:
    """Enter two subjects into the list of related parties."""
    return _keep_list("relate", RELATED)


@blueprint.post("/related-parties/end")
@require("bureau")
def unrelate() -> ResponseReturnValue:
    """Take them out of it."""
    return _keep_list(f"unrelate-{'-'.join(_two())}", UNRELATED)


def _keep_list(form: str, status: str) -> ResponseReturnValue:
    more = {"subjects": _two(), "status": status}
    refused = _carry_out(
        form,
        RelatedPartiesRequestSchema,
        ("reason",),
        lambda given: record_related_parties(sent_once(), given),
        more=more,
    )
    return redirect(url_for("pages.related"), 303) if refused is None else show_related(refused)


def _two() -> list[str]:
    return [one.strip() for one in request.form.getlist("subjects")]


def _to_award(award_id: str) -> ResponseReturnValue:
    return redirect(url_for("pages.award", award_id=award_id), 303)
