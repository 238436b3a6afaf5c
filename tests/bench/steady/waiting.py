"""The queues of the set while events flow, and whether they grow."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

GROWS: Final = 0.01  # of the rate of events


class Sample(NamedTuple):
    """Records that wait at an instant of a monotonic clock, by queue."""

    at_s: float
    waiting: dict[str, int]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the rise a second of the line with the least squares; 0.0 for points of one instant."""
    if len({at_s for at_s, _ in points}) < 2:
        return 0.0
    return statistics.linear_regression(*zip(*points, strict=True)).slope


def summary(samples: Sequence[Sample], per_s: float) -> dict[str, Any]:
    """Return what waits by queue: at the end, at most, and its rise in records a second; and whether the sum grows."""
    if not samples:
        return {"queues": {}, "rise_per_s": 0.0, "grows": False}
    queues = sorted({queue for sample in samples for queue in sample.waiting})
    found: dict[str, Any] = {
        queue: {
            "end": samples[-1].waiting.get(queue, 0),
            "most": max(sample.waiting.get(queue, 0) for sample in samples),
            "rise_per_s": round(slope([(one.at_s, one.waiting.get(queue, 0)) for one in samples]), 2),
        }
        for queue in queues
    }
    rise = slope([(one.at_s, sum(one.waiting.values())) for one in samples])
    return {"queues": found, "rise_per_s": round(rise, 2), "grows": rise > GROWS * per_s}
