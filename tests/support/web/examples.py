"""Generated requests: the same ones in every run."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def same_examples(count: int) -> settings:
    """Settings of a hypothesis test that sends `count` requests. A failing one is not simplified, which takes long."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
