"""The last days of the remedies against a decision, by the day on which its statement was served. Pure.

The day of service does not count (Civil Procedure Law 85, which administrative review and litigation follow). A period
of months ends on the same date of its last month, or on that month's last day; a last day that is no working day moves
to the next one.
"""

import calendar
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from services.incentive.domain.notices.days import is_working_day
from shared.values.json_types import Json

_DAY: Final = timedelta(days=1)
_MONTHS: Final = 12


def last_day(served_on: date, days: int | None, months: int | None) -> date:
    """The last day on which a remedy can be sought."""
    day = _months_later(served_on, months or 0) + (days or 0) * _DAY
    while not is_working_day(day):
        day += _DAY
    return day


def remedies_of(statement: Json, served_on: Iterable[date]) -> list[Json]:
    """The remedies that a statement names, each with its `until`: the last day for whoever was served last.

    None before the statement is served; empty for a notice, which decides nothing yet.
    """
    last_served = max(served_on, default=None)
    return [
        {
            **remedy,
            "until": None
            if last_served is None
            else last_day(last_served, remedy["days"], remedy["months"]).isoformat(),
        }
        for remedy in statement.get("remedies", ())
    ]


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
