from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.times import (
    SHANGHAI,
    day_start,
    format_time,
    now,
    parse_time,
    shanghai_date,
    shanghai_year,
)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T10:00:05Z", datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)),
        ("2026-03-01T10:00:05+08:00", datetime(2026, 3, 1, 2, 0, 5, tzinfo=UTC)),
        ("2026-03-01T10:00:05-00:00", datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)),
        ("2026-03-01T10:00:05.1Z", datetime(2026, 3, 1, 10, 0, 5, 100_000, tzinfo=UTC)),
        ("2026-03-01T10:00:05.000001+23:59", datetime(2026, 2, 28, 10, 1, 5, 1, tzinfo=UTC)),
        ("2000-01-01T00:00:00+08:00", datetime(1999, 12, 31, 16, tzinfo=UTC)),
        ("2099-12-31T23:59:59-12:00", datetime(2100, 1, 1, 11, 59, 59, tzinfo=UTC)),
        ("2028-02-29T00:00:00Z", datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_times_of_the_contract(text: str, instant: datetime) -> None:
    assert parse_time(text) == instant
    assert parse_time(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T10:00Z",
        "2026-03-01 10:00:05Z",
        "2026-03-01t10:00:05Z",
        "2026-03-01T10:00:05z",
        "2026-03-01T10:00:05",
        "2026-03-01T10:00:05Z\n",
        "2026-03-01T10:00:05.Z",
        "2026-03-01T10:00:05,5Z",
        "2026-03-01T10:00:05.1234567Z",
        "2026-03-01T10:00:05+0800",
        "2026-03-01T10:00:05+08",
        "2026-03-01T10:00:05+24:00",
        "2026-03-01T10:00:05+08:60",
        "2026-03-01T10:00:05+08:00:00",
        "2026-03-01T24:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-W09-7T10:00:05Z",
        "2026-060T10:00:05Z",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "20260301T100005Z",
        "2026-03-01T10:00:0５Z",
        "٢026-03-01T10:00:05Z",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|second|day|month"):
        parse_time(text)


def test_a_leap_second_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="leap second"):
        parse_time("2016-12-31T23:59:60Z")


def test_days_and_years_are_those_of_shanghai() -> None:
    new_year = datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert day_start(date(2026, 1, 1)) == new_year
    assert (shanghai_year(new_year), shanghai_date(new_year)) == (2026, date(2026, 1, 1))
    before = new_year - timedelta(microseconds=1)
    assert (shanghai_year(before), shanghai_date(before)) == (2025, date(2025, 12, 31))


def test_times_are_written_with_offset_and_microseconds() -> None:
    assert format_time(datetime(2026, 3, 1, 2, 0, 5, tzinfo=UTC)) == "2026-03-01T10:00:05.000000+08:00"


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=st.sampled_from([UTC, SHANGHAI])))  # noqa: DTZ001
def test_written_times_read_back(instant: datetime) -> None:
    assert parse_time(format_time(instant)) == instant


def test_the_clock_of_real_runs_is_aware() -> None:
    assert now().tzinfo is UTC
