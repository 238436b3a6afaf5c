"""`make demo ARGS=--ha` and `make up ARGS=--ha`: three machines on one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from rich.cells import cell_len

from deploy.ha.nodes_file import load_nodes
from deploy.ha.patroni_api import read_members
from tests.support.command_line import command_line
from tests.support.paths import ROOT
from tests.support.up import assert_gone, operated

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("large", "ha_binaries")
# The target for a dead machine is 22 s (Patroni's least ttl is 20); the machine of the tests may be busy.
DECISIONS_WITHIN_S = 60


def test_the_demonstration_survives_the_death_of_the_primary() -> None:
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "ARGS"}
    result = subprocess.run(
        ["make", "demo", "ARGS=--ha", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env=environment | {"LC_ALL": "en_US.UTF-8"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert max(map(cell_len, result.stdout.splitlines())) <= 80
    assert "agree with the independent verifier" in result.stdout
    said = re.search(
        r"machine of the primary, (n\d), was killed .*and\s+(n\d) took over: no decision for (\S+) s", result.stdout
    )
    assert said is not None, result.stdout
    assert said[1] != said[2]
    assert float(said[3]) < DECISIONS_WITHIN_S
    assert re.search(r"✓ all \d\d+ decisions that were acknowledged are on record", result.stdout)


def test_two_of_each_program_are_ready_and_nothing_outlives_a_killed_supervisor(own_set, tmp_path: Path) -> None:
    up = own_set("--ha")
    known = up.ready()
    assert len(known["kafka"].split(",")) == 3
    for service, urls in known["apis"].items():
        # The known address is that of a proxy.
        assert known[service] not in urls
        every = (known[service], *urls)
        assert [requests.get(f"{url}/readyz", timeout=60).status_code for url in every] == [200, 200, 200]
    cluster = load_nodes(tmp_path / "data" / "nodes.yaml")
    assert operated(tmp_path / "data", "ha", "status", "--nodes", "nodes.yaml").splitlines()[-1] == "whole"
    assert "incentive: nothing is lost" in operated(tmp_path / "data", "ha", "recover")
    findings = operated(tmp_path / "data", "doctor", "--no-secrets")
    for said in ("Kafka: ", "备库 standbys: 2 synchronous, 0 asynchronous", "切换规则 Patroni: "):
        assert f"正常 ok    {said}" in findings, findings
    # Through the proxies, as the superuser, whom the rules of the servers let receive the log.
    operated(tmp_path / "data", "backup", "key", "backup.key")
    backed_up = operated(tmp_path / "data", "backup", "--to", "store", "--key", "backup.key")
    assert "backup 1 is complete" in backed_up
    members = read_members(cluster).members
    assert sorted(member.sync for member in members) == ["", "quorum", "quorum"]

    programs = up.programs()
    assert sum("postgres" in command_line(one)[0] for one in programs if command_line(one)) >= 3
    (supervisor,) = [one for one in programs if "devset.up" in command_line(one)]
    supervisor.kill()
    up.end()
    assert_gone(programs)
