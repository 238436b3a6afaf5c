"""Explanations of awards, and of rules that give a subject nothing, as a reader may see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.budget import BudgetHolds
from services.incentive.domain.entitlements import KnownFacts, exchange_facts, subject_facts
from services.incentive.domain.event_rules import SubjectFacts
from services.incentive.domain.explanations.award import ExplainedAward, RevisionChange, explanation
from services.incentive.domain.explanations.events import First
from services.incentive.domain.explanations.payable import Rival
from services.incentive.domain.explanations.why_not import Asked, KnownOfSubject, why_nothing
from services.incentive.domain.facts import ExchangeTotal, FirstListing, FirstPurchase
from services.incentive.domain.holds import is_year_closed
from services.incentive.domain.status import operated_exchanges
from services.incentive.queries.awards import awards_compared_with, awards_of_year
from services.incentive.queries.deducted_grants import deducted_grants, set_aside
from services.incentive.queries.readings import readings_of_awards
from services.incentive.queries.risk_flags import award_risk_flags, risk_flag_json
from services.incentive.queries.status import facts_of_exchange, is_known, known_about
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import other_grants_of, year_acts_of
from services.incentive.store.as_of import AS_OF
from services.incentive.store.award_context import load_award_context
from services.incentive.store.awards import award_from_row
from services.incentive.store.facts import fact_versions
from services.incentive.store.rows import SeenAward
from shared.events.fact_topics import FIRST_LISTING, FIRST_PURCHASE
from shared.postgres.query import fetch_one, fetch_values
from shared.values.json_types import Json

_REVISION_CHANGE: Final = """
    SELECT n.recorded_at, o.ceiling_fen, n.ceiling_fen
    FROM (SELECT version, ceiling_fen FROM award_version
          WHERE award_id = %(award_id)s AND version <= %(version)s
            AND (policy_id <> %(policy_id)s OR policy_revision <> %(policy_revision)s)
          ORDER BY version DESC LIMIT 1) o
    JOIN award_version n ON n.award_id = %(award_id)s AND n.version = o.version + 1
"""
_SEQS: Final = f"SELECT seq FROM ledger_transaction WHERE award_id = %(award_id)s AND posted_at <= {AS_OF} ORDER BY seq"


def explain_award(connection: Connection, view: LedgerView, row: SeenAward) -> Json:
    """The contract's Explanation of an award, given its row."""
    known = known_about(connection, view, row.about)
    flags = [] if view.viewer is not None else award_risk_flags(connection, view, row, known.of)
    return {
        **_explain_from(connection, view, row, known),
        "signs": [risk_flag_json(one, view.rulebook.policy) for one in flags],
        "readings": readings_of_awards(connection, view, [row])[row.award_id],
    }


def explain_for_statement(connection: Connection, view: LedgerView, row: SeenAward) -> Json:
    """The Explanation of an award without red flags and the readings of the text, which are for those who decide."""
    return _explain_from(connection, view, row, known_about(connection, view, row.about))


def _explain_from(connection: Connection, view: LedgerView, row: SeenAward, found: KnownFacts) -> Json:
    policy = view.rulebook.policy
    is_tiers = row.rule == policy.exchange_tiers.rule
    known = exchange_facts(found.of, view.rulebook.exchanges) if is_tiers else subject_facts(found)
    seqs = fetch_values(connection, _SEQS, int, award_id=row.award_id, as_of=view.as_of) if row.whole else []
    return {
        **explanation(_explained_award(connection, view, row), known, policy, view.visible),
        "transactions": seqs,
        "why_not": _why_zero(connection, view, row),
    }


def explain_rule(connection: Connection, view: LedgerView, subject: str, rule: str, year: int) -> list[Json]:
    """The contract's Explanations of a rule for a subject and year: of its awards, and of rewards that it does not get.

    A viewer that no document names with the subject gets the same answer for every subject.
    """
    known = _known_of_subject(connection, view, subject, year)
    own = [row for row in awards_of_year(connection, view, subject, year) if row.rule == rule]
    without = _why_nothing(connection, view, (rule, subject, year), known, own)
    return [*(explain_award(connection, view, row) for row in own), *without]


def explain_unearned(
    connection: Connection, view: LedgerView, subject: str, year: int
) -> list[tuple[str, Json]] | None:
    """Explain each reward that a subject does not get in a year, as (rule, Explanation) in the policy file's order.

    None if nothing is known of it that the viewer may see.
    """
    known = _known_of_subject(connection, view, subject, year)
    if known is None or not (known.facts != SubjectFacts() or known.operated):
        return None
    rows = awards_of_year(connection, view, subject, year)
    found = []
    for rule in view.rulebook.policy.rule_order:
        own = [row for row in rows if row.rule == rule and row.ceiling_fen > 0]
        without = _why_nothing(connection, view, (rule, subject, year), known, own)
        found += [(rule, one) for one in without]
    return found


