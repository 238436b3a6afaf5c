"""The budget of a year."""

from sqlalchemy import Connection, func, select

from services.incentive.domain.budget import budget_json
from services.incentive.queries.serializers import Json
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import posted_in
from services.incentive.store.as_of import awards_as_of


def load_budget(connection: Connection, view: LedgerView, year: int) -> Json:
    """The contract's budget of a year, as of the view's instant."""
    awards = awards_as_of(view.as_of, "award").c
    payable = select(func.coalesce(func.sum(awards.payable_fen), 0)).where(awards.year == year)
    payable_fen = int(connection.execute(payable).scalar_one())
    posted = posted_in(connection, [year], view.as_of).get(year, [])
    return budget_json(year, view.rulebook.policy, payable_fen, posted)
