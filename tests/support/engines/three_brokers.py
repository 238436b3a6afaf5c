"""Three Kafka nodes, each broker and controller, set up as on three machines; a test may kill them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.ha.kafka import server_properties
from deploy.ha.nodes import Cluster, Folders, Machine, Ports
from devset.jars import prepared_kafka
from devset.kafka import Kafka, java_command
from devset.processes import free_ports
from shared.settings import LocalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Settings for a small machine and short test times.
_SMALL = {
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.network.threads": "2",
    "num.io.threads": "4",
}
_CLUSTER_ID = "dGhyZWUtYnJva2Vycy0xMg"


@dataclass
class Node(Kafka):
    """A node with the given server.properties."""

    properties: str = ""

    def kill(self) -> None:
        """End the process as the death of its machine does."""
        assert self.program is not None
        self.program.process.kill()
        self.program.process.wait()

    def _properties(self) -> str:
        return self.properties

    def _format(self, properties: Path) -> None:
        tool = [*java_command(self.jars), "kafka.tools.StorageTool", "format"]
        self.run_tool([*tool, "-t", _CLUSTER_ID, "-c", properties])


@dataclass
class ThreeBrokers:
    """The nodes by number, from 1, and the addresses of all of them for clients."""

    nodes: dict[int, Node]
    bootstrap_servers: str


@contextmanager
def three_brokers(folder: Path) -> Iterator[ThreeBrokers]:
    """Start the nodes of a new cluster."""
    settings = LocalSettings()
    jars = prepared_kafka(settings.cache_folder, settings.maven_repository, print)
    ports = free_ports(6)
    machines = tuple(
        Machine(
            f"node{number}",
            number,
            "127.0.0.1",
            ports=Ports(kafka=ports[number - 1], kafka_controller=ports[number + 2]),
            folders=Folders(kafka=folder / str(number) / "data"),
        )
        for number in (1, 2, 3)
    )
    cluster = Cluster("test", machines, (), kafka_settings=_SMALL)
    nodes = {
        machine.number: Node(
            folder / str(machine.number),
            machine.ports.kafka,
            folder / f"{machine.number}.log",
            machine.ports.kafka_controller,
            jars,
            properties=server_properties(cluster, machine),
        )
        for machine in machines
    }
    with ExitStack() as stack:
        for node in nodes.values():
            node.launch()
            stack.callback(node.kill)  # the last two would wait for each other
        for node in nodes.values():
            node.await_ready()
        yield ThreeBrokers(nodes, cluster.kafka)
