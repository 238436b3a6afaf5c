"""HAProxy in front of the APIs, with real sockets: only APIs that are ready get requests."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import requests

from deploy.ha.haproxy import haproxy_cfg
from devset.ha.machines import local_cluster, with_api_ports
from devset.processes import base_environment, free_ports, spawn
from devset.programs import SERVICES
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devset.ha.programs import Binaries

OK, UNAVAILABLE = 200, 503
# Three checks, and room for a busy machine; an API that dies is passed over at once.
LEFT_OUT_WITHIN_S = 60.0


class StubApi:
    """An HTTP server that answers with its own name; `ready` and `lives` are its answers to the checks."""

    def __init__(self, name: str, address: tuple[str, int]) -> None:
        self.ready, self.lives = OK, OK
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answers = {"/readyz": ours.ready, "/healthz": ours.lives}
                self.send_response(answers.get(self.path, ours.ready))
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(address, Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def apis(ha_binaries: Binaries, tmp_path: Path) -> Iterator[tuple[str, list[StubApi]]]:
    """The URL of the front door of one service, and the two APIs behind it."""
    ports = dict(zip(("kafka", *SERVICES), free_ports(1 + len(SERVICES)), strict=True))
    cluster = with_api_ports(local_cluster(tmp_path, ports["kafka"]), ports)
    file = tmp_path / "haproxy.cfg"
    file.write_text(haproxy_cfg(cluster, cluster.machines[0]), "utf-8")
    with ExitStack() as stack:
        both = []
        for machine in cluster.machines[:2]:
            both.append(StubApi(machine.name, (machine.host, machine.ports.incentive)))
            stack.callback(both[-1].stop)
        command: list[str | Path] = [ha_binaries.haproxy, "-db", "-f", file]
        proxy = spawn("haproxy", command, log_file=tmp_path / "haproxy.log", environment=base_environment())
        stack.callback(proxy.stop, signal.SIGKILL, 20)
        url = f"http://127.0.0.1:{ports['incentive']}"
        until(lambda: answers(url) == {(OK, "n1"), (OK, "n2")}, LEFT_OUT_WITHIN_S)
        yield url, both


def answers(url: str) -> set[tuple[int, str]]:
    """Return the different answers to several requests, each over a connection of its own."""
    found = set()
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(6):
            try:
                answer = session.get(f"{url}/v1/awards", timeout=10, headers={"Connection": "close"})
            except requests.ConnectionError:
                return set()
            found.add((answer.status_code, answer.text))
    return found


def test_an_api_that_is_not_ready_gets_no_requests(apis: tuple[str, list[StubApi]]) -> None:
    url, (first, second) = apis
    first.ready = UNAVAILABLE
    until(lambda: answers(url) == {(OK, "n2")}, LEFT_OUT_WITHIN_S)
    # If none is ready, those that live say why themselves.
    second.ready = UNAVAILABLE
    until(lambda: answers(url) == {(UNAVAILABLE, "n1"), (UNAVAILABLE, "n2")}, LEFT_OUT_WITHIN_S)
    first.lives = UNAVAILABLE
    until(lambda: answers(url) == {(UNAVAILABLE, "n2")}, LEFT_OUT_WITHIN_S)
    first.ready = first.lives = OK
    until(lambda: answers(url) == {(OK, "n1")}, LEFT_OUT_WITHIN_S)


def test_no_request_is_lost_with_an_api_that_dies(apis: tuple[str, list[StubApi]]) -> None:
    url, (first, _) = apis
    first.stop()
    assert answers(url) == {(OK, "n2")}
