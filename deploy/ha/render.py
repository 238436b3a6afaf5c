"""Render the files of every machine of a highly available set."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.ha import disk_watch, etcd_leadership
from deploy.ha.environment import PATRONI_PASSWORD, environments
from deploy.ha.etcd import etcd_yml
from deploy.ha.haproxy import haproxy_cfg
from deploy.ha.kafka import server_properties
from deploy.ha.kafka_format import format_script
from deploy.ha.nodes import Cluster, Machine
from deploy.ha.patroni import disk_watch_json, patroni_yml
from deploy.ha.units import units

_LOG4J: Final = Path(__file__).parents[1] / "kafka" / "log4j2.xml"


def render(cluster: Cluster) -> dict[str, str]:
    """Return the text of every file by its path, which begins with the name of its machine."""
    return {
        f"{machine.name}/{name}": text for machine in cluster.machines for name, text in _files_of(cluster, machine)
    }


def _files_of(cluster: Cluster, machine: Machine) -> Iterator[tuple[str, str]]:
    yield "etcd.yml", etcd_yml(cluster, machine)
    yield "patroni.yml", patroni_yml(cluster, machine)
    yield etcd_leadership.FILE_NAME, Path(etcd_leadership.__file__).read_text("utf-8")
    yield disk_watch.FILE_NAME, Path(disk_watch.__file__).read_text("utf-8")
    yield disk_watch.SETTINGS_NAME, disk_watch_json(cluster, machine, PATRONI_PASSWORD.path(cluster.secrets))
    if machine.proxy:
        yield "haproxy.cfg", haproxy_cfg(cluster, machine)
    yield "server.properties", server_properties(cluster, machine)
    yield "kafka-format.sh", format_script(cluster, machine)
    yield "log4j2.xml", _LOG4J.read_text("utf-8")
    yield from environments(cluster, machine)
    for unit in units(cluster, machine):
        yield f"systemd/{unit.name}", unit.text
