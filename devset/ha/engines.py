"""The engines of a highly available set on one machine: three of each, two proxies, and the faults to try on them."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import psycopg
import requests
from kafka.errors import KafkaError
from sqlalchemy import make_url

from deploy.broker.admin import connect_admin
from deploy.databases import database_of, ensure_database, owner_role, service_role
from deploy.ha.nodes import Cluster, Machine
from deploy.ha.patroni import SUPERUSER, patroni_url
from devset.folder import LOCK_FILE
from devset.ha.guard import end_servers, postmaster, shut_down_servers, start_guard
from devset.ha.machines import keep_cluster, local_cluster, with_api_ports
from devset.ha.programs import MachinePrograms, find_binaries
from devset.jars import prepared_kafka
from devset.postgres import Database
from devset.processes import LocalError, reap_orphans
from devset.programs import SERVICES, Addresses, ApiAddresses
from devset.supervision import Supervisor, signal_tree
from shared.language import say
from shared.settings import KafkaSettings, LocalSettings, Service

START_TIMEOUT_S: Final = 180.0
POLL_S: Final = 0.2
_STANDBYS: Final = """
    SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND (%s OR sync_state IN ('sync', 'quorum'))
"""


@dataclass
class ThreeOfEach:
    """Three etcd, three Kafka nodes, three PostgreSQL under Patroni, and HAProxy on the machines that have one.

    The programs are named by their machine: `etcd n1`, `kafka n1`, `patroni n1`, `disk-watch n1`, `haproxy n1`.
    Patroni's PostgreSQL is no program of the supervisor.
    """

    folder: Path
    cluster: Cluster
    report: Callable[[str], None]
    _supervisor: Supervisor = field(init=False)
    _password: str = field(init=False)
    _guard: subprocess.Popen[bytes] | None = None

    @property
    def kafka(self) -> str:
        return self.cluster.kafka

    @property
    def replication_factor(self) -> int:
        return len(self.cluster.machines)

    def place_apis(self, ports: Mapping[str, int]) -> ApiAddresses:
        """Give the ports to the first proxy, and free ones to the other proxies and to the APIs themselves."""
        self.cluster = with_api_ports(self.cluster, ports)
        machines = [machine for machine in self.cluster.machines if machine.services]
        fronts = [machine if machine.proxy else self.cluster.proxies[0] for machine in machines]
        return ApiAddresses(
            tuple(self._addresses(machine, machine.ports.apis) for machine in machines),
            tuple(self._addresses(machine, machine.ports.fronts) for machine in fronts),
        )

    def _addresses(self, machine: Machine, ports: Mapping[Service, int]) -> Addresses:
        return Addresses(self.kafka, {service: machine.at(port) for service, port in ports.items()})

    def launch(self, supervisor: Supervisor, password: str) -> None:
        self._supervisor, self._password = supervisor, password
        settings, binaries = LocalSettings(), find_binaries()
        jars = prepared_kafka(settings.cache_folder, settings.maven_repository, self.report)
        self.report(
            say("正在启动 Kafka、etcd 与 PostgreSQL 各三个节点", "starting Kafka, etcd and PostgreSQL, three of each")
        )
        self._guard = start_guard(self.folder / LOCK_FILE, self._data_folders)
        end_servers(self._data_folders)  # of an earlier set whose guard was killed, too
        for machine in self.cluster.machines:
            programs = MachinePrograms(
                self.cluster, machine, self.folder / machine.name, self.folder / "logs", binaries
            )
            supervisor.watch(f"etcd {machine.name}", programs.etcd)
            supervisor.watch(f"kafka {machine.name}", programs.kafka(jars).launch)
            supervisor.watch(f"patroni {machine.name}", partial(programs.patroni, password))
            supervisor.watch(f"disk-watch {machine.name}", programs.disk_watch)
            if machine.proxy:
                supervisor.watch(f"haproxy {machine.name}", programs.haproxy)

    def databases(self, check: Callable[[], None]) -> dict[str, Database]:
        self._await(self.is_replicated, check, say("PostgreSQL 主库与备库", "PostgreSQL and its standbys"))
        keep_cluster(self.folder, self.cluster)
        with psycopg.connect(self.admin_url(), autocommit=True) as connection:
            for service in SERVICES:
                password = self._password
                ensure_database(connection, database_of(service), owner_password=password, service_password=password)
        return {service: self._database(database_of(service), self.cluster) for service in SERVICES}

    def nearest(self, database: Database, copy: int) -> Database:
        name = make_url(database.service_url).database
        return self._database(str(name), self.cluster.near(self.cluster.proxies[copy]))

    def await_kafka(self, check: Callable[[], None]) -> None:
        self._await(self._has_all_brokers, check, "Kafka")

    def admin_url(self, database: str = "postgres") -> str:
        return self.cluster.primary_url(database, SUPERUSER, self._password)

    def admin_settings(self) -> dict[str, str]:
        return {
            "DATABASE_ADMIN_URL": self.admin_url(),
            "PATRONI_URL": patroni_url(self.cluster, self.cluster.machines[0]),
            "PATRONI_PASSWORD": self._password,
        }

    def stop(self, supervisor: Supervisor) -> None:
        supervisor.stop([name for name in supervisor.programs if name.startswith("kafka ")])
        # A Patroni that is asked to stop waits for the others, and etcd for its members. Neither has anything to lose.
        for name in list(supervisor.programs):
            supervisor.kill(name)
        shut_down_servers(self._data_folders)
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()

    def leader(self) -> Machine | None:
        """Return the machine whose Patroni says that it runs the primary."""
        return next((machine for machine in self.cluster.machines if _is_primary(machine)), None)

    def machine(self, name: str) -> Machine:
        return next(machine for machine in self.cluster.machines if machine.name == name)

    def server_url(self, machine: Machine, database: str = "postgres") -> str:
        """Return the superuser's URL of the server on a machine, past the proxies."""
        address = machine.at(machine.ports.postgres)
        return f"postgresql://{SUPERUSER}:{self._password}@{address}/{database}"

    def kill_database(self, machine: Machine) -> None:
        """Kill Patroni and PostgreSQL as the machine's death does; both stay dead until `revive_database`."""
        self._supervisor.kill(f"patroni {machine.name}")
        if pid := postmaster(machine.folders.postgres):
            signal_tree(pid, signal.SIGKILL)

    def revive_database(self, machine: Machine) -> None:
        self._supervisor.revive(f"patroni {machine.name}")

    @property
    def _data_folders(self) -> list[Path]:
        return [machine.folders.postgres for machine in self.cluster.machines]

    def _database(self, name: str, cluster: Cluster) -> Database:
        return Database(
            owner_url=cluster.primary_url(name, owner_role(name), self._password),
            service_url=cluster.primary_url(name, service_role(name), self._password),
            read_url=cluster.standbys_url(name, service_role(name), self._password),
        )

    def is_replicated(self) -> bool:
        """Return True if the primary answers through a proxy and all other servers are its standbys."""
        try:
            with psycopg.connect(self.admin_url(), connect_timeout=2, autocommit=True) as connection:
                row = connection.execute(_STANDBYS, [not self._is_synchronous]).fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and row[0] == len(self.cluster.machines) - 1

    def _has_all_brokers(self) -> bool:
        """Return True if every broker is registered and alive, so that topics get all their replicas."""
        try:
            with connect_admin(KafkaSettings(tuple(self.kafka.split(",")))) as admin:
                brokers = admin.describe_cluster()["brokers"]
        except (KafkaError, OSError):
            return False
        return sum(not broker["is_fenced"] for broker in brokers) == len(self.cluster.machines)

    @property
    def _is_synchronous(self) -> bool:
        return self.cluster.patroni_rules.get("synchronous_mode", "quorum") != "off"

    def _await(self, is_reached: Callable[[], bool], check: Callable[[], None], what: str) -> None:
        """Wait for a condition. LocalError if a program ends meanwhile, or after START_TIMEOUT_S."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not is_reached():
            check()
            reap_orphans(self._supervisor.processes().values())
            for watched in self._supervisor.programs.values():
                if not watched.program.alive():
                    raise watched.program.start_error()
            if time.monotonic() > deadline:
                logs = self.folder / "logs"
                raise LocalError(
                    f"{what} 在 {START_TIMEOUT_S:.0f} 秒内未就绪（日志：{logs}）",
                    f"{what} not ready after {START_TIMEOUT_S:.0f} s (logs: {logs})",
                )
            time.sleep(POLL_S)


def three_of_each(folder: Path, kafka_port: int, report: Callable[[str], None]) -> ThreeOfEach:
    """Return the engines in `folder`, with the addresses that they had before."""
    return ThreeOfEach(folder, local_cluster(folder, kafka_port), report)


def _is_primary(machine: Machine) -> bool:
    with contextlib.suppress(requests.RequestException), requests.Session() as session:
        session.trust_env = False
        return session.get(f"http://{machine.at(machine.ports.patroni)}/primary", timeout=2.0).ok
    return False
