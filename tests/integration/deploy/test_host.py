"""Two installed versions on one host: installed, upgraded with data, and gone back from, on real engines."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import psycopg
import pytest
from click.testing import CliRunner

from deploy.backup.manifest import Vault
from deploy.backup.sealed import load_backup_key
from deploy.backup.stores import FolderStore
from deploy.environment import read_environment
from devset.postgres import Postgres
from devset.processes import free_ports
from exchange_kit.__main__ import main as exchange_kit
from release.build import Source, build_wheel
from release.contents import PRODUCTS
from shared.postgres.schema_version import required_revision
from shared.settings import Service
from tests.support.engines import systemctl
from tests.support.engines.secured_broker import SMALL, SecuredBroker
from tests.support.paths import ROOT
from tests.support.procedures import carry_out
from tests.support.releases.repository import project_version
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW = "0.1.0", "0.2.0"
MIGRATION = """\
from alembic import op

revision = "9001"
down_revision = "{newest}"


def upgrade() -> None:
    op.execute("ALTER TABLE listing ADD COLUMN since_new text")
"""
EVENTS = (ROOT / "docs" / "example-events.ndjson").read_text("utf-8")
# Another product of the same provider.
LATER = EVENTS.partition("\n")[0].replace("0001", "0009")


@dataclass
class LocalHost:
    """A host whose folders are below one folder, on engines of this machine."""

    folder: Path
    wheel: Path
    broker: SecuredBroker
    server: Postgres

    @property
    def config(self) -> Path:
        return self.folder / "etc"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def version(self, name: str) -> Path:
        return self.folder / "opt" / "versions" / name

    def add_version(self, name: str) -> Path:
        """Install the wheel in an environment that has all other packages from that of the tests."""
        folder = self.version(name)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        (packages,) = folder.glob("lib/python3*/site-packages")
        install = ["install", "--quiet", "--no-deps", "--no-index", self.wheel]
        subprocess.run([sys.executable, "-m", "pip", "--python", folder, *install], check=True)
        (packages / "tests.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n", "utf-8")
        return packages

    def jiangbu(self, version: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self.version(version) / "bin" / "jiangbu", *arguments, "--config", str(self.config)]
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "EXCHANGES_FILE": str(ROOT / "exchanges.yaml"),
        }
        return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=400)

    def current(self) -> str:
        return (self.folder / "opt" / "current").resolve().name

    def tell(self, *commands: str) -> None:
        for command in commands:
            systemctl.main(self.folder / "units", self.state, command)

    def commands(self) -> list[str]:
        """Return the orders that systemctl got since the last call."""
        told = self.state / "commands"
        found = told.read_text("utf-8").split()
        told.write_text("", "utf-8")
        return found

    def rows(self, statement: str) -> object:
        with psycopg.connect(self.server.url("listing")) as connection:
            (found,) = connection.execute(statement).fetchone() or (None,)
            return found


@pytest.fixture(scope="module")
def host(large: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHost]:
    folder = tmp_path_factory.mktemp("host")
    # Nothing was released before this version: the old one is built like the new one.
    source, (product, *_) = Source(ROOT, "", 1_700_000_000, project_version(), None), PRODUCTS
    build_wheel(source, product, folder)
    server = Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log")
    # The commands run as programs of their own, which take longer to start than a session of the shared broker lasts.
    broker = SecuredBroker(folder / "kafka", settings=SMALL[:-1])
    server.start()
    broker.start()
    made = LocalHost(folder, folder / product.wheel(source.version), broker, server)
    for path in (made.state, made.config, folder / "bin"):
        path.mkdir()
    script = folder / "bin" / "systemctl"
    script.write_text(
        f'#!/bin/sh\nexec {sys.executable} {systemctl.__file__} {folder / "units"} {made.state} "$@"\n', "utf-8"
    )
    script.chmod(0o755)
    (made.config / "secrets").symlink_to(broker.secrets)
    yield made
    made.tell("stop")
    broker.stop()
    server.stop()


def install(host: LocalHost) -> None:
    account = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    ports = free_ports(3)
    done = host.jiangbu(
        OLD,
        *("install", "--systemd", "--units", str(host.folder / "units"), "--user", account),
        *("--database", f"127.0.0.1:{host.server.port}", "--broker", host.broker.inside),
        *(f"--port={service}={port}" for service, port in zip(get_args(Service), ports, strict=True)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    password = host.config / "secrets" / "postgres" / "database-password"
    password.write_text(host.server.password_file.read_text("ascii"), "ascii")


def publish(host: LocalHost, name: str, events: str) -> None:
    file = host.folder / f"{name}.ndjson"
    file.write_text(events, "utf-8")
    environment = {**host.broker.environment("exchange.kmdex"), "EXCHANGES_FILE": str(ROOT / "exchanges.yaml")}
    done = CliRunner().invoke(exchange_kit, ["publish", str(file), "--exchange", "kmdex"], env=environment)
    assert done.exit_code == 0, done.output


def test_a_version_is_upgraded_with_its_data_and_gone_back_from(host: LocalHost) -> None:
    host.add_version(OLD)
    install(host)
    first = host.jiangbu(OLD, "upgrade")
    assert first.returncode == 0, first.stdout + first.stderr
    assert host.current() == OLD
    checked = host.jiangbu(OLD, "doctor")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    publish(host, "events", EVENTS)
    until(lambda: host.rows("SELECT count(*) FROM listing") == 1)
    dump(host)

    newest = required_revision("listing")
    packages = host.add_version(NEW)
    migrations = packages / "services" / "listing" / "migrations" / "versions"
    (migrations / "r9001_new.py").write_text(MIGRATION.format(newest=newest), "utf-8")
    host.commands()
    publish(host, "later", LATER)
    upgraded = host.jiangbu(NEW, "upgrade")
    assert upgraded.returncode == 0, upgraded.stdout + upgraded.stderr
    assert f"migrated: listing {newest} -> 9001\n" in upgraded.stdout
    assert host.commands() == ["stop", "daemon-reload", "restart"]
    assert host.current() == NEW
    until(lambda: host.rows("SELECT count(*) FROM listing WHERE since_new IS NULL") == 2)

    refused = host.jiangbu(NEW, "rollback")
    assert refused.returncode == 1
    assert f"a migration lies between, restore the dumps from before the upgrade first: listing 9001 -> {newest}" in (
        refused.stderr
    )
    assert (host.current(), host.commands()) == (NEW, [])

    host.tell("stop")
    restore(host)
    back = host.jiangbu(NEW, "rollback")
    assert back.returncode == 0, back.stdout + back.stderr
    assert host.current() == OLD
    until(lambda: host.rows("SELECT count(*) FROM listing") == 2)
    assert host.rows("SELECT version_num FROM alembic_version") == newest


def as_admin(host: LocalHost) -> dict[str, str]:
    """Return the environment of PostgreSQL's tools."""
    return {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(host.server.port),
        "PGUSER": "postgres",
        "PGPASSWORD": host.server.password_file.read_text("ascii").strip(),
        "BACKUP": str(host.folder),
        "DATABASE": "listing",
    }


