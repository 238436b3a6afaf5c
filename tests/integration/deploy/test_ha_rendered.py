"""The page docs/en/operations/high-availability.md renders a set; Kafka and systemd accept the files made for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.ha.nodes import Folders, KafkaSecurity, Ports, Programs
from deploy.ha.nodes_file import load_nodes
from deploy.ha.render import plan_files, render, write_files
from devset.jars import prepared_kafka
from devset.kafka import java_command
from devset.postgres import postgres_binaries
from devset.processes import free_ports
from shared.settings import LocalSettings
from tests.support.paths import ROOT
from tests.support.procedures import PAGES, blocks, carry_out

if TYPE_CHECKING:
    from deploy.ha.nodes import Cluster

PAGE = PAGES / "operations" / "high-availability.md"


@pytest.fixture(scope="module")
def rendered(extended: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the page was followed: the description, the secrets, and the files of each machine."""
    (described,) = (block.text for block in blocks(PAGE) if block.language == "yaml")
    folder = tmp_path_factory.mktemp("ha")
    (folder / "nodes.yaml").write_text(described, "utf-8")
    carry_out("render a set", {"EXCHANGES_FILE": str(ROOT / "exchanges.yaml")}, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def local(rendered: Path) -> Cluster:
    """The set of the page with addresses, folders and programs that exist on this machine."""
    cluster = load_nodes(rendered / "nodes.yaml")
    machines = []
    for machine in cluster.machines:
        folders = Folders(*(rendered / machine.name / name for name in Folders._fields))
        ports = Ports(*free_ports(len(Ports._fields)))
        machines.append(machine._replace(host=f"127.0.1.{machine.number}", folders=folders, ports=ports))
    programs = Programs(*(_executable(rendered / "programs" / name) for name in Programs._fields))
    security = KafkaSecurity(rendered / "secrets" / "kafka-node" / "properties")
    moved = cluster._replace(
        machines=tuple(machines),
        postgres_binaries=postgres_binaries(),
        config=rendered / "rendered" / "db1",
        secrets=rendered / "secrets",
        programs=programs._replace(jiangbu=Path(sys.executable).parent, kafka=_kafka_scripts(rendered / "kafka")),
        kafka_security=security,
    )
    list(write_files(plan_files(render(moved), rendered / "rendered", force=True)))
    return moved


def _executable(path: Path, script: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, "utf-8")
    path.chmod(0o755)
    return path


def _kafka_scripts(folder: Path) -> Path:
    settings = LocalSettings()
    java = " ".join(map(str, java_command(prepared_kafka(settings.cache_folder, settings.maven_repository, print))))
    _executable(folder / "kafka-run-class.sh", f'#!/bin/sh\nexec {java} "$@"\n')
    _executable(folder / "kafka-server-start.sh")
    return folder


def accepted(*command: str | Path) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_kafka_formats_its_storage_by_its_file(local: Cluster, rendered: Path) -> None:
    """The tool reads the properties as the node does, and takes both passwords from their files."""
    data = local.machines[0].folders.kafka
    for _ in range(2):
        accepted("sh", rendered / "rendered" / "db1" / "kafka-format.sh")
    assert "node.id=1" in (data / "meta.properties").read_text("ascii")
    assert b"SCRAM" not in (data / "bootstrap.checkpoint").read_bytes()
    assert b"admin" in (data / "bootstrap.checkpoint").read_bytes()


def test_systemd_accepts_the_units(local: Cluster, rendered: Path) -> None:
    units = sorted((rendered / "rendered" / "db1" / "systemd").glob("*.service"))
    assert len(units) == 10
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze 未安装 / is not installed")
    assert accepted(program, "verify", *units) == ""
