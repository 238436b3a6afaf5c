"""A highly available set under load, whose machines, programs and network can be broken one by one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import requests
from kafka.errors import KafkaError

from deploy.databases import database_of
from devset.client import Client
from devset.ha.engines import ThreeOfEach
from devset.ha.machines import local_cluster
from devset.programs import SERVICES, environment, module
from devset.supervisor import LocalSet, Options, choose_ports
from exchange_kit.api import Api, ApiError
from tests.faults.disk import mount_small, unmount
from tests.faults.ha import load
from tests.faults.ha.acknowledged import Acknowledged
from tests.faults.ha.links import separated
from tests.faults.ha.machines import Machines
from tests.faults.ha.network import Network
from tests.faults.reference import Reference
from tests.faults.tended import Tended, bugs_in
from tests.faults.world import EXCHANGES_FILE, Publisher, World
from tests.support.forked_programs import ForkServer
from tests.support.paths import ROOT

if TYPE_CHECKING:
    import random
    import threading
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from deploy.ha.nodes import Cluster
    from devset.processes import ChildProgram
    from tests.faults.ha.fault import Needs

# The bureau's clients, and the awards of each.
BUREAUS, AWARDS_EACH = 8, 3
EVENTS_AT_FIRST = 600
EVENTS_A_WORLD = 60_000
SMALL_DISKS = {"postgres": "700m", "kafka": "1500m"}
START_WITHIN_S = 180.0
ASK_EVERY_S = 0.25
VERIFIED_WITHIN_S = 300.0
# A consumer that halts waits for a person. The others may halt as well, which is worth knowing.
LOOK_FOR_HALTS_EVERY_S = 5.0
HALTED_FOR_S = 20.0
# Between machines on one machine: each has an address that others connect to, and all listen on this one.
BIND = "127.0.0.1"
# The control: what was acknowledged is lost if the primary dies, and the standby behind may become primary.
_ASYNCHRONOUS = {"synchronous_mode": "off", "synchronous_mode_strict": False, "maximum_lag_on_failover": 1 << 40}


class HaRig(Machines, Tended):
    """One set in `folder`, with its world, what it acknowledged since its start, and what it should have."""

    def __init__(self, folder: Path, seed: int, needs: Needs) -> None:
        self.folder = folder
        self.world = World(seed, EVENTS_A_WORLD)
        self.exchanges = self.world.exchanges
        self.reference = Reference(self.exchanges)
        self.seen = Acknowledged()
        self.fork_server = ForkServer(needs.build or ROOT)
        self._needs = needs
        self._mounted: list[Path] = []
        self._logged: dict[Path, int] = {}
        self._looks_for_halts_at_s = 0.0
        self._halted_since_s: float | None = None
        self._awards: list[str] = []
        options = Options(folder, EXCHANGES_FILE, None, any_ports=True, ha=True)
        ports = choose_ports(options)
        cluster = _cluster_for(local_cluster(folder, ports["kafka"]), needs)
        engines = ThreeOfEach(folder, cluster, self._report)
        super().__init__(LocalSet(options, engines, ports, self._report, lambda: None, self._launch), engines)
        self._network = Network(self.roots) if needs.network else None

    # Starting and stopping

    def start_set(self, rng: random.Random) -> None:
        """Start the set, and publish the events that the bureau's first awards come from."""
        self._mount_small_disks()
        if self._network is not None:
            self._place_proxies(self._network)
        self.local.start()
        self._databases = self.engines.databases(self.tend)
        self.keys = self.local.secrets.keys
        self.client = Client.with_key(self.local.addresses, self.keys["auditor"])
        publisher = Publisher(self.bootstrap_servers, self.world.take(EVENTS_AT_FIRST), rng)
        publisher.start()
        self.wait_until(lambda: not publisher.is_alive(), START_WITHIN_S, "publishing does not end")
        self.reference.take(sorted(publisher.result(), key=lambda one: (one.record.topic, one.partition, one.offset)))
        self.await_quiet(START_WITHIN_S)
        found = [one["award_id"] for one in self.client.items("incentive", "/v1/awards")]
        self._awards = found[: BUREAUS * AWARDS_EACH]
        assert len(self._awards) == BUREAUS * AWARDS_EACH, f"too few awards: {len(found)}"

    def stop(self) -> None:
        with ExitStack() as last:
            for place in self._mounted:
                last.callback(unmount, place)
            if self._network is not None:
                last.callback(self._network.close)
            last.callback(self.fork_server.stop)
            self.local.stop()

    def _launch(self, name: str, command: list[str], *, log_file: Path, environment: Mapping[str, str]) -> ChildProgram:
        """Fork a program; its command is that of Python with `-m` and a module."""
        log_file.parent.mkdir(parents=True, exist_ok=True)
        return self.fork_server.spawn(name, command[2], *command[3:], log_file=log_file, environment=environment)

    def _report(self, text: str) -> None:
        with (self.folder / "set.log").open("a", encoding="utf-8") as log:
            log.write(f"{text}\n")

    def _mount_small_disks(self) -> None:
        if not self._needs.small_disks:
            return
        for node in self.nodes:
            place = self.small_disk(self._needs.small_disks, node)
            if mount_small(place, SMALL_DISKS[self._needs.small_disks]):
                self._mounted.append(place)

    def small_disk(self, engine: str, node: str) -> Path:
        """The file system of an engine's data on a machine."""
        data: Path = getattr(self.engines.machine(node).folders, engine)
        return data.parent

    def _place_proxies(self, network: Network) -> None:
        for machine in self.engines.cluster.machines:
            ports = machine.ports
            watched = (ports.postgres, ports.primary, ports.standbys)
            for port in {port for port in ports if port} - set(ports.apis.values()):
                network.place(machine.name, (machine.host, port), (BIND, port), times_out=port in watched)

    @contextmanager
    def partitioned(self, nodes: Sequence[str]) -> Iterator[None]:
        """Cut machines off from the others until the block ends."""
        assert self._network is not None, "a set without proxies"
        self._network.partition(separated(nodes, [node for node in self.nodes if node not in nodes]))
        try:
            yield
        finally:
            self._network.restore()

    # The load

    def load(self, stop: threading.Event) -> tuple[load.Exchanges, Sequence[load.Client]]:
        """Return the exchanges, and all clients, which work until the event is set."""
        kafka = self.bootstrap_servers.split(",")
        exchanges = load.Exchanges(stop, kafka, self.world, self.seen)
        return exchanges, [exchanges, load.CheckpointReader(stop, kafka, self.seen), *self._clients(stop)]

    def _clients(self, stop: threading.Event) -> Iterator[load.Client]:
        """Yield the bureau, readers, and who watches checkpoints and positions."""
        apis = [copy.apis["incentive"] for copy in self.local.copies]
        auditor, bureau = self.keys["auditor"], self.keys["bureau"]
        yield load.Reader(stop, load.Asker(apis, auditor), self.seen)
        for number in range(BUREAUS):
            yield load.Bureau(stop, load.Asker(apis, bureau, number), self._awards[number::BUREAUS], self.seen)
        for copy in self.local.copies:
            for api in copy.apis.values():
                yield load.CheckpointPoller(stop, api, auditor, self.seen)
        positions = load.Positions(self.seen)
        for service in ("listing", "trade-ingest"):
            for machine in self.engines.cluster.machines:
                yield positions.client(stop, service, self.engines.server_url(machine, database_of(service)))

    @property
    def events(self) -> int:
        return len(self.seen.records)

    # Requests

    @property
    def bootstrap_servers(self) -> str:
        return self.engines.kafka

    def database(self, service: str) -> psycopg.Connection[Any]:
        """A superuser session in a service's database on the primary, through a proxy."""
        return psycopg.connect(self.engines.admin_url(database_of(service)), autocommit=True)

    def api(self, service: str) -> Api:
        return Api.with_key(service, self.local.addresses.url(service), self.keys["auditor"])

    def readyz(self) -> str:
        """Return what an API of incentive says of itself."""
        try:
            return self.client.session.get(f"{self.local.addresses.url('incentive')}/readyz", timeout=10).text
        except requests.RequestException:
            return ""

    def rebuilds(self) -> dict[str, subprocess.CompletedProcess[str]]:
        """Run `rebuild --verify` of every service at the same time."""
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            return dict(zip(SERVICES, pool.map(self._rebuild, SERVICES), strict=True))

    def _rebuild(self, service: str) -> subprocess.CompletedProcess[str]:
        settings = self._environment(service)
        return self.fork_server.run(
            module(service), "rebuild", "--verify", environment=settings, timeout_s=VERIFIED_WITHIN_S
        )

    def _environment(self, service: str) -> dict[str, str]:
        database, keys = self._databases[service], self.folder / "api-keys.yaml"
        return environment(self.local.addresses, database, EXCHANGES_FILE, keys, {"LOG_LEVEL": "INFO"})

    def operate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `jiangbu` command with the superuser's URL."""
        settings = {**self._environment("incentive"), "DATABASE_ADMIN_URL": self.engines.admin_url()}
        command = [sys.executable, "-m", "deploy", *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=settings, cwd=ROOT, timeout=180)

    # Logs

    def _logs(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the new lines of each consumer's log."""
        for path in sorted(self.local.logs.glob("*-consume*.log")):
            yield path.stem, path.read_text(encoding="utf-8", errors="replace")[self._logged.get(path, 0) :]

    def forget_ends(self) -> None:
        """Ignore how programs ended before."""
        for path in self.local.logs.glob("*-consume*.log"):
            self._logged[path] = len(path.read_text(encoding="utf-8", errors="replace"))

    def ended_by_ours(self) -> list[str]:
        """Return the bugs that ended consumers, and the states in which they halted."""
        bugs = [told for name, log in self._logs() for told in bugs_in(log, name)]
        return bugs + [f"{name} halts: {told}" for name, told in self.halts().items()]

    def halts(self) -> dict[str, str]:
        """Return the last state in which a consumer of each service halted, and its reason."""
        found = {}
        for name, log in self._logs():
            for line in log.splitlines():
                if '"critical"' in line and line.endswith("}"):  # the last one may be half written
                    said = json.loads(line)
                    found[name.partition("-consume")[0]] = f"{said.get('state')}: {said.get('reason', said['event'])}"
        return found

    # Waiting

    def tend(self) -> None:
        self.local.tend()
        if time.monotonic() >= self._looks_for_halts_at_s and not self._needs.is_asynchronous:
            self._look_for_halts()

    def _look_for_halts(self) -> None:
        """Give up once a consumer has halted for some seconds: nothing continues without a person."""
        now_s = time.monotonic()
        self._looks_for_halts_at_s = now_s + LOOK_FOR_HALTS_EVERY_S
        self._halted_since_s = (self._halted_since_s or now_s) if self.halts() else None
        self.is_hopeless = self._halted_since_s is not None and now_s - self._halted_since_s >= HALTED_FOR_S

    def await_whole(self, timeout_s: float) -> None:
        """Wait until every part of the set is back: two standbys, all replicas, all of etcd, every API."""
        self.wait_until(lambda: len(self.followers()) == len(self.nodes) - 1, timeout_s, "standbys do not follow", 0.5)
        self.wait_until(self.has_all_etcd, timeout_s, "etcd is not whole", 0.5)
        self.wait_until(self._has_all_replicas, timeout_s, "Kafka is not whole", 0.5)
        for copy in self.local.copies:
            for service in SERVICES:
                url = f"{copy.url(service)}/readyz"
                self.wait_until(lambda url=url: self._is_ready(url), timeout_s, f"{url} is not ready", 0.5)

    def _is_ready(self, url: str) -> bool:
        try:
            return self.client.session.get(url, timeout=10).ok
        except requests.RequestException:
            return False

    def _has_all_replicas(self) -> bool:
        try:
            return self.has_all_replicas()
        except KafkaError:
            return False

    def await_quiet(self, timeout_s: float) -> None:
        """Wait, service by service, until everything published is in the answers; NotMoving on timeout."""
        for service in SERVICES:
            told = f"{service} is not quiet"
            self.wait_until(lambda service=service: self._is_quiet(service), timeout_s, told, ASK_EVERY_S)

    def _is_quiet(self, service: str) -> bool:
        try:
            progress = self.client.get(service, "/v1/progress")
        except ApiError:
            return False
        return int(progress["lag"]) + int(progress["outbox"]) == 0


def _cluster_for(cluster: Cluster, needs: Needs) -> Cluster:
    if needs.is_asynchronous:
        cluster = cluster._replace(patroni_rules=_ASYNCHRONOUS)
    if needs.network:
        apart = [machine._replace(host=f"127.0.1.{machine.number}", bind=BIND) for machine in cluster.machines]
        cluster = cluster._replace(machines=tuple(apart))
    return cluster
