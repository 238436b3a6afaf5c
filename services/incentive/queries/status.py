"""The status of a subject or an exchange in a year, as a reader may see it."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from services.incentive.domain.entitlements import NO_FACTS, KnownFacts, exchange_facts, subject_facts
from services.incentive.domain.event_rules import ExchangeFacts
from services.incentive.domain.facts import Fact, named_exchanges
from services.incentive.domain.risk_flags import unattached_flag
from services.incentive.domain.status import exchange_status, operated_exchanges, subject_status
from services.incentive.queries.awards import awards_of_year
from services.incentive.queries.risk_flags import risk_flag_json
from services.incentive.queries.view import LedgerView
from services.incentive.store.facts import load_facts, load_linked
from shared.postgres.query import fetch_values
from shared.values.json_types import Json


def load_subject_status(connection: Connection, view: LedgerView, subject: str, year: int) -> Json | None:
    """The status of a subject in a year; None if nothing is known of it that the viewer may see.

    An exchange sees the subjects that a fact names together with it, and its own operator. A subject sees itself, even
    if nothing is known of it.
    """
    known, exchanges, policy = known_about(connection, view, subject), view.rulebook.exchanges, view.rulebook.policy
    facts = known.of
    operated = operated_exchanges(subject, year, exchanges, policy)
    if not is_known(view, subject, facts, operated):
        return None
    awards = awards_of_year(connection, view, subject, year)
    answer = subject_status(
        subject,
        year,
        subject_facts(known),
        {exchange: facts_of_exchange(connection, view, exchange) for exchange in operated},
        policy,
        {row.award_id for row in awards},
        view.visible,
    )
    flag = unattached_flag(facts, policy) if view.viewer is None else None
    flags = [flag.found] if flag is not None and flag.year == year else []
    return {**answer, "signs": [risk_flag_json(one, policy) for one in flags]}


def load_exchange_status(connection: Connection, view: LedgerView, exchange: str, year: int) -> Json | None:
    """The status of an exchange in a year; None if it is not on the whitelist, or not the viewer's."""
    exchanges, policy = view.rulebook.exchanges, view.rulebook.policy
    if exchange not in exchanges.ids or view.viewer not in (None, exchange):
        return None
    statement = f"""
        SELECT award.award_id FROM {view.awards}
        WHERE award.about = %(about)s AND award.year = %(year)s ORDER BY award.award_id
    """
    about = f"exchange/{exchange}"
    awards = fetch_values(connection, statement, str, about=about, year=year, as_of=view.as_of)
    return exchange_status(exchange, year, facts_of_exchange(connection, view, exchange), policy, awards)


def known_about(connection: Connection, view: LedgerView, about: str) -> KnownFacts:
    """All facts about a subject or exchange, as of the view's instant, with declarations that share items with it."""
    return load_known(connection, view, [about])[about]


def load_known(connection: Connection, view: LedgerView, abouts: Collection[str]) -> dict[str, KnownFacts]:
    """The same of many subjects or exchanges, by what the facts are about."""
    loaded = load_facts(connection, list(abouts), view.rulebook.registers, view.as_of)
    found = dict.fromkeys(abouts, NO_FACTS) | loaded
    groups = load_linked(connection, found, view.rulebook.policy, view.as_of, for_subject=view.subject is not None)
    return {about: known.with_linked(about, groups) for about, known in found.items()}


def facts_of_exchange(connection: Connection, view: LedgerView, exchange: str) -> ExchangeFacts:
    """The facts about an exchange, as of the view's instant, with the whitelist."""
    return exchange_facts(known_about(connection, view, f"exchange/{exchange}").of, view.rulebook.exchanges)


def is_known(view: LedgerView, subject: str, facts: Sequence[Fact], operated: Sequence[str]) -> bool:
    """Return True if the viewer is the subject, sees a document about it, or an exchange that it operates."""
    if view.subject is not None:
        return view.subject == subject
    if view.viewer is None:
        return bool(facts or operated)
    return view.viewer in operated or any(view.viewer in named_exchanges(known) for known in facts)
