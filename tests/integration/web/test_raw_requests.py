"""Requests that no client library would send, to a real process: no server error, and nothing of them in its log."""

from __future__ import annotations

import itertools
import json
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from devset.processes import free_ports
from shared.postgres.migrate import migrate
from tests.support.web.served import connect, starting

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.engines.session import FreshDatabase

# Minutes of waiting for deadlines, or many examples.
pytestmark = pytest.mark.usefixtures("extended")

CANARY = "91530100MACANARY01"
SUBJECT = f"uscc:{CANARY}"
ANSWERED_WITHIN_S = 30.0
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PRI", "get", CANARY)
TARGETS = (
    "/", "/sign-in", "/healthz", "/metrics", "/docs/assets/style.css", "/static/style.css", "/openapi.json",
    f"/sign-in?endpoint={CANARY}", f"/sign-in?_method=PUT&next=/{CANARY}", f"/sign-in?_external=1&lang=en&q={CANARY}",
    f"/desk?_method=PUT&_scheme={CANARY}", f"/subjects/{SUBJECT}?endpoint=x", f"/v1/awards/first_purchase/{SUBJECT}",
    f"/v1/awards?subject={SUBJECT}", f"/v1/listings/{CANARY}", f"/{CANARY}", f"//{CANARY}", f"http://{CANARY}/sign-in",
    "*", "", f"/%00{CANARY}", f"/%ff%{CANARY}", f"/\xff{CANARY}", f"/a b{CANARY}", f"/sign-in?{CANARY}=" + "x" * 3000,
    f"/sign-in?q=\xe5{CANARY}", f"/static/..%2f{CANARY}", f"/sign-in/oidc?next={CANARY}", f"/sign-in#{CANARY}",
)  # fmt: skip
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
HEADERS = (
    f"SCRIPT_NAME: /{CANARY}", f"Script-Name: /{CANARY}", "SCRIPT_NAME: /sign-in", f"PATH_INFO: /{CANARY}",
    f"REMOTE_USER: {CANARY}", f"X-Forwarded-For: {CANARY}", f"X-Forwarded-Proto: {CANARY}", "X-Forwarded-Proto: https",
    "X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off", f"Host: {CANARY}", "Host: a b", "Host: [", "Host: a:99999",
    f"Cookie: jiangbu={CANARY}; language={CANARY}", f"Cookie: jiangbu={CANARY}.{CANARY}.{CANARY}", "Cookie: =;;=",
    f"Authorization: Bearer {CANARY}", f"Authorization: Basic {CANARY}", "Authorization: Bearer \xff", "Authorization:",
    f"Expect: {CANARY}", "Transfer-Encoding: chunked, chunked", f"Transfer-Encoding: {CANARY}", "Content-Length: -1",
    "Content-Length: 5\r\nContent-Length: 6", f"{CANARY}", f"{CANARY} : x", f" {CANARY}: folded", f"X_Y: {CANARY}",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQ", f"traceparent: {CANARY}",
    f"Content-Type: multipart/form-data; boundary={CANARY}\r\nContent-Length: 0", f"X: {'x' * 9000}{CANARY}",
    "Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{", f"{FORM}Content-Length: 3\r\n\r\na=\xff",
    f"{FORM}Transfer-Encoding: chunked\r\n\r\n{CANARY}\r\n", f"{FORM}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
    f"{FORM}Transfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n0\r\nHost: {CANARY}\r\n\r\n",
    f"{FORM}Content-Length: 9\r\n\r\na=b",
    f"{FORM}Content-Length: 99999999\r\n\r\nkey={CANARY}", f"{FORM}Transfer-Encoding: gzip\r\n\r\nabc",
)  # fmt: skip
# Input that is not a request of HTTP/1.1.
OTHERS = (
    b"\r\n\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + CANARY.encode(),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", f"GET /{CANARY}\r\n\r\n".encode(), f"GET /{CANARY} HTTP/3.7\r\n\r\n".encode(),
    f"PROXY TCP4 {CANARY}\r\n\r\n".encode(),
)  # fmt: skip


def raw_requests() -> list[bytes]:
    found = [
        f"{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode("latin-1")
        for method, target in itertools.product(METHODS, TARGETS)
    ]
    for method, target, header in itertools.product(("GET", "POST"), ("/sign-in", f"/{CANARY}"), HEADERS):
        end = "" if "\r\n\r\n" in header else "\r\n\r\n"
        found.append(f"{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{header}{end}".encode("latin-1"))
    return [*found, *OTHERS]


def statuses(port: int, request: bytes) -> list[int]:
    """Return the status of each answer to what is sent on one connection, until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWERED_WITHIN_S) as client:
        try:
            client.sendall(request)
            received = client.makefile("rb").read()
        except ConnectionResetError:
            return []
    return [int(status) for status in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", received, re.MULTILINE)]


@pytest.mark.parametrize("service", ["incentive", "trade-ingest"])
def test_no_raw_request_fails_or_is_logged(postgres: FreshDatabase, tmp_path: Path, service: str) -> None:
    owner_url, service_url = postgres(service)
    module = f"services.{service.replace('-', '_')}"
    migrate(module, owner_url, service_url, "r1")
    (port,) = free_ports(1)
    log_file = tmp_path / "log"
    with starting(tmp_path, module, log_file) as start:
        process = start(
            port,
            DATABASE_URL=service_url,
            SIGNING_KEY_FILE=str(tmp_path / "signing-key"),
            LOG_LEVEL="DEBUG",
            HTTP_HEAD_TIMEOUT="1",
            HTTP_STALL_TIMEOUT="1",
        )
        connect(port).close()
        sent = raw_requests()
        with ThreadPoolExecutor(16) as threads:
            answered = list(threads.map(lambda request: statuses(port, request), sent))
        process.send_signal(signal.SIGTERM)
        process.wait()
    log = log_file.read_text("utf-8")
    failed = [(request, found) for request, found in zip(sent, answered, strict=True) if max(found, default=0) >= 500]
    assert failed == []
    assert sum(found != [] for found in answered) > len(sent) * 0.9
    assert CANARY not in log
    assert "Traceback" not in log
    # One place writes at most 60 lines a minute, whoever provokes them.
    assert all(len(line) < 2000 for line in log.splitlines())
    assert len([line for line in log.splitlines() if json.loads(line)["event"] == "invalid request"]) <= 120
