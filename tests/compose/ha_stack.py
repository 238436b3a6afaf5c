"""The highly available set of docker-compose.ha.yml with ports of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from deploy.ha.nodes_file import load_nodes, nodes_yaml
from devset.processes import free_ports
from devset.programs import SERVICES, Addresses
from tests.compose.stack import COMPOSE_FILE, Stack, run
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from deploy.ha.nodes import Machine

OVERLAY = ROOT / "docker-compose.ha.yml"
NODES = ROOT / "deploy" / "ha" / "compose.yaml"
_REPLACED = "!override"
_ASK_PATRONI = "exec 3<>/dev/tcp/127.0.0.1/8008; printf 'GET /primary HTTP/1.0\\r\\n\\r\\n' >&3; head -1 <&3"


class _Dumper(yaml.SafeDumper):
    """Writes lists that replace those of the other Compose files."""


class _Ports(list[str]):
    pass


_Dumper.add_representer(_Ports, lambda dumper, ports: dumper.represent_sequence(_REPLACED, ports))


@dataclass
class HaStack(Stack):
    """A project of both Compose files; `addresses` are those of the two proxies."""

    def __post_init__(self) -> None:
        super().__post_init__()
        cluster = load_nodes(NODES)
        ports = {machine.name: self._ports_of(machine) for machine in cluster.machines}
        outside = [machine._replace(outside=f"127.0.0.1:{ports[machine.name][0]}") for machine in cluster.machines]
        nodes, published = self.folder / "nodes.yaml", self.folder / "ports.yaml"
        nodes.write_text(nodes_yaml(cluster._replace(machines=tuple(outside))), "utf-8")
        services = {machine.name: {"ports": _published(machine, ports[machine.name])} for machine in cluster.machines}
        published.write_text(yaml.dump({"services": services}, Dumper=_Dumper), "utf-8")
        self.files = (COMPOSE_FILE, OVERLAY, published)
        self.engines_image = f"jiangbu-ha:{self.project}"
        with self.env_file.open("a", encoding="utf-8") as settings:
            settings.write(f"NODES_FILE={nodes}\nJIANGBU_HA_IMAGE={self.engines_image}\n")
        self.addresses = tuple(
            Addresses(self.broker, {s: f"127.0.0.1:{port}" for s, port in zip(SERVICES, fronts, strict=True)})
            for machine in cluster.proxies
            for fronts in [ports[machine.name][1:]]
        )

    def _ports_of(self, machine: Machine) -> list[int]:
        """Return the published ports of a machine: that of its broker, and those of its proxy."""
        if machine.number == 1:
            return list(self.ports.values())
        return free_ports(1 + len(SERVICES) * machine.proxy)

    def primary(self) -> str:
        """Return the service whose Patroni says that it runs the primary."""
        names = [f"postgres{number}" for number in (1, 2, 3)]
        running = [name for name in names if self.container(name)["State"]["Running"]]
        (found,) = [name for name in running if " 200 " in self.compose("exec", "-T", name, "bash", "-c", _ASK_PATRONI)]
        return found

    def kill(self, service: str) -> None:
        """Kill a container, which Docker then does not start again."""
        run(["docker", "kill", self.container(service)["Id"]])

    def left_over(self) -> dict[str, list[str]]:
        """Return the containers, volumes and networks of the project that exist."""
        of_project = ["--quiet", "--filter", f"label=com.docker.compose.project={self.project}"]
        listed: dict[str, list[str]] = {"container": ["--all"], "volume": [], "network": []}
        found: dict[str, Any] = {
            kind: run(["docker", kind, "ls", *options, *of_project]).split() for kind, options in listed.items()
        }
        return {kind: ids for kind, ids in found.items() if ids}


def _published(machine: Machine, ports: list[int]) -> _Ports:
    inner = [machine.ports.kafka_outside, *(machine.ports.fronts.values() if machine.proxy else ())]
    return _Ports(f"127.0.0.1:{outer}:{port}" for outer, port in zip(ports, inner, strict=True))
