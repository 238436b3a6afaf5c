"""Compare the clock of this process with its database's.

One instant that is recorded too late is the least instant of everything after it, and legal days are counted by it.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from shared.operator_errors import OperatorError
from shared.postgres.query import fetch_value
from shared.values.times import now

MAX_CLOCK_ERROR_S: Final = 5.0
_CLOCK: Final = "SELECT clock_timestamp()"


class WrongClockError(OperatorError):
    """The clocks of this process and its database differ by more than `MAX_CLOCK_ERROR_S`."""


def check_clock(connection: Connection) -> None:
    """Raise WrongClockError if this process's clock is more than 5 s from the database's; one short query."""
    error_s = clock_error_s(connection)
    if is_wrong(error_s):
        raise WrongClockError(wrong_clock_text(error_s))


def clock_error_s(connection: Connection) -> float:
    """Return the seconds that this process's clock is ahead of the database's, negative if behind.

    0.0 if the database's time lies between the times before and after the query: a slow answer is no error.
    """
    before = now()
    database = fetch_value(connection, _CLOCK, datetime)
    after = now()
    nearest = min(max(database, before), after)
    return (nearest - database).total_seconds()


def ahead_s(connection: Connection, instant: datetime | None) -> float:
    """Return the seconds that an instant lies ahead of the database's clock; 0.0 if it does not."""
    if instant is None:
        return 0.0
    return max(0.0, (instant - fetch_value(connection, _CLOCK, datetime)).total_seconds())


def is_wrong(error_s: float) -> bool:
    return abs(error_s) > MAX_CLOCK_ERROR_S


def wrong_clock_text(error_s: float) -> str:
    """Return what is wrong and what to do (中文 / English)."""
    by = f"{abs(error_s):.1f}"
    zh, en = ("快", "ahead of") if error_s > 0 else ("慢", "behind")
    return (
        f"本机时钟比数据库的时钟{zh} {by} 秒，校准（NTP）之前不作任何登记"
        f" / this machine's clock is {by} s {en} the database's; nothing is recorded until they agree (NTP)"
    )
