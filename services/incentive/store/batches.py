"""Batches in the ledger's database: recording, finding and listing them, and whether their awards have moved."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.notices.decision_list import DecidedAward
from services.incentive.store.acts import find_acts
from services.incentive.store.as_of import AS_OF
from services.incentive.store.rows import columns
from shared.postgres.query import execute, fetch, fetch_one, fetch_value, fetch_values, pg_array, where
from shared.postgres.sorted_rows import Sorts, SqlRows, column
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time


class BatchRow(NamedTuple):
    """A row of the table `batch`."""

    id: str
    first_seq: int
    action: str
    awards: int
    amount_fen: int
    recorded_at: datetime
    person: str
    name: str
    request_key: str
    request_sha256: str


class BatchDecision(NamedTuple):
    """A decision of a batch, by the number of its transaction."""

    seq: int
    award_id: str
    amount_fen: int
    id: str


_SEQ: Final = column("seq", int)
_FIRST_SEQ: Final = column("first_seq", int)
BATCH_SORTS: Final[Sorts] = {
    "at": (_FIRST_SEQ,),  # no two batches were recorded in another order than their transactions
    "action": (column("action", str), _FIRST_SEQ),
    "count": (column("awards", int), _FIRST_SEQ),
    "amount": (column("amount_fen", int), _FIRST_SEQ),
    "by": (column("name", str), _FIRST_SEQ),
}
DECISION_SORTS: Final[Sorts] = {
    "transaction": (_SEQ,),
    "award_id": (column("award_id", str), _SEQ),
    "amount": (column("amount_fen", int), _SEQ),
}

_BATCH: Final = columns(BatchRow)
# Something that decides about the awards of a batch was recorded since the ledger had so many transactions. What ranks
# awards within a budget is every decided award of its year.
_MOVED: Final = """
    SELECT EXISTS (
        SELECT FROM ledger_transaction t WHERE t.seq >= %(size)s AND (
            t.kind = 'settings' OR t.award_id IS NULL AND t.subject IS NULL
            OR t.subject = ANY(CAST(%(subjects)s AS text[])) OR t.subject_before = ANY(CAST(%(subjects)s AS text[]))
            OR t.award_id = ANY(CAST(%(award_ids)s AS text[]))
            OR (CAST(%(budget_years)s AS smallint[]) IS NULL OR t.year = ANY(CAST(%(budget_years)s AS smallint[])))
               AND EXISTS (SELECT FROM decision d WHERE d.award_id = t.award_id)))
"""


# The award as it was when the decision was recorded: a later version changes no list.
_DECIDED: Final = """
    SELECT d.award_id, d.subject, v.subject_name, d.rule, v.article, d.year, d.amount_fen, d.voucher_no, d.paid_on,
           p.name, p.bank, p.number
    FROM decision d JOIN act a ON a.id = d.id LEFT JOIN account p ON p.id = d.account CROSS JOIN LATERAL (
        SELECT subject_name, article FROM award_version v
        WHERE v.award_id = d.award_id AND v.recorded_at <= a.recorded_at ORDER BY version DESC LIMIT 1) v
    WHERE d.batch_id = %(batch_id)s ORDER BY a.seq
"""


def batch_json(batch: BatchRow) -> Json:
    return {
        "batch_id": batch.id,
        "action": batch.action,
        "count": batch.awards,
        "amount": format_yuan(batch.amount_fen),
        "by": batch.name,
        "person": batch.person,
        "at": format_time(batch.recorded_at),
    }


def record_batch(connection: Connection, batch: BatchRow) -> None:
    statement = f"INSERT INTO batch SELECT {_BATCH} FROM jsonb_populate_record(NULL::batch, CAST(%(row)s AS jsonb))"
    execute(connection, statement, row=msgspec.json.encode(batch._asdict()).decode())


def find_batch_request(connection: Connection, person: str, key: str) -> BatchRow | None:
    """The batch that a person's Idempotency-Key was used for."""
    statement = f"SELECT {_BATCH} FROM batch WHERE person = %(person)s AND request_key = %(key)s"
    return fetch_one(connection, statement, BatchRow, person=person, key=key)


def find_batch(connection: Connection, batch_id: str, as_of: datetime | None) -> BatchRow | None:
    statement = f"SELECT {_BATCH} FROM batch WHERE id = %(id)s AND recorded_at <= {AS_OF}"
    return fetch_one(connection, statement, BatchRow, id=batch_id, as_of=as_of)


def find_batches(connection: Connection, as_of: datetime | None) -> SqlRows[BatchRow]:
    """Open the batches."""
    select = f"SELECT {_BATCH} FROM batch WHERE recorded_at <= {AS_OF}"
    return SqlRows(connection, select, BatchRow, {"as_of": as_of}, lambda rows: map(batch_json, rows))


def find_decisions(connection: Connection, batch: BatchRow) -> SqlRows[BatchDecision]:
    """Open the decisions of a batch."""
    select = """
        SELECT a.seq, d.award_id, d.amount_fen, d.id FROM decision d JOIN act a ON a.id = d.id
        WHERE d.batch_id = %(batch_id)s
    """

    def render(rows: Sequence[BatchDecision]) -> list[Json]:
        shown = {one["transaction"]: one for one in find_acts(connection, [row.id for row in rows])}
        return [shown[row.seq] for row in rows]

    return SqlRows(connection, select, BatchDecision, {"batch_id": batch.id}, render, batch_json(batch))


def decided_awards(connection: Connection, batch_id: str) -> list[DecidedAward]:
    """The decisions of a batch in order, with name and article of each award when it was taken.

    Payments have the account that they went to, whole.
    """
    return fetch(connection, _DECIDED, DecidedAward, batch_id=batch_id)


def unpaid_awards(connection: Connection, batch_id: str | None) -> list[str]:
    """The awards of a batch, or all, with an approved amount that is neither paid nor revoked."""
    of_batch = None if batch_id is None else "award_id IN (SELECT award_id FROM decision WHERE batch_id = %(batch_id)s)"
    statement = f"""
        SELECT award_id FROM decision {where(of_batch)} GROUP BY award_id
        HAVING sum(CASE WHEN action = 'approve' THEN amount_fen
                        WHEN action IN ('pay', 'revoke') THEN -amount_fen END) > 0
        ORDER BY award_id
    """
    return fetch_values(connection, statement, str, batch_id=batch_id)


def list_of_batch(connection: Connection, batch_id: str) -> str | None:
    """The SHA-256 of the list that a batch posted; None if it posted none."""
    statement = "SELECT DISTINCT notice_list FROM decision WHERE batch_id = %(batch_id)s AND notice_list IS NOT NULL"
    found = fetch_values(connection, statement, str, batch_id=batch_id)
    return found[0] if found else None


def has_moved(
    connection: Connection,
    size: int,
    award_ids: Collection[str],
    subjects: Collection[str],
    budget_years: Collection[int] | None,
) -> bool:
    """Return True if the ledger may have changed these awards since it had `size` transactions.

    `budget_years` are the years whose decisions use the same budgets (None: all years).
    """
    return fetch_value(
        connection,
        _MOVED,
        bool,
        size=size,
        award_ids=pg_array(sorted(award_ids)),
        subjects=pg_array(sorted(subjects)),
        budget_years=None if budget_years is None else list(budget_years),
    )
