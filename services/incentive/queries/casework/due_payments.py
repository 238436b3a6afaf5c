"""The payments that are due: what is approved, unpaid and on no hold, with the account that each goes to."""

from datetime import datetime

from sqlalchemy import Connection

from services.incentive.domain.steps import StepContext, StepRequest, due_fen, due_for, refusal
from services.incentive.domain.subjects.accounts import DuePayment
from services.incentive.domain.workflow import Actor
from services.incentive.policy.terms import Policy
from services.incentive.queries.casework.step_contexts import step_contexts
from services.incentive.store.acts import accounts_of
from services.incentive.store.award_context import load_award_context
from services.incentive.store.awards import find_current_awards
from services.incentive.store.batches import unpaid_awards


def due_payments(
    connection: Connection, policy: Policy, actor: Actor, now: datetime, batch_id: str | None
) -> list[DuePayment]:
    """The payments that somebody may make now, of the awards of a batch or of all, in order of award_id.

    Who asks may have approved them, and may still hand the list to finance.
    """
    rows = find_current_awards(connection, unpaid_awards(connection, batch_id))
    contexts = load_award_context(connection, rows, policy, None, now)
    cases = step_contexts(connection, rows, contexts, policy, actor, now)
    due = [(row, cases[row.award_id]) for row in rows if _is_due(cases[row.award_id])]
    accounts = accounts_of(connection, {due_for(case).subject for _, case in due})
    return [
        DuePayment(
            row.award_id,
            row.article,
            due_for(case).subject,
            row.subject_name if row.subject == due_for(case).subject else "",
            due_fen(case),
            accounts.get(due_for(case).subject),
        )
        for row, case in due
    ]


def _is_due(case: StepContext) -> bool:
    said = refusal(case, StepRequest("pay"))
    return said is None or said.code == "person"
