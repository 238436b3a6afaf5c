"""Render systemd units of one machine: the engines, and the programs of the set.

All are started again whenever they end. Units hold no secrets: they read files.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from deploy.ha import disk_watch
from deploy.ha.nodes import Cluster, Machine
from deploy.systemd_units import Installation, Unit, backup_units, program_unit, service_unit

_DISK_METRICS: Final = PurePosixPath("/run/jiangbu-disk-watch")
# The confinement of every engine. It goes no further, as Patroni starts a server with the privileges of its account.
_ENGINE: Final = ("NoNewPrivileges=yes", "ProtectSystem=full", "ProtectHome=yes")


def units(cluster: Cluster, machine: Machine) -> Iterator[Unit]:
    """Yield the units of a machine."""
    yield _unit(
        "jiangbu-etcd",
        "etcd",
        "Type=notify",
        "User=etcd",
        f"ExecStart={cluster.programs.etcd} --config-file {cluster.config}/etcd.yml",
        "LimitNOFILE=65536",
    )
    yield _patroni(cluster)
    yield _disk_watch(cluster)
    if machine.proxy:
        yield _haproxy(cluster)
    yield _kafka(cluster)
    installed = Installation(cluster.programs.jiangbu, cluster.config, cluster.secrets)
    if machine.services:
        for service, port in machine.ports.apis.items():
            yield program_unit(installed, service, "api", f"serve --bind {machine.listening(port)}")
            yield program_unit(installed, service, "consumer", "consume")
        yield from backup_units(installed)


def _patroni(cluster: Cluster) -> Unit:
    """Return the unit of Patroni, which starts, stops and replaces its PostgreSQL by itself."""
    return _unit(
        "jiangbu-patroni",
        "PostgreSQL under Patroni",
        "User=postgres",
        f"EnvironmentFile={cluster.secrets}/patroni/environment",
        f"ExecStart={cluster.programs.patroni} {cluster.config}/patroni.yml",
        "ExecReload=/bin/kill -HUP $MAINPID",
        # PostgreSQL outlives a Patroni that died; the next one takes it over.
        "KillMode=process",
        "TimeoutStopSec=60",
    )


def _disk_watch(cluster: Cluster) -> Unit:
    """Return the unit of the watch, which needs to see the data folder and writes its metrics alone."""
    command = f"{cluster.programs.python} {cluster.config}/{disk_watch.FILE_NAME}"
    return _unit(
        "jiangbu-disk-watch",
        "Disk watch: hands the primary to a machine that has room",
        "User=postgres",
        f"ExecStart={command} {cluster.config}/{disk_watch.SETTINGS_NAME} {_DISK_METRICS}",
        f"RuntimeDirectory={_DISK_METRICS.name}",
        "PrivateTmp=yes",
        "CapabilityBoundingSet=",
    )


def _haproxy(cluster: Cluster) -> Unit:
    haproxy = cluster.programs.haproxy
    return _unit(
        "jiangbu-haproxy",
        "HAProxy: the front door of PostgreSQL and the APIs",
        "Type=notify",
        "User=haproxy",
        f"ExecStart={haproxy} -Ws -f {cluster.config}/haproxy.cfg",
        f"ExecReload={haproxy} -c -q -f {cluster.config}/haproxy.cfg",
        "ExecReload=/bin/kill -USR2 $MAINPID",
        "KillMode=mixed",
        "SuccessExitStatus=143",
    )


def _kafka(cluster: Cluster) -> Unit:
    return _unit(
        "jiangbu-kafka",
        "Apache Kafka: broker and controller",
        "User=kafka",
        f"Environment=KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile={cluster.config}/log4j2.xml",
        "Environment=LOG_DIR=/run/jiangbu-kafka",
        "RuntimeDirectory=jiangbu-kafka",
        f"ExecStartPre=/bin/sh {cluster.config}/kafka-format.sh",
        f"ExecStart={cluster.programs.kafka}/kafka-server-start.sh {cluster.config}/server.properties",
        "SuccessExitStatus=143",
        "LimitNOFILE=100000",
        "TimeoutStopSec=120",
    )


def _unit(name: str, description: str, *service: str) -> Unit:
    return service_unit(name, description, [*service, *_ENGINE])
