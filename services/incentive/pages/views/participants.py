"""Participants on the page of an exchange, and the page of the records of one that do not count."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.domain.entitlements import NO_FACTS, KnownFacts, subject_facts
from services.incentive.domain.explanations.events import annual_parts
from services.incentive.domain.subjects.pace import forecast
from services.incentive.http.awards import check_subject, found_or_404
from services.incentive.http.register_reads import uncounted_documents
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show
from services.incentive.pages.lists import part_of
from services.incentive.queries.finding.participants import (
    PARTICIPANT_SORTS,
    Wanted,
    find_participants,
    wanted_participants,
)
from services.incentive.queries.view import LedgerView
from services.incentive.store.facts import load_facts
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import SHANGHAI
from shared.web.keys import current_key
from shared.web.problems import Problem

_PAGE_SIZE: Final = 25
_REACHED: Final[Mapping[str, bool | None]] = {"no": False, "yes": True, "all": None}


def participants_of(connection: Connection, view: LedgerView, exchange: str, year: int) -> Json:
    """Load what the page shows of participants: of one rule, those nearest to the threshold first."""
    policy = view.rulebook.policy
    rules = [terms for terms in policy.rules if terms.rule != policy.exchange_tiers.rule]
    rule = _chosen("rule", [terms.rule for terms in rules]) or policy.annual_listed_trading.rule
    reached = _chosen("reached", _REACHED) or "no"
    wanted = wanted_participants(view, exchange, year, rule)
    if wanted.threshold_fen is not None:
        wanted = wanted._replace(has_reached=_REACHED[reached])
    order = {"sort": "measure", "order": "desc"} if wanted.threshold_fen is None else {"sort": "missing"}
    found = find_participants(connection, view, wanted)
    query = {"exchange": exchange, "year": year, "rule": rule, "reached": reached}
    listed = part_of(found, PARTICIPANT_SORTS, "pages.exchange", query, _PAGE_SIZE, **order, count="true")
    subjects = [one["subject"] for one in listed.items]
    known = load_facts(connection, subjects, {}, view.rulebook.registers, view.as_of)
    return {
        "participants": [_participant(one, wanted, view, known.get(one["subject"], NO_FACTS)) for one in listed.items],
        "participant_count": listed.total,
        "paging": listed.paging,
        "rules": rules,
        "rule": rule,
        "reached": reached,
        "has_threshold": wanted.threshold_fen is not None,
    }


def _participant(item: Json, wanted: Wanted, view: LedgerView, known: KnownFacts) -> Json:
    """Add to an item of the API what does not count of it here, and when it reaches the threshold at its pace."""
    policy, facts = view.rulebook.policy, subject_facts(known)
    found = item | {"uncounted": [], "forecast": None}
    if wanted.threshold_fen is None:
        return found
    _, not_counted = annual_parts(wanted.year, facts, policy)
    found["uncounted"] = [
        {"reason": reason, "amount": format_yuan(fen), "trades": trades}
        for exchange, fen, trades, reason in not_counted
        if exchange == wanted.exchange
    ]
    if item["measure"] is not None:
        found["forecast"] = forecast(wanted.year, facts.totals.get(wanted.year, ()), policy, _day_of(view))
    return found


def _day_of(view: LedgerView) -> date:
    return view.instant.astimezone(SHANGHAI).date()


def _chosen(name: str, known: Collection[str]) -> str | None:
    """Return the value of a filter, None if none is given. Problem 404 if there is no such value."""
    given = request.args.get(name, "")
    if given and given not in known:
        raise Problem(404)
    return given or None


@blueprint.get("/exchanges/<exchange>/participants/<subject>", endpoint="participant")
def show_participant(exchange: str, subject: str) -> ResponseReturnValue:
    """Show the trades of a provider on an exchange that do not count in a year, each with its reason."""
    check_subject(subject)
    year = requested_year()
    with page_view() as (connection, view):
        if exchange not in view.rulebook.exchanges.ids or not current_key().sees(exchange):
            raise Problem(404)
        known = load_facts(connection, [subject], {}, view.rulebook.registers, view.as_of).get(subject, NO_FACTS)
        totals = [one for one in subject_facts(known).totals.get(year, ()) if exchange in one.by_exchange]
        party = found_or_404(totals[-1] if totals else None).party
    # The registers are asked after the snapshot is closed.
    answers = [uncounted_documents(one.ref, exchange) for one in totals]
    documents = [one for answer in answers if answer is not None for one in answer[0]]
    return show(
        "views/participant",
        exchange=exchange,
        subject=subject,
        name=party.name,
        year=year,
        documents=documents,
        is_answered=None not in answers,
        more=any(answer is not None and answer[1] for answer in answers),
    )
