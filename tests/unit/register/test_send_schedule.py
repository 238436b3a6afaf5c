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


@pytest.mark.parametrize(("took_s", "rest_s"), [(0.01, 0.24), (0.1, 0.3), (0.5, 1.5), (2.0, 6.0)])
def test_a_rest_is_three_times_the_round_and_a_quarter_of_a_second_at_least(took_s: float, rest_s: float) -> None:
    throttle = LaneThrottle(TOTALS)
    throttle.pause(10.0, 10.0 + took_s)
    assert throttle.row_limit(10.0 + took_s + rest_s - 0.01, intake_active=True) == 50
    assert throttle.row_limit(10.0 + took_s + rest_s + 0.01, intake_active=True) is None


def test_a_lane_with_a_smaller_share_rests_longer() -> None:
    throttle = LaneThrottle(Lane(("measures",), throttle_above=5, share=0.1))
    throttle.pause(10.0, 10.5)
    assert throttle.row_limit(14.99, intake_active=True) == 5
    assert throttle.row_limit(15.01, intake_active=True) is None


def test_a_round_is_smaller_while_others_may_have_to_wait_for_it() -> None:
    throttle = LaneThrottle(Lane(("measures",), max_keys=500, active_keys=100))
    assert [throttle.most_keys(intake_active=active) for active in (True, False)] == [100, 500]
    small = LaneThrottle(Lane(("firsts",), max_keys=50))
    assert [small.most_keys(intake_active=active) for active in (True, False)] == [50, 50]


def test_nothing_rests_when_intake_does_nothing() -> None:
    throttle = LaneThrottle(TOTALS)
    throttle.pause(10.0, 12.0)
    assert throttle.row_limit(12.0, intake_active=False) is None


def test_intake_works_until_a_moment_after_its_last_change() -> None:
    activity = IntakeActivity()
    assert not activity.observe(None, 10.0)
    assert activity.observe(7, 10.0)
    assert activity.observe(7, 10.5)
    assert not activity.observe(7, 10.7)
    assert activity.observe(8, 10.8)
    assert activity.observe(None, 11.3)  # all was sent
    assert not activity.observe(None, 11.5)


def test_a_round_waits_for_news_unless_something_of_a_lane_waits() -> None:
    throttle = LaneThrottle(TOTALS)
    assert throttle.wait_s(10.0, 1.0) == 1.0
    throttle.pause(10.0, 10.1)
    assert throttle.wait_s(10.2, 1.0) == pytest.approx(0.2)  # the rest of the pause
    assert throttle.wait_s(10.2, 0.1) == 0.1
    throttle.pause(10.0, 12.0)
    assert throttle.wait_s(12.0, 1.0) == 0.6  # intake may be idle by then
    throttle.is_full = True
    assert throttle.wait_s(12.0, 1.0) == 0.0


def test_a_lane_that_never_pauses_waits_for_news() -> None:
    throttle = LaneThrottle(Lane(("firsts",)))
    throttle.pause(10.0, 12.0)
    assert throttle.wait_s(12.0, 1.0) == 1.0