def dump(host: LocalHost) -> None:
    carry_out("dump", as_admin(host))


def restore(host: LocalHost) -> None:
    carry_out("restore database", as_admin(host))
    settings = read_environment(host.config / "listing.env")
    carry_out("after a restore", {**settings, "SERVICE": "listing"})


def test_a_run_of_the_backup_is_confined_and_tells_how_it_ended(host: LocalHost) -> None:
    """As the timer starts it, as a Kafka user that only reads; a failed run keeps the time of the last good one."""
    place, own = host.state / "store", host.config / "own.env"
    own.write_text(f"BACKUP_PLACE={place}\n", "utf-8")
    assert run_backup(host) == 0, backup_log(host)
    metrics = host.state / "run" / "jiangbu-backup" / "backup.prom"
    assert stat.S_IMODE(metrics.stat().st_mode) == 0o644
    finished = backup_figures(metrics)
    assert finished["jiangbu_backup_failed"] == 0
    assert time.time() - finished["jiangbu_backup_finished_timestamp_seconds"] < 600
    key = load_backup_key(host.config / "secrets" / "backup" / "backup-key")
    (manifest,) = Vault(FolderStore(place), key).manifests()
    copied = {topic.name: topic for topic in Vault(FolderStore(place), key).manifest(manifest).topics}
    assert sum(one.end for one in copied["exchange.kmdex.listings.v1"].partitions) == 2

    # The folder cannot be written: it is a file.
    own.write_text(f"BACKUP_PLACE={metrics}\n", "utf-8")
    assert run_backup(host) == 1
    own.unlink()
    assert "jiangbu-backup/backup.prom" in backup_log(host)
    assert backup_figures(metrics) == finished | {"jiangbu_backup_failed": 1}


def run_backup(host: LocalHost) -> int:
    return systemctl.launch(host.folder / "units" / "jiangbu-backup.service", host.state).wait(300)


def backup_log(host: LocalHost) -> str:
    return (host.state / "jiangbu-backup.log").read_text("utf-8")


def backup_figures(metrics: Path) -> dict[str, float]:
    lines = [line.split() for line in metrics.read_text("ascii").splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_a_step_that_fails_leaves_the_current_version_running(host: LocalHost) -> None:
    """The broker's admin is refused, so that the new version is prepared in part."""
    file = host.config / "own.env"
    file.write_text("KAFKA_SASL_MECHANISM=PLAIN\n", "utf-8")
    try:
        failed = host.jiangbu(NEW, "upgrade")
    finally:
        file.unlink()
    assert failed.returncode == 1
    assert "jiangbu topics: " in failed.stderr
    assert host.current() == OLD
    assert len(systemctl.running(host.state)) == 6
    assert all(systemctl.is_alive(pid) for pid in systemctl.running(host.state).values())
