"""HAProxy in front of the APIs and of PostgreSQL, with real sockets: who can answer gets the requests."""

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
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deploy.ha.nodes import Cluster
    from devset.ha.programs import Binaries

    Address = tuple[str, int]

OK, UNAVAILABLE = 200, 503
# Three checks, and room for a busy machine; an API that dies is passed over at once.
LEFT_OUT_WITHIN_S = 60.0


class Stub:
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

            def do_OPTIONS(self) -> None:
                self.do_GET()

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
def cluster(ha_binaries: Binaries, tmp_path: Path) -> Iterator[Cluster]:
    """Three machines, on the first of which the proxy runs."""
    ports = dict(zip(("kafka", *SERVICES), free_ports(1 + len(SERVICES)), strict=True))
    cluster = with_api_ports(local_cluster(tmp_path, ports["kafka"]), ports)
    file = tmp_path / "haproxy.cfg"
    file.write_text(haproxy_cfg(cluster, cluster.machines[0]), "utf-8")
    command: list[str | Path] = [ha_binaries.haproxy, "-db", "-f", file]
    proxy = spawn("haproxy", command, log_file=tmp_path / "haproxy.log", environment=base_environment())
    yield cluster
    proxy.stop(signal.SIGKILL, 20)


@pytest.fixture
def stub() -> Iterator[Callable[[str, Address], Stub]]:
    """Start a stub, and stop it after the test."""
    with ExitStack() as stack:

        def start(name: str, address: Address) -> Stub:
            started = Stub(name, address)
            stack.callback(started.stop)
            return started

        yield start


@pytest.fixture
def apis(cluster: Cluster, stub: Callable[[str, Address], Stub]) -> tuple[str, list[Stub]]:
    """The URL of the front door of one service, and the two APIs behind it."""
    both = [stub(one.name, (one.host, one.ports.apis["incentive"])) for one in cluster.machines[:2]]
    url = f"http://127.0.0.1:{cluster.machines[0].ports.fronts['incentive']}"
    until(lambda: answers(url) == {(OK, "n1"), (OK, "n2")}, LEFT_OUT_WITHIN_S)
    return url, both


def answers(url: str) -> set[tuple[int, str]]:
    """Return the different answers to several requests, each over a connection of its own."""
    found = set()
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(6):
            try:
                answer = session.get(f"{url}/v1/awards", timeout=60, headers={"Connection": "close"})
            except requests.RequestException:
                return set()
            found.add((answer.status_code, answer.text))
    return found


def test_an_api_that_is_not_ready_gets_no_requests(apis: tuple[str, list[Stub]]) -> None:
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


def test_no_request_is_lost_with_an_api_that_dies(apis: tuple[str, list[Stub]]) -> None:
    url, (first, _) = apis
    first.stop()
    assert answers(url) == {(OK, "n2")}


def test_no_session_is_refused_while_a_dead_standby_is_still_checked_as_alive(
    cluster: Cluster, stub: Callable[[str, Address], Stub]
) -> None:
    machines = cluster.machines[:2]
    for machine in machines:
        stub("Patroni", (machine.host, machine.ports.patroni))
    dies, _ = (stub(machine.name, (machine.host, machine.ports.postgres)) for machine in machines)
    url = f"http://127.0.0.1:{cluster.machines[0].ports.standbys}"
    until(lambda: answers(url) == {(OK, "n1"), (OK, "n2")}, LEFT_OUT_WITHIN_S)
    dies.stop()
    assert answers(url) == {(OK, "n2")}
