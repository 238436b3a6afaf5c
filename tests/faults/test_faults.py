"""Every fault once, on real processes; `make faults` injects each many times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.builds import CONTROLS
from tests.faults.campaign import Campaign
from tests.faults.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 4
SETS = 2


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    campaign = Campaign(tmp_path_factory.mktemp("faults"), SEED, 1, [*KINDS, *CONTROLS], SETS)
    try:
        campaign.start()
        yield campaign
    finally:
        campaign.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_doubled_or_foreign(campaign: Campaign, kind: str) -> None:
    outcome = campaign.outcome(kind, 0)
    if outcome.unavailable:
        pytest.skip(outcome.unavailable)
    assert outcome.clean, str(outcome)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_build_without_a_guard_is_caught(campaign: Campaign, control: str) -> None:
    outcome = campaign.outcome(control, 0)
    assert CONTROLS[control].tells in str(outcome.findings), str(outcome)
