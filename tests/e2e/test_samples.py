"""The client and the samples for integrators, against a running set."""

import asyncio
import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devset.jars import prepared_kafka
from jiangbu_client import ProblemError, aiter_items, checked, connect, download, incentive, iter_items, trade_ingest
from jiangbu_client.incentive.api.extracts import download_extract, get_extract, request_extract
from jiangbu_client.incentive.api.incentive import get_award, list_awards
from jiangbu_client.incentive.models import Extract, ExtractRequest, ListAwardsSort
from jiangbu_client.trade_ingest.api.trades import get_trade
from jiangbu_client.trade_ingest.models import TradeDetail
from shared.values.parties import complete_uscc
from tests.support.documents import DOCS
from tests.support.engines.programs import cache_folder
from tests.support.until import until

SAMPLES = DOCS / "samples"
WITHIN_S = 240
EXCHANGE = "dcdex"
SELLER, BUYER = complete_uscc("91530100MAXAMPA01"), complete_uscc("91530100MAXAMPA02")


def java() -> str:
    """Return the Java of a JDK: one that runs a source file; that of the set has no compiler."""
    compiler = shutil.which("javac")
    if compiler is None:
        pytest.skip("没有 JDK / no JDK is installed")
    return str(Path(compiler).with_name("java"))


def go() -> str:
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if found is None:
        pytest.skip("没有 Go / Go is not installed")
    return found


def run(*command: str | Path, cwd: Path = SAMPLES) -> str:
    environment = os.environ | {"GOFLAGS": "-buildvcs=false"}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=WITHIN_S, cwd=cwd, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def trade(number: str) -> dict[str, Any]:
    return {
        "trade_no": number,
        "revision": 1,
        "status": "completed",
        "mode": "negotiated",
        "provider": {"id": SELLER, "name": "虚构示例供方"},
        "buyer": {"id": BUYER, "name": "虚构示例需方"},
        "amount": "100.00",
        "currency": "CNY",
        "completed_at": "2026-03-05T10:00:00+08:00",
    }


def by_python(broker: str, file: Path, document: dict[str, Any]) -> list[str | Path]:
    return [sys.executable, "publish_event.py", broker, EXCHANGE, file]


def by_java(broker: str, file: Path, document: dict[str, Any]) -> list[str | Path]:
    jars = os.pathsep.join(map(str, prepared_kafka(cache_folder(), None, print)))
    return [java(), "-cp", jars, "PublishEvent.java", broker, EXCHANGE, file, *_named(document)]


def by_go(broker: str, file: Path, document: dict[str, Any]) -> list[str | Path]:
    program = file.with_name("publish_event")
    # It runs once: optimization would take longer than it saves.
    run(go(), "build", "-gcflags=all=-N -l", "-o", program, ".", cwd=SAMPLES / "publish_event")
    return [program, broker, EXCHANGE, file, *_named(document)]


def _named(document: dict[str, Any]) -> list[str]:
    return [str(document[name]) for name in ("trade_no", "revision", "completed_at")]


def check_accepted(running_set: dict[str, Any], tmp_path: Path, command: Callable[..., list[str | Path]]) -> None:
    document = trade(f"SAMPLE-{command.__name__.upper().replace('_', '-')}")
    file = tmp_path / "trade.json"
    file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    run(*command(running_set["kafka"], file, document))
    address, key = running_set["trade_ingest"], running_set["keys"]["auditor"]
    with connect(trade_ingest.AuthenticatedClient, address, key) as client:

        def accepted() -> TradeDetail | None:
            found = get_trade.sync(EXCHANGE, document["trade_no"], client=client)
            return found if isinstance(found, TradeDetail) else None

        assert until(accepted).amount == "100.00"


def test_an_event_of_the_python_sample_is_accepted(running_set: dict[str, Any], tmp_path: Path) -> None:
    check_accepted(running_set, tmp_path, by_python)


@pytest.mark.parametrize("command", [by_java, by_go])
def test_an_event_of_a_sample_is_accepted(
    extended: None, running_set: dict[str, Any], tmp_path: Path, command: Callable[..., list[str | Path]]
) -> None:
    check_accepted(running_set, tmp_path, command)


def test_the_python_sample_prints_awards(running_set: dict[str, Any]) -> None:
    given = (running_set["incentive"], running_set["keys"]["auditor"], "2026")
    run(sys.executable, "awards.py", *given)


def test_the_java_sample_prints_awards(extended: None, running_set: dict[str, Any]) -> None:
    printed = run(java(), "Awards.java", running_set["incentive"], running_set["keys"]["auditor"], "2026")
    assert next(csv.reader(printed.splitlines()))[:3] == ["award_id", "rule", "article"]


def incentive_client(running_set: dict[str, Any]) -> incentive.AuthenticatedClient:
    return connect(incentive.AuthenticatedClient, running_set["incentive"], running_set["keys"]["auditor"])


@pytest.fixture
def client(running_set: dict[str, Any]) -> Iterator[incentive.AuthenticatedClient]:
    with incentive_client(running_set) as opened:
        yield opened


def test_the_client_reads_lists(
    running_set: dict[str, Any], client: incentive.AuthenticatedClient, tmp_path: Path
) -> None:
    async def read() -> list[str]:
        async with incentive_client(running_set) as opened:
            listed = aiter_items(list_awards.asyncio, client=opened, limit=500, sort=ListAwardsSort.AWARD_ID)
            return [one.award_id async for one in listed]

    found = [one.award_id for one in iter_items(list_awards.sync, client=client, limit=7, sort=ListAwardsSort.AWARD_ID)]
    assert set(found) <= set(asyncio.run(read()))
    download(list_awards, client, tmp_path / "awards.csv", accept="text/csv")
    with (tmp_path / "awards.csv").open(encoding="utf-8", newline="") as file:
        assert set(found) <= {row["award_id"] for row in csv.DictReader(file)}


def test_the_client_raises_errors(client: incentive.AuthenticatedClient) -> None:
    with pytest.raises(ProblemError, match="404"):
        checked(get_award.sync("first_purchase/uscc:none", client=client))


def test_the_client_downloads_an_extract(client: incentive.AuthenticatedClient, tmp_path: Path) -> None:
    asked = checked(request_extract.sync(client=client, body=ExtractRequest(rules=["first_listing"])))
    assert isinstance(asked, Extract)

    def is_ready() -> bool:
        found = checked(get_extract.sync(asked.id, client=client))
        return isinstance(found, Extract) and found.state == "ready"

    until(is_ready)
    download(download_extract, client, tmp_path / "extract.zip", id=asked.id)
    assert zipfile.is_zipfile(tmp_path / "extract.zip")
