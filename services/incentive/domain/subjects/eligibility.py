"""Eligibility of subjects (policy.md, G8): the conditions, and the days as of which they are looked at. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from services.incentive.domain.holds import FAILED, UNVERIFIED, VERIFIED, Period, Verification
from services.incentive.policy.terms import EligibilityDayReading
from shared.values.times import day_start, shanghai_date

CONDITIONS: Final = (
    "civil_liability",
    "sound_accounts",
    "good_credit",
    "no_safety_accident",
    "no_environmental_accident",
)
KINDS_OF_ENTITY: Final = (
    "enterprise",
    "research_institute",
    "university",
    "public_platform",
    "park_operator",
    "other",
)


def status_within(recorded: Sequence[Verification], period: Period) -> str:
    """The status of the last record, in the order of recording, that is valid at some instant of a period."""
    status = UNVERIFIED
    for one in recorded:
        if one.valid.overlaps(period):
            status = one.status
    return status


def status_at(recorded: Sequence[Verification], now: datetime) -> str:
    """The status by the last record that is valid now."""
    return status_within(recorded, Period(now, now + timedelta(microseconds=1)))


def status_on(recorded: Sequence[Verification], day: date) -> str:
    """The status by the last record that is valid on a day in Shanghai."""
    return status_within(recorded, Period(day_start(day), day_start(day + timedelta(days=1))))


def day_of_eligibility(
    reading: EligibilityDayReading, applied_at: datetime | None, earned: Period, now: datetime
) -> date | None:
    """The day as of which the conditions are looked at besides now; None if there is none.

    That is the day of the application (None: not applied for), or by the alternative the last day of the period in
    which the award was earned, as far as it has come.
    """
    if reading == "application" and applied_at is not None:
        return shanghai_date(applied_at)
    if reading == "day_earned" and earned.end is not None:
        return shanghai_date(min(earned.end - timedelta(microseconds=1), now))
    return None


def eligibility(recorded: Sequence[Verification], now: datetime, day: date | None = None) -> str:
    """`verified` if the conditions are met now and on `day`; else `failed` if they fail on one, or `unverified`."""
    found = [status_at(recorded, now), *(() if day is None else (status_on(recorded, day),))]
    return next((status for status in (FAILED, UNVERIFIED) if status in found), VERIFIED)


def runs_out_at(recorded: Sequence[Verification], now: datetime, until: datetime) -> datetime | None:
    """The first instant after now, up to `until`, at which a subject that is verified now no longer is; else None."""
    if status_at(recorded, now) != VERIFIED:
        return None
    changes = {instant for one in recorded for instant in one.valid if instant is not None and now < instant <= until}
    return next((instant for instant in sorted(changes) if status_at(recorded, instant) != VERIFIED), None)
