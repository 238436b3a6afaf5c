"""Queries of the kit to a running set: completeness of the sent records, and rejected records."""

import contextlib
import hashlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kafka import KafkaProducer

from devset.processes import free_ports
from exchange_kit.__main__ import main
from shared.events.records import SampleRecord, event_of, number_of, to_line
from shared.events.topics import topic_of
from shared.translog.checkpoint import cosigned_at, open_checkpoint
from shared.translog.merkle import check_inclusion, leaf_hash
from shared.translog.note import VerifierKey, parse_note
from shared.values.canonical_json import canonical_json
from shared.values.parties import complete_uscc
from shared.values.times import day_start
from tests.support.translog.witnessing import NAME, witness
from tests.support.up import QUIET_WITHIN_S, client_of

SELLER, BUYER = complete_uscc("91530100MAXGAAA01"), complete_uscc("91530100MAXXAAA02")


def trade(number: str, amount: str = "100.00", revision: int = 1, **changes: Any) -> dict[str, Any]:
    document = {
        "trade_no": number,
        "revision": revision,
        "status": "completed",
        "mode": "negotiated",
        "provider": {"id": SELLER, "name": "虚构供方"},
        "buyer": {"id": BUYER, "name": "虚构需方"},
        "amount": amount,
        "currency": "CNY",
        "completed_at": "2026-03-01T10:00:00+08:00",
    }
    return document | changes


def record(document: dict[str, Any], *, binary: bool = False) -> SampleRecord:
    value, headers = event_of("trade", "kmdex", document), ()
    if binary:
        event = json.loads(value)
        headers = tuple((f"ce_{name}", event[name].encode()) for name in event if name != "data")
        value = json.dumps(document).encode()
    return SampleRecord("kmdex", topic_of("trade", "kmdex"), b"k", value, headers)


class Asker:
    """A running set, and the kit's commands with its addresses and kmdex's key."""

    def __init__(self, running: dict[str, Any], folder: Path) -> None:
        self.running = running
        self.file = folder / "trades.ndjson"
        self.environment = {
            "LANG": "en_US.UTF-8",
            "LC_ALL": "",
            "LISTING_URL": running["listing"],
            "TRADE_INGEST_URL": running["trade_ingest"],
            "EXCHANGE_KEY": running["keys"]["exchange:kmdex"],
            "NO_PROXY": "127.0.0.1",
        }

    def send(self, day: date, *records: SampleRecord) -> None:
        """Send records with a timestamp at noon of that day; return once the set has processed them."""
        noon = day_start(day) + timedelta(hours=12)
        producer = KafkaProducer(bootstrap_servers=self.running["kafka"], acks="all")
        for one in records:
            headers = list(one.headers)
            producer.send(one.topic, one.value, one.key, headers, timestamp_ms=int(noon.timestamp() * 1000))
        producer.flush()
        producer.close()
        client_of(self.running).await_quiet(QUIET_WITHIN_S, lambda: None)

    def write(self, *lines: SampleRecord | bytes) -> None:
        self.file.write_bytes(b"".join(line if isinstance(line, bytes) else to_line(line) for line in lines))

    def receipt(self, folder: Path, *options: str) -> Result:
        arguments = ["receipt", str(self.file), "--folder", str(folder), *options]
        return CliRunner().invoke(main, arguments, catch_exceptions=False, env=self.environment)

    def reconcile(self, day: date, *options: str, **environment: str) -> Result:
        arguments = ["reconcile", str(self.file), "--date", day.isoformat(), "--exchange", "kmdex", *options]
        return CliRunner().invoke(main, arguments, catch_exceptions=False, env=self.environment | environment)


@contextlib.contextmanager
def watching(
    asker: Asker, *options: str, environment: dict[str, str] | None = None, stderr: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[str]]:
    watch = subprocess.Popen(
        [sys.executable, "-m", "exchange_kit", "watch", "--exchange", "kmdex", *options],
        env=environment or asker.environment,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    with watch:
        try:
            yield watch
        finally:
            watch.kill()


@contextlib.contextmanager
def forwarding(port: int, to: int) -> Iterator[None]:
    """Forward TCP connections from one port to another."""
    listener = socket.create_server(("127.0.0.1", port))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", to))
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=(source, target), daemon=True).start()

    def pump(source: socket.socket, target: socket.socket) -> None:
        with source, contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def asker(running_set: dict[str, Any], tmp_path: Path) -> Asker:
    return Asker(running_set, tmp_path)


