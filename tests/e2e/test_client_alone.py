"""The client's wheel installed alone, as an integrator has it, against a running set."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from release.build import Source, build_wheel
from release.contents import PRODUCTS
from release.locks import pins
from shared.values.parties import complete_uscc
from tests.support.paths import ROOT
from tests.support.releases.repository import project_version
from tests.support.until import until

(CLIENT,) = (product for product in PRODUCTS if product.name == "jiangbu-client")
SERVERS = {"flask", "gunicorn", "jiangbu", "jiangbu-exchange-kit", "kafka-python", "psycopg", "sqlalchemy"}
PROGRAM = """
import asyncio, importlib.util, json, sys

from jiangbu_client import ProblemError, aiter_items, checked, connect, incentive, listing, trade_ingest
from jiangbu_client.trade_ingest.api.trades import get_trade, list_trades
from jiangbu_client.trade_ingest.models import TradeDetail, TradeItem

url, key = sys.argv[1:]
with connect(trade_ingest.AuthenticatedClient, url, key) as client:
    trade = checked(get_trade.sync("dcdex", "CLIENT-ALONE", client=client))
    assert isinstance(trade, TradeDetail), trade
    try:
        checked(get_trade.sync("dcdex", "NONE", client=client))
    except ProblemError as error:
        refused = str(error)


async def listed():
    async with connect(trade_ingest.AuthenticatedClient, url, key) as client:
        return [one async for one in aiter_items(list_trades.asyncio, client=client, exchange="dcdex", limit=1)]


items = asyncio.run(listed())
assert all(isinstance(one, TradeItem) for one in items), items
ours = ("shared", "services", "deploy", "devset", "exchange_kit")
print(json.dumps({
    "amount": trade.amount,
    "refused": refused,
    "listed": [one.trade_no for one in items],
    "ours": [name for name in ours if importlib.util.find_spec(name) is not None],
}))
"""


@pytest.fixture(scope="module")
def python(extended: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel and its dependencies, which pip chooses, in the locked versions."""
    folder = tmp_path_factory.mktemp("client")
    source = Source(ROOT, "", 1_700_000_000, project_version(), None)
    build_wheel(source, CLIENT, folder)
    locked = [f"{pin.name}=={pin.version}" for pin in pins(ROOT / "requirements.lock")]
    (folder / "versions.txt").write_text("\n".join(locked), "utf-8")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    made = folder / "venv" / "bin" / "python"
    options = ("--quiet", "--disable-pip-version-check", "--constraint", folder / "versions.txt")
    pip = [sys.executable, "-m", "pip", "--python", made, "install", *options]
    subprocess.run([*pip, folder / CLIENT.wheel(source.version)], check=True)
    return made


def test_it_calls_an_api_both_ways_without_the_other_products(
    python: Path, running_set: dict[str, Any], tmp_path: Path
) -> None:
    publish(running_set, tmp_path)
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    run = [python, "-I", "-W", "error", tmp_path / "program.py", running_set["trade_ingest"]]
    environment = {"PATH": os.defpath, "NO_PROXY": "127.0.0.1"}

    def called() -> subprocess.CompletedProcess[str]:
        command = [*run, running_set["keys"]["auditor"]]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path)

    # The trade is not taken in at once; the client says so by an error.
    done = until(lambda: None if "404" in (found := called()).stderr else found, why=lambda: called().stderr)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["amount"], told["ours"]) == ("100.00", [])
    assert "404" in told["refused"]
    assert "CLIENT-ALONE" in told["listed"]


def publish(running_set: dict[str, Any], folder: Path) -> None:
    trade = {
        "trade_no": "CLIENT-ALONE",
        "revision": 1,
        "status": "completed",
        "mode": "negotiated",
        "provider": {"id": complete_uscc("91530100MAXCLTA01"), "name": "虚构示例供方"},
        "buyer": {"id": complete_uscc("91530100MAXCLTA02"), "name": "虚构示例需方"},
        "amount": "100.00",
        "currency": "CNY",
        "completed_at": "2026-03-07T10:00:00+08:00",
    }
    file = folder / "trade.json"
    file.write_text(json.dumps(trade, ensure_ascii=False), "utf-8")
    sample = ROOT / "docs" / "samples" / "publish_event.py"
    # Not for kmdex: the kit's test compares that exchange's daily counts with its own files.
    subprocess.run([sys.executable, sample, running_set["kafka"], "dcdex", file], check=True)


def test_no_server_came_along(python: Path) -> None:
    command = [sys.executable, "-m", "pip", "--python", python, "list", "--format=json"]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    names = {one["name"].lower().replace("_", "-") for one in json.loads(told.stdout)}
    assert {"jiangbu-client", "httpx"} <= names
    assert names & SERVERS == set()
