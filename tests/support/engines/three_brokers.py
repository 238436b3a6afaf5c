"""Three Kafka nodes, each broker and controller, set up as on three machines; a test may kill them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from deploy.ha.nodes import Cluster, Folders, Machine, Ports
from devset.ha.programs import KafkaNode
from devset.jars import prepared_kafka
from devset.kafka import SMALL_SETTINGS
from devset.processes import free_ports
from shared.settings import LocalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class ThreeBrokers(NamedTuple):
    """The nodes by number, from 1, and the addresses of all of them for clients."""

    nodes: dict[int, KafkaNode]
    bootstrap_servers: str

    def kill(self, number: int) -> None:
        """End the process of a node as the death of its machine does."""
        _kill(self.nodes[number])


@contextmanager
def three_brokers(folder: Path) -> Iterator[ThreeBrokers]:
    """Start the nodes of a new cluster."""
    settings = LocalSettings()
    jars = prepared_kafka(settings.cache_folder, settings.maven_repository, print)
    ports = free_ports(6)
    machines = tuple(
        Machine(
            f"n{number}",
            number,
            "127.0.0.1",
            ports=Ports(kafka=ports[number - 1], kafka_controller=ports[number + 2]),
            folders=Folders(kafka=folder / str(number) / "data"),
        )
        for number in (1, 2, 3)
    )
    cluster = Cluster("test", machines, (), kafka_settings=SMALL_SETTINGS)
    nodes = {
        one.number: KafkaNode(log_file=folder / f"{one.name}.log", jars=jars, cluster=cluster, machine=one)
        for one in machines
    }
    with ExitStack() as stack:
        for node in nodes.values():
            node.launch()
            stack.callback(_kill, node)  # the last two would wait for each other
        for node in nodes.values():
            node.await_ready()
        yield ThreeBrokers(nodes, cluster.kafka)


def _kill(node: KafkaNode) -> None:
    if node.program is not None:
        node.program.process.kill()
        node.program.process.wait()
