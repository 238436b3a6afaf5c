"""Working days of notices: announced holidays, both readings of G13, and years whose calendar is not announced."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import chinese_calendar
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.notices.days import (
    calendar_json,
    is_announced,
    is_long_enough,
    is_working_day,
    notice_days,
    notice_end,
    unknown_days,
)
from services.incentive.policy.loader import load_policy
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.readings import calendar_days, check_period
from services.incentive.verifier.report import Unsound
from shared.settings import POLICY_FILE

if TYPE_CHECKING:
    from services.incentive.policy.terms import PublicNoticeReading

INCLUDED, NOT_COUNTED = READINGS = ("first_and_last_day_included", "day_of_posting_not_counted")
ONE_DAY = timedelta(days=1)
ANY_DAY = st.dates(date(2025, 10, 15), date(2029, 12, 31))
DAY_OF_2026 = st.dates(date(2026, 1, 1), date(2026, 11, 30))
ANY_READING = st.sampled_from(READINGS)
NUMBER = st.integers(1, 30)
TREE = yaml.load(POLICY_FILE.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - strings only
GENERAL = TREE["general"]


def days(*texts: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(text) for text in texts)


@pytest.mark.parametrize(
    ("posted", "included", "not_counted"),
    [
        pytest.param("2025-10-15", "2025-10-21", "2025-10-22", id="a plain week from Wednesday"),
        pytest.param("2025-10-20", "2025-10-24", "2025-10-27", id="Monday to Friday"),
        pytest.param("2025-10-18", "2025-10-24", "2025-10-24", id="posted on a Saturday, which is no working day"),
        pytest.param("2026-02-12", "2026-02-25", "2026-02-26", id="over Spring Festival, with Saturday 14 worked"),
        pytest.param("2026-09-29", "2026-10-10", "2026-10-12", id="over National Day, with Saturday 10 worked"),
        pytest.param("2026-01-01", "2026-01-08", "2026-01-08", id="posted on New Year's Day, with Sunday 4 worked"),
        pytest.param("2028-10-11", "2028-10-17", "2028-10-18", id="a year not announced, by weekday"),
    ],
)
def test_five_working_days_end_on(posted: str, included: str, not_counted: str) -> None:
    [from_day] = days(posted)
    assert [notice_end(from_day, 5, reading).isoformat() for reading in READINGS] == [included, not_counted]


def test_the_policy_file_chooses_the_reading() -> None:
    policy = load_policy(POLICY_FILE)
    other = policy.with_alternative("general.public_notice")
    assert other is not None
    assert (policy.public_notice, policy.notice_working_days) == (INCLUDED, 5)
    assert (other.public_notice, other.notice_working_days) == (NOT_COUNTED, 5)


def test_the_last_day_alone_decides_whether_a_notice_is_long_enough() -> None:
    monday, thursday, friday, next_monday = days("2025-10-20", "2025-10-23", "2025-10-24", "2025-10-27")
    assert not is_long_enough(monday, thursday, 5, INCLUDED)
    assert is_long_enough(monday, friday, 5, INCLUDED)
    assert not is_long_enough(monday, friday, 5, NOT_COUNTED)
    assert is_long_enough(monday, next_monday, 5, NOT_COUNTED)
    assert not is_long_enough(monday, date(2020, 1, 1), 5, INCLUDED)


def test_without_a_least_number_a_notice_ends_at_the_earliest_on_its_first_day() -> None:
    [saturday] = days("2025-10-18")
    for reading in READINGS:
        assert notice_end(saturday, 0, reading) == saturday
        assert not is_long_enough(saturday, saturday - ONE_DAY, 0, reading)


def test_the_days_that_differ_from_their_weekday_are_named() -> None:
    found = notice_days(date(2026, 2, 12), 5, INCLUDED)
    assert found.days_off == days("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20", "2026-02-23")
    assert found.workdays == days("2026-02-14")
    assert (found.end, found.unknown) == (date(2026, 2, 25), ())


def test_days_of_years_not_announced_are_counted_by_weekday_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = 2026  # a later release of the calendar knows more years

    def is_workday(day: date) -> bool:
        if day.year > known:
            raise NotImplementedError
        return chinese_calendar.is_workday(day)

    monkeypatch.setattr("services.incentive.domain.notices.days.is_workday", is_workday)
    found = notice_days(date(2026, 12, 30), 5, INCLUDED)
    assert found.end == date(2027, 1, 5)
    assert [day.isoformat() for day in found.unknown][::6] == ["2026-12-30", "2027-01-05"]
    assert not is_working_day(date(2027, 1, 2))
    assert is_announced(date(2026, 12, 24))
    # The announcement of the next year can move the last days of December.
    assert not is_announced(date(2026, 12, 25))
    assert unknown_days(date(2026, 12, 23), date(2026, 12, 26)) == days("2026-12-25", "2026-12-26")


def test_announcements_moved_no_day_before_25_december() -> None:
    moved = [
        day
        for year in range(2004, 2026)
        for number in range(24)
        for day in [date(year, 12, 1 + number)]
        if chinese_calendar.is_workday(day) != (day.weekday() < 5)
    ]
    assert moved == []


@given(DAY_OF_2026, NUMBER, ANY_READING)
def test_a_notice_has_the_working_days_of_the_calendar(
    from_day: date, working_days: int, reading: PublicNoticeReading
) -> None:
    end = notice_end(from_day, min(working_days, 10), reading)
    first = from_day if reading == INCLUDED else from_day + ONE_DAY
    counted = chinese_calendar.get_workdays(first, end)
    assert len(counted) == min(working_days, 10)
    assert counted[-1] == end


@given(ANY_DAY, NUMBER, ANY_READING)
def test_a_notice_is_never_shorter_for_a_day_more(
    from_day: date, working_days: int, reading: PublicNoticeReading
) -> None:
    end = notice_end(from_day, working_days, reading)
    assert notice_end(from_day, working_days + 1, reading) > end
    assert notice_end(from_day + ONE_DAY, working_days, reading) >= end
    assert is_long_enough(from_day, end + ONE_DAY, working_days, reading)
    assert not is_long_enough(from_day, end - ONE_DAY, working_days, reading)
    assert from_day <= end


@given(ANY_DAY, NUMBER)
def test_the_day_of_posting_counts_or_not_by_one_day_at_most(from_day: date, working_days: int) -> None:
    included, not_counted = (notice_end(from_day, working_days, reading) for reading in READINGS)
    assert included <= not_counted
    assert (included == not_counted) == (not is_working_day(from_day))
    assert not_counted == notice_end(from_day, working_days + is_working_day(from_day), INCLUDED)


@given(ANY_DAY, NUMBER, ANY_READING)
def test_weekdays_with_the_named_days_give_the_number(
    from_day: date, working_days: int, reading: PublicNoticeReading
) -> None:
    found = notice_days(from_day, working_days, reading)
    period = [from_day + number * ONE_DAY for number in range((found.end - from_day).days + 1)]
    counted = period if reading == INCLUDED else period[1:]
    weekdays = {day for day in counted if day.weekday() < 5}
    assert len((weekdays - {*found.days_off}) | ({*found.workdays} & {*counted})) == working_days
    assert set(found.unknown) == {day for day in period if not is_announced(day)}


def values_of(reading: PublicNoticeReading, working_days: int) -> PolicyValues:
    notice = {**GENERAL["public_notice"], "reading": reading, "working_days": str(working_days)}
    return PolicyValues({**TREE, "general": {**GENERAL, "public_notice": notice}})


def is_verified(from_day: date, until_day: date, calendar: dict[str, object], policy: PolicyValues) -> bool:
    try:
        check_period(from_day.isoformat(), until_day.isoformat(), calendar, policy)
    except Unsound:
        return False
    return True


@given(ANY_DAY, st.integers(-3, 50), st.integers(0, 10), ANY_READING)
def test_the_verifier_counts_the_same_by_the_named_days(
    from_day: date, more: int, working_days: int, reading: PublicNoticeReading
) -> None:
    until_day, policy = from_day + more * ONE_DAY, values_of(reading, working_days)
    calendar = calendar_json(notice_days(from_day, working_days, reading))
    expected = is_long_enough(from_day, until_day, working_days, reading)
    assert is_verified(from_day, until_day, calendar, policy) == expected


def test_the_verifier_refuses_a_calendar_that_names_days_for_what_they_are() -> None:
    monday, friday = days("2025-10-20", "2025-10-24")
    policy, plain = values_of(INCLUDED, 5), {"end": "2025-10-24", "days_off": [], "workdays": [], "unknown": []}
    assert is_verified(monday, friday, plain, policy)
    assert not is_verified(monday, friday, plain | {"days_off": ["2025-10-25"]}, policy)
    assert not is_verified(monday, friday, plain | {"workdays": ["2025-10-24"]}, policy)
    assert not is_verified(monday, friday, plain | {"days_off": ["2025-10-22"]}, policy)
    assert is_verified(
        monday, date(2025, 10, 25), plain | {"days_off": ["2025-10-22"], "workdays": ["2025-10-25"]}, policy
    )


def test_the_days_that_only_an_announcement_proves_are_named_for_the_reader() -> None:
    calendar = calendar_json(notice_days(date(2026, 9, 29), 5, INCLUDED))
    assert calendar_days(calendar) == [*(f"2026-10-0{day}" for day in (1, 2, 5, 6, 7)), "2026-10-10"]
