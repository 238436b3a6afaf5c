"""The heartbeat file of a consumer program, and the container's liveness probe that reads it."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from deploy import health as probe
from deploy.health import health
from devset.processes import free_ports
from shared.process.heartbeat import Heartbeat
from shared.process.liveness import STUCK_AFTER_S, stall_reason

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(probe, "_PORTS", tuple(free_ports(3)))
    return tmp_path / "heartbeat"


def test_it_gets_on_when_every_part_does(file: Path) -> None:
    file.write_text("of an earlier run", encoding="ascii")
    heartbeat = Heartbeat(file, ("reader", "writer"))
    heartbeat.beat("reader")
    assert "not started yet" in (health(str(file)) or "")
    heartbeat.beat("writer")
    assert health(str(file)) is None


def test_a_part_that_says_nothing_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_s = time.monotonic()
    heartbeat = Heartbeat(file, ("reader", "writer"))
    heartbeat.beat("writer")
    for later_s in (0.0, STUCK_AFTER_S - 1, STUCK_AFTER_S + 1):
        monkeypatch.setattr("shared.process.heartbeat.time.monotonic", lambda later_s=later_s: at_s + later_s)
        heartbeat.beat("reader")
    said = stall_reason(str(file), at_s + STUCK_AFTER_S + 2)
    assert said is not None
    assert f"writer {STUCK_AFTER_S + 2:.0f} s" in said
    assert "reader" not in said
    both = stall_reason(str(file), at_s + 3 * STUCK_AFTER_S) or ""
    assert "reader" in both
    assert "writer" in both


def test_a_beat_of_another_boot_does_not_count(file: Path) -> None:
    at_s = time.monotonic()
    Heartbeat(file, ("writer",)).beat("writer")
    assert "writer" in (stall_reason(str(file), at_s - 1000) or "")


def test_a_file_that_cannot_be_written_or_read(file: Path) -> None:
    file.parent.chmod(0o755)
    Heartbeat(file / "no folder", ("writer",)).beat("writer")
    Heartbeat(None, ("writer",)).beat("writer")
    assert health(str(file)) is not None
    file.write_text("{", encoding="ascii")
    assert str(file) in (health(str(file)) or "")


@pytest.mark.parametrize(("status", "says"), [(200, None), (503, "topics are missing")])
def test_an_api_is_asked_whether_it_is_ready(file: Path, status: int, says: str | None) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(b"topics are missing")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        found = health(str(file), (free_ports(1)[0], server.server_port))
        server.shutdown()
        thread.join()
    assert found == says
