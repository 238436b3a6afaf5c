"""The forecast of a year: what it is of steady months, its range, its days, its error on past years, and when none."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.outlook.forecast import (
    Backtest,
    Crossing,
    Estimate,
    backtest,
    crossing,
    estimate,
    next_month,
    pace_before,
)

JULY = date(2026, 7, 15)
LEFT = 169  # days of 2026 after it


def months_of(year: int, *amounts: int) -> dict[date, int]:
    return {date(year, number, 1): fen for number, fen in enumerate(amounts, 1)}


def steady(year: int, daily_fen: int, count: int = 12) -> dict[date, int]:
    starts = [date(year, number, 1) for number in range(1, count + 1)]
    return {start: (next_month(start) - start).days * daily_fen for start in starts}


histories = st.dictionaries(
    st.builds(date, st.integers(2023, 2026), st.integers(1, 12), st.just(1)), st.integers(0, 10**13), max_size=48
)
days = st.dates(date(2023, 1, 1), date(2026, 12, 31))


def test_a_forecast_of_uneven_months_is_as_worked_out_by_hand() -> None:
    """Averages of 10, 20, 30 fen a day in 59, 31, 30 days: t of two degrees of freedom, deviation 10."""
    months = {date(2025, 12, 1): 1, **months_of(2026, 310, 560, 930)}
    pace = pace_before(date(2026, 4, 1), months)
    assert pace is not None
    assert (pace.from_on, pace.until_on, pace.months, pace.days, pace.amount_fen) == (
        *(date(2026, 1, 1), date(2026, 3, 31)),
        *(3, 90, 1800),
    )
    assert pace.deviation_fen == pytest.approx(10)
    # 1.886 * 10 * sqrt(30 * 90 * (1 + 90 / 90)) = 1385.9
    assert estimate(pace, 1800, 90) == Estimate(3600, 2214, 4986)
    assert estimate(pace, 3000, 90).low_fen == 3414


def test_steady_months_go_on_exactly_and_have_no_range() -> None:
    months = steady(2025, 700) | steady(2026, 700, 6)
    pace = pace_before(JULY, months)
    assert pace is not None
    assert estimate(pace, 181 * 700 + 15 * 700, LEFT) == Estimate(365 * 700, 365 * 700, 365 * 700)
    assert backtest(2026, 7, months) == Backtest({2025: 0.0}, 8, 8)
    on = date(2026, 7, 25)
    assert crossing(pace, 0, 7000, JULY, LEFT) == Crossing(on, on, on)
    assert crossing(pace, 0, 7001, JULY, LEFT).on == on + timedelta(days=1)
    assert crossing(pace, 0, LEFT * 700 + 1, JULY, LEFT) == Crossing(None, None, None)


def test_the_error_is_that_of_forecasts_at_the_beginning_of_the_month() -> None:
    """At the start of July 2025 the five whole months before had 151 days: 151 * 10 sold; the rest of the year 20."""
    months = steady(2025, 10, 6) | {start: fen for start, fen in steady(2025, 20).items() if start.month > 6}
    tried = backtest(2026, 7, months)
    assert tried is not None
    actual = 181 * 10 + 184 * 20
    assert tried.errors == {2025: pytest.approx((actual - 3650) / actual)}
    # Those of May, June and July know of no scatter, so the total is out of their range.
    assert tried.made == 8
    assert 0 < tried.within <= 5


@pytest.mark.parametrize(
    ("months", "is_enough"),
    [
        ({}, False),
        (months_of(2026, 0, 5, 5, 5), False),  # the first month with trades does not count
        (months_of(2026, 5, 5, 5, 5), True),
        ({date(2026, 1, 1): 5, date(2026, 3, 1): 5, date(2026, 5, 1): 5}, False),
        ({date(2025, 1, 1): 5, date(2026, 3, 1): 5, date(2026, 5, 1): 5, date(2026, 6, 1): 5}, True),
        ({date(2025, 1, 1): 5, date(2026, 5, 1): 5, date(2026, 6, 1): 5, date(2026, 7, 1): 5}, False),
    ],
)
def test_too_few_months_give_no_pace(months: dict[date, int], *, is_enough: bool) -> None:
    assert (pace_before(JULY, months) is not None) is is_enough


def test_no_past_year_gives_no_error() -> None:
    assert backtest(2026, 7, steady(2026, 5)) is None
    assert backtest(2026, 4, steady(2025, 5)) is None  # the first three months after January end in May
    assert backtest(2026, 5, steady(2025, 5)) is not None


@given(histories, days, st.integers(0, 10**13), st.integers(0, 366))
def test_the_range_has_the_estimate_and_never_less_than_is_known(
    months: dict[date, int], day: date, known_fen: int, ahead: int
) -> None:
    pace = pace_before(day, months)
    if pace is None:
        return
    found = estimate(pace, known_fen, ahead)
    assert known_fen <= found.low_fen <= found.amount_fen <= found.high_fen
    assert pace.until_on < day.replace(day=1) < next_month(pace.until_on) + timedelta(days=1)
    later = estimate(pace, known_fen, ahead + 1)
    assert later.amount_fen >= found.amount_fen
    assert later.high_fen - later.amount_fen >= found.high_fen - found.amount_fen - 1
    # Later months change no forecast.
    assert pace_before(day, {month: fen for month, fen in months.items() if month < day.replace(day=1)}) == pace


@given(histories, days, st.integers(0, 10**12), st.integers(1, 10**13), st.integers(1, 366))
def test_days_of_a_crossing_are_those_of_the_estimates(
    months: dict[date, int], day: date, known_fen: int, more_fen: int, count: int
) -> None:
    pace = pace_before(day, months)
    if pace is None:
        return
    needed_fen = known_fen + more_fen
    found = crossing(pace, known_fen, needed_fen, day, count)
    for on, name in ((found.on, "amount_fen"), (found.earliest, "high_fen"), (found.latest, "low_fen")):
        reached = [getattr(estimate(pace, known_fen, one), name) >= needed_fen for one in range(1, count + 1)]
        assert on == (day + timedelta(days=reached.index(True) + 1) if True in reached else None)
    known = [one for one in (found.earliest, found.on, found.latest) if one is not None]
    assert all(first <= second for first, second in pairwise(known))


@given(histories, st.integers(1, 12), st.integers(2, 9))
def test_errors_do_not_depend_on_the_unit_nor_on_the_year_itself(
    months: dict[date, int], month: int, factor: int
) -> None:
    found = backtest(2026, month, months)
    larger = backtest(2026, month, {one: fen * factor * 10**6 for one, fen in months.items()})
    assert found == backtest(2026, month, {one: fen for one, fen in months.items() if one.year < 2026})
    assert (found is None) is (larger is None)
    if found is not None and larger is not None:
        assert 0 <= found.within <= found.made
        assert found.made == larger.made
        assert set(found.errors) == set(larger.errors)
        if all(fen > 10**6 for fen in months.values()):
            assert larger.errors == {year: pytest.approx(error, abs=1e-3) for year, error in found.errors.items()}
