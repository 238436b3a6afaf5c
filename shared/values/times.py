"""Times: aware datetimes inside, RFC 3339 at the edge, days and years as people in Shanghai have them."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone

# China has kept +08:00 all year since its last summer time ended in 1991. Documents begin with the year 2000, so a
# fixed offset is exact, and needs no zone data on the machine.
SHANGHAI = timezone(timedelta(hours=8), "+08:00")

Clock = Callable[[], datetime]

# The contract's subset of RFC 3339. `fromisoformat` alone takes far more: spaces, week dates, commas, no seconds.
_TIME = re.compile(
    r"20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_LEAP_SECOND = re.compile(r".{16}:60(?:\.[0-9]+)?(?:Z|[+-][0-9:]+)", re.DOTALL)


class LeapSecondError(ValueError):
    """A second 60, which RFC 3339 has and a datetime has not."""


def parse_time(text: str) -> datetime:
    """The instant, in UTC, of `2026-03-01T10:00:05.123456+08:00`.

    Upper-case T and Z, seconds present, at most six decimals, an offset, years 2000 to 2099 as written. ValueError for
    anything else. A leap second has no datetime and is refused: the message says so.
    """
    if _TIME.fullmatch(text) is None:
        if _LEAP_SECOND.fullmatch(text) is not None:
            raise LeapSecondError("a leap second (:60) cannot be represented")
        raise ValueError("not an RFC 3339 time with T, seconds, at most 6 decimals and an offset, years 2000 to 2099")
    return datetime.fromisoformat(text).astimezone(UTC)


def format_time(instant: datetime) -> str:
    """RFC 3339 with +08:00 and microseconds, as every answer of the services writes it."""
    return instant.astimezone(SHANGHAI).isoformat(timespec="microseconds")


def day_start(day: date) -> datetime:
    """The instant at which a day begins in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def year_start(year: int) -> datetime:
    """The instant at which a calendar year begins in Shanghai."""
    return day_start(date(year, 1, 1))


def shanghai_date(instant: datetime) -> date:
    """The day in Shanghai to which an instant belongs."""
    return instant.astimezone(SHANGHAI).date()


def shanghai_year(instant: datetime) -> int:
    """The calendar year in Shanghai to which an instant belongs."""
    return instant.astimezone(SHANGHAI).year


def now() -> datetime:
    """The clock of real runs; tests pass their own."""
    return datetime.now(UTC)
