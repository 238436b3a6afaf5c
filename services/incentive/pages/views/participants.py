"""Participants on the page of an exchange, and the page of the records of one that do not count."""

from collections.abc import Collection, Mapping
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.domain.entitlements import NO_FACTS
from services.incentive.http.finding.participants import load_participant, uncounted_trades
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show
from services.incentive.pages.lists import part_of
from services.incentive.queries.finding.participants import (
    PARTICIPANT_SORTS,
    find_participants,
    outlook_of,
    wanted_participants,
)
from services.incentive.queries.view import LedgerView
from services.incentive.store.facts import load_facts
from shared.values.json_types import Json
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
    known = load_facts(connection, subjects, view.rulebook.registers, view.as_of)
    return {
        "participants": [
            one | outlook_of(one, view, wanted, known.get(one["subject"], NO_FACTS)) for one in listed.items
        ],
        "participant_count": listed.total,
        "paging": listed.paging,
        "rules": rules,
        "rule": rule,
        "reached": reached,
        "has_threshold": wanted.threshold_fen is not None,
    }


def _chosen(name: str, known: Collection[str]) -> str | None:
    """Return the value of a filter, None if none is given. Problem 404 if there is no such value."""
    given = request.args.get(name, "")
    if given and given not in known:
        raise Problem(404)
    return given or None


@blueprint.get("/exchanges/<exchange>/participants/<subject>", endpoint="participant")
def show_participant(exchange: str, subject: str) -> ResponseReturnValue:
    """Show the trades of a provider on an exchange that do not count in a year, each with its reason."""
    year = requested_year()
    with page_view() as (connection, view):
        found, known = load_participant(connection, view, {"year": year}, exchange, subject)
    trades, is_complete = uncounted_trades(known, exchange, year)
    by_reason: dict[str, list[Json]] = {}
    for trade in trades:
        by_reason.setdefault(trade["reason"], []).append(trade)
    return show(
        "views/participant",
        exchange=exchange,
        year=year,
        participant=found,
        trades=by_reason,
        is_complete=is_complete,
    )
