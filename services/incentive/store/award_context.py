"""Load decisions, holds and eligibility for many awards, as of an instant, and whether a budget holds them.

None of an award's workflow state is stored: it follows from what persons recorded, from the award and the instant.
One statement loads what was recorded of the awards as JSON, to save round trips.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.acts import DecisionPart
from services.incentive.domain.budget import BudgetClaim, BudgetHolds
from services.incentive.domain.facts import Declaration, FactRef
from services.incentive.domain.holds import (
    FAILED,
    RULE_SUSPENDED,
    Period,
    Verification,
    YearAct,
    holds,
    is_year_closed,
)
from services.incentive.domain.payables.highest_only import PayableInputs
from services.incentive.domain.payables.other_grants import OtherGrants
from services.incentive.domain.subjects.eligibility import day_of_eligibility, eligibility
from services.incentive.domain.workflow import WAIVED, ApprovedFor, Decision, WorkflowState, replay
from services.incentive.policy.terms import Policy
from services.incentive.store.as_of import AS_OF
from services.incentive.store.awards import AnyAwardRow
from services.incentive.store.budgets import load_budget_holds
from services.incentive.store.facts import facts_at
from services.incentive.store.payable_inputs import when_earned, whole_year
from services.incentive.store.rooms import Excesses, flagged_awards, load_excesses
from shared.postgres.database import generic_plan
from shared.postgres.query import fetch_value

_PLAIN: Final = [name for name in DecisionPart._fields if name != "published"]
# The published payable of a notice of an earlier version: that at its instant, for the subject and year it names.
_PUBLISHED: Final = """
    SELECT jsonb_build_object('payable_fen', v.payable_fen, 'subject', d.subject, 'rule', d.rule, 'item', NULL,
                              'year', d.year, 'policy', NULL)
    FROM award_version v WHERE v.award_id = d.award_id AND v.recorded_at <= a.recorded_at
    ORDER BY v.recorded_at DESC, v.version DESC LIMIT 1
"""
# Each part is rows of a key, a place in the key's list, and a value.
_PARTS: Final = {
    "decisions": f"""
        SELECT s.award_id AS key, s.number AS place, row_to_json(s) AS value
        FROM (SELECT {", ".join(f"d.{name}" for name in _PLAIN)}, d.id AS decision_id, a.recorded_at AS at,
                     a.seq AS transaction,
                     json_build_array(coalesce(a.name, a.person),
                                      CASE WHEN a.name IS NOT NULL THEN a.person END) AS actor,
                     CASE WHEN d.action = 'publish' AND d.published IS NULL THEN ({_PUBLISHED}) ELSE d.published END
                         AS published
              FROM decision d JOIN act a ON a.id = d.id
              WHERE d.award_id = ANY(%(award_ids)s) AND a.recorded_at <= {AS_OF}) s
    """,
    "holds": f"""
        SELECT h.award_id AS key, a.seq AS place,
               json_build_array(h.kind, coalesce(r.recorded_at, a.recorded_at), r.recorded_at IS NULL) AS value
        FROM hold h JOIN act a ON a.id = h.id
        LEFT JOIN (hold_release l JOIN act r ON r.id = l.id) ON l.hold_id = h.id AND r.recorded_at <= {AS_OF}
        WHERE h.award_id = ANY(%(award_ids)s) AND a.recorded_at <= {AS_OF}
    """,
    "verifications": f"""
        SELECT e.subject AS key, a.seq AS place,
               json_build_array(e.status, json_build_array(e.from_at, e.until_at)) AS value
        FROM eligibility e JOIN act a ON a.id = e.id
        WHERE e.subject = ANY(%(subjects)s) AND a.recorded_at <= {AS_OF}
    """,
    "years": f"""
        SELECT y.year AS key, a.seq AS place, json_build_array(a.recorded_at, y.status = 'closed') AS value
        FROM year_closing y JOIN act a ON a.id = y.id
        WHERE y.year = ANY(%(years)s) AND a.recorded_at <= {AS_OF}
    """,
    "suspensions": f"""
        SELECT s.rule AS key, a.seq AS place, json_build_array(s.from_at, s.until_at) AS value
        FROM suspension s JOIN act a ON a.id = s.id
        WHERE a.recorded_at <= {AS_OF} AND NOT EXISTS (
            SELECT FROM hold_release l JOIN act r ON r.id = l.id WHERE l.hold_id = s.id AND r.recorded_at <= {AS_OF})
    """,
}
_LISTS: Final = """
    SELECT coalesce(json_object_agg(key, listed), '{{}}')
    FROM (SELECT key, json_agg(value ORDER BY place) AS listed FROM ({part}) one GROUP BY key) lists
