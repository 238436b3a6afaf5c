"""Every fault once, on real processes; `make faults` injects each many times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.faults.builds import CONTROLS
from tests.faults.kinds.every import KINDS

if TYPE_CHECKING:
    from tests.faults.campaign import Campaign


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_doubled_or_foreign(campaign: Campaign, kind: str) -> None:
    outcome = campaign.outcome(kind, 0)
    if outcome.unavailable:
        pytest.skip(outcome.unavailable)
    assert outcome.clean, str(outcome)


@pytest.mark.parametrize("kind", CONTROLS)
def test_a_build_without_a_guard_is_caught(campaign: Campaign, kind: str) -> None:
    outcome = campaign.outcome(kind, 0)
    assert re.search(CONTROLS[kind].tells, str(outcome.findings)), str(outcome)
