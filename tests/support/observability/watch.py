"""The alerts and the dashboard of deploy/watch."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.support.paths import ROOT

WATCH = ROOT / "deploy" / "watch"
RULES = WATCH / "alerts.yml"


def alerts() -> list[dict[str, Any]]:
    """Return the rules, in their order."""
    (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return list(group["rules"])


def alert_names() -> list[str]:
    return [rule["alert"] for rule in alerts()]


def panels() -> list[dict[str, Any]]:
    """Return the panels of the dashboard."""
    return list(json.loads((WATCH / "dashboard.json").read_text("utf-8"))["panels"])


def queries() -> list[str]:
    """Return the expressions of the dashboard, with the variable `$service` filled in."""
    return [target["expr"].replace("$service", ".*") for panel in panels() for target in panel.get("targets", ())]
