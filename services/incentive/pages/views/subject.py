"""A subject in a year: how it stands under each rule, and its awards."""

from typing import Final

from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.domain.facts import ExchangeTotal
from services.incentive.http.awards import award_renderer
from services.incentive.http.context import ledger_view
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import asked_year, blueprint, show, years
from services.incentive.pages.form_body import FormRefusal, new_once
from services.incentive.queries.awards import list_awards
from services.incentive.queries.serializers import Json
from services.incentive.queries.status import load_subject_status
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import list_acts
from services.incentive.store.facts import load_facts
from shared.values.parties import parse_subject
from shared.web.problems import Problem

_ACTS_MOST: Final = 200
_AWARDS_MOST: Final = 200  # of one subject and year there are as many as rules


@blueprint.get("/subjects/<subject>")
def subject(subject: str) -> ResponseReturnValue:
    """How it stands; for the bureau, what is recorded of it."""
    return show_subject(subject, None)


def show_subject(subject: str, refused: FormRefusal | None) -> ResponseReturnValue:
    """The same, with why a form was not carried out."""
    try:
        scheme, code = parse_subject(subject)
    except ValueError as error:
        raise Problem(404) from error
    year = asked_year()
    with ledger_view(told_as_of()) as (connection, view):
        status = load_subject_status(connection, view, subject, year)
        if status is None:
            raise Problem(404)
        rows = list_awards(connection, view, {"subject": subject, "year": year}, None, _AWARDS_MOST)
        told = _recorded(connection, view, subject) if view.viewer is None else []
        awards = list(map(award_renderer(connection, view, rows), rows))
        name = next((award["subject"]["name"] for award in awards), None) or _name(connection, view, subject)
    return show(
        "views/subject",
        200 if refused is None else refused.http_status,
        subject=subject,
        acts=told,
        refused=refused,
        once=new_once(),
        scheme=scheme,
        code=code,
        name=name,
        year=year,
        years=years(),
        status=status,
        awards=awards,
        policy=view.rulebook.policy,
    )


def _name(connection: Connection, view: LedgerView, subject: str) -> str | None:
    """What a subject without an award is called; it may be another exchange's word, so for who sees all."""
    known = load_facts(connection, [subject], {}, view.rulebook.registers, view.as_of) if view.viewer is None else {}
    newest = known[subject].newest if subject in known else None
    return None if newest is None or isinstance(newest, ExchangeTotal) else newest.party.name


def _recorded(connection: Connection, view: LedgerView, subject: str) -> list[Json]:
    """What persons recorded of its eligibility and of grants under other policies, in order."""
    kinds = ("eligibility", "other_grant")
    found = [
        one for kind in kinds for one in list_acts(connection, kind, ("subject", subject), view.as_of, None, _ACTS_MOST)
    ]
    return sorted(found, key=lambda one: int(one["transaction"]))
