"""How the year of an exchange goes on, as of a view's instant."""

from sqlalchemy import Connection

from services.incentive.domain.outlook.report import exchange_outlook
from services.incentive.queries.status import facts_of_exchange
from services.incentive.queries.view import LedgerView
from shared.values.json_types import Json
from shared.values.times import shanghai_date


def load_exchange_outlook(connection: Connection, view: LedgerView, exchange: str, year: int) -> Json | None:
    """The course and forecast of an exchange's year; None if it is not on the whitelist, or not the viewer's."""
    if exchange not in view.rulebook.exchanges.ids or view.viewer not in (None, exchange):
        return None
    facts = facts_of_exchange(connection, view, exchange)
    return exchange_outlook(exchange, year, facts, view.rulebook.policy, shanghai_date(view.instant))
