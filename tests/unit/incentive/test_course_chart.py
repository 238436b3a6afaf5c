"""The chart of a year's course: its curves lie within it, at heights of their amounts, with what the answer has."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.event_rules import ExchangeFacts
from services.incentive.domain.outlook.report import exchange_outlook
from services.incentive.pages.course_chart import HEIGHT, WIDTH, course_chart
from shared.values.money import format_yuan, parse_yuan
from tests.support.incentive.totals import OPERATED, POLICY, bucket, served

# Amounts of months of two years, and the day that it is; months after it are ahead.
sold = st.dictionaries(st.tuples(st.sampled_from([2025, 2026]), st.integers(1, 12)), st.integers(1, 10**12))


@given(sold, st.dates(date(2025, 6, 1), date(2027, 2, 1)))
def test_curves_lie_within_the_chart_at_heights_of_their_amounts(
    amounts: dict[tuple[int, int], int], today: date
) -> None:
    buckets = {
        year: [
            bucket(f"{year}-{month:02d}-20", format_yuan(fen)) for (one, month), fen in amounts.items() if one == year
        ]
        for year in (2025, 2026)
    }
    facts = ExchangeFacts({year: [served(year, *some)] for year, some in buckets.items() if some}, OPERATED)
    outlook = exchange_outlook("kmdex", 2026, facts, POLICY, today)
    chart = course_chart(outlook)
    for curve in (chart.registered, chart.last_year, chart.ahead, chart.expected, chart.band):
        for place in curve.split():
            x, y = map(float, place.split(","))
            assert chart.left <= x <= WIDTH
            assert chart.top <= y <= chart.base < HEIGHT
    heights = sorted((parse_yuan(dot.total), -dot.y) for dot in chart.dots)
    assert [height for _, height in heights] == sorted(height for _, height in heights)
    assert bool(chart.expected) is bool(chart.band) is (outlook["forecast"] is not None and outlook["days_left"] > 0)
    assert bool(chart.last_year) is (outlook["last_year"] is not None)
    assert {tier.over for tier in chart.tiers} <= {tier["over"] for tier in outlook["tiers"]}
    named = {dot.total for dot in chart.dots if dot.curve == "registered"}
    assert {month["total"] for month in outlook["months"] if month["is_over"]} <= named
    if today.year == 2026:
        assert outlook["by_today"] in named
