"""The HTTP server program: how it starts, restarts its worker, and stops."""

import http.client
import json
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from devset.processes import free_ports
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from tests.support.engines.session import FreshDatabase
from tests.support.until import until
from tests.support.web.keys import headers
from tests.support.web.served import START_WITHIN_S, Start, connect

# Supervisors kill after ten seconds; the machine may be busy.
STOP_WITHIN_S = 30.0


def test_sigterm_stops_it_in_time_though_connections_are_kept(start: Start) -> None:
    (port,) = free_ports(1)
    process = start(port)
    connection = connect(port)
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOP_WITHIN_S) == 0
    connection.close()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_sigterm_stops_it_in_time_though_an_answer_hangs(start: Start, postgres: FreshDatabase) -> None:
    owner_url, service_url = postgres("listing")
    migrate("services.listing", owner_url, service_url, "r1")
    engine = make_engine(owner_url)
    (port,) = free_ports(1)
    process = start(port, DATABASE_URL=service_url)
    connection = connect(port)
    with engine.begin() as holder:
        holder.execute(text("LOCK TABLE listing IN ACCESS EXCLUSIVE MODE"))
        connection.request("GET", "/v1/listings", headers=headers("auditor"))
        until(
            lambda: holder.execute(
                text("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'listing'::regclass")
            ).all()
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_WITHIN_S) == 0
    connection.close()
    engine.dispose()


def test_a_killed_worker_is_replaced(start: Start) -> None:
    (port,) = free_ports(1)
    process = start(port)
    connect(port).close()
    (worker,) = psutil.Process(process.pid).children()
    worker.kill()
    connect(port).close()
    (another,) = psutil.Process(process.pid).children()
    assert another.pid != worker.pid


def test_a_worker_that_replaces_another_accepts_at_once(start: Start) -> None:
    """After a reload the new worker has another place; it must not wait for the old one, which has no connections."""
    (port,) = free_ports(1)
    process = start(port)
    parent = psutil.Process(process.pid)
    connect(port).close()
    (before,) = parent.children()
    quick_s = _seconds_of_connections(port)
    process.send_signal(signal.SIGHUP)
    until(lambda: before.pid not in {worker.pid for worker in parent.children()})
    # 3 s if each waits for 10 ms; once in time is enough, because the machine may be busy.
    until(lambda: _seconds_of_connections(port) < 3 * quick_s + 1)


def _seconds_of_connections(port: int) -> float:
    """Return the time in which 300 connections, ten at once, are accepted and answered."""
    began_s = time.monotonic()
    for _ in range(30):
        several = [connect(port) for _ in range(10)]
        for connection in several:
            connection.close()
    return time.monotonic() - began_s


def figure_files(parent: psutil.Process) -> dict[int, set[str]]:
    """Return the names of the open metrics files by worker process."""
    found = {}
    for worker in parent.children():
        with suppress(psutil.NoSuchProcess):  # one that has just died
            files = worker.open_files()
            found[worker.pid] = {Path(file.path).name for file in files if "jiangbu-metrics-" in file.path}
    return found


def test_workers_count_together_and_go_on_where_one_that_died_was(start: Start, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    process = start(port, "--workers", "2")
    parent = psutil.Process(process.pid)
    asked = 0

    def all_workers_have_answered() -> bool:
        """Ask on a new connection, which any worker may accept; return True if both workers have answered."""
        nonlocal asked
        connect(port).close()
        asked += 1
        files = figure_files(parent)
        return len(files) == 2 and all(files.values())

    def counted() -> float:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/metrics", headers=headers("auditor"))
        told = connection.getresponse().read().decode()
        connection.close()
        (line,) = (
            one for one in told.splitlines() if one.startswith("jiangbu_http_requests_total{") and "healthz" in one
        )
        (times,) = (
            one
            for one in told.splitlines()
            if one.startswith("jiangbu_http_request_seconds_count{") and "healthz" in one
        )
        assert line.rpartition(" ")[2] == times.rpartition(" ")[2]
        return float(line.rpartition(" ")[2])

    until(all_workers_have_answered)
    before = figure_files(parent)
    assert len(set().union(*before.values())) == 4
    assert counted() == asked
    dead = next(iter(before))
    psutil.Process(dead).kill()
    until(lambda: dead not in figure_files(parent))
    assert counted() == asked
    until(all_workers_have_answered)
    assert set().union(*figure_files(parent).values()) == set().union(*before.values())
    assert counted() == asked
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOP_WITHIN_S) == 0
    assert list(tmp_path.glob("jiangbu-metrics-*")) == []


def held(worker: psutil.Process, port: int) -> int:
    """Return the number of client connections that a worker has open."""
    return sum(one.laddr.port == port and one.status == "ESTABLISHED" for one in worker.net_connections("tcp"))


def test_workers_share_the_connections_of_clients_out_evenly(start: Start) -> None:
    (port,) = free_ports(1)
    parent = psutil.Process(start(port, "--workers", "2").pid)
    connect(port).close()
    until(lambda: len(parent.children()) == 2 and not any(held(worker, port) for worker in parent.children()))
    kept = [connect(port) for _ in range(20)]
    # A worker yields for 10 ms alone, in which a busy machine may not run the other; the next connection evens it out.
    found = [held(worker, port) for worker in parent.children()]
    assert sum(found) == 20
    assert min(found) >= 7, found
    for connection in kept:
        connection.close()


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"GET /v1/listings?cursor=" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"GET /v1/a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_what_reaches_no_route_is_answered_as_everywhere(start: Start, request_text: bytes, status: int) -> None:
    (port,) = free_ports(1)
    start(port)
    connect(port).close()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request_text)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        body = json.loads(answer.read())
    assert answer.status == status
    assert answer.getheader("Content-Type") == "application/problem+json"
    assert body["status"] == status
    assert set(body) == {"type", "title", "status", "detail", "instance", "errors"}


def test_wrong_settings_end_it_with_one_line(start: Start, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("- {name: x, role: king, sha256: ''}", "utf-8")
    (port,) = free_ports(1)
    process = start(port, API_KEYS_FILE=str(wrong))
    _, said = process.communicate(timeout=START_WITHIN_S)
    assert process.returncode == 2
    assert said.count("\n") == 1
    assert "key 1: role must be" in said
