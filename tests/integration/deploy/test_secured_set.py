"""The services on the secured broker, each as its own user: from an exchange's event to an award."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner, Result
from kafka import KafkaProducer

from deploy.__main__ import main as jiangbu
from devset.client import Client
from devset.folder import SERVICE_KEY
from devset.postgres import Database
from devset.processes import ChildProgram, free_ports, spawn
from devset.programs import SERVICES, Addresses, command, environment, module
from exchange_kit.__main__ import main as exchange_kit
from shared.language import LocalizedError
from shared.postgres.migrate import migrate
from tests.support.paths import ROOT
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.engines.secured_broker import SecuredBroker
    from tests.support.engines.session import FreshDatabase

EXAMPLES = ROOT / "docs" / "example-events.ndjson"
KEY = "key-of-the-auditor"
READY_TIMEOUT_S = 120.0


@dataclass
class SecuredSet:
    """Databases, settings and programs of the three services."""

    broker: SecuredBroker
    databases: dict[str, Database]
    folder: Path
    addresses: Addresses
    running: dict[str, ChildProgram] = field(default_factory=dict)

    def environment(self, service: str, **settings: str) -> dict[str, str]:
        keys = self.folder / "keys.yaml"
        hashed = hashlib.sha256(KEY.encode()).hexdigest()
        keys.write_text(yaml.safe_dump([{"name": "auditor", "role": "auditor", "sha256": hashed}]), "utf-8")
        keys.with_name(SERVICE_KEY).write_text(f"{KEY}\n", "utf-8")
        given = {**self.broker.environment(service), **settings}
        return environment(self.addresses, self.databases[service], ROOT / "exchanges.yaml", keys, given)

    def start(self, name: str, service: str, *arguments: str, **settings: str) -> ChildProgram:
        self.running[name] = spawn(
            name,
            command(service, *arguments),
            log_file=self.folder / f"{name}.log",
            environment=self.environment(service, **settings),
        )
        return self.running[name]

    def stop(self, *names: str) -> None:
        programs = [self.running.pop(name) for name in names]
        for program in programs:
            program.process.send_signal(signal.SIGTERM)
        for program in programs:
            program.stop(signal.SIGTERM, 60)

    def check(self) -> None:
        for program in self.running.values():
            assert program.alive(), program.last_output()

    def jiangbu(self, service: str, *arguments: str, **settings: str) -> Result:
        """Call `jiangbu` with the settings of the service, its user of Kafka included."""
        environment = {**self.environment(service), **settings}
        return CliRunner().invoke(jiangbu, [*arguments, "--service", service], env=environment)


@pytest.fixture(scope="module")
def secured_set(
    secured: SecuredBroker, postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecuredSet]:
    applied = secured.jiangbu(ROOT / "exchanges.yaml", "topics", "apply", "--secrets", str(secured.secrets))
    assert applied.exit_code == 0, applied.output
    databases = {service: Database(*postgres(service)) for service in SERVICES}
    for service, database in databases.items():
        migrate(module(service), database.owner_url, database.service_url, "r1")
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    addresses = Addresses(secured.inside, {service: f"127.0.0.1:{port}" for service, port in ports.items()})
    made = SecuredSet(secured, databases, tmp_path_factory.mktemp("secured-set"), addresses)
    yield made
    made.stop(*made.running)


def publish_from_outside(broker: SecuredBroker, folder: Path, **settings: str) -> Result:
    """Publish events as an exchange's engineers do: with the kit, over TLS."""
    file = folder / "events.ndjson"
    file.write_bytes(EXAMPLES.read_bytes())
    arguments = ["publish", str(file), "--exchange", "kmdex"]
    return CliRunner().invoke(exchange_kit, arguments, env={**from_outside(broker), **settings})


def from_outside(broker: SecuredBroker) -> dict[str, str]:
    """Return the environment with which an exchange connects to Kafka."""
    return {
        **broker.environment("exchange.kmdex"),
        "KAFKA_BOOTSTRAP_SERVERS": broker.outside,
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SSL_CA_FILE": str(broker.ca_file),
    }


def witness_from_outside(made: SecuredSet, folder: Path) -> Result:
    """Run the kit's witness with no rights other than those of an exchange."""
    apis = {
        "LISTING_URL": made.addresses.url("listing"),
        "TRADE_INGEST_URL": made.addresses.url("trade-ingest"),
        "INCENTIVE_URL": made.addresses.url("incentive"),
        "EXCHANGE_KEY": KEY,
        "NO_PROXY": "127.0.0.1",
    }
    arguments = ["witness", "--folder", str(folder), "--name", "kmdex.example/witness"]
    return CliRunner().invoke(exchange_kit, arguments, env={**from_outside(made.broker), **apis})


def publish_in_anothers_name(broker: SecuredBroker) -> int:
    """Forge an event as an exchange could: its own topic, another's `source`; return the offset."""
    event = json.loads(EXAMPLES.read_bytes().splitlines()[0]) | {"source": "/exchanges/dcdex"}
    producer = KafkaProducer(**broker.as_user("exchange.kmdex").client_config(), acks="all")
    sent = producer.send("exchange.kmdex.listings.v1", json.dumps(event).encode(), b"k", partition=0)
    producer.close()
    offset: int = sent.get(60).offset
    return offset


