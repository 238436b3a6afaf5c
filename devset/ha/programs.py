"""The programs of one machine: etcd, Kafka, Patroni with its PostgreSQL, and HAProxy."""

import shutil
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from deploy.ha import disk_watch, etcd_leadership
from deploy.ha.etcd import etcd_yml
from deploy.ha.haproxy import haproxy_cfg
from deploy.ha.kafka import server_properties
from deploy.ha.nodes import Cluster, Machine
from deploy.ha.patroni import disk_watch_json, patroni_environment, patroni_yml
from devset.kafka import Kafka
from devset.postgres import account_for, allow_traversal
from devset.processes import ChildProgram, LocalError, base_environment, spawn
from shared.settings import LocalSettings

# Debian installs HAProxy where the PATH of most users does not look.
_FOR_ADMINISTRATORS = "/usr/local/sbin:/usr/sbin:/sbin"


class Binaries(NamedTuple):
    """The installed programs."""

    etcd: Path
    haproxy: Path


def find_binaries() -> Binaries:
    """Find etcd, HAProxy and Patroni. LocalError says how to install the one that is missing."""
    settings = LocalSettings()
    if find_spec("patroni") is None:
        raise LocalError("缺少 Patroni，请运行 make setup-ha", "Patroni is missing: run `make setup-ha`")
    return Binaries(
        _found("etcd", settings.etcd, "ETCD", "etcd-server"),
        _found("haproxy", settings.haproxy, "HAPROXY", "haproxy"),
    )


def _found(name: str, given: Path | None, variable: str, package: str) -> Path:
    found = shutil.which(given or name) or shutil.which(given or name, path=_FOR_ADMINISTRATORS)
    if found is not None:
        return Path(found)
    place = f"（{variable}={given}）" if given else ""
    raise LocalError(
        f"缺少 {name}{place}：请安装（Debian：apt-get install {package}），或用 {variable}= 指定其路径",
        f"{name} is missing{f' ({variable}={given})' if given else ''}: install it (Debian: apt-get install {package}),"
        f" or give its path by {variable}=",
    )


@dataclass(kw_only=True)
class KafkaNode(Kafka):
    """One of the Kafka nodes of a cluster."""

    cluster: Cluster
    machine: Machine
    port: int = field(init=False)
    controller_port: int = field(init=False)
    directory: Path = field(init=False)

    # A replaced node has the id of its cluster.
    cluster_id = "amlhbmdidS1oYS1zZXQtMQ"

    def __post_init__(self) -> None:
        self.port, self.controller_port = self.machine.ports.kafka, self.machine.ports.kafka_controller
        self.directory = self.machine.folders.kafka.parent
        self.node_id = str(self.machine.number)

    @property
    def bootstrap_servers(self) -> str:
        return self.machine.at(self.port)

    def properties(self) -> str:
        return server_properties(self.cluster, self.machine)


@dataclass(frozen=True)
class MachinePrograms:
    """Starts the programs of one machine; their files are in `folder`, their output in `logs`."""

    cluster: Cluster
    machine: Machine
    folder: Path
    logs: Path
    binaries: Binaries

    def etcd(self) -> ChildProgram:
        file = self._write("etcd.yml", etcd_yml(self.cluster, self.machine))
        self.machine.folders.etcd.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._spawn("etcd", [self.binaries.etcd, "--config-file", file])

    def haproxy(self) -> ChildProgram:
        file = self._write("haproxy.cfg", haproxy_cfg(self.cluster, self.machine))
        return self._spawn("haproxy", [self.binaries.haproxy, "-db", "-f", file])

    def patroni(self, password: str) -> ChildProgram:
        """Start Patroni, which starts PostgreSQL; the server lives on if Patroni is killed."""
        own = self.cluster._replace(
            config=self.folder, programs=self.cluster.programs._replace(python=Path(sys.executable))
        )
        file = self._write("patroni.yml", patroni_yml(own, self.machine))
        self._write(etcd_leadership.FILE_NAME, Path(etcd_leadership.__file__).read_text("utf-8"))
        directory = self.machine.folders.postgres.parent
        account = account_for(directory)
        if account is not None:
            allow_traversal(Path(sys.executable))
        passwords = patroni_environment(superuser=password, replicator=password, rewinder=password)
        return spawn(
            f"patroni {self.machine.name}",
            [sys.executable, "-m", "patroni", file],
            log_file=self.logs / f"patroni-{self.machine.name}.log",
            environment={**base_environment(), **passwords},
            account=account,
            working_directory=directory,
        )

    def disk_watch(self) -> ChildProgram:
        """Start the disk watch as the account of PostgreSQL, which alone may look into the data folder."""
        program = self._write(disk_watch.FILE_NAME, Path(disk_watch.__file__).read_text("utf-8"))
        settings = self._write(disk_watch.SETTINGS_NAME, disk_watch_json(self.cluster, self.machine, None))
        directory = self.machine.folders.postgres.parent
        return spawn(
            f"disk-watch {self.machine.name}",
            [sys.executable, program, settings],
            log_file=self.logs / f"disk-watch-{self.machine.name}.log",
            environment=base_environment(),
            account=account_for(directory),
            working_directory=directory,
        )

    def kafka(self, jars: list[Path]) -> KafkaNode:
        return KafkaNode(
            cluster=self.cluster,
            machine=self.machine,
            jars=jars,
            log_file=self.logs / f"kafka-{self.machine.name}.log",
        )

    def _spawn(self, name: str, command: list[str | Path]) -> ChildProgram:
        log_file = self.logs / f"{name}-{self.machine.name}.log"
        return spawn(f"{name} {self.machine.name}", command, log_file=log_file, environment=base_environment())

    def _write(self, name: str, text: str) -> Path:
        """Write a file that PostgreSQL's account may read, too."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
        return path
