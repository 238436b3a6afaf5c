"""When a total reaches its threshold at the pace of the last three months, and when nothing is said."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from services.incentive.domain.facts import Bucket, TradeSum
from services.incentive.domain.subjects.pace import Forecast, forecast
from tests.support.incentive.totals import POLICY, bucket, provided

TODAY = date(2026, 6, 30)
SPRING = [bucket("2026-04-10", "1000000", 4), bucket("2026-05-10", "1000000", 4), bucket("2026-06-10", "1640000", 4)]


def at(today: date, *buckets: Bucket, year: int = 2026) -> Forecast | None:
    return forecast(year, [provided(year, {"kmdex": list(buckets)})], POLICY, today)


def test_the_pace_is_that_of_this_month_and_the_two_before() -> None:
    # 3,640,000 yuan in 91 days are 40,000 a day; 6,360,000 yuan are missing: 159 days.
    assert at(TODAY, *SPRING) == Forecast(date(2026, 12, 6), 364_000_000, date(2026, 4, 1), TODAY)
    # January counts for what is missing, not for the pace.
    found = at(TODAY, bucket("2026-01-10", "1000000", 9), *SPRING)
    assert found == Forecast(date(2026, 11, 11), 364_000_000, date(2026, 4, 1), TODAY)


def test_all_exchanges_count() -> None:
    totals = [provided(2026, {"kmdex": SPRING[:2], "dcdex": SPRING[2:]})]
    assert forecast(2026, totals, POLICY, TODAY) == at(TODAY, *SPRING)


def test_a_day_after_the_year_is_not_named() -> None:
    found = at(TODAY, bucket("2026-05-10", "1000", 3), bucket("2026-06-10", "1000", 3))
    assert found is not None
    assert (found.on, found.amount_fen) == (None, 200_000)


def test_the_last_day_of_the_year_still_counts() -> None:
    # 184 days are left: 91 days' pace of 10,000,000 * 91 / 275 reaches it on the last day, a fen a day less does not.
    enough = 10_000_000 * 91 / 275
    for yuan, on in ((enough + 1, date(2026, 12, 31)), (enough - 10_000, None)):
        found = at(TODAY, bucket("2026-05-10", "1000", 3), bucket("2026-06-10", f"{yuan - 1000:.2f}", 3))
        assert found is not None
        assert found.on == on


def test_the_year_before_lends_no_pace() -> None:
    found = at(date(2026, 2, 14), bucket("2026-01-10", "100000", 3), bucket("2026-02-10", "100000", 3))
    assert found is not None
    assert found.from_on == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("today", "buckets"),
    [
        (date(2026, 1, 29), [bucket("2026-01-10", "100000", 9)]),  # 29 days
        (TODAY, [bucket("2026-05-10", "100000", 9)]),  # a single month
        (TODAY, [bucket("2026-05-10", "100000"), bucket("2026-06-10", "100000")]),  # two trades
        (TODAY, [bucket("2026-02-10", "100000", 9), bucket("2026-03-10", "100000", 9)]),  # long ago
        (TODAY, [bucket("2026-07-10", "100000", 9), bucket("2026-08-10", "100000", 9)]),  # not yet
        (TODAY, [*SPRING, bucket("2026-03-10", "7000000")]),  # reached
        (date(2027, 1, 31), SPRING),  # the year is over
    ],
)
def test_nothing_is_said_where_there_is_too_little(today: date, buckets: list[Bucket]) -> None:
    assert at(today, *buckets) is None


def test_future_dated_trades_give_no_pace() -> None:
    ahead = replace(SPRING[2], ahead=TradeSum(SPRING[2].amount_fen, 4))
    found = at(TODAY, *SPRING[:2], ahead)
    assert found is not None
    assert found.amount_fen == 200_000_000
