"""The table of a campaign of alerts: it is printed whatever ends a fault, and names the error."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

from tests.faults.alerts.campaign import AlertCampaign, cause_all

if TYPE_CHECKING:
    from pathlib import Path


def test_an_error_of_any_kind_is_told_in_the_row_of_its_fault(tmp_path: Path) -> None:
    """No set can be started in a folder that does not exist."""
    said = StringIO()
    campaign = AlertCampaign(tmp_path / "[missing]")
    assert not cause_all(Console(file=said, width=200), campaign, ["nothing", "broker killed"])
    campaign.stop()
    _, _, table = said.getvalue().partition("alerts and their faults")
    assert table.count("FileNotFoundError") == 2
    assert all(text in table for text in ("nothing", "broker killed", "[missing]"))