def test_a_day_that_agrees(asker: Asker) -> None:
    day = date(2027, 5, 6)
    sent = [record(trade("A1")), record(trade("A1", "120.50", 2)), record(trade("A2", "7.00"), binary=True)]
    asker.send(day, *sent, sent[0])
    asker.write(*sent, sent[2], SampleRecord("dcdex", topic_of("trade", "dcdex"), b"k", b"{}"))
    result = asker.reconcile(day)
    assert result.exit_code == 0, result.output
    assert "trades: equal" in result.output
    assert "records 4, documents 3, amount 227.50" in result.output
    assert "accepted 3, amount 227.50, duplicates 1, rejected 0" in result.output
    assert "listings: none in the file, not compared" in result.output

    result = asker.reconcile(day + timedelta(days=1))
    assert result.exit_code == 1
    assert "the registers have all of the file, but received some of it on another day" in result.output


def test_each_difference_is_named(asker: Asker) -> None:
    day = date(2027, 5, 8)
    asker.send(
        day,
        record(trade("B1")),
        record(trade("B2", "5.00")),
        record(trade("B2", "6.00", 2)),
        record(trade("B3", "0.00")),  # refused
        record(trade("B4", "8.00")),
        record(trade("B4", "9.00")),  # in conflict with the one before
        record(trade("B6", "10.00")),
        record(trade("B7", revision=2)),
    )
    asker.write(
        record(trade("B1")),
        record(trade("B2", "5.00")),  # an earlier revision that the register has
        record(trade("B3", "0.00")),
        record(trade("B4", "9.00")),
        record(trade("B5")),  # never sent
        record(trade("B6", "10.01", completed_at="2026-03-01T10:00:01+08:00")),
        record(trade("B7")),  # the register has only a later revision
        record(trade("B8", status="done")),  # never sent, and not valid
        b"no event\n",
    )
    result = asker.reconcile(day, "--json")
    assert result.exit_code == 1
    *found, last = map(json.loads, result.output.splitlines())
    assert [(one["line"], one["number"], one["fate"], one["reason"]) for one in found] == [
        (3, None, "refused", "invalid_data"),
        (4, "B4", "refused", "revision_conflict"),
        (5, "B5", "missing", None),
        (6, "B6", "different", None),
        (7, "B7", "missing", None),
        (8, None, "missing", "invalid_data"),
        (9, None, "missing", "not_json"),
    ]
    assert [error["field"] for error in found[3]["errors"]] == ["amount", "completed_at"]
    assert 'file "10.01", register "10.00"' in found[3]["errors"][0]["message"]
    assert last["summary"]["equal"] is False
    assert last["summary"]["trade"]["own"] == {"records": 8, "documents": 6, "amount": "324.01"}
    assert last["summary"]["trade"]["register"]["refused"] == {"invalid_data": 1, "revision_conflict": 1}

    result = asker.reconcile(day)
    assert result.exit_code == 1
    assert "line 5 B5 r1: missing\n" in result.output
    assert "line 4 B4 r1: rejected: revision_conflict\n  revision: " in result.output
    assert "different: 1\n" in result.output


def test_what_is_refused_is_shown_as_it_happens(asker: Asker) -> None:
    day = date(2027, 5, 10)
    asker.send(day, record(trade("W0", "0.00")))
    with watching(asker, stderr=subprocess.PIPE) as watch:
        assert "waiting for rejected records" in watch.stderr.readline()
        asker.send(day, record(trade("W1")), record(trade("W2", "0.00")), record(trade("W3", "0.00"), binary=True))
        lines = [watch.stdout.readline() for _ in range(4)]
        assert re.fullmatch(
            r"\S+\+08:00 exchange\.kmdex\.trades\.v1\[\d\]@\d+ W2: invalid_data\n"
            r"  amount: must be over 0\n"
            r"\S+\+08:00 exchange\.kmdex\.trades\.v1\[\d\]@\d+ W3: invalid_data\n"
            r"  amount: .*\n",
            "".join(lines),
        )
        watch.send_signal(signal.SIGINT)
        assert watch.communicate(timeout=60) == ("", "")
        assert watch.returncode == 0
    with watching(asker, "--all", "--json") as watch:
        assert any(number_of(b64decode(json.loads(line)["value_base64"])) == "W0" for line in watch.stdout)


