"""Pages of a company that earns, or does not: its rewards, what is missing, statements, account, and objections."""

from collections.abc import Sequence
from typing import Final

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.http.awards import find_award
from services.incentive.http.notices.public import ObjectionRequestSchema, object_to_award
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show
from services.incentive.pages.form_body import FormRefusal, read_form, refusal_of
from services.incentive.pages.views.awards import show_award
from services.incentive.pages.views.subject import known_name
from services.incentive.queries.awards import award_renderer, awards_of_subject
from services.incentive.queries.status import load_subject_status
from services.incentive.queries.subjects.accounts import own_account
from services.incentive.queries.subjects.decisions import seen_decisions
from services.incentive.queries.view import LedgerView
from services.incentive.store.rows import SeenAward
from shared.values.json_types import Json
from shared.web.keys import SUBJECT, current_key, require
from shared.web.problems import Problem

_STATEMENTS_MOST: Final = 200


@blueprint.get("/own", endpoint="own")
@require(SUBJECT)
def show_own() -> ResponseReturnValue:
    """Show a company its rewards of all years, how it stands in a year, its statements and its account."""
    subject, year = current_key().subject or "", requested_year()
    with page_view() as (connection, view):
        status = load_subject_status(connection, view, subject, year)
        rows = awards_of_subject(connection, view, subject)
        awards = list(map(award_renderer(connection, view, rows), rows))
        name = next((one["subject"]["name"] for one in awards), None) or known_name(connection, view, subject)
        statements = _statements(connection, view, rows)
        account = own_account(connection, view)
    scheme, _, code = subject.partition(":")
    return show(
        "views/own",
        subject=subject,
        scheme=scheme,
        code=code,
        name=name,
        year=year,
        status=status,
        awards=awards,
        statements=statements,
        account=account,
        policy=view.rulebook.policy,
    )


def _statements(connection: Connection, view: LedgerView, rows: Sequence[SeenAward]) -> list[Json]:
    """The decisions that have a statement, newest first, at most a page of them."""
    found = [one for row in rows for one in seen_decisions(connection, view, row) if one.get("statement")]
    return sorted(found, key=lambda one: int(one["transaction"]), reverse=True)[:_STATEMENTS_MOST]


@blueprint.post("/awards/<path:award_id>/objection", endpoint="object_to_own")
@require(SUBJECT)
def object_to_own(award_id: str) -> ResponseReturnValue:
    """Object to an own award under public notice, as anybody can without a key."""
    with page_view() as (connection, view):
        row = find_award(connection, view, award_id)
    given, faults = read_form(ObjectionRequestSchema(), {"award_id": award_id, "name": row.subject_name})
    if faults:
        return show_award(award_id, FormRefusal("object", 422, None, faults))
    try:
        received = object_to_award(given)
    except Problem as problem:
        return show_award(award_id, refusal_of("object", problem))
    return redirect(url_for("pages.award", award_id=award_id, received=received["objection_id"]), 303)
