"""The three machines of a set that runs on one: their addresses, ports and folders, kept in the data folder."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.ha.nodes import Cluster, Folders, Machine, Ports
from deploy.ha.nodes_file import load_nodes, nodes_yaml
from devset.kafka import SMALL_SETTINGS
from devset.postgres import SETTINGS, postgres_binaries
from devset.processes import LocalError, free_ports, port_is_free
from devset.programs import SERVICES
from shared.durable_files import replace_file

NUMBERS: Final = (1, 2, 3)
# The machines with a proxy and the services' programs.
SERVING_NUMBERS: Final = (1, 2)
NODES_FILE: Final = "nodes.yaml"
# Those of brokers with passwords are not used here.
_PORTS: Final = ("postgres", "patroni", "etcd", "etcd_peers", "kafka", "kafka_controller", "primary", "standbys")
# Patroni sets the address and Unix sockets itself. Three servers share the machine's memory and disk.
_POSTGRES: Final = {
    **{name: value for name, value in SETTINGS.items() if name != "listen_addresses"},
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
}


def local_cluster(folder: Path, kafka_port: int) -> Cluster:
    """Return the description of the set in `folder`, or of a new set, whose first broker has `kafka_port`.

    etcd keeps the addresses of its members in its data, so a set that is started again has the same ports. LocalError
    if one is taken. What an interrupted first start left is removed: Patroni would wait for it to be completed.
    """
    path = folder / NODES_FILE
    if not path.exists():
        cluster = _new_cluster(folder, kafka_port)
        for machine in cluster.machines:
            shutil.rmtree(folder / machine.name, ignore_errors=True)
        return cluster
    cluster = load_nodes(path)
    ports = [getattr(machine.ports, name) for machine in cluster.machines for name in _PORTS]
    if taken := ", ".join(str(port) for port in ports if not port_is_free(port)):
        raise LocalError(
            f"端口已被占用：{taken}；{path} 所述各节点须用这些端口，请停止占用的程序",
            f"ports are taken: {taken}: the machines of {path} keep their ports, so stop the programs that use them",
        )
    return cluster


def with_api_ports(cluster: Cluster, ports: Mapping[str, int]) -> Cluster:
    """Return the set with ports of the APIs and of the proxies in front of them; the first proxy gets `ports`."""
    free = iter(free_ports(2 * len(SERVICES) * len(cluster.machines)))
    machines = []
    for machine in cluster.machines:
        own = {service.replace("-", "_"): next(free) for service in SERVICES}
        is_first = machine == cluster.proxies[0]
        fronts = {
            f"{service.replace('-', '_')}_front": ports[service] if is_first else next(free) for service in SERVICES
        }
        machines.append(machine._replace(ports=machine.ports._replace(**own, **fronts)))
    return cluster._replace(machines=tuple(machines))


def keep_cluster(folder: Path, cluster: Cluster) -> None:
    """Keep the description of a set whose first start has succeeded."""
    replace_file(folder / NODES_FILE, nodes_yaml(cluster))


def _new_cluster(folder: Path, kafka_port: int) -> Cluster:
    free = iter(free_ports(len(NUMBERS) * len(_PORTS)))
    machines = []
    for number in NUMBERS:
        ports = Ports(**{name: next(free) for name in _PORTS})
        own = folder / f"n{number}"
        folders = Folders(own / "postgres" / "data", own / "etcd", own / "kafka" / "data")
        is_serving = number in SERVING_NUMBERS
        machine = Machine(f"n{number}", number, "127.0.0.1", ports=ports, folders=folders)
        machines.append(machine._replace(proxy=is_serving, services=is_serving))
    machines[0] = machines[0]._replace(ports=machines[0].ports._replace(kafka=kafka_port))
    return Cluster(
        "jiangbu",
        tuple(machines),
        ("127.0.0.0/8",),
        postgres_binaries(),
        watchdog="off",
        postgres_least_room_mib=64,
        postgres_parameters=_POSTGRES,
        kafka_settings=SMALL_SETTINGS,
    )
