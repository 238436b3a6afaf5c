"""The course of an exchange's year: its total by the end of each month, of the year before, and today. Pure.

Facts have the sums of calendar months, so what was completed by a day within a month is known exactly only where the
month's last trade was before it; elsewhere it is estimated in proportion to the days.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from services.incentive.domain.event_rules import ExchangeFacts
from services.incentive.domain.facts import NO_TRADES, Bucket, TradeSum, merge_totals
from services.incentive.domain.outlook.forecast import Months, next_month
from shared.values.times import day_start, shanghai_date


class Point(NamedTuple):
    """The total of a year by the end of a day, in fen."""

    on: date
    total_fen: int


class SameDay(NamedTuple):
    """The total by the end of the same day of another year; `is_estimate`: in proportion to the days of its month."""

    on: date
    total_fen: int
    is_estimate: bool


def buckets_of(facts: ExchangeFacts, year: int) -> tuple[Bucket, ...]:
    return merge_totals(facts.totals.get(year, ()))


def months_of(facts: ExchangeFacts) -> Months:
    """The amounts of all months that have trades, by the first day of the month."""
    found: dict[date, int] = {}
    for year in facts.totals:
        for bucket in buckets_of(facts, year):
            month = shanghai_date(bucket.start).replace(day=1)
            found[month] = found.get(month, 0) + bucket.amount_fen
    return found


def ahead_of(buckets: Iterable[Bucket], day: date) -> TradeSum:
    """The trades dated after a day: those of later months, and the future-dated ones if the last of a month is one."""
    end = day_start(day + timedelta(days=1))
    found = NO_TRADES
    for bucket in buckets:
        if bucket.start >= end:
            found += TradeSum(bucket.amount_fen, bucket.trades)
        elif bucket.last_completed_at >= end:
            found += bucket.ahead
    return found


def month_ends(months: Months, year: int) -> list[Point]:
    """The total of a year by the end of each of its months."""
    found, total_fen = [], 0
    for number in range(1, 13):
        month = date(year, number, 1)
        total_fen += months.get(month, 0)
        found.append(Point(next_month(month) - timedelta(days=1), total_fen))
    return found


def by_day(buckets: Iterable[Bucket], day: date) -> SameDay:
    """The total of a year by the end of a day, of its buckets."""
    end, total_fen, is_estimate = day_start(day + timedelta(days=1)), 0, False
    for bucket in buckets:
        if bucket.last_completed_at < end:
            total_fen += bucket.amount_fen
        elif bucket.start < end:
            first, after = shanghai_date(bucket.start), shanghai_date(bucket.end)
            total_fen += bucket.amount_fen * ((day - first).days + 1) // (after - first).days
            is_estimate = True
    return SameDay(day, total_fen, is_estimate)


def same_day(day: date, year: int) -> date:
    """The same day of another year; 28 February for a leap day."""
    return date(year, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)
