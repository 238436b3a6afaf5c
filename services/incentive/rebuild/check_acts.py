"""Whether what the bureau did is whole: each act with its transaction and hash, steps in order, accounts as decided."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, text

from services.incentive.domain.acts import act_sha256
from services.incentive.domain.workflow import ACTIONS, FIRST_STATE
from services.incentive.store.acts import render_acts
from shared.values.differences import Difference
from shared.values.money import format_yuan

_AT_ONCE: Final = 500
_STREAMED: Final = {"stream_results": True, "yield_per": _AT_ONCE}
_UNPAIRED: Final = text("""
    SELECT coalesce(a.seq, t.seq) AS seq, a.id, t.decision_id, a.recorded_at, t.posted_at
    FROM act a
    FULL JOIN (SELECT * FROM ledger_transaction WHERE NOT starts_with(decision_id, 'declared/')) t USING (seq)
    WHERE (a.id, a.recorded_at) IS DISTINCT FROM (t.decision_id, t.posted_at)
    ORDER BY 1
""")
_ACTS: Final = text("""
    SELECT a.*, t.decision_sha256 FROM act a JOIN ledger_transaction t USING (seq) ORDER BY a.seq
""")
_STEPS: Final = text("""
    SELECT d.id, d.award_id, d.number, d.action, d.from_state, d.to_state, d.amount_fen,
           lag(d.number, 1, -1) OVER award AS before, lag(d.to_state, 1, :first) OVER award AS state,
           t.kind AS posted_as, t.award_id AS posted_for, t.amount_fen AS posted_fen, t.subject AS posted_to,
           t.year AS posted_in, d.subject, d.year
    FROM decision d JOIN act a USING (id) JOIN ledger_transaction t USING (seq)
    WINDOW award AS (PARTITION BY d.award_id ORDER BY d.number)
    ORDER BY d.award_id, d.number
""")
_ACCOUNTS: Final = text("""
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
    follows AS (SELECT account, sum(fen) AS fen FROM lines GROUP BY account)
    SELECT account, coalesce(p.fen, 0) AS stands, coalesce(f.fen, 0) AS follows
    FROM posted p FULL JOIN follows f USING (account)
    WHERE coalesce(p.fen, 0) <> coalesce(f.fen, 0)
    ORDER BY account
""")


def check_acts(connection: Connection) -> Iterator[Difference]:
    """All that does not fit between acts and the ledger, and among the steps of an award."""
    for row in connection.execute(_UNPAIRED, execution_options=_STREAMED):
        stands = None if row.id is None else f"{row.id}, {row.recorded_at}"
        follows = None if row.decision_id is None else f"{row.decision_id}, {row.posted_at}"
        yield Difference(f"act of ledger_transaction {row.seq}", stands, follows)
    for some in connection.execute(_ACTS, execution_options=_STREAMED).partitions(_AT_ONCE):
        for row, told in render_acts(connection, some):
            found = None if told is None else act_sha256(told)
            if found != row.decision_sha256:
                yield Difference(f"{row.kind} {row.id}", found, row.decision_sha256)
    for row in connection.execute(_STEPS, {"first": FIRST_STATE}, execution_options=_STREAMED):
        yield from _check_step(row)
    for row in connection.execute(_ACCOUNTS, execution_options=_STREAMED):
        yield Difference(f"account {row.account}", format_yuan(int(row.stands)), format_yuan(int(row.follows)))


def _check_step(row: Any) -> Iterator[Difference]:
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
