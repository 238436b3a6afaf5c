"""The alerts that the rules of deploy/watch raise on a recording, as Prometheus's own promtool evaluates them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import yaml

from tests.faults.alerts.recording import HISTORY_STEPS, STEP_S
from tests.support.observability.watch import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.faults.alerts.recording import Recording

_EVER = 'count by (alertname, service) (count_over_time(ALERTS{alertstate="firing"}[30d]))'
_AT_END = 'count by (alertname, service) (ALERTS{alertstate="firing"})'
_GOT = re.compile(r'\{alertname="(\w+)"(?:, service="([^"]*)")?\}')
_EXPRESSION = re.compile(r'^ *expr: ("(?:[^"\\]|\\.)*")', re.MULTILINE)
_WITHIN_S = 300


def ever_fired(promtool: Path, folder: Path, recording: Recording) -> frozenset[str]:
    """Return the alerts that fired at any time, each with its service: `JiangbuApiDown listing`."""
    return frozenset(_asked(promtool, folder, recording, _EVER))


def fire_at_end(promtool: Path, folder: Path, recording: Recording) -> frozenset[str]:
    """Return the alerts that fire at the last sample."""
    return frozenset(_asked(promtool, folder, recording, _AT_END))


def without_figures(promtool: Path, folder: Path, recording: Recording, queries: Sequence[str]) -> list[str]:
    """Return the queries that return nothing in the last two minutes."""
    asked = {f"count(count_over_time(({query})[2m:{STEP_S}s])) > bool 0": query for query in queries}
    one = [{"labels": "{}", "value": 1}]
    said = _tested(promtool, folder, recording, [{"expr": expression, "exp_samples": one} for expression in asked])
    return [asked[json.loads(expression)] for expression in _EXPRESSION.findall(said)]


def _asked(promtool: Path, folder: Path, recording: Recording, expression: str) -> Iterator[str]:
    """Yield what a query returns at the end: promtool compares it with nothing, and tells the difference."""
    said = _tested(promtool, folder, recording, [{"expr": expression, "exp_samples": []}])
    _, failed, got = said.partition("got:")
    found = [" ".join(filter(None, one)) for one in _GOT.findall(got)]
    assert bool(found) == bool(failed), said
    yield from found


def _tested(promtool: Path, folder: Path, recording: Recording, queries: Sequence[Mapping[str, object]]) -> str:
    """Have promtool compare what queries return at the end with what is expected; return what differs."""
    shutil.copy(RULES, folder)
    end_s = (HISTORY_STEPS + recording.steps - 1) * STEP_S
    test = {
        "interval": f"{STEP_S}s",
        "input_series": recording.input_series(),
        "promql_expr_test": [{**query, "eval_time": f"{end_s}s"} for query in queries],
    }
    cases = {"rule_files": [RULES.name], "evaluation_interval": f"{STEP_S}s", "tests": [test]}
    (folder / "recorded.yml").write_text(yaml.safe_dump(cases, allow_unicode=True, width=10**6), "utf-8")
    run = [promtool, "test", "rules", "recorded.yml"]
    done = subprocess.run(run, check=False, cwd=folder, capture_output=True, text=True, timeout=_WITHIN_S)
    said = done.stdout + done.stderr
    assert ("FAILED" in said) == bool(done.returncode), said
    return said if done.returncode else ""
