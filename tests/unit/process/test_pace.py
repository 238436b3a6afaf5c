"""One law for the intervals of rounds, by property and on recorded loads.

`arrivals.json` has the events that reached a broker in each 10 ms of 10 s, at three rates.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.process.pace import Pace, Rhythm

TICK_S = 0.01
INTAKE = Pace(share=0.15, least_s=0.1, most_s=0.3)
LOADS: dict[str, list[int]] = json.loads(Path(__file__).with_name("arrivals.json").read_text("utf-8"))

SECONDS = st.floats(0.0, 60.0)


@st.composite
def paces(draw: st.DrawFn) -> Pace:
    least_s, most_s = sorted(draw(st.tuples(st.floats(0.001, 5), st.floats(0.001, 5))))
    return Pace(draw(st.floats(0.01, 1.0)), least_s, most_s, most_s + draw(st.floats(0.0, 5.0)))


@given(paces(), SECONDS)
def test_an_interval_keeps_its_bounds_and_its_share(pace: Pace, took_s: float) -> None:
    interval_s = pace.interval_s(took_s)
    assert pace.least_s <= interval_s <= pace.most_s
    if interval_s < pace.most_s:
        assert took_s <= pace.share * interval_s * (1 + 1e-9)


@given(paces(), SECONDS, SECONDS)
def test_dearer_rounds_are_not_begun_more_often(pace: Pace, one_s: float, other_s: float) -> None:
    cheap_s, dear_s = sorted((one_s, other_s))
    assert pace.interval_s(cheap_s) <= pace.interval_s(dear_s)


@given(paces(), SECONDS)
def test_a_rest_keeps_the_share_and_its_bounds_however_long_the_round_was(pace: Pace, took_s: float) -> None:
    rest_s = pace.rest_s(took_s)
    assert -1e-9 <= rest_s <= pace.most_s
    if rest_s < pace.most_s:
        assert took_s <= pace.share * (took_s + rest_s) * (1 + 1e-9)
        assert took_s + rest_s >= pace.least_s * (1 - 1e-9)


@given(paces(), SECONDS, SECONDS)
def test_who_used_its_share_rests_no_less_after_a_longer_round(pace: Pace, one_s: float, other_s: float) -> None:
    short_s, long_s = sorted(max(one, pace.least_s * pace.share) for one in (one_s, other_s))
    assert pace.rest_s(short_s) <= pace.rest_s(long_s) + 1e-9


def test_a_round_longer_than_the_longest_rest_is_followed_by_one() -> None:
    assert Pace(share=0.25, least_s=0.0, most_s=10.0).rest_s(20.0) == 10.0


@given(paces(), st.lists(st.tuples(st.integers(0, 5), SECONDS)))
def test_whatever_rounds_were_like_the_next_waits_within_the_bounds(pace: Pace, seen: list[tuple[int, float]]) -> None:
    rounds = Rhythm(pace)
    for found, took_s in seen:
        rounds.observe(found, took_s)
        assert pace.least_s * (1 - 1e-9) <= rounds.interval_s <= pace.most_s * (1 + 1e-9)
        assert pace.most_s <= rounds.look_s <= max(pace.most_s, pace.idle_s)


@given(paces(), st.integers(20, 60))
def test_who_finds_nothing_looks_less_often_and_who_finds_again_at_once(pace: Pace, empty: int) -> None:
    rounds = Rhythm(pace)
    looks = []
    for _ in range(empty):
        rounds.observe(0, 0.0)
        looks.append(rounds.look_s)
    assert looks == sorted(looks)
    assert looks[-1] == max(pace.idle_s, pace.most_s) or pace.most_s * 2**empty < pace.idle_s
    rounds.observe(1, 0.0)
    assert rounds.look_s == pace.most_s


class Cost(NamedTuple):
    """The seconds that a round takes: a fixed part, and one for each record."""

    fixed_s: float
    each_s: float


class Course(NamedTuple):
    """A simulated worker: seconds that each record waited for the end of its round, rounds, and what waits at last."""

    waits_s: list[float]
    rounds: int
    busy_s: float
    left: int

    def p99_s(self) -> float:
        return sorted(self.waits_s)[int(len(self.waits_s) * 0.99)]


def course(arrivals: list[int], pace: Pace, cost: Cost) -> Course:
    """Run a worker over recorded arrivals: what came until a round starts is in it, and waits for its end."""
    rounds, waits_s, waiting = Rhythm(pace), [], []
    busy_s, number, free_at, next_at = 0.0, 0, 0.0, 0.0
    for tick, count in enumerate(arrivals):
        at_s = tick * TICK_S
        waiting += [at_s] * count
        if waiting and at_s >= max(free_at, next_at):
            took_s = cost.fixed_s + cost.each_s * len(waiting)
            next_at, free_at = at_s + rounds.interval_s, at_s + took_s
            waits_s += [free_at - came_s for came_s in waiting]
            rounds.observe(len(waiting), took_s)
            busy_s, number, waiting = busy_s + took_s, number + 1, []
    return Course(waits_s, number, busy_s, len(waiting))


QUIET = Cost(0.015, 0.000_070)  # a batch of trades on two cores, PostgreSQL included
FIXED = Pace(1.0, 0.1, 0.1)
# The last is more than half of what a worker does with a backlog.
RATES = {"200/s": 1, "1000/s": 1, "2000/s": 1, "6000/s": 3}


def load_of(rate: str) -> list[int]:
    times = RATES[rate]
    return [count * times for count in LOADS["2000/s" if times > 1 else rate]]


@pytest.mark.parametrize(("rate", "within_s"), [("200/s", 0.2), ("1000/s", 0.25), ("2000/s", 0.4), ("6000/s", 0.5)])
def test_on_recorded_loads_records_wait_for_a_moment(rate: str, within_s: float) -> None:
    found = course(load_of(rate), INTAKE, QUIET)
    assert found.p99_s() <= within_s
    assert found.left <= max(load_of(rate)) * 50


@pytest.mark.parametrize("rate", ["1000/s", "2000/s", "6000/s"])
def test_where_records_come_steadily_rounds_are_fewer(rate: str) -> None:
    assert course(load_of(rate), INTAKE, QUIET).rounds <= course(load_of(rate), FIXED, QUIET).rounds * 0.6


@pytest.mark.parametrize("rate", RATES)
def test_on_a_machine_with_three_times_the_cost_nothing_falls_behind(rate: str) -> None:
    slow = Cost(QUIET.fixed_s * 3, QUIET.each_s * 2)
    arrivals = load_of(rate) * 6
    first, last = course(arrivals[: len(arrivals) // 2], INTAKE, slow), course(arrivals, INTAKE, slow)
    assert last.p99_s() <= first.p99_s() * 1.2


def test_the_first_record_after_a_pause_does_not_wait() -> None:
    found = course([1] + [0] * 500 + [1], INTAKE, QUIET)
    assert max(found.waits_s) == pytest.approx(QUIET.fixed_s + QUIET.each_s)


def test_when_nothing_comes_nothing_is_done() -> None:
    assert course([0] * 1_000, INTAKE, QUIET).rounds == 0
