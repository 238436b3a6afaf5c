"""The three logs of a running set, checked by an independent program before and after they grew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from kafka import KafkaProducer

from shared.events.records import event_of
from shared.events.topics import topic_of
from shared.translog.tiles import Tile, hashes_at
from shared.values.parties import complete_uscc
from tests.support.engines.tessera import run_fsck
from tests.support.translog.bundles import parse_bundle
from tests.support.up import EARLIER_MS, QUIET_WITHIN_S, client_of

if TYPE_CHECKING:
    from pathlib import Path

LOGS = {"listing": "jiangbu/listings/r1/1", "trade_ingest": "jiangbu/trades/r1/1", "incentive": "jiangbu/ledger"}
GROWTH = 300  # listings of different providers: each adds an entry to every log, together more than fit into one tile


@dataclass
class Log:
    """The log of one service, read with an auditor's key."""

    url: str
    key: str
    folder: Path

    def read(self, path: str) -> bytes:
        answer = requests.get(self.url + path, headers={"Authorization": f"Bearer {self.key}"}, timeout=30)
        assert answer.status_code == 200, (path, answer.text)
        return answer.content

    def key_file(self) -> Path:
        """Write the current key of the log to a file."""
        file = self.folder / "key"
        file.write_text(self.read("keys").decode().splitlines()[0])
        return file

    def size(self) -> int:
        return int(self.read("checkpoint").decode().splitlines()[1])

    def copy(self) -> Path:
        """Copy the whole log to files, as `fsck` reads them."""
        folder, checkpoint = self.folder / "copy", self.read("checkpoint")
        size = int(checkpoint.decode().splitlines()[1])
        for level in (None, 0, 1):
            count = hashes_at(level or 0, size)
            tiles = [Tile(level, index, min(256, count - index * 256)) for index in range(-(-count // 256))]
            for path in (f"tile/{tile.path}" for tile in tiles):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(self.read(path))
        (folder / "checkpoint").write_bytes(checkpoint)
        return folder


@pytest.fixture
def logs(running_set: dict[str, Any], tmp_path: Path) -> dict[str, Log]:
    made = {}
    for service in LOGS:
        (tmp_path / service).mkdir()
        made[service] = Log(f"{running_set[service]}/v1/log/", running_set["keys"]["auditor"], tmp_path / service)
    return made


def publish_listings(running: dict[str, Any]) -> None:
    producer = KafkaProducer(bootstrap_servers=running["kafka"], acks="all")
    for number in range(GROWTH):
        document = {
            "listing_no": f"FSCK-{number}",
            "revision": 1,
            "status": "listed",
            "provider": {"id": complete_uscc(f"91530100MAXFK{number:04}"), "name": f"虚构供方{number}"},
            "product": {"no": "P1", "name": "虚构产品", "kind": "dataset"},
            "listed_at": "2026-03-01T10:00:00+08:00",
        }
        producer.send(topic_of("listing", "kmdex"), event_of("listing", "kmdex", document), timestamp_ms=EARLIER_MS)
    producer.close()
    client_of(running).await_quiet(QUIET_WITHIN_S, lambda: None)


def test_logs_are_sound_before_and_after_they_grew(
    running_set: dict[str, Any], logs: dict[str, Log], fsck: Path
) -> None:
    sizes: dict[str, list[int]] = {service: [] for service in LOGS}
    for turn in range(2):
        if turn:
            publish_listings(running_set)
        for service, log in logs.items():
            said = run_fsck(fsck, log.url, log.key_file(), log.key)
            found = re.search(r"Successfully fsck'd log with size (\d+) ", said)
            assert found is not None, said
            assert "failed" not in said
            assert log.key_file().read_text().startswith(f"{LOGS[service]}+")
            sizes[service].append(int(found[1]))
    for before, after in sizes.values():
        assert after >= before + GROWTH


def test_what_is_wrong_is_found_by_it(logs: dict[str, Log], fsck: Path) -> None:
    log = logs["listing"]
    copy, url = log.copy(), f"file://{log.folder / 'copy'}"
    assert "Successfully" in run_fsck(fsck, url, log.key_file())
    bundle = next((copy / "tile" / "entries").rglob("000*"))
    bundle = next(bundle.iterdir()) if bundle.is_dir() else bundle
    whole = bundle.read_bytes()
    assert parse_bundle(whole)
    bundle.write_bytes(whole.replace(b'"kind"', b'"kinD"', 1))
    said = run_fsck(fsck, url, log.key_file())
    assert "Successfully" not in said
    assert "fsck failed" in said