def test_an_event_becomes_an_award_and_a_forged_one_does_not(secured_set: SecuredSet, tmp_path: Path) -> None:
    published = publish_from_outside(secured_set.broker, tmp_path)
    assert published.exit_code == 0, published.output
    assert "acknowledged: 2 -> exchange.kmdex.trades.v1" in published.output
    forged = publish_in_anothers_name(secured_set.broker)
    for service in SERVICES:
        secured_set.start(f"{service} consume", service, "consume")
        secured_set.start(f"{service} serve", service, "serve", "--bind", secured_set.addresses.apis[service])
    client = Client.with_key(secured_set.addresses, KEY)
    try:
        for service in SERVICES:
            url = f"{secured_set.addresses.url(service)}/readyz"
            until(lambda url=url: is_ready(client, url, secured_set), READY_TIMEOUT_S)
        until(lambda: is_quiet(client, secured_set), READY_TIMEOUT_S)
        awards = {award["award_id"]: award["payable"] for award in client.items("incentive", "/v1/awards")}
        assert awards == {
            "first_listing/uscc:91530100MAXGAAA018": "20000.00",
            "first_purchase/uscc:91530100MAXXAAA02W": "200000.00",
        }
        refused = client.items("listing", "/v1/quarantine", reason="wrong_source")
        assert [(item["exchange"], item["offset"]) for item in refused] == [("kmdex", forged)]
        assert list(client.items("listing", "/v1/listings", exchange="dcdex")) == []
        witnessed = witness_from_outside(secured_set, tmp_path / "witness")
        assert witnessed.exit_code == 0, witnessed.output
        assert len(list((tmp_path / "witness").glob("*.checkpoint"))) == len(SERVICES)
    finally:
        client.session.close()


def is_quiet(client: Client, secured_set: SecuredSet) -> bool:
    """Return True if the answers include everything published; False if a service does not answer in time."""
    try:
        client.await_quiet(READY_TIMEOUT_S, secured_set.check)
    except LocalizedError:
        return False
    return True


def is_ready(client: Client, url: str, secured_set: SecuredSet) -> bool:
    secured_set.check()
    try:
        return bool(client.session.get(url, timeout=30).ok)
    except OSError:
        return False


def test_an_exchange_with_a_wrong_password_is_refused(secured_set: SecuredSet, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("not the password\n", "ascii")
    told = publish_from_outside(secured_set.broker, tmp_path, KAFKA_SASL_PASSWORD_FILE=str(wrong))
    assert told.exit_code == 1
    assert "invalid credentials" in told.output
    assert len(told.output.splitlines()) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_the_doctor_needs_no_more_rights_than_its_service(secured_set: SecuredSet, service: str) -> None:
    found = secured_set.jiangbu(service, "doctor")
    assert found.exit_code == 0, found.output


@pytest.mark.parametrize("service", SERVICES)
def test_the_doctor_of_a_consumer_needs_no_api_keys(secured_set: SecuredSet, tmp_path: Path, service: str) -> None:
    """Its container has none, by Compose and by the chart; it has a heartbeat, on which its probe depends."""
    heartbeat = tmp_path / "heartbeat"
    given = {"API_KEYS_FILE": str(tmp_path / "missing"), "HEARTBEAT_FILE": str(heartbeat)}
    for age_s, faults in ((0, []), (1e6, ["心跳 heartbeat"])):
        heartbeat.write_text(f"reader {time.monotonic() - age_s}\n", "ascii")
        found = secured_set.jiangbu(service, "doctor", "--consumer", **given)
        wrong = [line.split("  ", 1)[1].split(":")[0] for line in found.output.splitlines() if "FAIL" in line]
        assert (wrong, found.exit_code) == (faults, bool(faults)), found.output


@pytest.mark.parametrize("name", ["SERVICE_KEY_FILE", "SESSION_KEY_FILE"])
def test_the_doctor_reads_the_keys_of_incentive(secured_set: SecuredSet, tmp_path: Path, name: str) -> None:
    found = secured_set.jiangbu("incentive", "doctor", **{name: str(tmp_path / "missing")})
    assert found.exit_code == 1
    (fault,) = [line for line in found.output.splitlines() if "FAIL" in line]
    assert f"other keys: {name}: " in fault


def test_registers_are_compared_and_started_again_with_the_rights_of_the_service(secured_set: SecuredSet) -> None:
    secured_set.stop(*(f"{service} consume" for service in SERVICES))
    compared = subprocess.run(
        command("trade-ingest", "rebuild", "--verify", "--from-kafka"),
        env=secured_set.environment("trade-ingest"),
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert compared.returncode == 0, compared.stdout + compared.stderr
    for service in ("trade-ingest", "incentive"):
        begun = secured_set.jiangbu(service, "new-generation", "--yes")
        assert begun.exit_code == 0, begun.output


def test_who_is_not_let_in_or_may_not_read_waits_and_says_so(secured_set: SecuredSet, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("not the password\n", "ascii")
    stranger = secured_set.start("stranger", "listing", "consume", KAFKA_SASL_PASSWORD_FILE=str(wrong))
    mistaken = secured_set.start("mistaken", "listing", "consume", **secured_set.broker.environment("incentive"))
    for program, reason in ((stranger, "SaslAuthenticationFailedError"), (mistaken, "无权读写主题")):
        until(lambda program=program, reason=reason: reason in program.log_file.read_text("utf-8"))
        assert program.alive()
        assert "Traceback" not in program.log_file.read_text("utf-8")
    secured_set.stop("stranger", "mistaken")
