"""Forecast of a year's total from its exchange's last whole months, with a range, and its error on past years. Pure.

Each day that remains is expected to bring the average of those months. The range is the prediction interval of
Student's t for a sum of independent days: it is as wide as the months scattered, and allows for the average itself
being uncertain. Months are given as the amount in fen by the first day of the month; years are whole in them.
"""

import math
import statistics
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

MONTHS_MOST: Final = 6
MONTHS_LEAST: Final = 3
PROBABILITY: Final = "0.80"
# Quantile 0.90 of Student's t by degrees of freedom: a range of 80 %, as much above it as below.
_QUANTILE: Final = {2: 1.886, 3: 1.638, 4: 1.533, 5: 1.476}

Months = Mapping[date, int]


class DailyPace(NamedTuple):
    """The amount of whole months from `from_on` to `until_on`, both included: `amount_fen` in `days` days.

    `deviation_fen` is the standard deviation of the months' amounts a day.
    """

    from_on: date
    until_on: date
    months: int
    days: int
    amount_fen: int
    deviation_fen: float


class Estimate(NamedTuple):
    """An estimated total in fen, and its range."""

    amount_fen: int
    low_fen: int
    high_fen: int


class Crossing(NamedTuple):
    """The day on which a total is expected to reach an amount, and its range; None: not within the days asked."""

    on: date | None
    earliest: date | None
    latest: date | None


class Backtest(NamedTuple):
    """The forecast made on past years as they are known now.

    `errors` are those of the total by year, as a share of it, of forecasts at the beginning of the same month;
    `within` of `made` forecasts at the beginning of any month had the total in their range.
    """

    errors: Mapping[int, float]
    made: int
    within: int

    @property
    def mean_error(self) -> float:
        return statistics.fmean(self.errors.values())


def pace_before(day: date, months: Months) -> DailyPace | None:
    """The pace of the last whole months before a day; None for fewer than three months with trades.

    The first month with trades is left out: the exchange may have begun within it.
    """
    known = [month for month, fen in months.items() if fen > 0]
    if not known:
        return None
    end = day.replace(day=1)
    whole = [month for month in _months_back(end) if month > min(known)]
    amounts = [months.get(month, 0) for month in whole]
    if sum(fen > 0 for fen in amounts) < MONTHS_LEAST:
        return None
    lengths = [(next_month(month) - month).days for month in whole]
    deviation = statistics.stdev(fen / length for fen, length in zip(amounts, lengths, strict=True))
    return DailyPace(whole[-1], end - timedelta(days=1), len(whole), sum(lengths), sum(amounts), deviation)


def estimate(pace: DailyPace, known_fen: int, days: int) -> Estimate:
    """The total after so many more days; it is never estimated below what is known."""
    expected = known_fen + pace.amount_fen * days // pace.days
    month = pace.days / pace.months
    spread = pace.deviation_fen * math.sqrt(month * days * (1 + days / pace.days))
    half = math.ceil(_QUANTILE[pace.months - 1] * spread)
    return Estimate(expected, max(known_fen, expected - half), expected + half)


def crossing(pace: DailyPace, known_fen: int, needed_fen: int, day: date, days: int) -> Crossing:
    """When a total known on a day reaches an amount in fen within so many days after it."""
    found: dict[str, date] = {}
    for ahead in range(1, days + 1):
        for name, fen in estimate(pace, known_fen, ahead)._asdict().items():
            if fen >= needed_fen:
                found.setdefault(name, day + timedelta(days=ahead))
    return Crossing(found.get("amount_fen"), found.get("high_fen"), found.get("low_fen"))


def backtest(year: int, month: int, months: Months) -> Backtest | None:
    """Try the forecast on the years before a year; None if none of them had one at the beginning of that month."""
    errors: dict[int, float] = {}
    made = within = 0
    for past in sorted({one.year for one in months if one.year < year}):
        total_fen = sum(fen for one, fen in months.items() if one.year == past)
        for start in (date(past, number, 1) for number in range(1, 13)):
            pace = pace_before(start, months)
            if pace is None or total_fen <= 0:
                continue
            known_fen = sum(fen for one, fen in months.items() if one.year == past and one < start)
            found = estimate(pace, known_fen, (date(past + 1, 1, 1) - start).days)
            made += 1
            within += found.low_fen <= total_fen <= found.high_fen
            if start.month == month:
                errors[past] = abs(found.amount_fen - total_fen) / total_fen
    return Backtest(errors, made, within) if errors else None


def next_month(month: date) -> date:
    """The first day of the month after that of a day."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _months_back(end: date) -> Iterator[date]:
    """The months before a month, the last first, as many as the pace takes at most."""
    for _ in range(MONTHS_MOST):
        end = (end - timedelta(days=1)).replace(day=1)
        yield end
