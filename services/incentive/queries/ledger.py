"""Transactions and balances of the ledger, as a reader may see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, any_, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from services.incentive.queries.view import LedgerView, of_whole_awards
from services.incentive.store.tables import ledger_entry, ledger_transaction

_LEDGER_END: Final = text("SELECT seq, posted_at FROM ledger_end(:before, :as_of)")


def list_transactions(
    connection: Connection, view: LedgerView, filters: Mapping[str, Any], after: int | None, limit: int
) -> tuple[list[Row[Any]], dict[int, list[Row[Any]]]]:
    """Transactions in order of `seq`, at most `limit`, and their entries by `seq`.

    Filters: award_id, kind, subject and year (of what a transaction moves away from, too), from_ and until (half-open).
    """
    columns = ledger_transaction.c
    statement = select(ledger_transaction).order_by(columns.seq).limit(limit)
    if view.as_of is not None:
        statement = statement.where(columns.posted_at <= view.as_of)
    for name in ("award_id", "kind"):
        if name in filters:
            statement = statement.where(columns[name] == filters[name])
    for name in ("subject", "year"):
        if name in filters:
            statement = statement.where(or_(columns[name] == filters[name], columns[f"{name}_before"] == filters[name]))
    if "from_" in filters:
        statement = statement.where(columns.posted_at >= filters["from_"])
    if "until" in filters:
        statement = statement.where(columns.posted_at < filters["until"])
    if after is not None:
        statement = statement.where(columns.seq > after)
    rows: list[Row[Any]] = list(connection.execute(of_whole_awards(statement, view)))
    entries: dict[int, list[Row[Any]]] = {row.seq: [] for row in rows}
    lines = (
        select(ledger_entry)
        .where(ledger_entry.c.seq == any_(literal(list(entries), ARRAY(columns.seq.type))))
        .order_by(ledger_entry.c.seq, ledger_entry.c.line)
    )
    for line in connection.execute(lines):
        entries[line.seq].append(line)
    return rows, entries


class LedgerSize(NamedTuple):
    """The ledger as of an instant: its first `size` transactions."""

    as_of: datetime
    size: int


def ledger_as_of(connection: Connection, view: LedgerView, size: int | None = None) -> LedgerSize:
    """The ledger at the view's instant, else at its last posting; now while it is empty.

    `size` is the one that an earlier page answered with; ignored if the ledger never had it.
    """
    last = ledger_end(connection, None, view.as_of)
    if last is None:
        return LedgerSize(view.instant, 0)
    newest = LedgerSize(view.as_of or last.posted_at, last.seq + 1)
    if size is None or not 0 < size < newest.size:
        return newest
    earlier = ledger_end(connection, size, None)
    return newest if earlier is None else LedgerSize(earlier.posted_at, size)


def ledger_end(connection: Connection, before: int | None, as_of: datetime | None) -> Row[Any] | None:
    """`seq` and `posted_at` of the last transaction numbered below `before` and posted up to `as_of`.

    A function of the database answers it for all transactions, whatever the viewer may see.
    """
    return connection.execute(_LEDGER_END, {"before": before, "as_of": as_of}).one_or_none()


def list_balances(
    connection: Connection, view: LedgerView, size: int, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Sums of every account over the first `size` transactions, in code point order, at most `limit`."""
    columns = ledger_entry.c
    statement = (
        select(
            columns.account,
            func.sum(columns.debit_fen).label("debit_fen"),
            func.sum(columns.credit_fen).label("credit_fen"),
        )
        .where(columns.seq < size)
        .group_by(columns.account)
        .order_by(columns.account)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(columns.account > after)
    if view.viewer is not None:
        seqs = of_whole_awards(select(ledger_transaction.c.seq), view)
        statement = statement.where(columns.seq.in_(seqs))
    return list(connection.execute(statement))
