"""Alerts by real faults: each fires in its fault, and no other does. `make faults ARGS=--alerts` causes all faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.alerts.campaign import AlertCampaign
from tests.faults.alerts.every import ALERT_FAULTS, proofs
from tests.faults.alerts.recording import Recording, Target
from tests.faults.alerts.rules import ever_fired, fire_at_end, without_figures
from tests.support.engines.programs import PROMTOOL
from tests.support.engines.session import RAN_AGAINST
from tests.support.observability.watch import alert_names, queries
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERYDAY = [name for name, fault in ALERT_FAULTS.items() if fault.everyday]


@pytest.fixture(scope="module")
def promtool(extended: None, request: pytest.FixtureRequest) -> Path:
    program = PROMTOOL.found()
    request.config.stash[RAN_AGAINST]["promtool"] = str(program)
    return program


@pytest.fixture(scope="module")
def alert_campaign(large: None, promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlertCampaign]:
    campaign = AlertCampaign(tmp_path_factory.mktemp("alerts"))
    try:
        yield campaign
    finally:
        campaign.stop()


@pytest.mark.parametrize("name", EVERYDAY)
def test_the_alerts_of_a_fault_fire_and_no_other(alert_campaign: AlertCampaign, name: str) -> None:
    outcome = alert_campaign.outcome(ALERT_FAULTS[name])
    assert outcome.is_right, str(outcome)


def test_the_dashboard_shows_figures(alert_campaign: AlertCampaign, promtool: Path, tmp_path: Path) -> None:
    """Each panel has data of a working set, but those of what is wrong; rubbish gives the quarantine's panel data."""
    if "rubbish" not in alert_campaign.recordings:
        alert_campaign.outcome(ALERT_FAULTS["rubbish"])
    empty = without_figures(promtool, tmp_path, alert_campaign.recordings["rubbish"], queries())
    assert [query for query in empty if "> 0" not in query or "quarantined" in query] == []


def test_every_alert_has_a_fault() -> None:
    assert proofs().keys() == set(alert_names())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_alerts_names_the_faults(language: str) -> None:
    page = (ROOT / "docs" / language / "operations" / "alerts.md").read_text("utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:3]] for line in page.splitlines() if line.startswith("| `")]
    assert [(alert, fault) for alert, fault in rows] == [
        (alert, fault) for alert in alert_names() for fault in proofs()[alert]
    ]


def _answers(figure: str) -> str:
    return f'jiangbu_up{{part="database"}} 1\njiangbu_clock_error_seconds {figure}\n'


def _down() -> str:
    raise OSError


def test_a_recording_is_read_as_prometheus_stores_it(promtool: Path, tmp_path: Path) -> None:
    """A series that is no longer told is stale at once: its last value neither fires nor ends an alert."""
    recording = Recording()
    for step in range(24):
        read = _down if 8 <= step < 18 else lambda step=step: _answers("7" if step < 8 else "1.5e-05")
        recording.take([Target(read, "listing", "a:1"), Target(lambda: _answers("0"), "incentive", "a:2")])
    assert ever_fired(promtool, tmp_path, recording) == {"JiangbuApiDown listing", "JiangbuClockWrong listing"}
    assert fire_at_end(promtool, tmp_path, recording) == set()
