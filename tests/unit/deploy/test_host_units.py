"""The units and settings that `jiangbu install --systemd` writes: complete, confined, without secrets."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner

from deploy.__main__ import main
from deploy.environment import read_environment
from deploy.host import cli
from deploy.host.install import ACCOUNTS
from deploy.host.layout import Host, Version, current_version, make_current, previous_version
from deploy.host.render import private_files, public_files, units
from deploy.systemd_units import CONFINED, INTERPRETED
from tests.support.paths import ROOT, SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

# systemd's figure times ten: an exposure of 2.0.
MOST_EXPOSED = "20"


def executable(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", "utf-8")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze 未安装 / is not installed")
    return program


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host whose programs exist, as `systemd-analyze verify` looks for them."""
    for name in ("listing", "trade-ingest", "incentive", "jiangbu"):
        executable(tmp_path / "opt" / "current" / "bin" / name)
    return Host(tmp_path / "opt", tmp_path / "etc", tmp_path / "units")


def written(host: Host) -> list[Path]:
    host.units.mkdir()
    for unit in units(host):
        (host.units / unit.name).write_text(unit.text, "utf-8")
    return sorted(host.units.iterdir())


def ask(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def test_systemd_accepts_the_units(analyze: str, host: Host) -> None:
    done = ask(analyze, "verify", *written(host))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def exposed(analyze: str, unit: Path) -> bool:
    return ask(analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit).returncode != 0


def test_no_unit_is_exposed(analyze: str, host: Host) -> None:
    services = [path for path in written(host) if path.suffix == ".service"]
    assert len(services) == 8
    assert [path.name for path in services if exposed(analyze, path)] == []
    unconfined = services[0].read_text("utf-8").replace("\n".join((*CONFINED, *INTERPRETED)), "")
    services[0].write_text(unconfined, "utf-8")
    assert exposed(analyze, services[0])


def test_every_program_of_compose_has_a_unit() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    lasting = {f"jiangbu-{name}" for name, one in services.items() if one["restart"] != "no"}
    # PostgreSQL has the unit of its own package.
    assert {unit.name.removesuffix(".service") for unit in units(Host())} == lasting - {"jiangbu-postgres"} | {
        "jiangbu.target",
        "jiangbu-backup.timer",
    }


def test_the_target_starts_every_program() -> None:
    texts = {unit.name: unit.text for unit in units(Host())}
    wanted = re.search("Wants=(.*)", texts["jiangbu.target"])
    assert wanted is not None
    assert set(wanted[1].split()) == {name for name, text in texts.items() if "PartOf=jiangbu.target" in text}
    assert len(wanted[1].split()) == 6


def test_a_host_with_a_broker_elsewhere_runs_none() -> None:
    host = Host(broker="kafka.example.org:9092")
    assert not [unit for unit in units(host) if "kafka" in unit.name]
    assert not [path for path in public_files(host) if "kafka" in str(path)]
    texts = private_files(host).values()
    assert all("KAFKA_BOOTSTRAP_SERVERS=kafka.example.org:9092\n" in text for text in texts if "KAFKA_SASL" in text)


def test_the_broker_is_reached_from_elsewhere_only_if_it_is_told_how() -> None:
    def kafka(host: Host) -> str:
        return next(unit.text for unit in units(host) if unit.name == "jiangbu-kafka.service")

    assert "OUTSIDE://127.0.0.1:9094\n" in kafka(Host())
    assert "OUTSIDE://:9094\n" in kafka(Host(outside="kafka.example.org:9094"))
    assert "INSIDE://127.0.0.1:9092" in kafka(Host(outside="kafka.example.org:9094"))


def test_a_timer_starts_the_backup(analyze: str) -> None:
    timer = next(unit.text for unit in units(Host()) if unit.name == "jiangbu-backup.timer")
    calendar = re.search("OnCalendar=(.*)", timer)
    assert calendar is not None
    said = ask(analyze, "calendar", "--iterations=4", "--base-time=2026-03-01 10:01 UTC", calendar[1])
    assert re.findall("1[01]:[0-9]{2}:00(?= UTC)", said.stdout) == ["10:15:00", "10:30:00", "10:45:00", "11:00:00"]
    assert "jiangbu-backup.service" in {unit.name for unit in units(Host())}


def test_settings_are_known() -> None:
    known = set(SETTINGS.findall((ROOT / ".env.example").read_text("utf-8")))
    for path, text in private_files(Host()).items():
        assert {line.partition("=")[0] for line in text.splitlines()} <= known, path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which `jiangbu install` wrote everything."""
    version = Version(tmp_path / "opt" / "versions" / "0.1.0")
    monkeypatch.setattr(cli, "running_version", lambda: version)
    done = install(tmp_path)
    assert done.exit_code == 0, done.output
    return tmp_path


def install(folder: Path, *arguments: str) -> object:
    account = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    places = ["--config", str(folder / "etc"), "--units", str(folder / "units"), "--user", account]
    whitelist = {"EXCHANGES_FILE": str(ROOT / "exchanges.yaml")}
    return CliRunner().invoke(main, ["install", "--systemd", *places, *arguments], env=whitelist)


def test_only_the_owner_reads_settings_and_secrets(installed: Path) -> None:
    private = [*(installed / "etc").glob("*.env"), *(path for path in (installed / "etc/secrets").rglob("*"))]
    assert len(private) > 20
    for path in private:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_settings_name_secrets_and_hold_none(installed: Path) -> None:
    secrets = [path.read_text("ascii").strip() for path in (installed / "etc/secrets").rglob("*") if path.is_file()]
    others = [path for path in installed.rglob("*") if path.is_file() and "secrets" not in path.parts]
    assert not [path for path in others for secret in secrets if secret in path.read_text("utf-8")]
    for service in ("listing", "trade-ingest", "incentive"):
        settings = read_environment(installed / "etc" / f"{service}.env", installed / "etc" / f"{service}-owner.env")
        named = [path for name, path in settings.items() if name.endswith("_FILE")]
        assert len(named) > 4
        assert [path for path in named if not (installed / path).is_file()] == []


def test_a_second_time_changes_nothing_and_a_changed_file_stays(installed: Path) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in installed.rglob("*") if path.is_file()}

    before = files()
    install(installed)
    assert files() == before
    changed = installed / "units" / "jiangbu-listing-api.service"
    changed.write_text("# of ours\n", "utf-8")
    refused = install(installed)
    assert refused.exit_code == 1
    assert f"files differ: {changed}" in refused.output
    assert install(installed, "--force").exit_code == 0
    assert files() == before


def test_systemd_creates_the_accounts(tmp_path: Path) -> None:
    program = shutil.which("systemd-sysusers")
    if program is None:
        pytest.skip("systemd-sysusers 未安装 / is not installed")
    (tmp_path / "etc").mkdir()
    done = ask(program, f"--root={tmp_path}", "--inline", *ACCOUNTS)
    assert done.returncode == 0, done.stderr
    accounts = {line.split(":")[0]: line.split(":")[2] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    assert accounts["jiangbu"] == "10001"
    assert "jiangbu-kafka" in accounts


def test_the_current_version_and_the_one_before_it_are_links(tmp_path: Path) -> None:
    first, second = (Version(tmp_path / "versions" / name) for name in ("0.1.0", "0.2.0"))
    for version in (first, second):
        version.folder.mkdir(parents=True)
    assert current_version(tmp_path) is None
    for version, before in ((first, None), (first, None), (second, first), (first, second)):
        make_current(version)
        assert current_version(tmp_path) == version
        assert previous_version(tmp_path) == before
    (tmp_path / "moved").mkdir()
    (tmp_path / "current").rename(tmp_path / "moved" / "current")
    assert not (tmp_path / "moved" / "current").readlink().is_absolute()
