"""The last day of a remedy: days and months from the day after service, moved to a working day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.notices.days import is_working_day
from services.incentive.domain.statements.deadlines import last_day, remedies_of
from tests.support.incentive.statements import statement

ANY_DAY = st.dates(date(2025, 10, 15), date(2029, 12, 31))


@pytest.mark.parametrize(
    ("served_on", "days", "months", "last"),
    [
        ("2026-03-02", 60, None, "2026-05-06"),  # 1 May begins the holiday, which ends on 5 May
        ("2026-06-10", 60, None, "2026-08-10"),  # 9 August is a Sunday
        ("2026-06-10", None, 6, "2026-12-10"),
        ("2026-08-31", None, 6, "2027-03-01"),  # 28 February 2027 is a Sunday
        ("2026-04-01", None, 6, "2026-10-08"),  # after the holiday of 1 to 7 October
    ],
)
def test_examples(served_on: str, days: int | None, months: int | None, last: str) -> None:
    assert last_day(date.fromisoformat(served_on), days, months).isoformat() == last


@given(ANY_DAY, st.integers(1, 90))
def test_a_period_is_never_shorter_and_ends_on_the_first_working_day(served_on: date, days: int) -> None:
    full, found = served_on + timedelta(days=days), last_day(served_on, days, None)
    assert found >= full
    assert is_working_day(found)
    between = ((full + timedelta(days=number)) for number in range((found - full).days))
    assert not any(map(is_working_day, between))


@given(ANY_DAY, st.integers(1, 24))
def test_months_end_on_the_same_date_or_the_months_last_day(served_on: date, months: int) -> None:
    found = last_day(served_on, None, months)
    number = served_on.year * 12 + served_on.month - 1 + months
    before_next = date((number + 1) // 12, (number + 1) % 12 + 1, 1) - timedelta(days=1)
    same_date = before_next.replace(day=min(served_on.day, before_next.day))
    assert found >= same_date
    assert (found - same_date).days < 12  # no holiday is longer


def test_remedies_run_from_the_last_service_and_of_notices_there_are_none() -> None:
    served = [date(2026, 6, 10), date(2026, 6, 1)]
    assert [one["until"] for one in remedies_of(statement("reject"), served)] == ["2026-08-10", "2026-12-10"]
    assert [one["until"] for one in remedies_of(statement("reject"), [])] == [None, None]
    assert remedies_of(statement("publish"), served) == []
