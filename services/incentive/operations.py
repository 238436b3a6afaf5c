"""What is asked of awards and ledger: one function a question, each in the transaction that it is given.

`viewer` is the exchange whose key asks; None sees all. An exchange sees an award if its evidence names it, and wholly
if its evidence names nobody else and no award suppresses it that is not wholly visible itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    any_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.incentive.answers import STATE, Json
from services.incentive.awards import award_from_row, exchange_totals, load_facts, subject_facts
from services.incentive.basis import Basis
from services.incentive.explain import AwardState, ExchangeFacts, explanation
from services.incentive.facts import ExchangeTotal, Fact, FirstListing, FirstPurchase, ProviderTotal
from services.incentive.models import LEDGER_LOCK, award_current, ledger_entry, ledger_transaction
from services.incentive.status import exchange_status, subject_status
from shared.parties import Party, parse_subject

_suppressor = award_current.alias("suppressor")
WAIT_FOR_WRITERS = "5s"


def _named(table: FromClause, viewer: str) -> ColumnElement[bool]:
    return table.c.exchanges.contains(_only(viewer))


def _alone(table: FromClause, viewer: str) -> ColumnElement[bool]:
    return table.c.exchanges == _only(viewer)


def _only(viewer: str) -> ColumnElement[Any]:
    # Compared as the column is: in code point order.
    return cast(array([literal(viewer)]), ARRAY(award_current.c.award_id.type))


def _whole(viewer: str | None) -> ColumnElement[bool]:
    """Whether a row of `award_current`, joined with its suppressor, is wholly visible."""
    if viewer is None:
        return literal(value=True)
    # What suppresses is the highest of its group, so nothing suppresses it in turn.
    return and_(
        _alone(award_current, viewer), or_(award_current.c.suppressed_by.is_(None), _alone(_suppressor, viewer))
    )


def _seen_awards(viewer: str | None) -> Select[Any]:
    """Awards that the viewer sees, each with whether it is `whole`."""
    joined = award_current.outerjoin(_suppressor, _suppressor.c.award_id == award_current.c.suppressed_by)
    statement = select(award_current, _whole(viewer).label("whole")).select_from(joined)
    return statement if viewer is None else statement.where(_named(award_current, viewer))


def list_awards(
    connection: Connection, viewer: str | None, filters: Mapping[str, Any], after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Awards in code point order of `award_id`, at most `limit`; `filters` by subject, exchange, rule, year, state."""
    if filters.get("state", STATE) != STATE or _foreign(viewer, filters):
        return []
    statement = _seen_awards(viewer).order_by(award_current.c.award_id).limit(limit)
    for name in ("subject", "exchange", "rule", "year"):
        if name in filters:
            statement = statement.where(award_current.c[name] == filters[name])
    if after is not None:
        statement = statement.where(award_current.c.award_id > after)
    return connection.execute(statement).all()


def _foreign(viewer: str | None, filters: Mapping[str, Any]) -> bool:
    return viewer is not None and filters.get("exchange", viewer) != viewer


def find_award(connection: Connection, viewer: str | None, award_id: str) -> Row[Any] | None:
    """One award; None where there is none that the viewer sees."""
    statement = _seen_awards(viewer).where(award_current.c.award_id == award_id)
    return connection.execute(statement).one_or_none()


def explain_award(connection: Connection, viewer: str | None, row: Row[Any], basis: Basis) -> Json:
    """The contract's Explanation of a row of `find_award`."""
    group = _seen_awards(viewer).where(award_current.c.subject == row.subject, award_current.c.year == row.year)
    rivals = tuple((rival.award_id, rival.ceiling_fen) for rival in connection.execute(group) if rival.whole)
    facts = _facts_about(connection, row.about)
    scheme, code = parse_subject(row.subject)
    state = AwardState(
        award_id=row.award_id,
        rule=row.rule,
        subject=Party(scheme, code, row.subject_name),
        exchange=row.exchange,
        year=row.year,
        ceiling_fen=row.ceiling_fen,
        payable_fen=row.payable_fen,
        suppressed_by=row.suppressed_by,
        evidence=award_from_row(row).evidence,
        flags=tuple(row.flags),
        partial=not row.whole,
        rivals=rivals,
    )
    is_tiers = row.rule == basis.policy.exchange_tiers.rule
    known = ExchangeFacts(exchange_totals(facts), basis.exchanges) if is_tiers else subject_facts(facts)
    told = explanation(state, known, basis.policy, None if viewer is None else {viewer})
    return {**told, "transactions": _seqs_of(connection, row.award_id) if row.whole else []}


def _seqs_of(connection: Connection, award_id: str) -> list[int]:
    columns = ledger_transaction.c
    statement = select(columns.seq).where(columns.award_id == award_id).order_by(columns.seq)
    return list(connection.execute(statement).scalars())


def _facts_about(connection: Connection, about: str) -> tuple[Fact, ...]:
    found = load_facts(connection, [about], {}).get(about)
    return () if found is None else found.of


