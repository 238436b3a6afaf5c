"""The overlay docker-compose.ha.yml: built, started, its primary killed while the bureau decides, and removed."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from devset.demo import SEED, YEAR
from devset.expected import expected_outcome
from devset.ha.failover import DECISIONS, Bureau
from devset.programs import SERVICES
from exchange_kit.sample.year import sample_events
from shared.whitelist import load_whitelist
from tests.compose.ha_stack import HaStack
from tests.compose.stack import READY_WITHIN_S, why_unavailable
from tests.support.engines.session import RAN_AGAINST
from tests.support.paths import ROOT
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# It needs the machine to itself, and minutes.
pytestmark = pytest.mark.ha
EVENTS = 300
PROGRAMS = [f"{service}-{part}" for service in SERVICES for part in ("api", "api2", "consumer")]
WITHIN_S = 300.0


@pytest.fixture
def three(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HaStack]:
    """The set, started; nothing of it is left afterwards."""
    if (reason := why_unavailable()) is not None:
        request.config.stash[RAN_AGAINST]["Docker Compose"] = f"已跳过 / skipped: {reason}"
        pytest.skip(reason)
    stack = HaStack(tmp_path)
    try:
        stack.compose("build", timeout_s=READY_WITHIN_S)
        stack.compose("up", "-d", timeout_s=READY_WITHIN_S)
        stack.await_healthy(*PROGRAMS)
        yield stack
    finally:
        stack.compose("down", "-v", "-t", "3", "--remove-orphans")
        subprocess.run(["docker", "image", "rm", stack.image, stack.engines_image], check=False, capture_output=True)
    assert stack.left_over() == {}


def status(stack: HaStack) -> str:
    """Return what `jiangbu ha status` says of the set: `whole`, `degraded` or `unreachable`."""
    command = ["jiangbu", "ha", "status", "--nodes", "/etc/jiangbu/nodes.yaml", "--json"]
    told = stack.compose("run", "--rm", "--no-deps", "-T", "ha", "sh", "-c", f"{' '.join(command)} || true")
    return str(json.loads(told)["verdict"])


def faults(stack: HaStack) -> list[str]:
    """Return the faults that the doctor finds, but for the free space of the machine of the tests."""
    command = "jiangbu doctor --secrets /secrets || true"
    told = stack.compose("run", "--rm", "--no-deps", "-T", "doctor", "sh", "-c", command)
    assert "数据库 database incentive" in told
    return [line for line in told.splitlines() if "FAIL" in line and "Kafka disks" not in line]


def test_decisions_go_on_when_the_primary_is_killed(three: HaStack) -> None:
    whitelist = load_whitelist(ROOT / "exchanges.yaml")
    events = list(sample_events(SEED, whitelist.ids, EVENTS, YEAR, rubbish=True))
    hurry = threading.Event()
    hurry.set()
    three.send(events, hurry).finish()
    client = three.client("auditor")
    client.await_quiet(WITHIN_S, lambda: None)
    assert client.outcome() == expected_outcome(events, whitelist)
    assert status(three) == "whole"
    assert faults(three) == []

    award = next(iter(client.items("incentive", "/v1/awards")))["award_id"]
    bureau = Bureau(three.addresses, three.secrets["bureau/api-key"], award)
    killed = three.primary()
    with bureau.at_work():
        until(lambda: bureau.count() >= DECISIONS, WITHIN_S)
        # One of the two APIs dies as well: each proxy leads to the other.
        three.kill("incentive-api")
        three.kill(killed)
        before = bureau.count()
        until(lambda: bureau.count() >= before + DECISIONS, WITHIN_S)
    assert three.primary() != killed
    assert status(three) == "degraded"
    kept = {one["decision_id"] for one in client.items("incentive", f"/v1/awards/{award}/decisions")}
    assert kept >= {decided.decision_id for decided in bureau.acknowledged}

    three.compose("start", killed, "incentive-api")
    until(lambda: status(three) == "whole", WITHIN_S)
