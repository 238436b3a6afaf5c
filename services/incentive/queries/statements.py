"""The service of statements (决定书), and the last days of the remedies against the decisions."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.statements.deadlines import remedies_of
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import list_acts
from services.incentive.store.as_of import AS_OF
from services.incentive.store.frozen.statements import RecordedStatement, served_days
from shared.postgres.query import fetch
from shared.values.json_types import Json

_SERVICES_MOST: Final = 500
# Statements with a remedy that may still be open, and those that are not served yet; oldest first.
_OF_DECISIONS: Final = f"""
    SELECT s.sha256, s.content, d.award_id, d.subject, d.action, d.decided_on, a.recorded_at
    FROM statement s JOIN decision d ON d.statement = s.sha256 JOIN act a ON a.id = d.id
    WHERE a.recorded_at <= {AS_OF} AND d.decided_on >= %(since)s ORDER BY a.seq
"""
_LONGEST_DAYS: Final = 2 * 366  # no remedy is open longer, with the time until it is served


class OpenStatement(NamedTuple):
    """A statement that is not served, or has a remedy whose last day has not passed: `until` is the last of them."""

    sha256: str
    number: str
    award_id: str
    subject: str
    kind: str
    decided_on: date
    served_on: date | None
    until: date | None


def service_json(connection: Connection, view: LedgerView, found: RecordedStatement) -> Json:
    """How and when a statement was served, and its remedies with their last days."""
    services = list_acts(connection, "service", ("statement", found.sha256), view.as_of, None, _SERVICES_MOST)
    days = [date.fromisoformat(one["served_on"]) for one in services]
    return {"items": services, "remedies": remedies_of(msgspec.json.decode(found.content), days)}


def open_statements(connection: Connection, view: LedgerView, today: date) -> list[OpenStatement]:
    """The statements that wait for service, or for the last day of a remedy, in the order of their decisions."""
    since = date.fromordinal(today.toordinal() - _LONGEST_DAYS)
    rows = fetch(connection, _OF_DECISIONS, RecordedStatement, as_of=view.as_of, since=since)
    served = served_days(connection, [row.sha256 for row in rows], view.as_of)
    found = (_open(row, served.get(row.sha256, ())) for row in rows)
    return [one for one in found if one.served_on is None or (one.until is not None and one.until >= today)]


def _open(row: RecordedStatement, served: Sequence[date]) -> OpenStatement:
    statement = msgspec.json.decode(row.content)
    days = [date.fromisoformat(one["until"]) for one in remedies_of(statement, served) if one["until"]]
    return OpenStatement(
        sha256=row.sha256,
        number=statement["number"],
        award_id=row.award_id,
        subject=row.subject,
        kind=row.action,
        decided_on=row.decided_on,
        served_on=max(served, default=None),
        until=max(days, default=None),
    )
