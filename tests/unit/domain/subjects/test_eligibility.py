"""Eligibility of subjects: as of the day of application or the day earned, and now; and when it runs out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.incentive.domain.holds import Period, Verification
from services.incentive.domain.subjects.eligibility import day_of_eligibility, eligibility, runs_out_at
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from shared.values.times import day_start

POLICY = load_policy(POLICY_FILE)
NOW = datetime(2026, 6, 15, 4, tzinfo=UTC)
APPLIED = date(2026, 5, 1)


def verified(start: str | None, until: str | None, status: str = "verified") -> Verification:
    """A record that is valid for a half-open period of days in Shanghai."""
    return Verification(
        status, Period(*(None if day is None else day_start(date.fromisoformat(day)) for day in (start, until)))
    )


@pytest.mark.parametrize(
    ("recorded", "by_application", "now"),
    [
        ([], "unverified", "unverified"),
        ([verified("2026-05-01", "2027-05-01")], "verified", "verified"),
        ([verified(None, None)], "verified", "verified"),
        # Not verified as of the day of application.
        ([verified("2026-05-02", "2027-05-01")], "unverified", "verified"),
        # No longer verified now.
        ([verified("2026-05-01", "2026-06-15")], "unverified", "unverified"),
        # Two records that cover a day each.
        ([verified("2026-05-01", "2026-05-02"), verified("2026-06-01", "2026-07-01")], "verified", "verified"),
        # A failure that reaches back to the day of application, and one between the two days.
        ([verified(None, None), verified("2026-05-01", "2026-05-02", "failed")], "failed", "verified"),
        ([verified(None, None), verified("2026-05-02", "2026-06-15", "failed")], "verified", "verified"),
        ([verified(None, None), verified("2026-06-01", None, "failed")], "failed", "failed"),
        # The last record of a day counts; failed comes before unverified.
        ([verified("2026-05-01", None, "failed"), verified("2026-04-01", "2027-01-01")], "verified", "verified"),
        ([verified("2026-06-01", None, "failed")], "failed", "failed"),
    ],
)
def test_the_conditions_are_met_on_the_day_of_application_and_now(
    recorded: list[Verification], by_application: str, now: str
) -> None:
    assert eligibility(recorded, NOW, APPLIED) == by_application
    assert eligibility(recorded, NOW) == now


def test_the_day_of_application_is_a_whole_day_in_shanghai() -> None:
    at_noon = Verification("verified", Period(day_start(APPLIED) + timedelta(hours=12), None))
    assert eligibility([at_noon], NOW, APPLIED) == "verified"


YEAR = Period(day_start(date(2026, 1, 1)), day_start(date(2027, 1, 1)))
FIRST = Period(day_start(date(2026, 3, 1)), day_start(date(2026, 3, 1)) + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("reading", "applied_at", "earned", "day"),
    [
        ("application", datetime(2026, 4, 30, 16, tzinfo=UTC), FIRST, date(2026, 5, 1)),
        ("application", None, FIRST, None),
        ("day_earned", datetime(2026, 4, 30, 16, tzinfo=UTC), FIRST, date(2026, 3, 1)),
        ("day_earned", None, YEAR, date(2026, 6, 15)),
        ("day_earned", None, Period(YEAR.start, day_start(date(2026, 6, 1))), date(2026, 5, 31)),
        ("present", datetime(2026, 4, 30, 16, tzinfo=UTC), FIRST, None),
    ],
)
def test_the_day_as_of_which_the_conditions_are_looked_at(reading, applied_at, earned, day) -> None:
    assert day_of_eligibility(reading, applied_at, earned, NOW) == day


@pytest.mark.parametrize(
    ("recorded", "day"),
    [
        ([], None),
        ([verified(None, None)], None),
        ([verified(None, "2026-06-20")], "2026-06-20"),
        ([verified(None, "2026-08-20")], None),
        ([verified(None, "2026-06-20"), verified("2026-06-01", "2027-06-01")], None),
        ([verified(None, "2026-06-20"), verified("2026-06-21", "2027-06-01")], "2026-06-20"),
        ([verified(None, "2027-06-20"), verified("2026-06-18", None, "failed")], "2026-06-18"),
        ([verified(None, "2026-06-10")], None),
    ],
)
def test_an_end_that_is_near_is_found(recorded: list[Verification], day: str | None) -> None:
    expected = None if day is None else day_start(date.fromisoformat(day))
    assert runs_out_at(recorded, NOW, NOW + timedelta(days=POLICY.expiring_days)) == expected
