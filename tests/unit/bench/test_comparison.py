"""Comparison of two runs by their ratios to the limit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.steady.comparison import Ratio, is_same_machine, missing, ratios, worse


def one_round(per_s: float, us: float) -> dict[str, Any]:
    return {
        "end_to_end_per_s": per_s,
        "limit": {"per_s": 40_000, "us_a_record": 20.0},
        "loads": {"200/s": {"us_an_event": us}},
    }


REPORT = {
    "intake": {"ways": {"limit": {"of_limit": {"median": 1.0}}, "one worker": {"of_limit": {"median": 0.45}}}},
    "steady": {"versions": {"this": [one_round(10_000, 400), one_round(12_000, 500), one_round(20_000, 900)]}},
}


def test_ratios_of_a_report() -> None:
    assert ratios(REPORT) == {
        "intake, one worker": Ratio(0.45, "more"),
        "backlog, end to end": Ratio(0.3, "more"),
        "200/s, processor time": Ratio(25.0, "less"),
    }


def test_a_report_without_these_sections_has_none() -> None:
    assert ratios({"machine": {}}) == {}


@pytest.mark.parametrize(
    ("now", "before", "is_worse"),
    [
        (Ratio(0.40, "more"), Ratio(0.45, "more"), True),
        (Ratio(0.41, "more"), Ratio(0.45, "more"), False),
        (Ratio(0.90, "more"), Ratio(0.45, "more"), False),
        (Ratio(28.0, "less"), Ratio(25.0, "less"), True),
        (Ratio(27.0, "less"), Ratio(25.0, "less"), False),
        (Ratio(1.0, "less"), Ratio(25.0, "less"), False),
    ],
)
def test_worse_by_more_than_a_tenth(now: Ratio, before: Ratio, is_worse: bool) -> None:
    assert now.is_worse_than(before) is is_worse


@given(st.floats(0.001, 1_000), st.floats(0.001, 1_000), st.sampled_from(("more", "less")))
def test_never_both_are_worse(one: float, other: float, better: Any) -> None:
    first, second = Ratio(one, better), Ratio(other, better)
    assert not (first.is_worse_than(second) and second.is_worse_than(first))
    assert not first.is_worse_than(first)


def test_only_what_both_measured_is_compared_and_what_is_missing_is_named() -> None:
    now = {"a": Ratio(0.2, "more"), "new": Ratio(0.1, "more")}
    before = {"a": Ratio(0.4, "more"), "gone": Ratio(0.9, "more")}
    assert worse(now, before) == ["a: 0.4 -> 0.2"]
    assert missing(now, before) == ["gone"]


def test_a_machine_is_known_by_processor_and_cores() -> None:
    machine = {"cpu": "EPYC", "cores": 2, "load_before": 3.0}
    assert is_same_machine(machine, machine | {"load_before": 30.0})
    assert not is_same_machine(machine, machine | {"cores": 4})
    assert not is_same_machine(machine, machine | {"cpu": "Xeon"})