"""
_ALL: Final = "SELECT CAST(json_build_object({}) AS text)".format(
    ", ".join(f"'{name}', ({_LISTS.format(part=part)})" for name, part in _PARTS.items())
)


class RecordedHold(NamedTuple):
    """A hold that a person placed: when it was placed or released, and whether it is still in place."""

    kind: str
    changed_at: datetime
    is_open: bool


class RecordedContext(msgspec.Struct):
    """Recorded acts, in order: decisions and holds by award, verifications by subject, acts that close or reopen each
    year, suspensions that are not lifted by rule.
    """

    decisions: dict[str, list[Decision]]
    holds: dict[str, list[RecordedHold]]
    verifications: dict[str, list[Verification]]
    years: dict[int, list[YearAct]]
    suspensions: dict[str, list[Period]]


_decode: Final = msgspec.json.Decoder(RecordedContext).decode


class AwardContext(NamedTuple):
    """The consequences for one award.

    `granted_fen` is what budgets leave for it (None: it claims nothing); `flags` are those that decisions raise;
    `clawback` is the amount of its open proposal, and what it was approved for (None: there is none); `period_closed`:
    its year is closed; `changed_at` is the time of the last act on the award (None: no act).
    """

    workflow: WorkflowState
    eligibility: str
    holds: tuple[str, ...]
    granted_fen: int | None
    flags: tuple[str, ...]
    clawback: tuple[ApprovedFor, int] | None
    period_closed: bool
    changed_at: datetime | None


def load_recorded_context(
    connection: Connection,
    award_ids: Collection[str],
    subjects: Collection[str],
    years: Collection[int],
    as_of: datetime | None,
) -> RecordedContext:
    """Load what was recorded of these awards, subjects and years, as of an instant."""
    asked = {"award_ids": list(award_ids), "subjects": list(subjects), "years": list(years), "as_of": as_of}
    with generic_plan(connection):
        return _decode(fetch_value(connection, _ALL, str, **asked))


def decisions_of(
    connection: Connection, award_ids: Collection[str], as_of: datetime | None
) -> dict[str, list[Decision]]:
    """The decisions on each award, in order."""
    return load_recorded_context(connection, award_ids, (), (), as_of).decisions


def load_award_context(
    connection: Connection,
    awards: Sequence[AnyAwardRow],
    policy: Policy,
    as_of: datetime | None,
    instant: datetime,
    budgets: BudgetHolds | None = None,
) -> dict[str, AwardContext]:
    """The context of each award row, by `award_id`: from what was recorded up to `as_of`, judged at `instant`.

    `budgets` are the holds by budgets of the awards' years; None: they are loaded.
    """
    subjects, years = {row.subject for row in awards}, {row.year for row in awards}
    known = load_recorded_context(connection, [row.award_id for row in awards], subjects, years, as_of)
    if budgets is None:
        budgets = load_budget_holds(connection, policy, years, as_of, instant)
    is_by_day = policy.eligibility_day == "day_earned"
    earned = _when_earned(connection, [row for row in awards if is_by_day or row.rule in known.suspensions])
    unassessed = _unassessed(connection, awards, policy)
    workflows = {award_id: replay(decisions) for award_id, decisions in known.decisions.items()}
    failed = {
        subject for subject, records in known.verifications.items() if any(one.status == FAILED for one in records)
    }
    beyond = [
        approved_for
        for row in awards
        for approved_for in _beyond(row, workflows.get(row.award_id, WorkflowState()), was_failed=row.subject in failed)
    ]
    excesses: Excesses = {}
    if beyond:  # true of few
        whose, when = {one.subject for one in beyond}, {one.year for one in beyond}
        excesses = load_excesses(connection, policy, as_of, whose, when)
    return {
        row.award_id: _context(
            row,
            known,
            budgets,
            workflow=workflows.get(row.award_id, WorkflowState()),
            excesses=excesses,
            earned=earned.get(row.award_id) or whole_year(row.year),
            lacks_assessment=row.award_id in unassessed,
        )
        for row in awards
    }


def recorded_inputs(
    rows: Sequence[AnyAwardRow], contexts: Mapping[str, AwardContext], grants: OtherGrants
) -> PayableInputs:
    """The inputs of the payables of awards, without days, as of the instant of their contexts."""
    return PayableInputs(
        grants=grants,
        standing_fen={
            row.award_id: contexts[row.award_id].workflow.outstanding.get(ApprovedFor(row.subject, row.year), 0)
            for row in rows
        },
        set_aside=frozenset(
            award_id
            for award_id, context in contexts.items()
            if context.workflow.set_aside is not None or RULE_SUSPENDED in context.holds
        ),
    )


def _beyond(row: AnyAwardRow, workflow: WorkflowState, *, was_failed: bool) -> Iterator[ApprovedFor]:
    """The subjects and years for which something of what stands of this award may have to come back."""
    current = ApprovedFor(row.subject, row.year)
    for approved_for, standing_fen in workflow.outstanding.items():
        if standing_fen > (row.payable_fen if approved_for == current and not was_failed else 0):
            yield approved_for


def _context(
    row: AnyAwardRow,
    known: RecordedContext,
    budgets: BudgetHolds,
    *,
    workflow: WorkflowState,
    excesses: Excesses,
    earned: Period,
    lacks_assessment: bool,
) -> AwardContext:
    policy, instant, granted_fen = budgets.policy, budgets.now, budgets.granted_fen(_claim(row, workflow))
    placed = known.holds.get(row.award_id, ())
    own = {to: excesses[row.award_id, to] for to in workflow.outstanding if (row.award_id, to) in excesses}
    day = day_of_eligibility(policy.eligibility_day, workflow.applied_at, earned, instant)
    status = eligibility(known.verifications.get(row.subject, ()), instant, day)
    is_closed = is_year_closed(known.years.get(row.year, ()), policy.closes_at(row.year), instant)
    changes = [*([] if workflow.last_at is None else [workflow.last_at]), *(hold.changed_at for hold in placed)]
    return AwardContext(
        workflow=workflow,
        eligibility=status,
        holds=holds(
            status=status,
            is_over_budget=granted_fen == 0,
            earned=earned,
            suspensions=known.suspensions.get(row.rule, ()),
            is_year_open=row.ceiling_fen > 0 and policy.holds_while_open(row.rule) and not is_closed,
            lacks_assessment=lacks_assessment,
            by_hand=[hold.kind for hold in placed if hold.is_open],
        ),
        granted_fen=granted_fen,
        flags=(
            *(flag for flag, awards in flagged_awards(excesses).items() if row.award_id in awards),
            *((WAIVED,) if workflow.is_waived else ()),
        ),
        clawback=next(((to, one.to_come_back_fen) for to, one in own.items() if one.to_come_back_fen), None),
        period_closed=is_closed,
        changed_at=max(changes, default=None),
    )


def _claim(row: AnyAwardRow, workflow: WorkflowState) -> BudgetClaim:
    """The award's claim on its budget, without its place."""
    standing_fen = workflow.outstanding.get(ApprovedFor(row.subject, row.year), 0)
    return BudgetClaim(
        row.award_id, row.rule, row.year, row.payable_fen, standing_fen, workflow.unpaid_fen, None, is_open=False
    )


def _unassessed(connection: Connection, awards: Sequence[AnyAwardRow], policy: Policy) -> set[str]:
    """The awards whose rule asks for an amount that the bureau assesses, and whose declaration has none."""
    needed = {terms.rule for terms in policy.declared.rules if terms.assessed == "needed"}
    firsts = [
        (row.award_id, row.evidence[0]) for row in awards if row.rule in needed and row.ceiling_fen and row.evidence
    ]
    if not firsts:  # true of nearly all lists
        return set()
    refs = {FactRef(one["fact"], one["generation"], one["seq"]): award_id for award_id, one in firsts}
    facts = facts_at(connection, refs.keys())
    return {refs[ref] for ref, fact in facts.items() if isinstance(fact, Declaration) and fact.assessed_fen is None}


def _when_earned(connection: Connection, awards: Sequence[AnyAwardRow]) -> dict[str, Period]:
    firsts = ((row.award_id, row.evidence[0]) for row in awards if row.evidence)
    return when_earned(
        connection, {FactRef(one["fact"], one["generation"], one["seq"]): award_id for award_id, one in firsts}
    )
