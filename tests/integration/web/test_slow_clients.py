"""Clients that send half a request or do not read the answer: they stop nobody, and are closed in seconds."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest
from sqlalchemy import text

from devset.processes import free_ports
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from tests.support.until import until
from tests.support.web.keys import headers
from tests.support.web.served import connect, starting
from tests.support.web.slow_clients import KINDS, slow_clients
from tests.support.web.streaming_app import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.engines.session import FreshDatabase
    from tests.support.web.served import Start

# Minutes of waiting for deadlines.
pytestmark = pytest.mark.usefixtures("extended")

# More than all threads together, of a server that gives each connection one.
MANY = 100
ANSWER_WITHIN_S = 30.0
# Far less than the 10 s of a stalled connection, so that a test that waits for one is short.
BRISK = {"HTTP_HEAD_TIMEOUT": "2", "HTTP_STALL_TIMEOUT": "2"}
STALL_S = 6  # a busy machine may keep a reader for seconds
CLOSED_WITHIN_S = 90.0
AUDITOR = "Host: a\r\nAuthorization: Bearer auditor-key\r\n"


def ask(port: int, path: str, role: str | None = None, **sent: object) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("POST" if sent else "GET", path, headers=headers(role), **sent)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("kind", KINDS)
def test_slow_clients_stop_nobody(start: Start, kind: str) -> None:
    (port,) = free_ports(1)
    start(port)
    connect(port).close()
    with slow_clients(port, MANY, kind):
        assert ask(port, "/healthz")[0] == 200
        assert ask(port, "/readyz")[0] == 503
        assert ask(port, "/metrics", "auditor")[0] == 200
        assert ask(port, "/v1/listings")[0] == 401
        assert ask(port, "/docs")[0] == 200


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "reading" not in kind])
def test_half_a_request_is_closed_in_seconds(start: Start, kind: str) -> None:
    (port,) = free_ports(1)
    start(port, **BRISK)
    connect(port).close()
    with socket.create_connection(("127.0.0.1", port), timeout=CLOSED_WITHIN_S) as client:
        client.sendall(KINDS[kind])
        received = client.makefile("rb").read()
    assert received.startswith(b"HTTP/1.1 408 ") == (kind != "silent")


@contextmanager
def streaming(folder: Path, **settings: str) -> Iterator[int]:
    """Run an API that streams, and yield its port."""
    with starting(folder, "tests.support.web.streaming_app") as start:
        (port,) = free_ports(1)
        start(port, **settings)
        connect(port).close()
        yield port


@pytest.fixture
def streams(tmp_path: Path) -> Iterator[int]:
    """The port of an API that streams, and gives up soon."""
    with streaming(tmp_path, **BRISK) as port:
        yield port


def stream(port: int, pieces: int) -> http.client.HTTPResponse:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    client.settimeout(CLOSED_WITHIN_S)
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET /v1/evidence?pieces={pieces} HTTP/1.1\r\n{AUDITOR}\r\n".encode())
    answer = http.client.HTTPResponse(client)
    answer.begin()
    client.close()
    return answer


def test_a_stream_may_last_as_long_as_its_reader_gets_on(tmp_path: Path) -> None:
    pieces = 100
    with streaming(tmp_path, HTTP_STALL_TIMEOUT=str(STALL_S)) as port:
        began_s = time.monotonic()
        with stream(port, pieces) as answer:
            for _ in range(pieces):
                assert answer.read(len(PIECE)) == PIECE
                threading.Event().wait(1.2 * STALL_S / pieces)
            assert answer.read() == b""
        assert time.monotonic() - began_s > STALL_S
        until(lambda: ask(port, "/ended", "auditor")[1] == b"sent")


def test_a_stream_that_nobody_reads_frees_its_thread(streams: int) -> None:
    unread = [stream(streams, 10_000) for _ in range(10)]
    with unread[0]:
        until(lambda: ask(streams, "/ended", "auditor")[1].split() == [b"given", b"up"] * 10, CLOSED_WITHIN_S)
        with pytest.raises((OSError, http.client.IncompleteRead)):
            unread[0].read()
    for answer in unread:
        answer.close()
    with stream(streams, 1) as answer:
        assert answer.read() == PIECE


def test_the_stalest_connection_makes_way(start: Start) -> None:
    (port,) = free_ports(1)
    parent = psutil.Process(start(port, HTTP_CONNECTIONS="50").pid)
    kept = connect(port)
    with slow_clients(port, 200, "half head"):
        for _ in range(20):
            assert ask(port, "/healthz")[0] == 200
        (worker,) = parent.children()
        open_now = [one for one in worker.net_connections("tcp") if one.laddr.port == port]
        assert sum(one.status == "ESTABLISHED" for one in open_now) <= 50
    kept.close()


@pytest.fixture
def listing(start: Start, postgres: FreshDatabase) -> tuple[int, str]:
    """The port of a listing service with a database, and the owner's URL of it."""
    owner_url, service_url = postgres("listing")
    migrate("services.listing", owner_url, service_url, "r1")
    (port,) = free_ports(1)
    start(port, DATABASE_URL=service_url, **BRISK)
    connect(port).close()
    return port, owner_url


