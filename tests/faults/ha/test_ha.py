"""Four faults of a highly available set; `make faults ARGS=--ha` injects them all, many times, and measures them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.faults.ha.campaign import HaCampaign

# A busy machine is slower than the limits of the rows, which are for the figures.
GENEROUS_S = 120.0
ROWS = ("1 primary dies", "12a a broker dies", "3 primary frozen", "10 WAL held and waits ended")


@pytest.mark.parametrize("row", ROWS)
def test_nothing_is_lost_doubled_or_forked(ha_campaign: HaCampaign, row: str) -> None:
    outcome = ha_campaign.once(row, 0)
    assert outcome.clean, str(outcome)
    assert max(outcome.pauses_s.values()) < GENEROUS_S, str(outcome)
