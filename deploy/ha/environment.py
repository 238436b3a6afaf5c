"""Render the settings of programs and operators on one machine. Passwords are in files that a setting names."""

import re
from collections.abc import Iterator
from typing import Final, get_args

from deploy.environment import (
    Whereabouts,
    admin_settings,
    backup_settings,
    environment_text,
    login,
    owner_settings,
    service_settings,
)
from deploy.ha.nodes import Cluster, Machine
from deploy.ha.patroni import SUPERUSER, patroni_url
from deploy.secrets import POSTGRES_GID, Secret
from shared.settings import SecurityProtocol, Service

# A file that `jiangbu ha secrets` creates.
PATRONI_PASSWORD: Final = Secret("patroni", "api-password", POSTGRES_GID)


def environments(cluster: Cluster, machine: Machine) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of a machine's files: for each service, its migrations, backups, and the operators.

    Programs ask the engines of their own machine first. A proxy or broker whose machine died is passed over.
    """
    near = cluster.near(machine)
    if machine.services:
        for service in get_args(Service):
            yield f"{service}.env", environment_text(_service(near, service))
            yield f"{service}-owner.env", environment_text(_owner(near, service))
        yield "backup.env", environment_text(backup_settings(_where(near), _admin_url(near)))
    yield "admin.env", environment_text(_admin(near))


def _service(cluster: Cluster, service: Service) -> dict[str, str]:
    name, role, _ = login(service)
    settings = {
        **service_settings(_where(cluster), service, cluster.primary_url(name, role)),
        "DATABASE_READ_URL": cluster.standbys_url(name, role),
    }
    return settings | ({"TRUSTED_PROXIES": ",".join(_proxy_addresses(cluster))} if service == "incentive" else {})


def _proxy_addresses(cluster: Cluster) -> Iterator[str]:
    """Yield the addresses of the proxies before the APIs, also of those on the machine itself; names have none."""
    yield "127.0.0.1"
    for machine in cluster.proxies:
        if re.fullmatch(r"[0-9.]+", machine.host):
            yield machine.host


def _owner(cluster: Cluster, service: Service) -> dict[str, str]:
    name, _, role = login(service)
    return owner_settings(_where(cluster), service, cluster.primary_url(name, role))


def _admin(cluster: Cluster) -> dict[str, str]:
    return {
        **admin_settings(_where(cluster), _admin_url(cluster)),
        "INCENTIVE_URL": _front(cluster, "incentive"),
        "PATRONI_PASSWORD_FILE": str(PATRONI_PASSWORD.path(cluster.secrets)),
        "PATRONI_URL": patroni_url(cluster, cluster.machines[0]),
        **({"PATRONI_CA_FILE": str(cluster.postgres_tls.authority)} if cluster.postgres_tls else {}),
    }


def _admin_url(cluster: Cluster) -> str:
    return cluster.primary_url("postgres", SUPERUSER)


def _front(cluster: Cluster, service: Service) -> str:
    """Return the URL of an API through the nearest proxy."""
    proxy = cluster.proxies[0]
    return f"http://{proxy.at(proxy.ports.fronts[service])}"


def _where(cluster: Cluster) -> Whereabouts:
    tls = cluster.kafka_security and cluster.kafka_security.inside_tls
    protocol: SecurityProtocol = "SASL_SSL" if tls else "SASL_PLAINTEXT"
    return Whereabouts(
        cluster.config,
        cluster.secrets,
        cluster.kafka,
        _front(cluster, "listing"),
        _front(cluster, "trade-ingest"),
        protocol if cluster.kafka_security else None,
        tls.authority if tls else None,
    )
