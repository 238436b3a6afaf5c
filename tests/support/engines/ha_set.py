"""A highly available set on this machine, whose machines are reached by an `ssh` that runs `systemctl` on them."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import requests

from devset.folder import claim
from devset.ha.engines import ThreeOfEach, three_of_each
from devset.supervisor import LocalSet, Options, choose_ports
from tests.support.paths import ROOT
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deploy.ha.nodes import Cluster, Machine

_TEND_EVERY_S = 0.2
# Sends the machine and the command to the set, which is the process of the test.
_SSH = """#!{python}
import sys, urllib.error, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
try:
    opener.open("{url}", " ".join(sys.argv[1:]).encode(), timeout=120)
except urllib.error.HTTPError as error:
    sys.exit(error.read().decode())
"""


class HaSet:
    """The set of `make up ARGS=--ha`, tended by a thread that also carries out what is asked of its machines."""

    def __init__(self, folder: Path) -> None:
        options = Options(folder, ROOT / "exchanges.yaml", None, any_ports=True, ha=True)
        ports = choose_ports(options)
        self.folder = folder
        self.engines: ThreeOfEach = three_of_each(folder, ports["kafka"], print)
        self.local = LocalSet(options, self.engines, ports, print, lambda: None)
        self._orders: queue.Queue[tuple[Callable[[], None], Future[None]]] = queue.Queue()
        self._is_stopping = threading.Event()

    @property
    def environment(self) -> dict[str, str]:
        """The settings of an operator, and a PATH on which `ssh` is found."""
        return {
            "LC_ALL": "en_US.UTF-8",
            "DATABASE_ADMIN_URL": self.engines.admin_url(),
            "KAFKA_BOOTSTRAP_SERVERS": self.engines.kafka,
            "PATRONI_PASSWORD": self.local.secrets.database_password,
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }

    @property
    def machines(self) -> list[str]:
        return [machine.name for machine in self.engines.cluster.machines]

    def primary(self) -> Machine:
        return until(self.engines.leader)

    def program_ids(self, kind: str) -> dict[str, int]:
        """Process ids of the programs of a kind, such as `kafka`, by machine."""
        found = self.local.processes()
        return {name.partition(" ")[2]: pid for name, pid in found.items() if name.startswith(f"{kind} ")}

    def do(self, action: Callable[[], None]) -> None:
        """Have the thread that tends the set do something with its programs, and wait until it is done."""
        done: Future[None] = Future()
        self._orders.put((action, done))
        done.result(120)

    def kill(self, *names: str) -> None:
        """Kill programs by their names, such as `etcd n1`; they stay dead until they are started."""
        self.do(lambda: [self.local.supervisor.kill(name) for name in names] and None)

    def kill_machine(self, machine: Machine) -> None:
        """Kill everything on a machine at the same time."""
        suffixes = (machine.name, str(machine.number))
        own = [name for name in self.local.processes() if name.split()[-1] in suffixes]
        self.do(lambda: self.engines.kill_database(machine))
        self.kill(*(name for name in own if not name.startswith("patroni ")))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start the set and tend it until the block ends."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        shim = self.folder / "bin" / "ssh"
        shim.parent.mkdir(parents=True)
        shim.write_text(_SSH.format(python=sys.executable, url=f"http://127.0.0.1:{server.server_port}"), "utf-8")
        shim.chmod(0o755)
        threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=self._tend)]
        try:
            self.local.start()
            for thread in threads:
                thread.start()
            yield
        finally:
            self._is_stopping.set()
            if threads[0].is_alive():
                server.shutdown()
                for thread in threads:
                    thread.join()
            server.server_close()
            self.local.stop()

    def _tend(self) -> None:
        while not self._is_stopping.is_set():
            self.local.tend()
            try:
                action, done = self._orders.get(timeout=_TEND_EVERY_S)
            except queue.Empty:
                continue
            try:
                action()
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
                done.set_exception(error)
            else:
                done.set_result(None)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                words = self.rfile.read(int(self.headers["Content-Length"])).decode().split()
                try:
                    ours.do(lambda: ours._systemctl(*words))
                except Exception as error:  # noqa: BLE001 - reported by the shim
                    self.send_error(400, type(error).__name__)
                else:
                    self.send_response(200)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _systemctl(self, name: str, sudo: str, program: str, action: str, *units: str) -> None:
        """Carry out `sudo systemctl start|restart UNIT...` on a machine."""
        assert (sudo, program) == ("sudo", "systemctl")
        machine = self.engines.machine(name)
        for unit in units:
            program = _program_of(unit, machine)
            watched = self.local.supervisor.programs[program]
            if action == "restart" and watched.program.alive():
                watched.is_kept = False
                watched.program.process.send_signal(signal.SIGTERM)
                while watched.program.alive():
                    self.local.tend()
                    time.sleep(_TEND_EVERY_S)
            assert action in ("start", "restart")
            if not watched.program.alive():
                self.local.supervisor.revive(program)


@contextlib.contextmanager
def ha_set(folder: Path) -> Iterator[HaSet]:
    """A running set in a folder, with LocalError if it cannot start."""
    with claim(folder):
        ours = HaSet(folder)
        with ours.running():
            yield ours


def _program_of(unit: str, machine: Machine) -> str:
    """Return the name in the set of the program that a unit runs on a machine."""
    name = unit.removeprefix("jiangbu-")
    for suffix, command in (("-api", "serve"), ("-consumer", "consume")):
        if name.endswith(suffix):
            return f"{name.removesuffix(suffix)} {command} {machine.number}"
    return f"{name} {machine.name}"


def etcd_leader(cluster: Cluster) -> Machine | None:
    """Return the machine whose etcd leads; None if none answers that it does."""
    for machine in cluster.machines:
        with contextlib.suppress(requests.RequestException):
            url = f"http://{machine.at(machine.ports.etcd)}/v3/maintenance/status"
            status = requests.post(url, json={}, timeout=30).json()
            if status.get("leader") == status["header"]["member_id"]:
                return machine
    return None
