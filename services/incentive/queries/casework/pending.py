"""Load what waits for the bureau beside the awards' steps: objections, accounts to confirm."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.acts import Act
from services.incentive.domain.holds import OBJECTION
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import render_acts
from services.incentive.store.as_of import AS_OF
from services.incentive.store.rows import columns
from shared.postgres.query import fetch
from shared.values.json_types import Json

# The last account that was recorded of each subject, if nobody has confirmed it.
_TO_CONFIRM: Final = f"""
    SELECT subject, name, bank, number, recorded_by, recorded_at FROM (
        SELECT DISTINCT ON (p.subject) p.id, p.subject, p.name, p.bank, p.number, a.seq,
               coalesce(a.name, a.person) AS recorded_by, a.recorded_at
        FROM account p JOIN act a ON a.id = p.id WHERE a.recorded_at <= {AS_OF} ORDER BY p.subject, a.seq DESC
    ) last
    WHERE NOT EXISTS (
        SELECT FROM account_confirmation c JOIN act a ON a.id = c.id
        WHERE c.account_id = last.id AND a.recorded_at <= {AS_OF})
    ORDER BY seq LIMIT %(limit)s
"""
# Objections that the bureau registered itself; those received publicly have a list of their own.
_REGISTERED: Final = f"""
    SELECT {columns(Act, "a")} FROM act a JOIN hold h ON h.id = a.id
    WHERE h.kind = '{OBJECTION}' AND h.objection_id IS NULL AND a.recorded_at <= {AS_OF}
      AND NOT EXISTS (SELECT FROM hold_release r JOIN act b ON b.id = r.id
                      WHERE r.hold_id = h.id AND b.recorded_at <= {AS_OF})
    ORDER BY a.seq LIMIT %(limit)s
"""


class AccountToConfirm(NamedTuple):
    """The last account recorded of a subject, which another person than the one who recorded it may confirm."""

    subject: str
    name: str
    bank: str
    number: str
    recorded_by: str
    recorded_at: datetime


def accounts_to_confirm(connection: Connection, view: LedgerView, limit: int) -> list[AccountToConfirm]:
    """At most `limit` accounts that wait for a second person, the longest waiting first."""
    return fetch(connection, _TO_CONFIRM, AccountToConfirm, as_of=view.as_of, limit=limit)


def registered_objections(connection: Connection, view: LedgerView, limit: int) -> list[Json]:
    """At most `limit` objections that the bureau registered itself and has not answered, the longest waiting first."""
    acts = fetch(connection, _REGISTERED, Act, as_of=view.as_of, limit=limit)
    return [record for _, record in render_acts(connection, acts) if record is not None]
