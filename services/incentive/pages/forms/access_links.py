"""Forms of the bureau for one-time links: make one and show its letter once, or revoke one."""

from datetime import timedelta

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.access_links import make_link as make
from services.incentive.http.act_schemas import AccessLinkRequestSchema, AccessLinkRevocationRequestSchema
from services.incentive.http.acts import perform
from services.incentive.http.awards import check_subject
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show
from services.incentive.pages.form_body import FormRefusal, read_form, refusal_of, sent_once
from services.incentive.pages.language import say
from services.incentive.pages.views.subject import known_name, show_subject
from shared.values.json_types import Json
from shared.values.times import parse_time, shanghai_date
from shared.web.keys import require
from shared.web.problems import Problem


@blueprint.post("/subjects/<subject>/access-links")
@require("bureau")
def make_link(subject: str) -> ResponseReturnValue:
    """Make a one-time link for a subject, and show its letter: the code is in no other answer."""
    given, faults = read_form(AccessLinkRequestSchema())
    if faults:
        return show_subject(subject, FormRefusal("link", 422, None, faults))
    try:
        made = make(sent_once(), given, check_subject(subject))
    except Problem as problem:
        return show_subject(subject, refusal_of("link", problem))
    if made["code"] is None:
        said = say(
            "这一链接已显示过，不能再次显示。请撤销后另发。",
            "This link was shown and cannot be shown again. Revoke it and make another.",
        )
        return show_subject(subject, FormRefusal("link", 409, said, {}))
    return _letter(subject, made)


def _letter(subject: str, made: Json) -> ResponseReturnValue:
    scheme, _, code = subject.partition(":")
    with page_view() as (connection, view):
        name = known_name(connection, view, subject)
        policy = view.rulebook.policy
    origin = current_app.config["PUBLIC_URL"] or request.host_url.rstrip("/")
    return show(
        "views/access_letter",
        subject=subject,
        scheme=scheme,
        code=code,
        name=name,
        year=requested_year(),
        policy=policy,
        one_time_code=made["code"],
        address=origin + url_for("pages.access"),
        link=origin + made["path"],
        until=shanghai_date(parse_time(made["expires_at"]) - timedelta(microseconds=1)).isoformat(),
    )


@blueprint.post("/subjects/<subject>/access-links/<link_id>/revoke")
@require("bureau")
def revoke_link(subject: str, link_id: str) -> ResponseReturnValue:
    """Revoke a one-time link of a subject."""
    form = f"revoke-{link_id}"
    given, faults = read_form(AccessLinkRevocationRequestSchema())
    if faults:
        return show_subject(subject, FormRefusal(form, 422, None, faults))
    try:
        perform(sent_once(), link_id, given, "access_link_revocation")
    except Problem as problem:
        return show_subject(subject, refusal_of(form, problem))
    return redirect(url_for("pages.subject", subject=subject, year=request.args.get("year")), 303)
