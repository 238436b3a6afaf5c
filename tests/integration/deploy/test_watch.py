"""Alerts and dashboard of deploy/watch: checked by promtool, and against the metrics that services export."""

from __future__ import annotations

import re
import shutil
import subprocess
import uuid
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from prometheus_client.parser import text_string_to_metric_families

from deploy.backup.run_metrics import reported_run
from deploy.ha.disk_watch import METRICS_NAME, DiskRoom, write_metrics
from shared.events.topics import topic_of
from shared.process.run_record import WorkerRun
from shared.settings import KafkaSettings
from shared.values.times import now
from tests.support.engines.programs import PROMTOOL
from tests.support.engines.session import RAN_AGAINST
from tests.support.incentive.app import SETTINGS, incentive_app
from tests.support.incentive.ledger import ledger_database, rulebook
from tests.support.observability.watch import WATCH, alerts, panels, queries
from tests.support.paths import ROOT
from tests.support.registers.web_register import register_set
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = Path(__file__).with_name("alerts_test.yml")
# Prometheus's own metric, with the label that prometheus.yml adds, and one of kube-state-metrics.
OF_OTHERS = {
    "up": {"job", "instance", "service"},
    "kube_cronjob_status_last_successful_time": {"namespace", "cronjob"},
}
OF_TARGETS = {"service", "instance", "job"}


@pytest.fixture(scope="module")
def promtool(extended: None, request: pytest.FixtureRequest) -> Path:
    """Prometheus's own checker of rules."""
    program = PROMTOOL.found()
    request.config.stash[RAN_AGAINST]["promtool"] = str(program)
    return program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in (*WATCH.iterdir(), CASES):
        shutil.copy(file, tmp_path)
    (tmp_path / "metrics-key").touch()
    return tmp_path


def run(promtool: Path, folder: Path, *arguments: str) -> tuple[bool, str]:
    done = subprocess.run([promtool, *arguments], check=False, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_files(promtool: Path, folder: Path) -> None:
    is_right, said = run(promtool, folder, "check", "config", "prometheus.yml")
    assert is_right, said
    assert f"{len(alerts())} rules found" in said


def test_alerts_fire_when_they_should_and_only_then(promtool: Path, folder: Path) -> None:
    is_right, said = run(promtool, folder, "test", "rules", CASES.name)
    assert is_right, said


def test_a_wrong_threshold_would_be_noticed(promtool: Path, folder: Path) -> None:
    rules = folder / "alerts.yml"
    text = rules.read_text("utf-8")
    rules.write_text(text.replace("jiangbu_waiting_seconds) > 60", "jiangbu_waiting_seconds) > 600"), "utf-8")
    is_right, said = run(promtool, folder, "test", "rules", CASES.name)
    assert not is_right
    assert "JiangbuRecordsWait" in said


def test_every_alert_has_a_case_of_firing_and_one_of_silence() -> None:
    cases = yaml.safe_load(CASES.read_text("utf-8"))["tests"]
    outcomes = {(case["alertname"], bool(case.get("exp_alerts"))) for test in cases for case in test["alert_rule_test"]}
    assert outcomes == {(rule["alert"], fires) for rule in alerts() for fires in (True, False)}


def test_every_alert_leads_to_what_to_do() -> None:
    page = (ROOT / "docs" / "en" / "operations" / "alerts.md").read_text("utf-8")
    headings = re.findall(r"^## Alert (\w+)$", page, re.MULTILINE)
    assert headings == [rule["alert"] for rule in alerts()]
    for rule in alerts():
        assert rule["annotations"]["runbook_url"] == f"docs/en/operations/alerts.md#alert-{rule['alert'].lower()}"


def test_the_dashboard_asks_in_the_language_of_prometheus(promtool: Path, tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    is_right, said = run(promtool, tmp_path, "check", "rules", "panels.yml")
    assert is_right, said


def test_panels_have_places_of_their_own() -> None:
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))
    for one, other in combinations([panel["gridPos"] for panel in panels()], 2):
        assert one["x"] + one["w"] <= 24
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


@pytest.fixture(scope="module")
def told(postgres, kafka: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Every exported metric with its labels: of a register, the ledger, database, broker, disks and backups."""
    exchange = f"x{uuid.uuid4().hex[:12]}"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(topic_of("listing", exchange), 1, 1)], wait_for_metadata=True)
    admin.close()
    with register_set("listing", postgres("listing"), tmp_path_factory.mktemp("watch"), kafka, (exchange,)) as made:
        made.feed(exchange, [made.side.event(exchange, "A"), b"rubbish"])
        WorkerRun(made.engine).begun()
        made.get("/v1/listings")
        answers = [made.get("/metrics").text]
    with ledger_database(postgres, ()) as ledger:
        settings = replace(SETTINGS, kafka=KafkaSettings((kafka,)))
        app = incentive_app(ledger.service, rulebook(), now, settings=settings)
        answers.append(app.test_client().get("/metrics", headers=headers("auditor")).text)
    write_metrics(folder := tmp_path_factory.mktemp("disk-watch"), "db1", DiskRoom(1, 2))
    answers.append((folder / METRICS_NAME).read_text("utf-8"))
    with reported_run(backup := folder / "backup.prom"):
        pass
    answers.append(backup.read_text("ascii"))
    families = [family for answer in answers for family in text_string_to_metric_families(answer)]
    samples = [sample for family in families for sample in family.samples]
    told: dict[str, set[str]] = {}
    for sample in samples:
        told.setdefault(sample.name, set(OF_TARGETS)).update(sample.labels)
    return told


def named(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the metrics in an expression, each with the labels that it matches."""
    plain = re.sub(r'"[^"]*"', '""', expression)
    for name, matchers in re.findall(r"\b(jiangbu_\w+|kube_\w+|up)\b(?:\{([^}]*)\})?", plain):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))


def test_watched_metrics_exist(told: dict[str, set[str]]) -> None:
    known = told | OF_OTHERS
    expressions = [*(rule["expr"] for rule in alerts()), *queries()]
    asked = [found for expression in expressions for found in named(expression)]
    assert len(asked) > len(expressions)
    assert {name for name, _ in asked} <= known.keys()
    for name, labels in asked:
        assert labels <= known[name], name
    for expression in expressions:
        grouped = {label for by in re.findall(r"\bby \(([^)]*)\)", expression) for label in re.split(r",\s*", by)}
        assert grouped <= set().union(*(known[name] for name, _ in named(expression))), expression


def test_metrics_are_shown_on_the_dashboard(told: dict[str, set[str]]) -> None:
    """Every exported metric is used in an alert or on the dashboard."""
    shown = {name for expression in [*(rule["expr"] for rule in alerts()), *queries()] for name, _ in named(expression)}
    part = re.compile(r"_(bucket|sum|count)$")
    assert {part.sub("", name) for name in told if not name.endswith("_created")} <= {
        part.sub("", name) for name in shown
    }
