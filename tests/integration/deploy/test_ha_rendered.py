"""The page docs/en/operations/high-availability.md renders a set; Kafka and systemd accept the files made for it."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from click.testing import CliRunner
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, SaslAuthenticationFailedError

from deploy.__main__ import main
from deploy.ha.nodes import Folders, KafkaSecurity, KafkaTls, Ports, Programs
from deploy.ha.nodes_file import load_nodes, read_nodes
from deploy.ha.render import render
from deploy.rendered_files import plan_files, write_files
from deploy.secrets import ADMIN, KAFKA_PASSWORD
from devset.jars import prepared_kafka
from devset.kafka import java_command
from devset.postgres import postgres_binaries
from devset.processes import base_environment, free_ports, spawn
from shared.settings import KafkaSettings, LocalSettings
from tests.support.engines.secured_broker import broker_pem
from tests.support.paths import ROOT
from tests.support.procedures import PAGES, blocks, carry_out
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.ha.nodes import Cluster

PAGE = PAGES / "operations" / "high-availability.md"


def described_on_the_page() -> list[str]:
    """Return the description of the machines, and the fields of encryption."""
    return [block.text for block in blocks(PAGE) if block.language == "yaml"]


def test_the_fields_of_encryption_leave_nothing_in_plain_text() -> None:
    described, encryption = described_on_the_page()
    without_passwords = [line for line in described.splitlines() if not line.startswith("kafka_security")]
    text = "\n".join([*without_passwords, encryption])
    assert read_nodes(text.encode(), "nodes.yaml").in_plain_text == []


@pytest.fixture(scope="module")
def rendered(extended: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the page was followed: the description, the secrets, and the files of each machine."""
    described, _ = described_on_the_page()
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
    tls = KafkaTls(rendered / "authority.pem", rendered / "broker.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tls.authority)
    tls.file.write_bytes(broker_pem(authority, *(machine.host for machine in machines)))
    security = KafkaSecurity(rendered / "secrets" / "kafka-node" / "properties", inside_tls=tls)
    moved = cluster._replace(
        machines=tuple(machines),
        postgres_binaries=postgres_binaries(),
        secrets=rendered / "secrets",
        programs=programs._replace(jiangbu=Path(sys.executable).parent, kafka=_kafka_scripts(rendered / "kafka")),
        kafka_security=security,
    )
    for machine in machines:
        files = render(moved._replace(config=rendered / "rendered" / machine.name))
        own = {path: text for path, text in files.items() if path.startswith(f"{machine.name}/")}
        list(write_files(plan_files(own, rendered / "rendered", force=True)))
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
    _executable(folder / "kafka-server-start.sh", f'#!/bin/sh\nexec {java} kafka.Kafka "$@"\n')
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


@pytest.fixture
def brokers(local: Cluster, rendered: Path) -> Iterator[Callable[[str, str], KafkaSettings]]:
    """`brokers(user, password)`: the settings of a user of three brokers, started as their units start them."""
    programs = []
    for machine in local.machines:
        files = rendered / "rendered" / machine.name
        accepted("sh", files / "kafka-format.sh")
        command: list[str | Path] = [local.programs.kafka / "kafka-server-start.sh", files / "server.properties"]
        log_file = rendered / f"{machine.name}.log"
        programs.append(spawn("kafka", command, log_file=log_file, environment=base_environment()))

    def settings(user: str, password: str) -> KafkaSettings:
        servers, ca_file = tuple(local.kafka.split(",")), rendered / "authority.pem"
        return KafkaSettings(servers, "SASL_SSL", "SCRAM-SHA-512", user, password, ssl_ca_file=ca_file)

    yield settings
    for program in programs:
        program.stop(signal.SIGKILL, 20)


def test_brokers_let_in_those_with_a_password_and_a_right(
    local: Cluster, rendered: Path, brokers: Callable[[str, str], KafkaSettings]
) -> None:
    """Three brokers find each other by TLS and the password of the nodes; rights and replicas come as with one."""

    def password(user: str) -> str:
        return (rendered / "secrets" / user / KAFKA_PASSWORD).read_text("ascii").strip()

    until(lambda: numbers_of(brokers(ADMIN, password(ADMIN))) == {1, 2, 3})
    settings = shlex.split((rendered / "rendered" / "db1" / "admin.env").read_text())
    environment = dict(setting.split("=", 1) for setting in settings)
    environment["EXCHANGES_FILE"] = str(ROOT / "exchanges.yaml")
    applied = CliRunner().invoke(main, ["topics", "apply", "--secrets", str(rendered / "secrets")], env=environment)
    assert applied.exit_code == 0, applied.output
    exchange = "exchange.kmdex"
    with KafkaAdminClient(**brokers(exchange, password(exchange)).client_config()) as admin:
        seen = admin.list_topics()
        topics = admin.describe_topics([f"{exchange}.trades.v1"])
    assert {topic.rpartition(".")[0].rpartition(".")[0] for topic in seen} == {exchange, "logs"}
    assert {len(one["replica_nodes"]) for topic in topics for one in topic["partitions"]} == {3}
    with pytest.raises(SaslAuthenticationFailedError):
        KafkaAdminClient(**brokers(exchange, "wrong").client_config(), bootstrap_timeout_ms=60_000)


def numbers_of(kafka: KafkaSettings) -> set[int]:
    """Return the numbers of the brokers that a user sees; none while no broker answers."""
    try:
        with KafkaAdminClient(**kafka.client_config(), bootstrap_timeout_ms=10_000) as admin:
            return {broker["broker_id"] for broker in admin.describe_cluster()["brokers"]}
    except KafkaError:
        return set()


def test_systemd_accepts_the_units(local: Cluster, rendered: Path) -> None:
    units = sorted((rendered / "rendered" / "db1" / "systemd").iterdir())
    assert [unit.suffix for unit in units].count(".service") == 12
    assert [unit.name for unit in units if unit.suffix != ".service"] == ["jiangbu-backup.timer"]
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze 未安装 / is not installed")
    assert accepted(program, "verify", *units) == ""
