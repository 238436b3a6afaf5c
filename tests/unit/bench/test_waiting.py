"""Queues while events flow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.steady.waiting import Sample, slope, summary


def test_a_line_has_its_rise() -> None:
    assert slope([(0.0, 5.0), (2.0, 9.0), (4.0, 13.0)]) == pytest.approx(2.0)


@pytest.mark.parametrize("points", [[], [(1.0, 7.0)], [(1.0, 7.0), (1.0, 9.0)]])
def test_an_instant_has_no_rise(points: list[tuple[float, float]]) -> None:
    assert slope(points) == 0.0


FIGURES = st.integers(-1_000, 1_000)


@given(FIGURES, FIGURES, st.sets(st.integers(0, 500), min_size=2, max_size=20), FIGURES)
def test_the_rise_does_not_depend_on_the_level_or_the_clock(
    level: int, rise: int, instants: set[int], began: int
) -> None:
    points = [(float(began + at), float(level + rise * at)) for at in instants]
    assert slope(points) == pytest.approx(rise, abs=1e-6)


def test_a_summary_by_queue() -> None:
    samples = [Sample(float(at), {"lag": 100 * at, "outbox": 7}) for at in range(4)]
    assert summary(samples, 1_000) == {
        "queues": {
            "lag": {"end": 300, "most": 300, "rise_per_s": 100.0},
            "outbox": {"end": 7, "most": 7, "rise_per_s": 0.0},
        },
        "rise_per_s": 100.0,
        "grows": True,
    }


def test_it_grows_from_a_hundredth_of_the_rate_on() -> None:
    samples = [Sample(float(at), {"lag": 9 * at}) for at in range(4)]
    assert not summary(samples, 1_000)["grows"]
    assert summary(samples, 800)["grows"]
