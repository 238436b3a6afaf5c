"""The limit of attempts without a key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.web.attempts import AttemptLimit

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_an_attempt_beyond_the_limit_waits_until_the_oldest_leaves_the_window() -> None:
    limit = AttemptLimit(2, MINUTE)
    assert [limit.seconds_to_wait(NOW + timedelta(seconds=second)) for second in (0, 10, 20, 59)] == [0, 0, 40, 1]
    assert limit.seconds_to_wait(NOW + MINUTE) == 0
    assert limit.seconds_to_wait(NOW + MINUTE) == 10


@given(st.lists(st.integers(0, 300), max_size=60), st.integers(1, 5))
def test_no_window_has_more_than_the_limit(seconds: list[int], most: int) -> None:
    limit = AttemptLimit(most, MINUTE)
    times = [NOW + timedelta(seconds=second) for second in sorted(seconds)]
    taken = [at for at in times if limit.seconds_to_wait(at) == 0]
    for at in taken:
        assert sum(at - MINUTE < other <= at for other in taken) <= most
