"""Transactions and balances of the ledger, as a reader may see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.facts import DECLARED
from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import AS_OF
from services.incentive.store.log_entries import transactions_of
from shared.postgres.query import fetch, fetch_one, fetch_values, where
from shared.values.json_types import Json
from shared.values.money import format_yuan

_LEDGER_END: Final = "SELECT seq, posted_at FROM ledger_end(%(before)s, %(as_of)s)"
_FILTERS: Final = {
    "award_id": "t.award_id = %(award_id)s",
    "kind": "t.kind = %(kind)s",
    "subject": "(t.subject = %(subject)s OR t.subject_before = %(subject)s)",
    "year": "(t.year = %(year)s OR t.year_before = %(year)s)",
    "from_": "t.posted_at >= %(from_)s",
    "until": "t.posted_at < %(until)s",
}
# Condition: the account is of the subject that reads. No index serves it, so it comes after the transactions.
_IS_OF_VIEWER: Final = """
    starts_with(substr(e.account, strpos(e.account, ':') + 1), concat(CAST(%(viewer)s AS text), ':'))
    AND e.seq IN (SELECT t.seq FROM ledger_transaction t
                  WHERE t.award_id IS NOT NULL AND (t.subject = %(viewer)s OR t.subject_before = %(viewer)s))
"""


class BalanceRow(NamedTuple):
    """The sums of an account."""

    account: str
    debit_fen: Decimal
    credit_fen: Decimal


class LedgerSize(NamedTuple):
    """The ledger as of an instant (None: nothing was ever posted): its first `size` transactions."""

    as_of: datetime | None
    size: int


def list_transactions(
    connection: Connection, view: LedgerView, filters: Mapping[str, object], after: int | None, limit: int
) -> list[Json]:
    """Transactions in order of `seq`, at most `limit`, as the log has them.

    Those for a subject leave out what is of others.

    Filters: award_id, kind, subject and year (of what a transaction moves away from, too), from_ and until (half-open).
    """
    conditions = where(
        f"t.posted_at <= {AS_OF}",
        *(condition for name, condition in _FILTERS.items() if name in filters),
        None if after is None else "t.seq > %(after)s",
        view.is_of_whole_award,
    )
    parameters = {**filters, **view.parameters, "after": after, "limit": limit}
    found = select_transactions(connection, conditions, **parameters)
    return found if view.subject is None else [_without_others(one, view.subject) for one in found]


def _without_others(transaction: Json, subject: str) -> Json:
    """A transaction without the declarations of others with which the subject shares an item (G11)."""
    cause = transaction["cause"]
    own = [one for one in cause["facts"] if _is_own(one["fact"], subject)]
    return {**transaction, "cause": {**cause, "facts": own}}


def _is_own(fact: str, subject: str) -> bool:
    """Return True unless the reference of a fact (`<topic>/<register>/<key>`) names another subject's declaration."""
    topic, _, key = fact.partition("/")
    return topic != DECLARED or key.split("/")[1] == subject


def select_transactions(connection: Connection, conditions: str, **parameters: object) -> list[Json]:
    """Transactions `t` by a WHERE clause, in order of `seq`, at most the parameter `limit`."""
    statement = f"SELECT t.seq FROM ledger_transaction t {conditions} ORDER BY t.seq LIMIT %(limit)s"
    seqs = fetch_values(connection, statement, int, **parameters)
    return [msgspec.json.decode(entry) for _, entry in transactions_of(connection, seqs)]


def ledger_as_of(connection: Connection, view: LedgerView, size: int | None = None) -> LedgerSize:
    """The ledger at the view's instant, else at its last posting.

    `size` is the one that an earlier page answered with; ignored if the ledger never had it.
    """
    newest = ledger_size(connection, None, view.as_of)
    return newest if size is None or not 0 < size < newest.size else ledger_size(connection, size, None)


def ledger_size(connection: Connection, before: int | None, as_of: datetime | None) -> LedgerSize:
    """The transactions numbered below `before` and posted up to `as_of` (None: no limit).

    A function of the database answers it for all transactions, whatever the viewer may see.
    """
    last = fetch_one(connection, _LEDGER_END, tuple[int, datetime], before=before, as_of=as_of)
    return LedgerSize(as_of, 0) if last is None else LedgerSize(as_of or last[1], last[0] + 1)


def list_balances(
    connection: Connection, view: LedgerView, size: int, after: str | None, limit: int
) -> Sequence[BalanceRow]:
    """Sums of every account over the first `size` transactions, in code point order, at most `limit`.

    A subject sees the accounts that name it, whole.
    """
    whole = f"e.seq IN (SELECT t.seq FROM ledger_transaction t WHERE {view.is_of_whole_award})"
    conditions = where(
        "e.seq < %(size)s",
        None if after is None else "e.account > %(after)s",
        _IS_OF_VIEWER if view.subject is not None else view.is_of_whole_award and whole,
    )
    statement = f"""
        SELECT e.account, sum(e.debit_fen), sum(e.credit_fen) FROM ledger_entry e {conditions}
        GROUP BY e.account ORDER BY e.account LIMIT %(limit)s
    """
    parameters = {**view.parameters, "size": size, "after": after, "limit": limit}
    return fetch(connection, statement, BalanceRow, **parameters)


def balance_json(row: BalanceRow) -> Json:
    """An account's sums and its balance, credit less debit."""
    debit_fen, credit_fen = int(row.debit_fen), int(row.credit_fen)
    return {
        "account": row.account,
        "debit": format_yuan(debit_fen),
        "credit": format_yuan(credit_fen),
        "balance": format_yuan(credit_fen - debit_fen),
    }