def test_a_service_that_is_unavailable_is_waited_for(asker: Asker) -> None:
    (port,) = free_ports(1)
    listing = asker.environment | {"LISTING_URL": f"http://127.0.0.1:{port}"}
    with watching(asker, "--all", environment=listing, stderr=subprocess.PIPE) as watch:
        said = iter(watch.stderr.readline, "")
        assert any("listing does not respond" in line for line in said)
        with forwarding(port, int(asker.running["listing"].rpartition(":")[2])):
            assert any("listing: responds again" in line for line in said)
    with watching(asker, environment=listing, stderr=subprocess.PIPE) as watch:
        assert watch.wait(60) == 2


def test_what_cannot_be_asked_is_no_difference(asker: Asker) -> None:
    asker.write(record(trade("A1")))
    for environment, said in (
        ({"EXCHANGE_KEY": "wrong"}, "answered 401"),
        ({"EXCHANGE_KEY": asker.running["keys"]["exchange:dcdex"]}, "answered 404"),
        ({"TRADE_INGEST_URL": "http://127.0.0.1:1"}, "does not respond"),
        ({"EXCHANGE_KEY": ""}, "EXCHANGE_KEY_FILE: is not set"),
    ):
        result = asker.reconcile(date(2027, 5, 6), **environment)
        assert result.exit_code == 2
        assert said in result.output


def test_each_record_of_a_file_has_its_receipt(asker: Asker, tmp_path: Path) -> None:
    day, folder = date(2027, 5, 12), tmp_path / "witness"
    other_bytes = record(trade("C2"))
    traced = SampleRecord("kmdex", other_bytes.topic, b"k", record(trade("C3")).value, (("traceparent", b"00-1-2-01"),))
    sent = [record(trade("C1")), record(trade("C1", "1.00", 2)), record(trade("C4"), binary=True)]
    refused = record(trade("C5", "0.00"))
    asker.send(day, *sent, other_bytes, traced, refused)
    first = SampleRecord("kmdex", sent[0].topic, b"k", sent[0].value)
    asker.write(*sent, first, SampleRecord("kmdex", traced.topic, b"k", traced.value))
    result = asker.receipt(folder)
    assert result.exit_code == 0, result.output
    assert re.search(r"line 1 C1 r1: in the log seq \d+\n", result.output)
    assert "in the log: 5\n" in result.output
    assert "not cosigned" in result.output

    assert witness(asker.running, folder, "--name", NAME).exit_code == 0
    result = asker.receipt(folder, "--json")
    assert result.exit_code == 0, result.output
    *receipts, last = map(json.loads, result.output.splitlines())
    proven_again(receipts, last["checkpoints"]["jiangbu/trades/r1/1"], folder)
    assert [hashlib.sha256(one.value).hexdigest() for one in [*sent, first, traced]] == [
        receipt["entry"]["value_sha256"] for receipt in receipts
    ]

    asker.write(sent[0], record(trade("C2") | {"unknown": 1}), refused, record(trade("C6")), b"no event\n")
    result = asker.receipt(folder)
    assert result.exit_code == 1
    for said in (
        "line 1 C1 r1: in the log seq ",
        "line 2 C2 r1: the register has this revision from a record with",
        "line 3: rejected: invalid_data\n  amount: ",
        "line 4 C6 r1: missing\n",
        "lines of an unknown event type: [5]",
        f"cosigned by {NAME}",
    ):
        assert said in result.output


def proven_again(receipts: list[dict[str, Any]], told: dict[str, Any], folder: Path) -> None:
    """Verify the stored receipts again with only the keys of the log and of the witness."""
    keys = [VerifierKey.parse(line) for line in next(folder.glob("*trades*.keys")).read_text("utf-8").splitlines()]
    checkpoint = open_checkpoint(told["note"], keys)
    assert told["cosigned_by"] == [NAME]
    assert cosigned_at(parse_note(told["note"]), VerifierKey.parse((folder / "vkey").read_text("utf-8"))) is not None
    for receipt in receipts:
        leaf, proof = leaf_hash(canonical_json(receipt["entry"])), [b64decode(one) for one in receipt["proof"]]
        check_inclusion(leaf, receipt["index"], checkpoint.size, proof, checkpoint.root)
