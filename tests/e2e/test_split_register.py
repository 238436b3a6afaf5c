"""A register split by the procedure of docs/en/operations: from one for all exchanges to one per exchange.

It uses a real Kafka, and workers are killed during the split. All exchanges and entities are fictional.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import requests
import yaml
from kafka.admin import KafkaAdminClient
from sqlalchemy import create_engine, text

from deploy.broker.topics import apply_topics
from devset.expected import expected_outcome
from devset.folder import load_secrets, write_key_files
from devset.programs import Addresses, command, environment, module
from exchange_kit.sample.year import sample_events
from services.incentive.app import create_app as incentive_app
from services.listing.app import create_app as listing_app
from services.trade_ingest.app import create_app as trade_app
from shared.kafka.publish.publish_records import publish
from shared.postgres.migrate import migrate
from shared.settings import Settings
from shared.values.parties import complete_uscc
from shared.whitelist import load_whitelist
from tests.support.incentive.whole_set import served
from tests.support.procedures import carry_out
from tests.support.until import until
from tests.support.web.closing import close_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devset.postgres import Database, Postgres
    from shared.events.records import SampleRecord

EXCHANGES = ("dcdex", "evdex", "kmdex")
GROUPS = {"r2": "dcdex", "r3": "evdex", "r4": "kmdex"}
SIDES = ("listing", "trade-ingest")
APPS = {"listing": listing_app, "trade-ingest": trade_app, "incentive": incentive_app}
EVENTS, SEED, YEAR = 900, 5, 2026
WITHIN_S = 120.0


@dataclass
class Deployment:
    """A broker, databases, and the consumers that run on them; the APIs are in this process."""

    folder: Path
    server: Postgres
    broker: str
    opened: ExitStack
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    databases: dict[str, Database] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = load_secrets(self.folder, EXCHANGES).keys
        write_key_files(self.folder / "keys.yaml", self.keys)
        entries = [
            {
                "id": exchange,
                "name": f"虚构 {exchange}",
                "from": "2019-01-01",
                "until": None,
                "approved_by": None,
                "operators": [
                    {"uscc": complete_uscc(f"9153010{n}MAXKMDEX0"), "name": "虚构", "from": "2019-01-01", "until": None}
                ],
            }
            for n, exchange in enumerate(EXCHANGES)
        ]
        whitelist = yaml.safe_dump({"exchanges": entries}, allow_unicode=True)
        (self.folder / "exchanges.yaml").write_text(whitelist, "utf-8")
        self.exchanges = load_whitelist(self.folder / "exchanges.yaml")
        with KafkaAdminClient(bootstrap_servers=self.broker) as admin:
            apply_topics(admin, self.exchanges)

    def database(self, service: str, register: str = "") -> Database:
        name = f"split_{service.replace('-', '_')}_{register or 'ledger'}"
        if name not in self.databases:
            self.databases[name] = self.server.ensure_database(name, "only-for-tests")
        return self.databases[name]

    def migrate(self, service: str, register: str = "") -> None:
        database = self.database(service, register)
        migrate(module(service), database.owner_url, database.service_url, register or None)

    def environment(self, service: str, register: str = "", **settings: str) -> dict[str, str]:
        nobody = "127.0.0.1:1"
        addresses = Addresses(self.broker, {"listing": nobody, "trade-ingest": nobody})
        made = environment(
            addresses, self.database(service, register), self.folder / "exchanges.yaml", self.folder / "keys.yaml", {}
        )
        own = {"REGISTER": register, "EXCHANGES": GROUPS.get(register, "")} if register else {}
        return made | {"CHECKPOINT_INTERVAL": "0.5"} | own | settings

    def consume(self, service: str, register: str = "", **settings: str) -> None:
        name = f"{service} {register}".strip()
        with self.log(name).open("ab") as log:
            self.programs[name] = subprocess.Popen(
                command(service, "consume"),
                env=self.environment(service, register, **settings),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        program = self.programs.pop(name)
        program.send_signal(number)
        assert program.wait(60) == (0 if number is signal.SIGTERM else -number), self.log(name).read_text("utf-8")

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def says(self, name: str, event: str) -> list[dict[str, Any]]:
        """Return the lines of one event in a consumer's log."""
        lines = (json.loads(line) for line in self.log(name).read_text("utf-8").splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == event]

    def serve(self, service: str, register: str = "", **settings: str) -> None:
        with mock.patch.dict(os.environ, self.environment(service, register, **settings), clear=True):
            app = APPS[service](Settings(service))  # type: ignore[arg-type, index]
        self.opened.callback(close_app, app)
        self.urls[f"{service} {register}".strip()] = self.opened.enter_context(served(app))

    def registers(self, *names: str) -> str:
        """Return a value for REGISTERS; registers whose APIs are not started get unreachable addresses."""
        nobody = "http://127.0.0.1:1"
        urls = {name: [self.urls.get(f"{service} {name}", nobody) for service in SIDES] for name in names}
        return ";".join(f"{name}={','.join(both)}" for name, both in urls.items())

    def ask(self, method: str, name: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.keys['auditor']}"}
        answer = requests.request(method, f"{self.urls[name]}{path}", headers=headers, timeout=30, **options)
        assert answer.status_code < 400, answer.text
        return answer

    def waits(self, name: str) -> bool:
        told = self.ask("GET", name, "/v1/progress").json()
        return bool(told["lag"] or told["outbox"])

    def rows(self, statement: str) -> list[Any]:
        engine = create_engine(self.database("incentive").service_url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            found = list(connection.execute(text(statement)))
        engine.dispose()
        return found

    def awards(self) -> dict[str, tuple[int, int, str | None]]:
        rows = self.rows("SELECT * FROM award_current WHERE ceiling_fen > 0")
        return {row.award_id: (row.ceiling_fen, row.payable_fen, row.suppressed_by) for row in rows}

    def await_awards(self, sent: list[SampleRecord]) -> None:
        expected = expected_outcome(sent, self.exchanges).awards
        wanted = {award_id: (one.ceiling, one.payable, one.suppressed_by) for award_id, one in expected.items()}
        assert len(wanted) > 10
        try:
            until(lambda: self.awards() == wanted, WITHIN_S)
        except AssertionError:
            assert self.awards() == wanted

    def evidence(self) -> set[str]:
        rows = self.rows("SELECT evidence FROM award_current WHERE ceiling_fen > 0")
        return {one["fact"].split("/")[1] for row in rows for one in row.evidence}

    def publish(self, records: list[SampleRecord]) -> None:
        publish(records, {"bootstrap_servers": [self.broker]}, lambda _: None)


@pytest.fixture
def deployment(tmp_path: Path, postgres_server: Postgres, own_kafka: str) -> Iterator[Deployment]:
    with ExitStack() as opened:
        found = Deployment(tmp_path, postgres_server, own_kafka, opened)
        yield found
        for program in found.programs.values():
            program.kill()
            program.wait()


def test_a_register_is_split_by_the_documented_procedure(deployment: Deployment) -> None:
    records = list(sample_events(SEED, EXCHANGES, EVENTS, YEAR))
    before, after = records[: EVENTS // 2], records[EVENTS // 2 :]
    deployment.migrate("incentive")
    for service in SIDES:
        deployment.migrate(service, "r1")
        deployment.consume(service, "r1")
    deployment.consume("incentive", REGISTERS=deployment.registers("r1"))
    deployment.publish(before)
    _start_new_registers(deployment)
    deployment.await_awards(before)
    assert deployment.evidence() == {"r1"}

    # One of the new registers has not caught up when it is added to REGISTERS.
    until(lambda: not any(deployment.waits(name) for name in deployment.urls), WITHIN_S)
    deployment.end("trade-ingest r3", signal.SIGKILL)
    deployment.publish(after[:100])
    deployment.await_awards(records[: EVENTS // 2 + 100])
    for service in SIDES:
        deployment.end(f"{service} r1")
    deployment.end("incentive", signal.SIGKILL)
    deployment.log("incentive").unlink()
    deployment.consume("incentive", REGISTERS=deployment.registers(*GROUPS))
    until(lambda: _waits_for("r3 trades: lag", deployment), WITHIN_S)
    (settings,) = deployment.rows("SELECT registers FROM ledger_settings")
    assert settings.registers == ["r1"]
    posted = deployment.rows("SELECT count(*) FROM ledger_transaction WHERE kind <> 'settings'")
    deployment.consume("trade-ingest", "r3")
    until(lambda: len(deployment.rows("SELECT id FROM ledger_settings")) == 2, WITHIN_S)
    assert deployment.rows("SELECT count(*) FROM ledger_transaction WHERE kind <> 'settings'") == posted
    deployment.await_awards(records[: EVENTS // 2 + 100])
    assert deployment.evidence() == set(GROUPS)

    deployment.publish(after[100:])
    deployment.end("trade-ingest r4", signal.SIGKILL)
    deployment.consume("trade-ingest", "r4")
    deployment.await_awards(records)
    assert deployment.evidence() == set(GROUPS)
    _is_sound(deployment)


def _waits_for(what: str, deployment: Deployment) -> bool:
    return any(what in line["reason"] for line in deployment.says("incentive", "registers do not count yet"))


def _start_new_registers(deployment: Deployment) -> None:
    for register in GROUPS:
        listings, trades = (deployment.database(service, register) for service in SIDES)
        if register == "r2":
            given = {
                "REGISTER": register,
                "LISTINGS": listings.service_url,
                "LISTINGS_OWNER": listings.owner_url,
                "TRADES": trades.service_url,
                "TRADES_OWNER": trades.owner_url,
                "ALL": deployment.registers("r1", *GROUPS),
            }
            carry_out("another register", deployment.environment("listing", register) | given)
        for service in SIDES:
            deployment.migrate(service, register)
            deployment.consume(service, register)
            deployment.serve(service, register)


def _is_sound(deployment: Deployment) -> None:
    """Check that an extract of whole registers passes its own verifier, and that a rebuild finds no difference."""
    deployment.serve("incentive", REGISTERS=deployment.registers(*GROUPS))
    until(lambda: not any(deployment.waits(name) for name in deployment.urls), WITHIN_S)
    job = deployment.ask("POST", "incentive", "/v1/extracts", json={"evidence": "registers"}).json()["id"]

    def is_ready() -> bool:
        found = deployment.ask("GET", "incentive", f"/v1/extracts/{job}").json()
        assert found["state"] != "failed", found
        return bool(found["state"] == "ready")

    until(is_ready, WITHIN_S)
    unpacked = deployment.folder / "unpacked"
    with zipfile.ZipFile(
        BytesIO(deployment.ask("GET", "incentive", f"/v1/extracts/{job}/download").content)
    ) as archive:
        archive.extractall(unpacked)
    keys = deployment.folder / "keys"
    keys.write_text("".join(deployment.ask("GET", name, "/v1/log/keys").text for name in deployment.urls), "utf-8")
    verify = [sys.executable, "-I", "-S", "verify.py", "--key", str(keys)]
    done = subprocess.run(
        verify, cwd=unpacked, capture_output=True, text=True, check=False, env={"LANG": "en_US.UTF-8"}
    )
    assert done.returncode == 0, done.stdout
    assert "facts are of r1" not in done.stdout
    logs = {log["log"] for log in json.loads((unpacked / "manifest.json").read_bytes())["logs"]}
    assert logs == {"ledger", *(f"{kind}-{name}-1" for kind in ("listings", "trades") for name in GROUPS)}
    rebuilt = subprocess.run(
        command("incentive", "rebuild", "--verify", "--from-kafka"),
        env=deployment.environment("incentive", REGISTERS=deployment.registers(*GROUPS)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
