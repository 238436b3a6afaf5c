"""Published versions of awards, the outbox of those that wait to be sent, and the ledger state that was compared."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.store.readings import LedgerState
from shared.postgres.query import execute, fetch, fetch_one, pg_array, pg_arrays

_STATE: Final = ", ".join(LedgerState._fields)
_IS_STATE: Final = " AND ".join(f"{name} = %({name})s" for name in LedgerState._fields)
_BEGIN: Final = f"""
    INSERT INTO compared_ledger ({_STATE}) VALUES ({", ".join(f"%({name})s" for name in LedgerState._fields)})
    ON CONFLICT DO NOTHING
"""
_ADVANCE: Final = f"""
    UPDATE compared_ledger SET {", ".join(f"{name} = %(to_{name})s" for name in LedgerState._fields)} WHERE {_IS_STATE}
"""
# Each version follows the one that it was compared with: a process that no longer leads changes nothing.
_RECORD: Final = """
    WITH given AS (
        SELECT * FROM unnest(
            CAST(%(award_ids)s AS text[]), CAST(%(versions)s AS integer[]), CAST(%(hashes)s AS text[]),
            CAST(%(over_budget)s AS boolean[]), CAST(%(values)s AS bytea[])
        ) WITH ORDINALITY AS g (award_id, version, content_sha256, is_over_budget, value, place)
    ), recorded AS (
        INSERT INTO published_award AS p (award_id, version, content_sha256, is_over_budget, as_of)
        SELECT award_id, version, content_sha256, is_over_budget, %(as_of)s FROM given
        ON CONFLICT (award_id) DO UPDATE SET version = excluded.version, content_sha256 = excluded.content_sha256,
            is_over_budget = excluded.is_over_budget, as_of = excluded.as_of
            WHERE p.version = excluded.version - 1
        RETURNING award_id
    )
    INSERT INTO award_outbox (award_id, version, value)
    SELECT award_id, version, value FROM given JOIN recorded USING (award_id) ORDER BY place
"""
# Waiting versions are older than those in the topic, or may have been sent already, so they must not be sent later.
_RAISE: Final = """
    WITH dropped AS (DELETE FROM award_outbox),
    published AS (
        SELECT * FROM unnest(CAST(%(award_ids)s AS text[]), CAST(%(versions)s AS integer[])) AS p (award_id, version)
    )
    INSERT INTO published_award (award_id, version, content_sha256, is_over_budget, as_of)
    SELECT award_id, greatest(p.version, known.version), NULL, false, %(as_of)s
    FROM published p FULL JOIN published_award known USING (award_id)
    ON CONFLICT (award_id) DO UPDATE SET version = excluded.version, content_sha256 = NULL
"""


# An entry is compared once the comparison of all that was there has ended. Instants follow the order of entries.
_UNCOMPARED: Final = """
    SELECT (SELECT coalesce(max(seq) + 1, 0) FROM ledger_transaction) - coalesce(sum(ledger_size), 0)::bigint,
           (SELECT posted_at FROM ledger_transaction WHERE seq >= (SELECT ledger_size FROM compared_ledger)
            ORDER BY seq LIMIT 1)
    FROM compared_ledger
"""
_UNSENT: Final = "SELECT count(*), min(as_of) FROM award_outbox JOIN published_award USING (award_id)"


class PublishedAward(NamedTuple):
    """The last version of an award; see the table of that name."""

    award_id: str
    version: int
    content_sha256: str | None
    is_over_budget: bool
    as_of: datetime


class NewVersion(NamedTuple):
    """A version to publish, and its record's value."""

    award_id: str
    version: int
    content_sha256: str
    is_over_budget: bool
    value: bytes


class WaitingVersion(NamedTuple):
    """A row of the outbox."""

    id: int
    award_id: str
    value: bytes


def compared_state(connection: Connection) -> LedgerState | None:
    """The state of the ledger up to which awards were compared; None if all are to be compared."""
    return fetch_one(connection, f"SELECT {_STATE} FROM compared_ledger", LedgerState)


def advance_compared(connection: Connection, since: LedgerState | None, state: LedgerState) -> bool:
    """Note that awards were compared up to `state`; return False if another process has done so since `since`."""
    if since is None:
        return execute(connection, _BEGIN, **state._asdict()) == 1
    to = {f"to_{name}": value for name, value in state._asdict().items()}
    return execute(connection, _ADVANCE, **since._asdict(), **to) == 1


def published_awards(connection: Connection, award_ids: Collection[str]) -> dict[str, PublishedAward]:
    """The last versions of those of these awards that have one."""
    statement = f"""
        SELECT {", ".join(PublishedAward._fields)} FROM published_award
        WHERE award_id = ANY(CAST(%(award_ids)s AS text[]))
    """
    rows = fetch(connection, statement, PublishedAward, award_ids=pg_array(award_ids))
    return {row.award_id: row for row in rows}


def record_versions(connection: Connection, versions: Sequence[NewVersion], as_of: datetime) -> bool:
    """Record versions, and put them into the outbox; return False if another process has recorded one of them."""
    arrays = pg_arrays(
        [(one.award_id, one.version, one.content_sha256, one.is_over_budget, one.value) for one in versions],
        *("award_ids", "versions", "hashes", "over_budget", "values"),
    )
    return execute(connection, _RECORD, **arrays, as_of=as_of) == len(versions)


def waiting_versions(connection: Connection, limit: int) -> list[WaitingVersion]:
    """The versions that have waited longest, in order."""
    statement = "SELECT id, award_id, value FROM award_outbox ORDER BY id LIMIT %(limit)s"
    return fetch(connection, statement, WaitingVersion, limit=limit)


def delete_sent(connection: Connection, sent: Sequence[WaitingVersion]) -> None:
    execute(
        connection,
        "DELETE FROM award_outbox WHERE id = ANY(CAST(%(ids)s AS bigint[]))",
        ids=pg_array(one.id for one in sent),
    )


def uncompared_entries(connection: Connection) -> tuple[int, datetime | None]:
    """The entries of the ledger that awards were not compared with yet, and the instant of the first.

    The instant is None if there are none, or if all awards are to be compared.
    """
    (found,) = fetch(connection, _UNCOMPARED, tuple[int, datetime | None])
    return found


def unsent_versions(connection: Connection) -> tuple[int, datetime | None]:
    """The versions that wait to be sent, and the earliest instant of one of their awards."""
    (found,) = fetch(connection, _UNSENT, tuple[int, datetime | None])
    return found


def raise_versions(connection: Connection, published: Mapping[str, int], as_of: datetime) -> None:
    """Let each award have a new version, greater than the one that was published; for a restored ledger."""
    arrays = pg_arrays(published.items(), "award_ids", "versions")
    execute(connection, _RAISE, **arrays, as_of=as_of)
    execute(connection, "DELETE FROM compared_ledger")
