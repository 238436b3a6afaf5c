"""The clock of a process against its database's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.postgres import clock
from shared.postgres.clock import WrongClockError, ahead_s, check_clock, clock_error_s
from shared.postgres.database import make_engine
from shared.values.times import now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

YEAR_S = 365 * 86_400.0


@pytest.fixture
def connection(postgres) -> Iterator[Connection]:
    engine = make_engine(postgres("clock")[1])
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def wrong_by(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    """Set the clock wrong by these seconds at each look at it; the last stays."""
    left = list(seconds)
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(seconds=left.pop(0) if len(left) > 1 else left[0]))


@pytest.mark.parametrize("error_s", [-YEAR_S, -60.0, -6.0, 6.0, 60.0, 86_400.0, YEAR_S])
def test_more_than_five_seconds_are_refused_with_how_much_it_is(connection, monkeypatch, error_s) -> None:
    wrong_by(monkeypatch, error_s)
    with pytest.raises(WrongClockError, match=r"^本机时钟比数据库的时钟(快|慢) \d+\.\d 秒.* / .*") as refused:
        check_clock(connection)
    assert ("ahead of" if error_s > 0 else "behind") in str(refused.value)
    assert clock_error_s(connection) == pytest.approx(error_s, abs=0.9)


@pytest.mark.parametrize("error_s", [-4.0, 0.0, 4.0])
def test_less_is_accepted(connection, monkeypatch, error_s) -> None:
    wrong_by(monkeypatch, error_s)
    check_clock(connection)


def test_a_slow_answer_is_no_error(connection, monkeypatch) -> None:
    wrong_by(monkeypatch, -40.0, 40.0)  # the database answers after 80 s, and has the time of their middle
    assert clock_error_s(connection) == 0.0


def test_an_instant_is_ahead_of_the_database_or_not(connection) -> None:
    assert ahead_s(connection, None) == 0.0
    assert ahead_s(connection, now() - timedelta(days=1)) == 0.0
    assert ahead_s(connection, now() + timedelta(days=1)) == pytest.approx(86_400, abs=5)
