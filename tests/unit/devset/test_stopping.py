"""Stop requests of a set: one that is lost on its way is raised at the next opportunity."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from devset.stopping import SIGNALS, StopRequested, StopSignals

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def signals() -> Iterator[StopSignals]:
    before = {one: signal.getsignal(one) for one in SIGNALS}
    signals = StopSignals()
    signals.install()
    yield signals
    for one, handler in before.items():
        signal.signal(one, handler)


def test_a_request_that_was_lost_is_raised_again_until_the_set_stops(signals: StopSignals) -> None:
    """Python only prints what is raised in a destructor."""
    signals.check()
    with pytest.raises(StopRequested, match="SIGTERM"):
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(StopRequested, match="SIGTERM"):
        signals.check()
    signal.raise_signal(signal.SIGINT)
    signals.ignore()
    signals.check()
