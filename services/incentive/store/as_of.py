"""What stood at an instant (None: now): awards, and the policy, whitelist and registers in force.

Whatever is recorded has the instant of its batch, which no two batches share and which never falls. So what has an
instant up to the one that is asked for is what was there then, and stays so once nobody is writing who may still record
something of that instant or an earlier one.
"""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import BindParameter, ColumnElement, Connection, FromClause, Subquery, and_, or_, select, text, true

from services.incentive.domain.facts import Registers
from services.incentive.policy.loader import read_policy
from services.incentive.store.rulebook import Rulebook
from services.incentive.store.tables import LEDGER_LOCK, award_current, award_version, ledger_settings
from shared.postgres.database import rows_of, written
from shared.whitelist import parse_whitelist

WAIT_FOR_WRITERS: Final = "5s"
_IN_FORCE: Final = written(
    text(
        "SELECT id, policy_digest, whitelist_digest, registers FROM ledger_settings"
        " WHERE recorded_at <= coalesce(CAST(:as_of AS timestamptz), 'infinity') ORDER BY id DESC LIMIT 1"
    )
)
# What joins `fact_current c` with the version `f` of each fact that stands, and that stood as of `:as_of`.
FACT_NOW: Final = "JOIN fact f ON f.id = c.fact_id"
FACT_THEN: Final = (
    "CROSS JOIN LATERAL (SELECT id, value FROM fact WHERE topic = c.topic AND key = c.key"
    " AND recorded_at <= :as_of ORDER BY recorded_at DESC LIMIT 1) f"
)

_read: dict[tuple[str, str], Rulebook] = {}  # by the digests of both: few are ever in force


def last_instant(connection: Connection) -> datetime | None:
    """When something was last recorded: whatever is comes with a fact, a transaction or settings."""
    found: datetime | None = connection.execute(
        text(
            "SELECT greatest((SELECT posted_at FROM ledger_transaction ORDER BY seq DESC LIMIT 1),"
            " (SELECT recorded_at FROM fact ORDER BY id DESC LIMIT 1),"
            " (SELECT recorded_at FROM ledger_settings ORDER BY id DESC LIMIT 1))"
        )
    ).scalar_one()
    return found


def wait_until_settled(connection: Connection, as_of: datetime) -> None:
    """Return once nothing can be recorded any more of that instant or an earlier one.

    Run in a transaction of its own, before the one that reads. What is under way is later than all that is recorded,
    so only an instant after the last is waited for.
    """
    last = last_instant(connection)
    if last is None or last < as_of:
        connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_WRITERS}'"))
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": LEDGER_LOCK})


def awards_as_of(as_of: datetime | None, name: str) -> FromClause:
    """The awards as they were, with the columns of `award_current`, under a name of their own in the statement."""
    if as_of is None:
        return _current(name)
    version = award_version.c
    then = (
        select(award_version)
        .where(version.award_id == award_current.c.award_id, version.recorded_at <= as_of)
        # One batch can settle an award twice.
        .order_by(version.recorded_at.desc(), version.version.desc())
        .limit(1)
        .lateral()
    )
    # What never changes is taken from where indexes are.
    fixed = {column.name: column for column in (award_current.c.award_id, award_current.c.about, award_current.c.rule)}
    columns = [fixed.get(column.name, column) for column in then.c]
    found: Subquery = select(*columns).select_from(award_current.join(then, true())).subquery(name)
    return found


@cache
def _current(name: str) -> FromClause:
    return award_current.alias(name)  # an alias is slow to make: a fifth of what an answer takes


def is_of_subject(awards: FromClause, subject: str | BindParameter[str], as_of: datetime | None) -> ColumnElement[bool]:
    """Whether an award of `awards_as_of` is the subject's.

    Its own awards are about it. An exchange's follow its operator, who was perhaps another then; there are few of them.
    """
    of_it: ColumnElement[bool] = awards.c.subject == subject
    if as_of is None:
        return of_it
    about = awards.c.about
    return and_(of_it, or_(about == subject, and_(about >= "exchange/", about < "exchange0")))


def rulebook_as_of(connection: Connection, as_of: datetime | None, ours: Rulebook) -> Rulebook:
    """What awards were computed by; the program's own where nothing had been put in force yet."""
    rows = rows_of(connection, _IN_FORCE, as_of=as_of)
    if not rows:
        return ours
    (row,) = rows
    if (row.policy_digest, row.whitelist_digest) == (ours.policy.digest, ours.exchanges.digest):
        return replace(ours, registers=registers_of(row))
    return _recorded_rulebook(connection, row)


def rulebook_in_force(connection: Connection) -> Rulebook | None:
    """What awards are computed by; None while nothing was put in force."""
    rows = rows_of(connection, _IN_FORCE, as_of=None)
    return _recorded_rulebook(connection, rows[0]) if rows else None


def _recorded_rulebook(connection: Connection, row: Any) -> Rulebook:
    digests = row.policy_digest, row.whitelist_digest
    if digests not in _read:
        _read[digests] = _read_rulebook(connection, row.id)
    return replace(_read[digests], registers=registers_of(row))


def registers_of(row: Any) -> Registers:
    """The registers that count by a row of `ledger_settings`."""
    return None if row.registers is None else tuple(row.registers)


def _read_rulebook(connection: Connection, settings_id: int) -> Rulebook:
    columns = ledger_settings.c
    wanted = select(columns.policy_source, columns.whitelist).where(columns.id == settings_id)
    source, whitelist = connection.execute(wanted).one()
    policy = read_policy(source.encode(), "ledger_settings.policy_source")
    return Rulebook(policy, source, parse_whitelist(msgspec.json.encode(whitelist).decode()))