def test_health_is_answered_while_all_threads_and_connections_hang(listing: tuple[int, str]) -> None:
    port, owner_url = listing
    engine = make_engine(owner_url)
    hanging = [http.client.HTTPConnection("127.0.0.1", port, timeout=CLOSED_WITHIN_S) for _ in range(40)]
    with engine.begin() as holder:
        holder.execute(text("LOCK TABLE listing IN ACCESS EXCLUSIVE MODE"))
        for connection in hanging:
            connection.request("GET", "/v1/listings", headers=headers("auditor"))
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'listing'::regclass")
        until(lambda: holder.execute(waiting).scalar_one() == 8)
        for _ in range(3):
            assert ask(port, "/healthz") == (200, b'{"status":"alive"}\n')
            # The broker is missing in this test, and nothing else.
            status, told = ask(port, "/readyz")
            assert (status, [error["field"] for error in json.loads(told)["errors"]]) == (503, ["broker"])
            status, told = ask(port, "/metrics", "auditor")
            assert (status, b'jiangbu_up{part="database"} 1.0' in told) == (200, True)
    for connection in hanging:
        assert connection.getresponse().status == 200
        connection.close()
    engine.dispose()


def lines(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield f"listing/kmdex/{number:040}\n".encode()


def test_a_large_body_is_read_as_it_comes(listing: tuple[int, str]) -> None:
    port, _ = listing
    body = b"".join(lines(20_000))
    for sent in ({"body": body}, {"body": lines(20_000), "encode_chunked": True}, {"body": b"*"}):
        assert ask(port, "/v1/entries?until=0", "service", **sent) == (200, b"")
    # Without a key nothing of it is read.
    assert ask(port, "/v1/entries?until=0", None, body=body)[0] == 401


@pytest.mark.parametrize("framing", ["Content-Length: 1000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nf4240\r\n"])
def test_a_large_body_that_stalls_is_refused(streams: int, framing: str) -> None:
    with socket.create_connection(("127.0.0.1", streams), timeout=CLOSED_WITHIN_S) as client:
        client.sendall(f"POST /v1/entries HTTP/1.1\r\n{AUDITOR}{framing}".encode() + PIECE * 2)
        assert client.makefile("rb").read().startswith(b"HTTP/1.1 400 ")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a listing service without a database."""
    with starting(tmp_path_factory.mktemp("served")) as start:
        (port,) = free_ports(1)
        start(port)
        connect(port).close()
        yield port


def answers(port: int, *pieces: bytes) -> list[int]:
    """Send pieces in turn on one connection, then no more; return the status of each answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=CLOSED_WITHIN_S) as client:
        for piece in pieces:
            client.sendall(piece)
            threading.Event().wait(0.05)
        received = client.makefile("rb").read()
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSING = HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
POST = b"POST /v1/entries HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("pieces", "statuses"),
    [
        ([HEALTH + CLOSING], [200, 200]),
        ([HEALTH[:9], HEALTH[9:] + CLOSING[:30], CLOSING[30:]], [200, 200]),
        ([*(HEALTH[at : at + 1] for at in range(len(HEALTH))), CLOSING], [200, 200]),
        ([POST + b"Content-Length: 3\r\n\r\nab", b"c" + CLOSING], [401, 200]),
        ([POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"0\r\n\r\n" + CLOSING], [401, 200]),
        ([POST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n", b"abc" + CLOSING], [100, 401, 200]),
        ([POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"], [401]),
        ([POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"], [400]),
        ([POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"], [400]),
        ([b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 40_000], [431]),
        ([b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"], [404]),
    ],
)
def test_requests_are_separated_however_they_arrive(served: int, pieces: list[bytes], statuses: list[int]) -> None:
    assert answers(served, *pieces) == statuses


def test_a_unix_socket_is_served_alike(tmp_path: Path) -> None:
    with starting(tmp_path) as start:
        (port,) = free_ports(1)
        start(port, "--bind", f"unix:{tmp_path}/api")

        def statuses() -> list[bytes]:
            with socket.socket(socket.AF_UNIX) as client:
                try:
                    client.connect(f"{tmp_path}/api")
                except OSError:
                    return []
                client.sendall(HEALTH + CLOSING)
                return client.makefile("rb").read().split(b"HTTP/1.1 200 OK\r\n")

        assert len(until(statuses)) == 3
