"""Page of a subject in a year: how it stands under each rule, its awards, and for the bureau its records."""

from collections.abc import Sequence
from typing import Final

from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.domain.explanations.why_not import CODES
from services.incentive.domain.facts import ExchangeTotal
from services.incentive.http.awards import check_subject, found_or_404
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show
from services.incentive.pages.form_body import FormRefusal, show_form
from services.incentive.policy.terms import DeclaredTerms, RuleTerms
from services.incentive.queries.awards import award_renderer, list_awards
from services.incentive.queries.explanations import explain_award, explain_unearned
from services.incentive.queries.status import load_subject_status
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import list_acts
from services.incentive.store.facts import load_facts
from services.incentive.store.public.access_links import list_links
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time
from shared.web.keys import EVERY_KIND, require

_Terms = RuleTerms | DeclaredTerms
_AWARDS_MOST: Final = 200  # a subject has at most one per rule in a year, or per item


@blueprint.get("/subjects/<subject>", endpoint="subject")
def show_subject(subject: str, refused: FormRefusal | None = None) -> ResponseReturnValue:
    """Show a subject, with why a form was refused."""
    scheme, code = check_subject(subject).split(":", 1)
    year = requested_year()
    with page_view() as (connection, view):
        status = found_or_404(load_subject_status(connection, view, subject, year))
        rows = list_awards(connection, view, {"subject": subject, "year": year}, _AWARDS_MOST)
        acts = _recorded(connection, view, subject) if view.viewer is None else []
        accounts = _accounts(connection, view, subject) if view.viewer is None else []
        links = list_links(connection, subject, view.as_of, view.instant) if view.viewer is None else []
        awards = list(map(award_renderer(connection, view, rows), rows))
        name = next((award["subject"]["name"] for award in awards), None) or known_name(connection, view, subject)
    return show_form(
        "views/subject",
        refused,
        subject=subject,
        acts=acts,
        accounts=accounts,
        links=links,
        scheme=scheme,
        code=code,
        name=name,
        year=year,
        status=status,
        awards=awards,
        policy=view.rulebook.policy,
    )


@blueprint.get("/subjects/<subject>/why-not", endpoint="why_not")
@require(*EVERY_KIND)
def show_why_not(subject: str) -> ResponseReturnValue:
    """Show, rule by rule, why a subject gets nothing in a year."""
    scheme, code = check_subject(subject).split(":", 1)
    year = requested_year()
    with page_view() as (connection, view):
        unearned = found_or_404(explain_unearned(connection, view, subject, year))
        policy = view.rulebook.policy
        name = known_name(connection, view, subject)
    return show(
        "views/why_not",
        subject=subject,
        scheme=scheme,
        code=code,
        name=name,
        year=year,
        unearned=[(policy.terms(rule), one) for rule, one in unearned],
        labels=CODES,
    )


@blueprint.get("/subjects/<subject>/why-not/letter", endpoint="why_not_letter")
@require(*EVERY_KIND)
def show_letter(subject: str) -> ResponseReturnValue:
    """Show the same as a letter to print: what is recorded at an instant, and what follows by each article."""
    scheme, code = check_subject(subject).split(":", 1)
    year = requested_year()
    with page_view() as (connection, view):
        unearned = found_or_404(explain_unearned(connection, view, subject, year))
        policy = view.rulebook.policy
        name = known_name(connection, view, subject)
        rows = list_awards(connection, view, {"subject": subject, "year": year}, _AWARDS_MOST)
        awards = [(row, explain_award(connection, view, row)) for row in rows if row.whole]
    return show(
        "views/letter",
        scheme=scheme,
        code=code,
        name=name,
        year=year,
        instant=format_time(view.instant),
        unearned=_by_reason([(policy.terms(rule), one) for rule, one in unearned]),
        awards=[(policy.terms(row.rule), format_yuan(row.payable_fen), one) for row, one in awards],
        policy=policy,
    )


def _by_reason(unearned: Sequence[tuple[_Terms, Json]]) -> list[tuple[list[_Terms], Json]]:
    """Join the rules that have the same reason, such as all that nobody declared, in the order of the first."""
    found: dict[str, tuple[list[_Terms], Json]] = {}
    for terms, one in unearned:
        found.setdefault(one["why_not"]["text"]["zh"], ([], one))[0].append(terms)
    return list(found.values())


def known_name(connection: Connection, view: LedgerView, subject: str) -> str | None:
    """Return the name of a subject without awards, to others than exchanges: another exchange may have reported it."""
    known = load_facts(connection, [subject], view.rulebook.registers, view.as_of) if view.exchange is None else {}
    newest = known[subject].newest if subject in known else None
    return None if newest is None or isinstance(newest, ExchangeTotal) else newest.party.name


def _accounts(connection: Connection, view: LedgerView, subject: str) -> list[Json]:
    return list_acts(connection, "account", ("subject", subject), view.as_of)


def _recorded(connection: Connection, view: LedgerView, subject: str) -> list[Json]:
    """Load what was recorded of its eligibility and of grants under other policies, in order."""
    acts = [
        one
        for kind in ("eligibility", "other_grant")
        for one in list_acts(connection, kind, ("subject", subject), view.as_of)
    ]
    return sorted(acts, key=lambda one: int(one["transaction"]))
