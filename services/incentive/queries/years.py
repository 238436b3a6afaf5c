"""Years of the policy, whether each is closed, and the acts that closed or reopened it."""

from datetime import timedelta

from sqlalchemy import Connection

from services.incentive.domain.holds import is_year_closed
from services.incentive.queries.view import LedgerView
from services.incentive.store.acts import list_year_closings, year_acts_of
from shared.values.json_types import Json
from shared.values.times import shanghai_date, shanghai_year


def list_years(connection: Connection, view: LedgerView) -> list[Json]:
    """The years from the policy's first one up to the view's instant, and others that have acts, in order.

    An exchange learns whether a year is closed, and not by which acts.
    """
    policy, this_year = view.rulebook.policy, shanghai_year(view.instant)
    first, last = policy.in_force.start_on.year, (policy.in_force.end_on - timedelta(days=1)).year
    closings = list_year_closings(connection, view.as_of) if view.viewer is None else []
    years = sorted({*range(first, min(last, this_year) + 1), *(one["year"] for one in closings)})
    acts = year_acts_of(connection, years, view.as_of)
    return [
        {
            "year": year,
            "closed": is_year_closed(acts.get(year, ()), policy.closes_at(year), view.instant),
            "closing_day": shanghai_date(policy.closes_at(year) - timedelta(days=1)).isoformat(),
            "acts": [one for one in closings if one["year"] == year],
        }
        for year in years
    ]
