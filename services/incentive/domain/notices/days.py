"""Working days of public notices (G13), by the State Council's calendar as chinesecalendar keeps it. Pure."""

from datetime import date, timedelta
from typing import Final, NamedTuple

from chinese_calendar import is_workday

from services.incentive.policy.terms import PublicNoticeReading
from shared.values.json_types import Json

_DAY: Final = timedelta(days=1)
# New Year's holiday of the next year has moved working days from 29 December on (2007, 2018).
_MOVED_BY_NEXT_YEAR: Final = timedelta(days=7)
_FIRST_OF_WEEKEND: Final = 5  # date.weekday() of Saturday


class NoticeDays(NamedTuple):
    """How the shortest period from a day on was counted, both ends included: `end` is its last day.

    `days_off` are Mondays to Fridays that are no working days, `workdays` Saturdays and Sundays that are, and `unknown`
    the days that were counted by weekday, as their calendar is not announced.
    """

    end: date
    days_off: tuple[date, ...]
    workdays: tuple[date, ...]
    unknown: tuple[date, ...]


def is_announced(day: date) -> bool:
    """Return True if the calendar has the year of a day, and for the last week of a year the next one too."""
    return _has_year(day) and _has_year(day + _MOVED_BY_NEXT_YEAR)


def is_working_day(day: date) -> bool:
    """Return True if a day is a working day by the calendar, or by its weekday where the calendar has no such year."""
    return is_workday(day) if _has_year(day) else day.weekday() < _FIRST_OF_WEEKEND


def _has_year(day: date) -> bool:
    try:
        is_workday(day)
    except NotImplementedError:  # of years that it has no data of
        return False
    return True


def notice_end(from_day: date, working_days: int, reading: PublicNoticeReading) -> date:
    """The earliest last day of a notice that is posted on `from_day` for so many working days."""
    left, day = working_days, from_day
    if left and reading == "first_and_last_day_included" and is_working_day(day):
        left -= 1
    while left:
        day += _DAY
        left -= is_working_day(day)
    return day


def is_long_enough(from_day: date, until_day: date, working_days: int, reading: PublicNoticeReading) -> bool:
    """Return True if a notice has at least so many working days; `until_day` is its last one."""
    return notice_end(from_day, working_days, reading) <= until_day


def unknown_days(from_day: date, until_day: date) -> tuple[date, ...]:
    """The days of a period, both ends included, that are counted by weekday as their calendar is not announced."""
    return tuple(day for day in _days(from_day, until_day) if not is_announced(day))


def notice_days(from_day: date, working_days: int, reading: PublicNoticeReading) -> NoticeDays:
    """The shortest notice from a day on, with the days of the calendar that it was counted by."""
    end = notice_end(from_day, working_days, reading)
    days = _days(from_day, end)
    return NoticeDays(
        end,
        days_off=tuple(day for day in days if day.weekday() < _FIRST_OF_WEEKEND and not is_working_day(day)),
        workdays=tuple(day for day in days if day.weekday() >= _FIRST_OF_WEEKEND and is_working_day(day)),
        unknown=unknown_days(from_day, end),
    )


def _days(from_day: date, until_day: date) -> list[date]:
    return [from_day + number * _DAY for number in range((until_day - from_day).days + 1)]


def calendar_json(days: NoticeDays) -> Json:
    """The days that a period was counted by, as its decision keeps them."""
    return {
        "end": days.end.isoformat(),
        **{name: [day.isoformat() for day in getattr(days, name)] for name in ("days_off", "workdays", "unknown")},
    }
