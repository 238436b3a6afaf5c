"""Transactions and balances of the ledger, as a reader may see them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.facts import DECLARED
from services.incentive.queries.view import LedgerView
from services.incentive.store.as_of import AS_OF
from services.incentive.store.log_entries import transactions_of
from shared.postgres.query import fetch_one, where
from shared.postgres.sorted_rows import Sorts, SqlRows, column, first_rows
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

_LEDGER_END: Final = "SELECT seq, posted_at FROM ledger_end(%(before)s, %(as_of)s)"
# The number of the last transaction before the instant of a parameter, else -1. Numbers and instants have one order, so
# a span of time is a range of numbers, in which a page is read.
_BEFORE: Final = """
    coalesce((SELECT e.seq FROM ledger_end(NULL, CAST(%({})s AS timestamptz) - INTERVAL '1 microsecond') e), -1)
"""
_FILTERS: Final = {
    "award_id": "t.award_id = %(award_id)s",
    "kind": "t.kind = %(kind)s",
    "subject": "(t.subject = %(subject)s OR t.subject_before = %(subject)s)",
    "year": "(t.year = %(year)s OR t.year_before = %(year)s)",
    "from_": f"t.seq > {_BEFORE.format('from_')}",
    "until": f"t.seq <= {_BEFORE.format('until')}",
}
# Condition: the account is of the subject that reads. No index serves it, so it comes after the transactions.
_IS_OF_VIEWER: Final = """
    starts_with(substr(e.account, strpos(e.account, ':') + 1), concat(CAST(%(viewer)s AS text), ':'))
    AND e.seq IN (SELECT t.seq FROM ledger_transaction t
                  WHERE t.award_id IS NOT NULL AND (t.subject = %(viewer)s OR t.subject_before = %(viewer)s))
"""


class TransactionRow(NamedTuple):
    """A transaction by its number."""

    seq: int


# No two transactions were posted in another order than their numbers.
TRANSACTION_SORTS: Final[Sorts] = dict.fromkeys(("seq", "posted_at"), (column("seq", int),))
# All pages are of the ledger that the first one shows, so that the cursor names its size.
BALANCE_SORTS: Final[Sorts] = {"account": (column("account", str), column("size", int))}


class BalanceRow(NamedTuple):
    """The sums of an account, over so many transactions."""

    account: str
    debit_fen: Decimal
    credit_fen: Decimal
    size: int


class LedgerSize(NamedTuple):
    """The ledger as of an instant (None: nothing was ever posted): its first `size` transactions."""

    as_of: datetime | None
    size: int


def find_transactions(
    connection: Connection, view: LedgerView, filters: Mapping[str, object]
) -> SqlRows[TransactionRow]:
    """Open the transactions by the filters of the API.

    Those for a subject leave out what is of others.

    Filters: award_id, kind, subject and year (of what a transaction moves away from, too), from_ and until (half-open).
    """
    conditions = where(
        f"t.posted_at <= {AS_OF}",
        *(condition for name, condition in _FILTERS.items() if name in filters),
        view.is_of_whole_award,
    )
    return select_transactions(connection, conditions, {**filters, **view.parameters}, _shown_to(view))


def _shown_to(view: LedgerView) -> Callable[[Sequence[Json]], Iterable[Json]]:
    """How the reader sees transactions."""
    subject = view.subject
    return iter if subject is None else lambda found: (_without_others(one, subject) for one in found)


def _without_others(transaction: Json, subject: str) -> Json:
    """A transaction without the declarations of others with which the subject shares an item (G11)."""
    cause = transaction["cause"]
    own = [one for one in cause["facts"] if _is_own(one["fact"], subject)]
    return {**transaction, "cause": {**cause, "facts": own}}


def _is_own(fact: str, subject: str) -> bool:
    """Return True unless the reference of a fact (`<topic>/<register>/<key>`) names another subject's declaration."""
    topic, _, key = fact.partition("/")
    return topic != DECLARED or key.split("/")[1] == subject


def select_transactions(
    connection: Connection,
    conditions: str,
    parameters: Mapping[str, object],
    render: Callable[[Sequence[Json]], Iterable[Json]] = iter,
) -> SqlRows[TransactionRow]:
    """Open the transactions `t` by a WHERE clause; they are shown as the log has them, or as `render` makes of that."""

    def render_rows(rows: Sequence[TransactionRow]) -> Iterable[Json]:
        entries = dict(transactions_of(connection, [row.seq for row in rows]))
        return render([msgspec.json.decode(entries[row.seq]) for row in rows])

    select = f"SELECT t.seq FROM ledger_transaction t {conditions}"
    return SqlRows(connection, select, TransactionRow, parameters, render_rows)


def list_transactions(
    connection: Connection, view: LedgerView, filters: Mapping[str, object], limit: int
) -> list[Json]:
    """The first transactions in order of `seq`, as the log has them."""
    found = find_transactions(connection, view, filters)
    return list(found.render(first_rows(found, TRANSACTION_SORTS, limit)))


def find_transaction(connection: Connection, view: LedgerView, seq: int) -> Json | None:
    """A transaction by its number; None if the viewer sees no such one."""
    conditions = where(f"t.posted_at <= {AS_OF}", "t.seq = %(seq)s", view.is_of_whole_award)
    found = select_transactions(connection, conditions, {**view.parameters, "seq": seq}, _shown_to(view))
    return next(iter(found.render(first_rows(found, TRANSACTION_SORTS, 1))), None)


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


def find_balances(connection: Connection, view: LedgerView, ledger: LedgerSize) -> SqlRows[BalanceRow]:
    """Open the sums of every account over the first transactions of the ledger; a subject's are those that name it."""
    whole = f"e.seq IN (SELECT t.seq FROM ledger_transaction t WHERE {view.is_of_whole_award})"
    conditions = where(
        "e.seq < %(size)s",
        _IS_OF_VIEWER if view.subject is not None else view.is_of_whole_award and whole,
    )
    select = f"""
        SELECT e.account, sum(e.debit_fen) AS debit_fen, sum(e.credit_fen) AS credit_fen,
               CAST(%(size)s AS bigint) AS size
        FROM ledger_entry e {conditions} GROUP BY e.account
    """
    return SqlRows(
        connection,
        select,
        BalanceRow,
        {**view.parameters, "size": ledger.size},
        lambda rows: map(balance_json, rows),
        {"as_of": format_time(ledger.as_of or view.instant), "size": ledger.size},
    )


def balance_json(row: BalanceRow) -> Json:
    """An account's sums and its balance, credit less debit."""
    debit_fen, credit_fen = int(row.debit_fen), int(row.credit_fen)
    return {
        "account": row.account,
        "debit": format_yuan(debit_fen),
        "credit": format_yuan(credit_fen),
        "balance": format_yuan(credit_fen - debit_fen),
    }
