"""Writing to the ledger: its lock, the instants and numbers of what is recorded, and postings."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.postings import Posting
from services.incentive.store.rows import LEDGER_LOCK
from shared.postgres.clock import check_clock
from shared.postgres.query import execute, fetch_optional, fetch_value
from shared.values.json_types import Json

# One statement, because each batch needs it: prepared once, one answer.
_LOCK: Final = """
    SELECT set_config('transaction_timeout', '120s', true),
           set_config('idle_in_transaction_session_timeout', '30s', true), pg_advisory_xact_lock(%(lock)s)
"""
LAST_INSTANT: Final = """
    SELECT greatest((SELECT posted_at FROM ledger_transaction ORDER BY seq DESC LIMIT 1),
                    (SELECT recorded_at FROM fact ORDER BY id DESC LIMIT 1),
                    (SELECT recorded_at FROM ledger_settings ORDER BY id DESC LIMIT 1))
"""
_POST: Final = """
    WITH posted AS (
        INSERT INTO ledger_transaction
        SELECT * FROM jsonb_populate_recordset(
            jsonb_populate_record(NULL::ledger_transaction, CAST(%(same)s AS jsonb)), CAST(%(others)s AS jsonb)))
    INSERT INTO ledger_entry SELECT * FROM jsonb_populate_recordset(NULL::ledger_entry, CAST(%(entries)s AS jsonb))
"""
_TICK: Final = timedelta(microseconds=1)


def lock_ledger(connection: Connection) -> None:
    """Wait until no other writer is at work, and keep others out until the transaction ends.

    The time limits make PostgreSQL end the transaction of a process that was stopped in the middle.
    """
    execute(connection, _LOCK, lock=LEDGER_LOCK)


def lock_ledger_for_request(connection: Connection) -> None:
    """The same for a person who waits for the answer: at most 10 s, as a recomputation of everything takes longer."""
    execute(connection, "SET LOCAL lock_timeout = '10s'")
    lock_ledger(connection)


def last_instant(connection: Connection) -> datetime | None:
    """The instant of the last batch: each records a fact, a transaction or settings."""
    return fetch_optional(connection, LAST_INSTANT, datetime)


def next_instant(connection: Connection, now: datetime) -> datetime:
    """The instant of this batch: `now`, read after the lock was acquired, or later than everything recorded.

    Raises WrongClockError, because nothing after an instant that is too late could have an earlier one. The clock is
    compared after it was read: it may have been set just before.
    """
    check_clock(connection)
    last = last_instant(connection)
    return now if last is None else max(now, last + _TICK)


def next_seq(connection: Connection) -> int:
    """The number of the next transaction."""
    return fetch_value(connection, "SELECT coalesce(max(seq) + 1, 0) FROM ledger_transaction", int)


def post(connection: Connection, postings: Sequence[Posting], instant: datetime) -> None:
    """Number the postings and insert them with their entries in one statement, as the ledger's triggers require."""
    if not postings:
        return
    transactions: list[Mapping[str, object]] = []
    entries: list[Mapping[str, object]] = []
    for seq, found in enumerate(postings, next_seq(connection)):
        fields = msgspec.structs.asdict(found)
        transactions.append({**fields, "seq": seq, "posted_at": instant, "entries": len(found.entries)})
        entries.extend(
            {"seq": seq, "line": line, **msgspec.structs.asdict(entry)} for line, entry in enumerate(found.entries)
        )
    same, others = same_and_others(transactions)
    execute(connection, _POST, same=json_text(same), others=json_text(others), entries=json_text(entries))


def json_text(rows: Mapping[str, object] | Sequence[Mapping[str, object]]) -> str:
    """A row as JSON for `jsonb_populate_record`, or rows for `jsonb_populate_recordset`."""
    return msgspec.json.encode(rows).decode()


def same_and_others(rows: Sequence[Mapping[str, object]]) -> tuple[Json, list[Json]]:
    """Split rows into the columns in which all agree, as most do in a batch, and the other columns of each row."""
    same = {name: value for name, value in rows[0].items() if all(row[name] == value for row in rows)}
    names = [name for name in rows[0] if name not in same]
    return same, [{name: row[name] for name in names} for row in rows]
