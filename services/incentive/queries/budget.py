"""The budget of a year, and who is in front of its line."""

from typing import NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.budget import EACH_ALONE, BudgetYear, budget_json
from services.incentive.queries.view import LedgerView
from services.incentive.store.rooms import load_budget_years, load_posted
from shared.postgres.query import fetch_value
from shared.values.json_types import Json


class RankedBudget(NamedTuple):
    """The contract's budget of a year, and the lines of that year with the claims on it."""

    figures: Json
    ranked: BudgetYear


def load_budget(connection: Connection, view: LedgerView, year: int) -> Json:
    """The contract's budget of a year, as of the view's instant."""
    is_queue = view.rulebook.policy.budget_order != EACH_ALONE
    return load_ranked_budget(connection, view, year, with_expected=not is_queue).figures


def load_ranked_budget(
    connection: Connection, view: LedgerView, year: int, *, with_expected: bool = True
) -> RankedBudget:
    """The budget of a year with the claims on it, as of the view's instant."""
    payable = f"SELECT coalesce(sum(award.payable_fen), 0) FROM {view.awards} WHERE award.year = %(year)s"
    payable_fen = int(fetch_value(connection, payable, int, year=year, as_of=view.as_of))
    policy = view.rulebook.policy
    posted = load_posted(connection, policy, [year], view.as_of)
    years = load_budget_years(connection, policy, posted, view.as_of, view.instant, with_expected=with_expected)
    return RankedBudget(budget_json(policy, payable_fen, posted[year], years[year]), years[year])
