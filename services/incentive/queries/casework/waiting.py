"""Load the waiting list of a person: the next step of each award, for all awards together."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.workflow import Actor, WorkflowState
from services.incentive.domain.worklist.waiting import WaitingAward, next_step
from services.incentive.queries.casework.step_contexts import step_contexts
from services.incentive.queries.statements import remedy_days
from services.incentive.queries.view import LedgerView
from services.incentive.store.award_context import load_award_context
from services.incentive.store.rows import SeenAward
from shared.postgres.query import fetch, pg_array
from shared.values.times import day_start, shanghai_date

_ONE_DAY: Final = timedelta(days=1)
_TICK: Final = timedelta(microseconds=1)
# The end of the record of eligibility that counts at an instant: the last one that is valid then.
_ELIGIBLE_UNTIL: Final = """
    SELECT DISTINCT ON (e.subject) e.subject, e.until_at FROM eligibility e JOIN act a ON a.id = e.id
    WHERE e.subject = ANY(%(subjects)s) AND (e.from_at IS NULL OR e.from_at <= %(now)s)
      AND (e.until_at IS NULL OR e.until_at > %(now)s)
    ORDER BY e.subject, a.seq DESC
"""
# The decisions on an award that is paid in full, and of which nothing was or is to be taken back: no step is due. Most
# awards of earlier years are like that.
_FINISHED: Final = """
    SELECT FROM decision d WHERE d.award_id = award.award_id
    HAVING (array_agg(d.to_state ORDER BY d.number DESC))[1] = 'paid'
       AND bool_and(d.action NOT IN ('revoke', 'notify_return', 'return', 'recover')
                    AND d.subject = award.subject AND d.year = award.year)
       AND sum(d.amount_fen) FILTER (WHERE d.action = 'approve') = award.payable_fen
       AND sum(d.amount_fen) FILTER (WHERE d.action = 'pay') = award.payable_fen
       AND NOT EXISTS (SELECT FROM eligibility e WHERE e.subject = award.subject AND e.status = 'failed')
"""


def load_waiting(
    connection: Connection, view: LedgerView, actor: Actor, award_ids: Collection[str] | None = None
) -> list[WaitingAward]:
    """The awards with a step that is due, of these or of all (None), for a reader who sees everything, now."""
    of_these = "" if award_ids is None else "AND award.award_id = ANY(CAST(%(award_ids)s AS text[]))"
    statement = f"""
        {view.select_awards} {of_these}
        AND (award.payable_fen > 0 OR EXISTS (SELECT FROM decision d WHERE d.award_id = award.award_id))
        AND NOT EXISTS ({_FINISHED})
    """
    rows = fetch(connection, statement, SeenAward, award_ids=pg_array(award_ids or ()), **view.parameters)
    policy, now = view.rulebook.policy, view.now
    contexts = load_award_context(connection, rows, policy, None, now)
    cases = step_contexts(connection, rows, contexts, policy, actor, now)
    soon = now + timedelta(days=policy.expiring_days)
    eligible_until = _eligible_until(connection, {row.subject for row in rows}, now, soon)
    remedies = remedy_days(connection, view, shanghai_date(now), award_ids)
    found = []
    for row in rows:
        remedies_end = [day_start(day + _ONE_DAY) for day in remedies.get(row.award_id, ())]
        step = next_step(cases[row.award_id], eligible_until.get(row.subject), remedies_end)
        if step is not None:
            workflow = contexts[row.award_id].workflow
            since = row.recorded_at if workflow.last_at is None else workflow.last_at
            found.append(
                WaitingAward(
                    award_id=row.award_id,
                    rule=row.rule,
                    subject=row.subject,
                    subject_name=row.subject_name,
                    year=row.year,
                    state=workflow.state,
                    payable_fen=row.payable_fen,
                    since=since,
                    notice_until=_notice_until(workflow),
                    step=step,
                )
            )
    return found


def _notice_until(workflow: WorkflowState) -> date | None:
    if workflow.state != "published" or workflow.notice_ends is None:
        return None
    return shanghai_date(workflow.notice_ends - _TICK)


def _eligible_until(
    connection: Connection, subjects: Collection[str], now: datetime, before: datetime
) -> dict[str, datetime]:
    """The ends of eligibility that come before an instant, by subject."""
    rows = fetch(connection, _ELIGIBLE_UNTIL, tuple[str, datetime | None], subjects=sorted(subjects), now=now)
    return {subject: until for subject, until in rows if until is not None and until < before}
