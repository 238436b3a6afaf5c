"""Awards and facts as of an instant (None: now).

Everything is recorded with the instant of its batch. No two batches share an instant and it never falls, so the rows
with an instant up to the one asked for are what there was, and stay so once no writer is left who may still record
something of that instant or an earlier one.
"""

from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import BindParameter, ColumnElement, Connection, FromClause, Subquery, and_, or_, select, text, true

from services.incentive.store.ledger import last_instant
from services.incentive.store.tables import LEDGER_LOCK, award_current, award_version

WAIT_FOR_WRITERS: Final = "5s"
# Joins `fact_current c` with the version `f` of each fact that is current, or was as of `:as_of`.
FACT_NOW: Final = "JOIN fact f ON f.id = c.fact_id"
FACT_AS_OF: Final = (
    "CROSS JOIN LATERAL (SELECT id, value FROM fact WHERE topic = c.topic AND key = c.key"
    " AND recorded_at <= :as_of ORDER BY recorded_at DESC LIMIT 1) f"
)


def wait_until_settled(connection: Connection, as_of: datetime) -> None:
    """Return once nothing more can be recorded of that instant or an earlier one.

    Needs a transaction of its own, before the one that reads. A batch under way is later than everything recorded, so
    there is nothing to wait for unless the instant is after the last one.
    """
    last = last_instant(connection)
    if last is None or last < as_of:
        connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_WRITERS}'"))
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": LEDGER_LOCK})


def awards_as_of(as_of: datetime | None, name: str) -> FromClause:
    """The awards as they were, with the columns of `award_current`, under an alias."""
    if as_of is None:
        return _current(name)
    version = award_version.c
    found = (
        select(award_version)
        .where(version.award_id == award_current.c.award_id, version.recorded_at <= as_of)
        # One batch can settle an award twice.
        .order_by(version.recorded_at.desc(), version.version.desc())
        .limit(1)
        .lateral()
    )
    # Columns that never change are taken from the table with the indexes.
    fixed = {column.name: column for column in (award_current.c.award_id, award_current.c.about, award_current.c.rule)}
    columns = [fixed.get(column.name, column) for column in found.c]
    awards: Subquery = select(*columns).select_from(award_current.join(found, true())).subquery(name)
    return awards


@cache
def _current(name: str) -> FromClause:
    return award_current.alias(name)  # making an alias takes a fifth of an answer's time


def is_of_subject(awards: FromClause, subject: str | BindParameter[str], as_of: datetime | None) -> ColumnElement[bool]:
    """Condition: an award of `awards_as_of` is the subject's.

    A subject's own awards are about it. An exchange's awards go to its operator, who may have changed; they are few.
    """
    of_it: ColumnElement[bool] = awards.c.subject == subject
    if as_of is None:
        return of_it
    about = awards.c.about
    return and_(of_it, or_(about == subject, and_(about >= "exchange/", about < "exchange0")))
