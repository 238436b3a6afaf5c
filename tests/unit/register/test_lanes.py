"""When facts go out: at once, or now and then while they change all the time."""

import pytest

from shared.register.publish.send_schedule import IntakeActivity, Lane, LaneThrottle

TOTALS = Lane(("totals",), few=50)


def test_what_never_rests_goes_out_in_each_round() -> None:
    resting = LaneThrottle(Lane(("firsts",)))
    resting.begin(10.0, 12.0)
    assert resting.at_most(12.0, intake_works=True) is None


def test_the_first_round_waits_for_nothing() -> None:
    assert LaneThrottle(TOTALS).at_most(10.0, intake_works=True) is None


@pytest.mark.parametrize(("took_s", "rest_s"), [(0.01, 0.5), (0.1, 0.5), (0.5, 1.5), (2.0, 6.0)])
def test_a_rest_is_three_times_the_round_and_half_a_second_at_least(took_s: float, rest_s: float) -> None:
    resting = LaneThrottle(TOTALS)
    resting.begin(10.0, 10.0 + took_s)
    assert resting.at_most(10.0 + took_s + rest_s - 0.01, intake_works=True) == 50
    assert resting.at_most(10.0 + took_s + rest_s + 0.01, intake_works=True) is None


def test_nothing_rests_when_intake_does_nothing() -> None:
    resting = LaneThrottle(TOTALS)
    resting.begin(10.0, 12.0)
    assert resting.at_most(12.0, intake_works=False) is None


def test_intake_works_until_a_moment_after_its_last_change() -> None:
    news = IntakeActivity()
    assert not news.come(None, 10.0)
    assert news.come(7, 10.0)
    assert news.come(7, 10.2)
    assert not news.come(7, 10.4)
    assert news.come(8, 10.5)
    assert news.come(None, 10.7)  # all was sent
    assert not news.come(None, 10.9)
