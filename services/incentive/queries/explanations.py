"""Explanations of awards, and of rules that give a subject nothing, as a reader may see them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

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
from services.incentive.domain.payables.other_grants import OtherGrants
from services.incentive.domain.status import operated_exchanges
from services.incentive.queries.awards import awards_of_subjects, awards_of_year
from services.incentive.queries.deducted_grants import deducted_grants, set_aside
from services.incentive.queries.readings import readings_of_awards
from services.incentive.queries.risk_flags import award_risk_flags, risk_flag_json
from services.incentive.queries.status import facts_of_exchange, is_known, known_about, load_known
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import other_grants_of, year_acts_of
from services.incentive.store.as_of import AS_OF
from services.incentive.store.award_context import AwardContext, load_award_context
from services.incentive.store.awards import award_from_row
from services.incentive.store.facts import fact_versions
from services.incentive.store.rows import SeenAward
from shared.events.fact_topics import FIRST_LISTING, FIRST_PURCHASE
from shared.postgres.query import fetch, where
from shared.values.json_types import Json

_REVISION_CHANGES: Final = """
    SELECT asked.award_id, n.recorded_at, o.ceiling_fen, n.ceiling_fen
    FROM unnest(CAST(%(award_ids)s AS text[]), CAST(%(versions)s AS int[]), CAST(%(policies)s AS text[]),
                CAST(%(revisions)s AS int[])) AS asked (award_id, version, policy_id, policy_revision)
    CROSS JOIN LATERAL (
        SELECT version, ceiling_fen FROM award_version v
        WHERE v.award_id = asked.award_id AND v.version <= asked.version
          AND (v.policy_id <> asked.policy_id OR v.policy_revision <> asked.policy_revision)
        ORDER BY version DESC LIMIT 1) o
    JOIN award_version n ON n.award_id = asked.award_id AND n.version = o.version + 1
"""


class _Background(NamedTuple):
    """The inputs of explanations, loaded for all awards together.

    `facts` are by what they are about, `compared` the awards of each subject, `firsts` by topic and subject the
    documents that were its first at some time, `transactions` and `revised` by award.
    """

    facts: Mapping[str, KnownFacts]
    compared: Mapping[str, Sequence[SeenAward]]
    grants: OtherGrants
    contexts: Mapping[str, AwardContext]
    firsts: Mapping[tuple[str, str], tuple[First, ...]]
    transactions: Mapping[str, list[int]]
    revised: Mapping[str, RevisionChange]


def explain_award(connection: Connection, view: LedgerView, row: SeenAward) -> Json:
    """The contract's Explanation of an award, given its row."""
    background = _load_background(connection, view, [row])
    flags = [] if view.viewer is not None else award_risk_flags(connection, view, row, background.facts[row.about].of)
    return {
        **_explain(connection, view, row, background),
        "signs": [risk_flag_json(one, view.rulebook.policy) for one in flags],
        "readings": readings_of_awards(connection, view, [row])[row.award_id],
    }


def explain_for_statements(
    connection: Connection, view: LedgerView, rows: Sequence[SeenAward], contexts: Mapping[str, AwardContext]
) -> dict[str, Json]:
    """The Explanations of awards without red flags and the readings of the text, which are for those who decide."""
    background = _load_background(connection, view, rows, contexts)
    return {row.award_id: _explain(connection, view, row, background) for row in rows}


def _explain(connection: Connection, view: LedgerView, row: SeenAward, background: _Background) -> Json:
    policy, found = view.rulebook.policy, background.facts[row.about]
    is_tiers = row.rule == policy.exchange_tiers.rule
    known = exchange_facts(found.of, view.rulebook.exchanges) if is_tiers else subject_facts(found)
    return {
        **explanation(_explained_award(connection, view, row, background), known, policy, view.visible),
        "transactions": background.transactions.get(row.award_id, []) if row.whole else [],
        "why_not": _why_zero(connection, view, row),
    }


