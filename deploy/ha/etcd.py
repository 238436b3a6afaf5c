"""Render the configuration of etcd, which holds Patroni's leader lease (`etcd --config-file`)."""

import yaml

from deploy.ha.nodes import Cluster, Machine, TlsFiles
from shared.values.json_types import Json


def etcd_yml(cluster: Cluster, machine: Machine) -> str:
    """Return the YAML file of one member."""
    scheme = etcd_scheme(cluster)
    ports = machine.ports
    settings = {
        "name": machine.name,
        "data-dir": str(machine.folders.etcd),
        "listen-client-urls": f"{scheme}://{machine.listening(ports.etcd)}",
        "advertise-client-urls": f"{scheme}://{machine.at(ports.etcd)}",
        "listen-peer-urls": f"{scheme}://{machine.listening(ports.etcd_peers)}",
        "initial-advertise-peer-urls": f"{scheme}://{machine.at(ports.etcd_peers)}",
        "initial-cluster": ",".join(
            f"{one.name}={scheme}://{one.at(one.ports.etcd_peers)}" for one in cluster.machines
        ),
        "initial-cluster-state": "new",
        "initial-cluster-token": cluster.name,
        # A member that was cut off asks before it calls an election. Otherwise its term grows, and when it returns,
        # Patroni, which knows a stale member by its older term, takes its old data for the newest.
        "pre-vote": True,
        # A busy machine misses heartbeats of the default 100 ms. Each election lengthens the lease of a dead primary.
        "heartbeat-interval": 150,
        "election-timeout": 1500,
        "auto-compaction-mode": "periodic",
        "auto-compaction-retention": "1h",
        "enable-grpc-gateway": True,  # Patroni's way in; etcd 3.4 leaves it out where there is a configuration file
        "logger": "zap",
        "log-level": "warn",
    }
    return yaml.safe_dump(settings | _security(cluster.etcd_tls), sort_keys=False)


def etcd_scheme(cluster: Cluster) -> str:
    return "https" if cluster.etcd_tls else "http"


def _security(files: TlsFiles | None) -> Json:
    if files is None:
        return {}
    both = {
        "trusted-ca-file": str(files.authority),
        "cert-file": str(files.certificate),
        "key-file": str(files.key),
        "client-cert-auth": True,
    }
    return {"client-transport-security": both, "peer-transport-security": dict(both)}
