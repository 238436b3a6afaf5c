"""Faults take minutes, most of which is waiting: several processes run them, and the tests ask for each outcome."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.builds import CONTROLS
from tests.faults.campaign import Campaign
from tests.faults.kinds.every import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 4
SETS = 2
_HERE = Path(__file__).parent


def _is_ours(item: pytest.Item) -> bool:
    return item.path.parent == _HERE


@pytest.fixture(scope="package")
def campaign(
    extended: None, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Campaign]:
    """A running campaign of all selected faults."""
    selected = {item.name for item in request.session.items if _is_ours(item)}
    every = [*KINDS, *CONTROLS]
    kinds = [kind for kind in every if any(name.endswith(f"[{kind}]") for name in selected)] or every
    campaign = Campaign(tmp_path_factory.mktemp("faults"), SEED, 1, kinds, min(SETS, len(kinds)))
    try:
        campaign.start()
        yield campaign
    finally:
        campaign.stop()
