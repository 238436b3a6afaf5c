"""The exchange kit installed alone and used by the commands of its page, up to accepted events."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from release.locks import pins
from tests.support.paths import ROOT
from tests.support.procedures import PAGES, blocks
from tests.support.up import client_of

SERVERS = {"alembic", "flask", "flask-smorest", "gunicorn", "prometheus-client", "psycopg", "sqlalchemy"}


def commands() -> list[str]:
    """Return the commands of the page's steps, in order."""
    return [line.strip() for block in blocks(PAGES / "exchanges" / "index.md") for line in block.text.splitlines()]


@pytest.fixture(scope="module")
def checkout(extended: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all files of the work tree that git does not ignore, with uncommitted changes."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return folder


@pytest.fixture(scope="module")
def environment(checkout: Path, running_set: dict[str, Any]) -> dict[str, str]:
    """The environment with the addresses and key of the set; pip uses the locked versions, which are in its cache."""
    locked = [f"{pin.name}=={pin.version}" for pin in pins(ROOT / "requirements.lock")]
    (checkout / "versions.txt").write_text("\n".join(locked))
    (checkout / "kmdex.key").write_text(running_set["keys"]["exchange:kmdex"])
    return {
        **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        "PIP_CONSTRAINT": str(checkout / "versions.txt"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "LANG": "en_US.UTF-8",
        "LC_ALL": "",
        "NO_PROXY": "127.0.0.1",
        "KAFKA_BOOTSTRAP_SERVERS": running_set["kafka"],
        "LISTING_URL": running_set["listing"],
        "TRADE_INGEST_URL": running_set["trade_ingest"],
        "EXCHANGE_KEY_FILE": "kmdex.key",
    }


def test_from_zero_to_accepted_events(checkout: Path, environment: dict[str, str], running_set: dict[str, Any]) -> None:
    script, watch = [], ""
    for command in commands():
        if command.startswith("export "):  # the page has the values of `make up`
            names = {word.partition("=")[0] for word in command.split()[1:]}
            assert names <= environment.keys()
        elif command.startswith("exchange-kit watch"):
            watch = command
        else:
            script.append(command)
    shell = ["sh", "-e", "-c", "\n".join(script)]
    done = subprocess.run(shell, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "listings: equal" in done.stdout
    assert "trades: equal" in done.stdout
    watching = ["sh", "-c", f". kit/bin/activate; exec {watch}"]
    with subprocess.Popen(watching, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True) as showing:
        assert any("amount: must be over 0" in line for line in showing.stdout)
        showing.send_signal(signal.SIGINT)
        assert showing.wait(30) == 0
    stored = client_of(running_set, "exchange:kmdex").get("trade-ingest", "/v1/trades/kmdex/T2026-0003")
    assert (stored["revision"], stored["refunded"]) == (2, "2000.50")


def run(checkout: Path, environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [f"kit/bin/{words[0]}", *words[1:]], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_other_commands_work_there(checkout: Path, environment: dict[str, str]) -> None:
    book = Workbook()
    with (checkout / "docs" / "example-trades.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.reader(table):
            book.worksheets[0].append(row)
    book.save(checkout / "trades.xlsx")
    arguments = ("--mapping", "docs/example-trades.mapping.yaml", "--exchange", "kmdex", "-o", "from-xlsx.ndjson")
    run(checkout, environment, "exchange-kit", "from-xlsx", "trades.xlsx", *arguments)
    assert (checkout / "from-xlsx.ndjson").read_bytes() == (checkout / "trades.ndjson").read_bytes()
    run(checkout, environment, "exchange-kit", "sample", "--events", "50", "-o", "sample.ndjson")
    run(checkout, environment, "exchange-kit", "validate", "sample.ndjson")
    found = run(checkout, environment, "exchange-kit", "check", "--exchange", "kmdex", "--json")
    assert json.loads(found) == {"summary": {"kafka": None, "listing": None, "trade-ingest": None}}
    told = run(checkout, environment, "exchange-kit", "--help")
    used = {
        "check",
        "sample",
        "from-csv",
        "from-xlsx",
        "validate",
        "publish",
        "reconcile",
        "receipt",
        "reference",
        "watch",
        "witness",
    }
    assert set(re.findall(r"^  ([a-z-]+) ", told.partition("Commands:")[2], re.MULTILINE)) == used


def test_no_server_came_along(checkout: Path, environment: dict[str, str]) -> None:
    listed = run(checkout, environment, "pip", "list", "--format=freeze").splitlines()
    installed = {line.partition("==")[0].lower().replace("_", "-") for line in listed}
    assert {"jiangbu-exchange-kit", "openpyxl", "kafka-python"} <= installed
    assert "jiangbu" not in installed
    assert not {name for name in installed if name in SERVERS or name.startswith("psycopg")}
