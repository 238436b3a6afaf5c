"""The contexts that decide which steps a person may take, for many awards at once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.awards import item_of
from services.incentive.domain.budget import IN_PROPORTION
from services.incentive.domain.facts import Declaration, FactRef
from services.incentive.domain.holds import PERIOD_OPEN
from services.incentive.domain.rooms import Room, room_of
from services.incentive.domain.steps import ApprovalLimit, StepContext
from services.incentive.domain.workflow import Actor, ApprovedFor, PolicyRevision, PublishedBasis
from services.incentive.policy.terms import Policy, ScopeReading, Texts
from services.incentive.store.acts import outstanding_of
from services.incentive.store.award_context import AwardContext
from services.incentive.store.awards import AnyAwardRow, payables_of
from services.incentive.store.facts import facts_at
from services.incentive.store.rulebook import years_held_since

_OF_ROOM: Final[Mapping[ScopeReading, Texts]] = {
    "year": Texts("同一主体同一年度的可兑现额合计", "the payables of the subject and year"),
    "whole_life": Texts("同一主体各年度的可兑现额合计", "the payables of the subject in all years"),
}


def step_contexts(
    connection: Connection,
    awards: Sequence[AnyAwardRow],
    contexts: Mapping[str, AwardContext],
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> dict[str, StepContext]:
    """Everything that decides which steps a person may take with awards now, by the wall clock, by award_id."""
    limits = _limits(connection, awards, contexts, policy)
    declared_by = _declarers(connection, awards, policy)
    is_held = any(PERIOD_OPEN in contexts[award.award_id].holds for award in awards)
    held_since = years_held_since(connection) if is_held else None
    return {
        award.award_id: StepContext(
            workflow=contexts[award.award_id].workflow,
            basis=basis_of(award),
            holds=contexts[award.award_id].holds,
            limits=limits[award.award_id],
            actor=actor,
            now=now,
            clawback=contexts[award.award_id].clawback,
            declared_by=declared_by.get(award.award_id),
            years_held_since=held_since,
        )
        for award in awards
    }


def basis_of(award: AnyAwardRow) -> PublishedBasis:
    """The basis that a public notice of an award would have now."""
    return PublishedBasis(
        payable_fen=award.payable_fen,
        subject=award.subject,
        rule=award.rule,
        item=item_of(award.award_id),
        year=award.year,
        policy=PolicyRevision(award.policy_id, award.policy_revision),
    )


def _limits(
    connection: Connection,
    awards: Sequence[AnyAwardRow],
    contexts: Mapping[str, AwardContext],
    policy: Policy,
) -> dict[str, tuple[ApprovalLimit, ...]]:
    """The limits of approvals: the payable, what the room of the subject and year has left, an operator's highest tier.

    Awards of kind `none` have rooms of their own.
    """
    subjects, tiers = {award.subject for award in awards}, policy.exchange_tiers
    payable, standing, of_ladder = Counter[Room](), Counter[Room](), Counter[str]()
    for subject, year, rule, fen in payables_of(connection, subjects):
        payable[room_of(ApprovedFor(subject, year), rule, policy)] += fen
    for subject, year, rule, fen in outstanding_of(connection, subjects):
        standing[room_of(ApprovedFor(subject, year), rule, policy)] += fen
        of_ladder[subject] += fen if rule == tiers.rule else 0
    most_fen = max(tier.amount_fen for tier in tiers.tiers)
    found = {}
    for award in awards:
        approved_for = ApprovedFor(award.subject, award.year)
        room, own = room_of(approved_for, award.rule, policy), contexts[award.award_id].workflow.outstanding
        limits = [
            ApprovalLimit(award.payable_fen, own.get(approved_for, 0), Texts("可兑现额", "the payable")),
            ApprovalLimit(payable[room], standing[room], _OF_ROOM["whole_life" if room.year is None else "year"]),
        ]
        if award.rule == tiers.rule and policy.operators_ladder == "approvals":
            of = Texts("同一运营主体的最高一档", "an operator's highest tier")
            limits.append(ApprovalLimit(most_fen, of_ladder[award.subject], of))
        granted_fen = contexts[award.award_id].granted_fen
        if policy.budget_order == IN_PROPORTION and granted_fen is not None:
            of = Texts("预算内的份额", "its share of the budget")
            limits.append(ApprovalLimit(own.get(approved_for, 0) + granted_fen, own.get(approved_for, 0), of))
        found[award.award_id] = tuple(limits)
    return found


def _declarers(connection: Connection, awards: Collection[AnyAwardRow], policy: Policy) -> dict[str, Actor]:
    """Who declared each declared reward."""
    refs = {
        FactRef(one["fact"], one["generation"], one["seq"]): award.award_id
        for award in awards
        if policy.declared.find(award.rule) is not None
        for one in award.evidence[:1]
    }
    if not refs:
        return {}
    facts = facts_at(connection, refs.keys())
    return {
        refs[ref]: Actor(fact.declared_by, fact.declared_person)
        for ref, fact in facts.items()
        if isinstance(fact, Declaration)
    }
