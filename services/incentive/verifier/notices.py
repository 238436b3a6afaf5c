"""Public notices: whether one had its working days, by the days of the calendar that its decision keeps."""

from __future__ import annotations

from datetime import date, timedelta

from .policy import PolicyValues
from .report import Unsound
from .values import Json

SATURDAY = 5  # date.weekday()


def check_period(from_day: str, until_day: str, calendar: Json, policy: PolicyValues) -> None:
    """Unsound if a period, both ends included, has fewer working days than the policy file wants.

    `calendar` names the Mondays to Fridays off and the weekends worked, which the State Council announces.
    """
    days_off, workdays = ({date.fromisoformat(day) for day in calendar[name]} for name in ("days_off", "workdays"))
    if any(day.weekday() >= SATURDAY for day in days_off) or any(day.weekday() < SATURDAY for day in workdays):
        raise Unsound("工作日历有误", "the calendar names a day for what its weekday is already")
    day, until = date.fromisoformat(from_day), date.fromisoformat(until_day)
    if policy.public_notice == "day_of_posting_not_counted":
        day += timedelta(days=1)
    left = policy.notice_working_days
    while left > 0 and day <= until:
        left -= day in workdays or (day.weekday() < SATURDAY and day not in days_off)
        day += timedelta(days=1)
    if left > 0 or until < date.fromisoformat(from_day):
        raise Unsound("公示期不足规定的工作日", "a notice of fewer working days than the policy wants")


def calendar_days(calendar: Json) -> list[str]:
    """The days that a period was counted by and that only an announcement proves, or that none had named then."""
    return [day for name in ("days_off", "workdays", "unknown") for day in calendar[name]]
