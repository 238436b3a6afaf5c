"""The budget of a year."""

from sqlalchemy import Connection

from services.incentive.domain.budget import budget_json
from services.incentive.queries.view import LedgerView
from services.incentive.store.award_context import load_recorded_context
from shared.postgres.query import fetch_value
from shared.values.json_types import Json


def load_budget(connection: Connection, view: LedgerView, year: int) -> Json:
    """The contract's budget of a year, as of the view's instant."""
    payable = f"SELECT coalesce(sum(award.payable_fen), 0) FROM {view.awards} WHERE award.year = %(year)s"
    payable_fen = int(fetch_value(connection, payable, int, year=year, as_of=view.as_of))
    posted = load_recorded_context(connection, (), (), [year], view.as_of).posted.get(year, ())
    return budget_json(year, view.rulebook.policy, payable_fen, posted)
