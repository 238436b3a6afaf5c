"""Checks of the bureau's acts: each with its transaction and hash, decisions in order, accounts as decided."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.acts import Act, act_sha256
from services.incentive.domain.workflow import ACTIONS, FIRST_STATE
from services.incentive.rebuild.check_ledger import differences
from services.incentive.store.acts import render_acts
from services.incentive.store.rows import columns
from shared.postgres.query import fetch, stream, stream_chunks
from shared.values.differences import Difference

_BATCH: Final = 500
_UNPAIRED: Final = """
    SELECT concat('act of ledger_transaction ', coalesce(a.seq, t.seq)), a.id || ', ' || a.recorded_at,
           t.decision_id || ', ' || t.posted_at
    FROM act a
    FULL JOIN (SELECT * FROM ledger_transaction WHERE NOT starts_with(decision_id, 'declared/')) t USING (seq)
    WHERE (a.id, a.recorded_at) IS DISTINCT FROM (t.decision_id, t.posted_at)
    ORDER BY coalesce(a.seq, t.seq)
"""
_ACTS: Final = f"SELECT {columns(Act)} FROM act ORDER BY seq"
_POSTED: Final = """
    SELECT a.id, t.decision_sha256 FROM act a JOIN ledger_transaction t USING (seq) WHERE a.id = ANY(%(ids)s)
"""
_STEPS: Final = """
    SELECT d.id, d.award_id, d.number, d.action, d.from_state, d.to_state, d.amount_fen,
           lag(d.number, 1, -1) OVER award AS before, lag(d.to_state, 1, %(first)s) OVER award AS state,
           t.kind AS posted_as, t.award_id AS posted_for, t.amount_fen AS posted_fen, t.subject AS posted_to,
           t.year AS posted_in, d.subject, d.year
    FROM decision d JOIN act a USING (id) JOIN ledger_transaction t USING (seq)
    WINDOW award AS (PARTITION BY d.award_id ORDER BY d.number)
    ORDER BY d.award_id, d.number
"""
_ACCOUNTS: Final = """
    WITH posted AS (
        SELECT account, sum(credit_fen) - sum(debit_fen) AS fen FROM ledger_entry
        WHERE split_part(account, ':', 1) IN ('approved', 'paid', 'returned', 'budget', 'treasury') GROUP BY account),
    decided AS (
        SELECT action, amount_fen AS fen, year, concat(subject, ':', award_id) COLLATE "C" AS whose FROM decision
        WHERE amount_fen > 0),
    lines AS (
        SELECT CASE action WHEN 'approve' THEN concat('approved:', whose) WHEN 'pay' THEN concat('paid:', whose)
                   ELSE concat('returned:', whose) END COLLATE "C" AS account,
               CASE action WHEN 'pay' THEN -fen ELSE fen END AS fen
        FROM decided
        UNION ALL
        SELECT CASE action WHEN 'approve' THEN concat('budget:', year) ELSE 'treasury' END COLLATE "C",
               CASE action WHEN 'pay' THEN fen ELSE -fen END
        FROM decided),
    expected AS (SELECT account, sum(fen) AS fen FROM lines GROUP BY account)
    SELECT concat('account ', account), round(coalesce(p.fen, 0) / 100, 2)::text,
           round(coalesce(e.fen, 0) / 100, 2)::text
    FROM posted p FULL JOIN expected e USING (account)
    WHERE coalesce(p.fen, 0) <> coalesce(e.fen, 0)
    ORDER BY account
"""


class _StepRow(NamedTuple):
    """A decision on an award, the state before it, and what was posted."""

    id: str
    award_id: str
    number: int
    action: str
    from_state: str
    to_state: str
    amount_fen: int
    before: int
    state: str
    posted_as: str
    posted_for: str | None
    posted_fen: int
    posted_to: str | None
    posted_in: int | None
    subject: str
    year: int


def check_acts(connection: Connection) -> Iterator[Difference]:
    """All differences between acts and the ledger, and between the decisions on an award."""
    yield from differences(connection, _UNPAIRED)
    for chunk in stream_chunks(connection, _ACTS, Act, _BATCH):
        posted = dict(fetch(connection, _POSTED, tuple[str, str], ids=[act.id for act in chunk]))
        for act, answer in render_acts(connection, chunk):
            found = None if answer is None else act_sha256(answer)
            if act.id in posted and found != posted[act.id]:
                yield Difference(f"{act.kind} {act.id}", found, posted[act.id])
    for step in stream(connection, _STEPS, _StepRow, first=FIRST_STATE):
        yield from _check_step(step)
    yield from differences(connection, _ACCOUNTS)


def _check_step(row: _StepRow) -> Iterator[Difference]:
    what = f"decision {row.id} of {row.award_id}"
    if (row.number, row.from_state) != (row.before + 1, row.state):
        yield Difference(
            what, f"number {row.number} from {row.from_state}", f"number {row.before + 1} from {row.state}"
        )
    action = ACTIONS[row.action]
    to_state = action.to_state or row.from_state
    if row.from_state not in action.from_states or row.to_state != to_state:
        yield Difference(what, f"{row.from_state} to {row.to_state}", f"{', '.join(action.from_states)} to {to_state}")
    posted = (row.posted_as, row.posted_for, row.posted_fen, row.posted_to, row.posted_in)
    decided = (action.posts, row.award_id, row.amount_fen, row.subject, row.year)
    if posted != decided:
        yield Difference(what, f"posted {posted}", f"decided {decided}")