def tell_subject_status(
    connection: Connection, viewer: str | None, subject: str, year: int, basis: Basis
) -> Json | None:
    """How a subject stands in a year; None where nothing is known of it that the viewer may see.

    An exchange sees the subjects that a fact names with it, and its own operator.
    """
    facts = _facts_about(connection, subject)
    last_day = date(year, 12, 31)
    operated = [
        exchange
        for exchange in basis.exchanges.ids
        if (operator := basis.exchanges.operator_on(exchange, last_day)) and f"uscc:{operator.uscc}" == subject
    ]
    if viewer is None:
        is_known = bool(facts or operated)
    else:
        is_known = viewer in operated or any(viewer in named_exchanges(fact) for fact in facts)
    if not is_known:
        return None
    awards = _seen_awards(viewer).where(award_current.c.subject == subject, award_current.c.year == year)
    return subject_status(
        subject,
        year,
        subject_facts(facts),
        {exchange: exchange_totals(_facts_about(connection, f"exchange/{exchange}")) for exchange in operated},
        exchanges=basis.exchanges,
        policy=basis.policy,
        awards={row.award_id for row in connection.execute(awards)},
        visible=None if viewer is None else {viewer},
    )


def named_exchanges(fact: Fact) -> set[str]:
    """The exchanges that a fact names."""
    if isinstance(fact, ExchangeTotal):
        return {fact.exchange}
    if isinstance(fact, ProviderTotal):
        return set(fact.by_exchange)
    if isinstance(fact, FirstListing | FirstPurchase) and fact.first is not None:
        return {fact.first.exchange}
    return set()


def tell_exchange_status(
    connection: Connection, viewer: str | None, exchange: str, year: int, basis: Basis
) -> Json | None:
    """How an exchange stands in a year; None where it is not on the whitelist, or is another's."""
    if exchange not in basis.exchanges.ids or viewer not in (None, exchange):
        return None
    columns = award_current.c
    awards = (
        select(columns.award_id)
        .where(columns.exchange == exchange, columns.year == year, columns.rule == basis.policy.exchange_tiers.rule)
        .order_by(columns.award_id)
    )
    totals = exchange_totals(_facts_about(connection, f"exchange/{exchange}"))
    found = list(connection.execute(awards).scalars())
    return exchange_status(exchange, year, ExchangeFacts(totals, basis.exchanges), basis.policy, found)


def list_transactions(
    connection: Connection, viewer: str | None, filters: Mapping[str, Any], after: int | None, limit: int
) -> tuple[list[Row[Any]], dict[int, list[Row[Any]]]]:
    """Transactions in order of `seq`, at most `limit`, and their entries by `seq`.

    `filters` by award_id, kind, subject, year (what it moved away from too), from_ and until (half-open).
    """
    columns = ledger_transaction.c
    statement = select(ledger_transaction).order_by(columns.seq).limit(limit)
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
    rows: list[Row[Any]] = list(connection.execute(_of_whole_awards(statement, viewer)))
    entries: dict[int, list[Row[Any]]] = {row.seq: [] for row in rows}
    lines = (
        select(ledger_entry)
        .where(ledger_entry.c.seq == any_(literal(list(entries), ARRAY(columns.seq.type))))
        .order_by(ledger_entry.c.seq, ledger_entry.c.line)
    )
    for line in connection.execute(lines):
        entries[line.seq].append(line)
    return rows, entries


def _of_whole_awards(statement: Select[Any], viewer: str | None) -> Select[Any]:
    """Those rows of `ledger_transaction` alone whose awards are wholly visible."""
    if viewer is None:
        return statement
    joined = award_current.outerjoin(_suppressor, _suppressor.c.award_id == award_current.c.suppressed_by)
    of_it = award_current.c.award_id == ledger_transaction.c.award_id
    return statement.where(exists().select_from(joined).where(of_it, _whole(viewer)))


class LedgerAsOf(NamedTuple):
    """The ledger as of an instant: its first `size` transactions."""

    as_of: datetime
    size: int


def wait_for_writers(connection: Connection) -> None:
    """Return once nobody is posting: what is posted later has a later `posted_at` than now.

    Run in a transaction of its own, before the one that reads.
    """
    connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_WRITERS}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": LEDGER_LOCK})


def ledger_as_of(connection: Connection, as_of: datetime | None, now: datetime) -> LedgerAsOf:
    """The ledger at an instant, else at its last posting; `now` while it has none."""
    columns = ledger_transaction.c
    statement = select(columns.seq, columns.posted_at).order_by(columns.seq.desc()).limit(1)
    if as_of is not None:
        statement = statement.where(columns.posted_at <= as_of)
    last = connection.execute(statement).one_or_none()
    if last is None:
        return LedgerAsOf(as_of or now, 0)
    return LedgerAsOf(as_of or last.posted_at, last.seq + 1)


def ledger_of_size(connection: Connection, size: int, newest: LedgerAsOf) -> LedgerAsOf:
    """The ledger as a page before had it; `newest` where its size is none that the ledger had."""
    if not 0 < size < newest.size:
        return newest
    columns = ledger_transaction.c
    posted_at = connection.execute(select(columns.posted_at).where(columns.seq == size - 1)).scalar_one()
    return LedgerAsOf(posted_at, size)


def list_balances(
    connection: Connection, viewer: str | None, size: int, after: str | None, limit: int
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
    if viewer is not None:
        seqs = _of_whole_awards(select(ledger_transaction.c.seq), viewer)
        statement = statement.where(columns.seq.in_(seqs))
    return list(connection.execute(statement))
