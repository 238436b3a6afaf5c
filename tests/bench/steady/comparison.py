"""Ratios of a run to the limit that the same run measured, and what became worse since another run."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TOLERANCE: Final = 0.1
_MACHINE: Final = ("cpu", "cores")


class Ratio(NamedTuple):
    """A figure in units of the limit, and which of two is better."""

    value: float
    better: Literal["more", "less"]

    def is_worse_than(self, other: Ratio) -> bool:
        """Return True if it is worse by more than a tenth of the other."""
        if self.better == "more":
            return self.value < other.value * (1 - TOLERANCE)
        return self.value > other.value * (1 + TOLERANCE)


def ratios(result: Mapping[str, Any], version: str = "this") -> dict[str, Ratio]:
    """Return the ratios that a report of `make bench` has, by name; medians of the rounds."""
    found = {
        f"intake, {way}": Ratio(one["of_limit"]["median"], "more")
        for way, one in result.get("intake", {}).get("ways", {}).items()
        if way.rpartition(": ")[2] != "limit"
    }
    rounds = result.get("steady", {}).get("versions", {}).get(version, [])
    if rounds:
        found["backlog, end to end"] = _median(
            "more", (one["end_to_end_per_s"] / one["limit"]["per_s"] for one in rounds)
        )
        for load in rounds[0]["loads"]:
            times = (one["loads"][load]["us_an_event"] / one["limit"]["us_a_record"] for one in rounds)
            found[f"{load}, processor time"] = _median("less", times)
    return found


def _median(better: Literal["more", "less"], values: Iterator[float]) -> Ratio:
    return Ratio(round(statistics.median(values), 4), better)


def worse(now: Mapping[str, Ratio], before: Mapping[str, Ratio]) -> list[str]:
    """Describe each ratio of both runs that is worse now by more than a tenth."""
    return [
        f"{name}: {before[name].value:g} -> {ratio.value:g}"
        for name, ratio in now.items()
        if name in before and ratio.is_worse_than(before[name])
    ]


def is_same_machine(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return True if two reports name the same processor and number of cores."""
    return all(one.get(what) == other.get(what) for what in _MACHINE)


def missing(now: Mapping[str, Ratio], before: Mapping[str, Ratio]) -> Sequence[str]:
    """Return the names of ratios that only the earlier run has."""
    return [name for name in before if name not in now]
