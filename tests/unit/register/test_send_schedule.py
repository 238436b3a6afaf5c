"""Schedule of sending facts: immediately, or throttled while they change continuously."""

import pytest

from shared.register.publish.send_schedule import IntakeActivity, Lane, LaneThrottle

TOTALS = Lane(("totals",), throttle_above=50)


def test_what_never_rests_goes_out_in_each_round() -> None:
    throttle = LaneThrottle(Lane(("firsts",)))
    throttle.pause(10.0, 12.0)
    assert throttle.row_limit(12.0, intake_active=True) is None


def test_the_first_round_waits_for_nothing() -> None:
    assert LaneThrottle(TOTALS).row_limit(10.0, intake_active=True) is None


@pytest.mark.parametrize(("took_s", "rest_s"), [(0.01, 0.5), (0.1, 0.5), (0.5, 1.5), (2.0, 6.0)])
def test_a_rest_is_three_times_the_round_and_half_a_second_at_least(took_s: float, rest_s: float) -> None:
    throttle = LaneThrottle(TOTALS)
    throttle.pause(10.0, 10.0 + took_s)
    assert throttle.row_limit(10.0 + took_s + rest_s - 0.01, intake_active=True) == 50
    assert throttle.row_limit(10.0 + took_s + rest_s + 0.01, intake_active=True) is None


def test_nothing_rests_when_intake_does_nothing() -> None:
    throttle = LaneThrottle(TOTALS)
    throttle.pause(10.0, 12.0)
    assert throttle.row_limit(12.0, intake_active=False) is None


def test_intake_works_until_a_moment_after_its_last_change() -> None:
    activity = IntakeActivity()
    assert not activity.observe(None, 10.0)
    assert activity.observe(7, 10.0)
    assert activity.observe(7, 10.2)
    assert not activity.observe(7, 10.4)
    assert activity.observe(8, 10.5)
    assert activity.observe(None, 10.7)  # all was sent
    assert not activity.observe(None, 10.9)
