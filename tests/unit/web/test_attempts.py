"""The limit of attempts without a key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.web.attempts import AttemptLimit

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def after(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_an_attempt_beyond_the_limit_waits_until_the_oldest_leaves_the_window() -> None:
    limit = AttemptLimit(2, 9, MINUTE)
    assert [limit.seconds_to_wait(after(second), "a") for second in (0, 10, 20, 59)] == [0, 0, 40, 1]
    assert limit.seconds_to_wait(NOW + MINUTE, "a") == 0
    assert limit.seconds_to_wait(NOW + MINUTE, "a") == 10


def test_a_sender_beyond_its_share_leaves_the_others_theirs() -> None:
    limit = AttemptLimit(2, 3, MINUTE)
    flood = [limit.seconds_to_wait(NOW, "flood") for _ in range(100)]
    assert flood == [0, 0] + [60] * 98
    assert limit.seconds_to_wait(after(10), "other") == 0
    assert limit.seconds_to_wait(after(20), "third") == 40


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from("abc")), max_size=60),
    st.integers(1, 5),
    st.integers(1, 9),
)
def test_no_window_has_more_than_the_limits(attempts: list[tuple[int, str]], each: int, all_: int) -> None:
    limit = AttemptLimit(each, all_, MINUTE)
    sent = [(after(second), sender) for second, sender in sorted(attempts)]
    taken = [(at, sender) for at, sender in sent if limit.seconds_to_wait(at, sender) == 0]
    for at, sender in taken:
        within = [other for then, other in taken if at - MINUTE < then <= at]
        assert within.count(sender) <= each
        assert len(within) <= all_
