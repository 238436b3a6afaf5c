"""Awards and facts as of an instant (None: now), in SQL.

Everything is recorded with the instant of its batch. No two batches share an instant and it never falls, so the rows
with an instant up to the one asked for are what there was, and stay so once no writer is left who may still record
something of that instant or an earlier one.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from services.incentive.store.ledger import last_instant
from services.incentive.store.rows import AWARD_COLUMNS, LEDGER_LOCK
from shared.postgres.query import execute

WAIT_FOR_WRITERS: Final = "5s"
# The instant of the parameter `as_of`.
AS_OF: Final = "coalesce(CAST(%(as_of)s AS timestamptz), 'infinity')"
_FACT_AS_OF: Final = (
    "CROSS JOIN LATERAL (SELECT id, value FROM fact WHERE topic = c.topic AND key = c.key"
    " AND recorded_at <= %(as_of)s ORDER BY recorded_at DESC LIMIT 1) f"
)
# Columns that never change are taken from the table with the indexes. One batch can settle an award twice.
_AWARDS_AS_OF: Final = f"""
    (SELECT {", ".join(f"{'c' if name in ('award_id', 'about', 'rule') else 'v'}.{name}" for name in AWARD_COLUMNS)}
     FROM award_current c CROSS JOIN LATERAL (
        SELECT * FROM award_version WHERE award_id = c.award_id AND recorded_at <= %(as_of)s
        ORDER BY recorded_at DESC, version DESC LIMIT 1) v)
"""


def wait_until_settled(connection: Connection, as_of: datetime) -> None:
    """Return once nothing more can be recorded of that instant or an earlier one.

    Needs a transaction of its own, before the one that reads. A batch under way is later than everything recorded, so
    there is nothing to wait for unless the instant is after the last one.
    """
    last = last_instant(connection)
    if last is None or last < as_of:
        execute(connection, f"SET LOCAL lock_timeout = '{WAIT_FOR_WRITERS}'")
        execute(connection, "SELECT pg_advisory_xact_lock_shared(%(lock)s)", lock=LEDGER_LOCK)


def awards_as_of(as_of: datetime | None) -> str:
    """The awards as they were, for a FROM clause, with AWARD_COLUMNS; needs the parameter `as_of`."""
    return "award_current" if as_of is None else _AWARDS_AS_OF


def joined_facts(as_of: datetime | None) -> str:
    """SQL to join `fact_current c` with the version `f` of each fact at that instant; needs the parameter `as_of`."""
    return "JOIN fact f ON f.id = c.fact_id" if as_of is None else _FACT_AS_OF


def is_of_subject(as_of: datetime | None, subject: str = "%(subject)s") -> str:
    """Condition: an award of `awards_as_of`, called `award`, belongs to the parameter `subject`.

    A subject's own awards are about it. An exchange's awards go to its operator, who may have changed; they are few.
    """
    if as_of is None:
        return f"award.subject = {subject}"
    about = f"award.about = {subject} OR (award.about >= 'exchange/' AND award.about < 'exchange0')"
    return f"award.subject = {subject} AND ({about})"
