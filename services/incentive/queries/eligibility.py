"""Subjects whose verification runs out soon, for the worklist."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.subjects.eligibility import runs_out_at
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import LAST_STEP_SQL
from services.incentive.store.as_of import AS_OF
from services.incentive.store.award_context import load_recorded_context
from shared.postgres.query import fetch


class EndingEligibility(NamedTuple):
    """A subject that is verified now and is not from an instant on, and how many of its awards are not paid."""

    subject: str
    name: str
    awards: int
    ends_at: datetime


def ending_eligibility(connection: Connection, view: LedgerView, limit: int) -> list[EndingEligibility]:
    """The subjects with unpaid awards whose verification ends within the policy's days, the next first."""
    until = view.instant + timedelta(days=view.rulebook.policy.expiring_days)
    statement = f"""
        SELECT award.subject, max(award.subject_name), count(*)
        FROM {view.awards} LEFT JOIN LATERAL ({LAST_STEP_SQL}) last ON true
        WHERE award.payable_fen > 0 AND last.to_state IS DISTINCT FROM 'paid' AND award.subject IN (
            SELECT e.subject FROM eligibility e JOIN act a ON a.id = e.id
            WHERE a.recorded_at <= {AS_OF}
              AND (e.until_at > %(instant)s AND e.until_at <= %(until)s
                   OR e.from_at > %(instant)s AND e.from_at <= %(until)s))
        GROUP BY award.subject ORDER BY award.subject
    """
    parameters = {"instant": view.instant, "until": until, "as_of": view.as_of}
    found = fetch(connection, statement, tuple[str, str, int], **parameters)
    records = load_recorded_context(connection, (), [one[0] for one in found], (), view.as_of).verifications
    ends = {subject: runs_out_at(of_subject, view.instant, until) for subject, of_subject in records.items()}
    ending = [EndingEligibility(*one, at) for one in found if (at := ends.get(one[0])) is not None]
    return sorted(ending, key=lambda one: (one.ends_at, one.subject))[:limit]
