"""The service of statements (决定书), and the last days of the remedies against the decisions."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.statements.deadlines import remedies_of
from services.incentive.domain.subjects.own_records import own_service
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import list_acts
from services.incentive.store.as_of import AS_OF
from services.incentive.store.frozen.statements import RecordedStatement, served_days
from shared.postgres.query import fetch
from shared.values.json_types import Json

# Statements that are not served yet, oldest first; then those with a remedy that may be open, served last first.
_OF_DECISIONS: Final = f"""
    SELECT s.sha256, s.content, o.award_id, o.subject, o.action, o.decided_on, o.recorded_at FROM (
        SELECT d.statement, d.award_id, d.subject, d.action, d.decided_on, a.recorded_at, a.seq, served.served_on
        FROM decision d JOIN act a ON a.id = d.id
        LEFT JOIN (
            SELECT v.statement, max(v.served_on) AS served_on FROM service v JOIN act b ON b.id = v.id
            WHERE b.recorded_at <= {AS_OF} GROUP BY v.statement
        ) served ON served.statement = d.statement
        WHERE d.statement IS NOT NULL AND a.recorded_at <= {AS_OF} AND d.decided_on >= %(since)s
          AND (CAST(%(award_ids)s AS text[]) IS NULL OR d.award_id = ANY(%(award_ids)s))
          AND CASE WHEN served.served_on IS NULL THEN %(unserved)s ELSE served.served_on >= %(served_since)s END
        ORDER BY served.served_on DESC NULLS FIRST, a.seq LIMIT %(limit)s
    ) o JOIN statement s ON s.sha256 = o.statement
    ORDER BY o.served_on DESC NULLS FIRST, o.seq
"""
_LONGEST_REMEDY_DAYS: Final = 366
_LONGEST_DAYS: Final = 2 * _LONGEST_REMEDY_DAYS  # with the time until it is served


class OpenStatement(NamedTuple):
    """A statement that is not served, or has a remedy whose last day has not passed.

    `remedies` are those of the statement, each with its last day (`until`, None before it is served).
    """

    sha256: str
    number: str
    award_id: str
    subject: str
    kind: str
    decided_on: date
    served_on: date | None
    remedies: list[Json]

    @property
    def last_days(self) -> list[date]:
        """The last day of each remedy; none before the statement is served."""
        return [date.fromisoformat(one["until"]) for one in self.remedies if one["until"]]

    @property
    def until(self) -> date | None:
        """The last of these days."""
        return max(self.last_days, default=None)


def service_json(connection: Connection, view: LedgerView, found: RecordedStatement) -> Json:
    """How and when a statement was served, and its remedies with their last days."""
    services = list_acts(connection, "service", ("statement", found.sha256), view.as_of)
    days = [date.fromisoformat(one["served_on"]) for one in services]
    if view.subject is not None:
        services = [own_service(one, view.rulebook.policy.statements) for one in services]
    return {"items": services, "remedies": remedies_of(msgspec.json.decode(found.content), days)}


def open_statements(connection: Connection, view: LedgerView, today: date, limit: int) -> list[OpenStatement]:
    """At most `limit` statements: those that wait for service, then those that wait for the last day of a remedy."""
    return _load_open(connection, view, today, has_unserved=True, limit=limit)


def remedy_days(
    connection: Connection, view: LedgerView, today: date, award_ids: Collection[str] | None = None
) -> dict[str, list[date]]:
    """The last days, not before today, of the remedies against what was decided and served, by award_id.

    `award_ids` are the awards to look at (None: all).
    """
    days: dict[str, list[date]] = {}
    for one in _load_open(connection, view, today, has_unserved=False, award_ids=award_ids):
        days.setdefault(one.award_id, []).extend(day for day in one.last_days if day >= today)
    return days


def _load_open(
    connection: Connection,
    view: LedgerView,
    today: date,
    *,
    has_unserved: bool,
    limit: int | None = None,
    award_ids: Collection[str] | None = None,
) -> list[OpenStatement]:
    rows = fetch(
        connection,
        _OF_DECISIONS,
        RecordedStatement,
        as_of=view.as_of,
        since=today - timedelta(days=_LONGEST_DAYS),
        served_since=today - timedelta(days=_LONGEST_REMEDY_DAYS),
        unserved=has_unserved,
        limit=limit,
        award_ids=None if award_ids is None else list(award_ids),
    )
    served = served_days(connection, [row.sha256 for row in rows], view.as_of)
    found = (_open(row, served.get(row.sha256, ())) for row in rows)
    return [one for one in found if one.served_on is None or (one.until is not None and one.until >= today)]


def _open(row: RecordedStatement, served: Sequence[date]) -> OpenStatement:
    statement = msgspec.json.decode(row.content)
    return OpenStatement(
        sha256=row.sha256,
        number=statement["number"],
        award_id=row.award_id,
        subject=row.subject,
        kind=row.action,
        decided_on=row.decided_on,
        served_on=max(served, default=None),
        remedies=remedies_of(statement, served),
    )