def _why_nothing(
    connection: Connection,
    view: LedgerView,
    asked: tuple[str, str, int],
    known: KnownOfSubject | None,
    own: Sequence[SeenAward],
) -> list[Json]:
    """Explain why a rule gives a subject nothing in a year, or nothing more than its `own` awards by the rule."""
    rule, subject, year = asked
    policy = view.rulebook.policy
    if known is None and own:
        return []
    if known is not None:
        earlier = _earlier_firsts(connection, view, rule, subject)
        awards = frozenset(row.award_id for row in own)
        known = msgspec.structs.replace(known, earlier=earlier, awards=awards)
    closings = year_acts_of(connection, [year], view.as_of).get(year, ())
    question = Asked(rule, subject, year, is_year_closed(closings, policy.closes_at(year), view.instant))
    answers = why_nothing(question, known, policy, view.visible)
    return [{**answer, "transactions": [], "signs": [], "readings": None} for answer in answers]


def _known_of_subject(connection: Connection, view: LedgerView, subject: str, year: int) -> KnownOfSubject | None:
    """Load the facts that decide a subject's rewards of a year; None if the viewer sees no document about it."""
    found = known_about(connection, view, subject)
    operated = operated_exchanges(subject, year, view.rulebook.exchanges, view.rulebook.policy)
    if view.viewer is not None and not is_known(view, found.of, operated):
        return None
    party = found.newest if view.viewer is None else None
    return KnownOfSubject(
        subject_facts(found),
        {exchange: facts_of_exchange(connection, view, exchange) for exchange in operated},
        name=None if party is None or isinstance(party, ExchangeTotal) else party.party.name,
    )


def _why_zero(connection: Connection, view: LedgerView, row: SeenAward) -> Json | None:
    """Explain why an award that was taken away earns nothing now; None if it earns something."""
    if row.ceiling_fen > 0:
        return None
    known = _known_of_subject(connection, view, row.subject, row.year)
    answers = _why_nothing(connection, view, (row.rule, row.subject, row.year), known, ())
    return answers[0]["why_not"] if len(answers) == 1 else None


def _explained_award(connection: Connection, view: LedgerView, row: SeenAward) -> ExplainedAward:
    group = awards_compared_with(connection, view, row)
    rivals = [Rival(rival.award_id, rival.ceiling_fen, rival.suppressed_by) for rival in group if rival.whole]
    if view.viewer is None:
        grants = other_grants_of(connection, [row.subject], view.as_of)
        years = {row.year, *(rival.year for rival in group)}
        rivals += [Rival(one.name, one.amount_fen) for year in years for one in grants.get((row.subject, year), ())]
    policy, now = view.rulebook.policy, view.instant
    no_budgets = BudgetHolds(policy, now, {})  # an explanation names no hold
    context = load_award_context(connection, [row], policy, view.as_of, now, no_budgets)[row.award_id]
    return ExplainedAward(
        award_from_row(row),
        partial=not row.whole,
        rivals=tuple(rivals),
        set_aside=set_aside(context),
        deducted=deducted_grants(connection, view, row),
        revised=_revision_change(connection, row),
        earlier=_earlier_firsts(connection, view, row.rule, row.about),
        is_closed=context.period_closed,
    )


def _earlier_firsts(connection: Connection, view: LedgerView, rule: str, about: str) -> tuple[First, ...]:
    """The documents that were the subject's first at some time; none if the rule is not about a first."""
    policy = view.rulebook.policy
    topics: dict[str, str] = {policy.first_listing.rule: FIRST_LISTING, policy.first_purchase.rule: FIRST_PURCHASE}
    if (topic := topics.get(rule)) is None:
        return ()
    versions = fact_versions(connection, topic, about, view.rulebook.registers, view.as_of)
    firsts = (fact.first for fact in versions if isinstance(fact, FirstListing | FirstPurchase))
    return tuple(first for first in firsts if first is not None)


def _revision_change(connection: Connection, row: SeenAward) -> RevisionChange | None:
    """The last change of policy revision that the award went through, up to this version."""
    change = fetch_one(
        connection,
        _REVISION_CHANGE,
        tuple[datetime, int, int],
        award_id=row.award_id,
        version=row.version,
        policy_id=row.policy_id,
        policy_revision=row.policy_revision,
    )
    return None if change is None else RevisionChange(row.policy_id, row.policy_revision, *change)
