"""Times: aware datetimes inside, RFC 3339 outside, days and years in Asia/Shanghai."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

# China has used +08:00 all year since 1991, and documents begin with the year 2000: a fixed offset is exact and needs
# no time zone data on the machine.
SHANGHAI = timezone(timedelta(hours=8), "+08:00")

Clock = Callable[[], datetime]

# The contract's subset of RFC 3339. `fromisoformat` accepts far more: spaces, week dates, commas, no seconds.
_TIME = re.compile(
    r"20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_LEAP_SECOND = re.compile(r".{16}:60(?:\.[0-9]+)?(?:Z|[+-][0-9:]+)", re.DOTALL)


class LeapSecondError(ValueError):
    """A leap second (:60), which RFC 3339 allows and a datetime cannot represent."""


def parse_time(text: str) -> datetime:
    """Parse `2026-03-01T10:00:05.123456+08:00` to an instant in UTC.

    Upper-case T and Z, seconds present, at most six decimals, an offset, years 2000 to 2099 as written. ValueError for
    anything else, LeapSecondError for a leap second.
    """
    if _TIME.fullmatch(text) is None:
        if _LEAP_SECOND.fullmatch(text) is not None:
            raise LeapSecondError("a leap second (:60) cannot be represented")
        raise ValueError("not an RFC 3339 time with T, seconds, at most 6 decimals and an offset, years 2000 to 2099")
    return datetime.fromisoformat(text).astimezone(UTC)


def format_time(instant: datetime) -> str:
    """Format as RFC 3339 with +08:00 and microseconds, as all API answers do."""
    return instant.astimezone(SHANGHAI).isoformat(timespec="microseconds")


@lru_cache(maxsize=1 << 12)
def day_start(day: date) -> datetime:
    """Return the instant at which a day begins in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def year_start(year: int) -> datetime:
    """Return the instant at which a calendar year begins in Shanghai."""
    return day_start(date(year, 1, 1))


def shanghai_date(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()


def shanghai_year(instant: datetime) -> int:
    return instant.astimezone(SHANGHAI).year


def now() -> datetime:
    """The clock of production; tests pass their own."""
    return datetime.now(UTC)
