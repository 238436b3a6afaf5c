"""Where awards stand with the bureau: state, amounts, eligibility, holds and flags, for many awards at once.

Nothing of it is stored: it follows from what persons recorded, from the awards themselves, and from the instant.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from services.incentive.domain.budget import rooms
from services.incentive.domain.facts import Declaration, FirstListing, FirstPurchase, parse_fact
from services.incentive.domain.holds import Period, eligibility, holds
from services.incentive.domain.workflow import OVER_APPROVED, ApprovedFor, WorkflowState, replay
from services.incentive.policy.terms import Policy
from services.incentive.store.award_context import load_recorded_context
from shared.values.times import day_start, year_start

_VALUES = text("""
    SELECT f.topic, f.key, f.generation, f.seq, f.value
    FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:generations AS bigint[]), CAST(:seqs AS bigint[]))
        AS n(topic, key, generation, seq)
    JOIN fact f USING (topic, key, generation, seq)
""")


class AwardContext(NamedTuple):
    """What is told of an award beside what facts make of it.

    `flags` are those that decisions raise; `changed_at` is when somebody last did something with it (None: never).
    """

    workflow: WorkflowState
    eligibility: str
    holds: tuple[str, ...]
    flags: tuple[str, ...]
    changed_at: datetime | None


def load_award_context(
    connection: Connection, awards: Sequence[Any], policy: Policy, as_of: datetime | None, instant: datetime
) -> dict[str, AwardContext]:
    """Where each of these rows of awards stands, by `award_id`: with what was recorded up to `as_of`, at `instant`."""
    subjects, years = {row.subject for row in awards}, {row.year for row in awards}
    known = load_recorded_context(connection, [row.award_id for row in awards], subjects, years, as_of)
    earned = _when_earned(connection, [row for row in awards if row.rule in known.suspensions])
    found = {}
    for row in awards:
        placed = known.holds.get(row.award_id, [])
        state = replay(known.steps.get(row.award_id, ()))
        status = eligibility(known.verifications.get(row.subject, ()), instant)
        is_over = state.excess(ApprovedFor(row.subject, row.year), row.payable_fen) is not None
        changes = [*([] if state.last_at is None else [state.last_at]), *(hold.changed_at for hold in placed)]
        found[row.award_id] = AwardContext(
            workflow=state,
            eligibility=status,
            holds=holds(
                status=status,
                to_approve_fen=to_approve_fen(row, state),
                rooms=rooms(policy, row.rule, known.posted.get(row.year, ())),
                earned=earned.get(row.award_id) or _whole_year(row.year),
                suspensions=known.suspensions.get(row.rule, ()),
                by_hand=[hold.kind for hold in placed if hold.stands],
            ),
            flags=(OVER_APPROVED,) if is_over else (),
            changed_at=max(changes, default=None),
        )
    return found


def to_approve_fen(award: Any, state: WorkflowState) -> int:
    """What is payable of a row of an award and not approved yet, in fen."""
    return int(award.payable_fen) - state.outstanding.get(ApprovedFor(award.subject, award.year), 0)


def _when_earned(connection: Connection, awards: Sequence[Any]) -> dict[str, Period]:
    """When each award was earned that one document or declaration earns; others are left out.

    What a difference is against stands in the evidence after the award's own.
    """
    firsts = {}
    for row in awards:
        for one in row.evidence[:1]:
            topic, _, key = one["fact"].partition("/")
            firsts[topic, key, one["generation"], one["seq"]] = row.award_id
    if not firsts:
        return {}
    topics, keys, generations, seqs = zip(*firsts, strict=True)
    rows = connection.execute(
        _VALUES, {"topics": list(topics), "keys": list(keys), "generations": list(generations), "seqs": list(seqs)}
    )
    found = {}
    for row in rows:
        fact = parse_fact(row.topic, row.key, row.value)
        if isinstance(fact, FirstListing | FirstPurchase) and fact.first is not None:
            at = fact.first.listed_at if isinstance(fact, FirstListing) else fact.first.completed_at
            award_id = firsts[row.topic, row.key, row.generation, row.seq]
            found[award_id] = Period(at, at + timedelta(microseconds=1))
        elif isinstance(fact, Declaration):
            award_id = firsts[row.topic, row.key, row.generation, row.seq]
            found[award_id] = Period(day_start(fact.earned_on), day_start(fact.earned_on + timedelta(days=1)))
    return found


def _whole_year(year: int) -> Period:
    """A total is earned over its year; so was what a correction has taken away."""
    return Period(year_start(year), year_start(year + 1))
