"""A highly available set for the rows that run in `make test-ha`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devset.processes import adopt_orphans, end_descendants
from tests.faults.ha.campaign import HaCampaign
from tests.faults.ha.fault import Pace

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20
# Shorter than in the campaign; longer than Patroni's lease of 20 s and the failover after it.
PACE = Pace(frozen_s=32.0, steady_s=4.0)


@pytest.fixture(scope="package")
def ha_campaign(ha: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HaCampaign]:
    """One set; its faults come in series."""
    # Patroni's PostgreSQL leaves its parent. Ended and not reaped, it would keep Patroni waiting.
    adopt_orphans()
    campaign = HaCampaign(tmp_path_factory.mktemp("ha"), SEED, PACE)
    try:
        yield campaign
    finally:
        campaign.stop()
        end_descendants()