def _load_background(
    connection: Connection,
    view: LedgerView,
    rows: Sequence[SeenAward],
    contexts: Mapping[str, AwardContext] | None = None,
) -> _Background:
    """`contexts` are those of the view's instant (None: they are loaded)."""
    policy, subjects = view.rulebook.policy, {row.subject for row in rows}
    if contexts is None:
        no_budgets = BudgetHolds(policy, view.instant, {})  # an explanation names no hold
        contexts = load_award_context(connection, rows, policy, view.as_of, view.instant, no_budgets)
    transactions: dict[str, list[int]] = {}
    for award_id, seq in _seqs(connection, view, [row.award_id for row in rows]):
        transactions.setdefault(award_id, []).append(seq)
    return _Background(
        facts=load_known(connection, view, {row.about for row in rows}),
        compared=awards_of_subjects(connection, view, subjects),
        grants={} if view.exchange is not None else other_grants_of(connection, subjects, view.as_of),
        contexts=contexts,
        firsts=_earlier_firsts(connection, view, {(row.rule, row.about) for row in rows}),
        transactions=transactions,
        revised=_revision_changes(connection, rows),
    )


def _seqs(connection: Connection, view: LedgerView, award_ids: Sequence[str]) -> Sequence[tuple[str, int]]:
    """The transactions of awards that the viewer may see, if it sees the awards wholly, in order of `seq`."""
    conditions = where("t.award_id = ANY(%(award_ids)s)", f"t.posted_at <= {AS_OF}", view.is_own_posting)
    statement = f"SELECT t.award_id, t.seq FROM ledger_transaction t {conditions} ORDER BY t.seq"
    return fetch(connection, statement, tuple[str, int], **view.parameters, award_ids=award_ids)


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

    None if nothing is known of it that the viewer may see; a subject is answered about itself all the same.
    """
    known = _known_of_subject(connection, view, subject, year)
    is_documented = known is not None and (known.facts != SubjectFacts() or bool(known.operated))
    if not is_documented and view.subject != subject:
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
        earlier = _earlier_firsts(connection, view, {(rule, subject)}).get((rule, subject), ())
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
    if view.viewer is not None and not is_known(view, subject, found.of, operated):
        return None
    party = found.newest if view.exchange is None else None
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


def _explained_award(
    connection: Connection, view: LedgerView, row: SeenAward, background: _Background
) -> ExplainedAward:
    of_year = view.rulebook.policy.highest_only_scope == "year"
    group = [one for one in background.compared.get(row.subject, ()) if one.year == row.year or not of_year]
    rivals = [Rival(rival.award_id, rival.ceiling_fen, rival.suppressed_by) for rival in group if rival.whole]
    grants = background.grants
    if view.exchange is None:
        years = {row.year, *(rival.year for rival in group)}
        rivals += [Rival(one.name, one.amount_fen) for year in years for one in grants.get((row.subject, year), ())]
    context = background.contexts[row.award_id]
    has_grants = view.exchange is not None or (row.subject, row.year) in grants
    return ExplainedAward(
        award_from_row(row),
        partial=not row.whole,
        rivals=tuple(rivals),
        set_aside=set_aside(context),
        deducted=deducted_grants(connection, view, row) if has_grants else (),
        revised=background.revised.get(row.award_id),
        earlier=background.firsts.get((row.rule, row.about), ()),
        is_closed=context.period_closed,
    )


def _earlier_firsts(
    connection: Connection, view: LedgerView, asked: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[First, ...]]:
    """The documents that were a subject's first at some time, by rule and subject, for rules that are about a first."""
    policy = view.rulebook.policy
    topics: dict[str, str] = {policy.first_listing.rule: FIRST_LISTING, policy.first_purchase.rule: FIRST_PURCHASE}
    found: dict[tuple[str, str], tuple[First, ...]] = {}
    for rule, topic in topics.items():
        abouts = [about for of_rule, about in asked if of_rule == rule]
        if not abouts:
            continue
        known = fact_versions(connection, topic, abouts, view.rulebook.registers, view.as_of)
        for about, versions in known.items():
            firsts = (fact.first for fact in versions if isinstance(fact, FirstListing | FirstPurchase))
            found[rule, about] = tuple(first for first in firsts if first is not None)
    return found


def _revision_changes(connection: Connection, rows: Sequence[SeenAward]) -> dict[str, RevisionChange]:
    """The last change of policy revision that each award went through, up to its version."""
    asked = {
        "award_ids": [row.award_id for row in rows],
        "versions": [row.version for row in rows],
        "policies": [row.policy_id for row in rows],
        "revisions": [row.policy_revision for row in rows],
    }
    revisions = {row.award_id: (row.policy_id, row.policy_revision) for row in rows}
    changes = fetch(connection, _REVISION_CHANGES, tuple[str, datetime, int, int], **asked)
    return {award_id: RevisionChange(*revisions[award_id], at, old, new) for award_id, at, old, new in changes}
