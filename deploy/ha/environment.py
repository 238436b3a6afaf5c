"""Render the settings of programs and operators on one machine. Passwords are in files that a setting names."""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Final, get_args

from deploy.api_keys import API_KEY, HASHES
from deploy.databases import database_of, owner_role, service_role
from deploy.ha.nodes import Cluster, Machine
from deploy.ha.patroni import SUPERUSER, patroni_url
from deploy.secrets import ADMIN, DATABASE_PASSWORD, KAFKA_PASSWORD, POSTGRES_GID, SESSION_KEY, SIGNING_KEY, Secret
from shared.settings import DEFAULT_REGISTER, Service

# A file that `jiangbu ha secrets` creates.
PATRONI_PASSWORD: Final = Secret("patroni", "api-password", POSTGRES_GID)


def environments(cluster: Cluster, machine: Machine) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of a machine's files: for each service, its migrations, and the operators.

    Programs ask the engines of their own machine first. A proxy or broker whose machine died is passed over.
    """
    near = cluster.near(machine)
    for service in get_args(Service) if machine.services else ():
        yield f"{service}.env", environment_text(_service(near, service))
        yield f"{service}-owner.env", environment_text(_owner(near, service))
    yield "admin.env", environment_text(_admin(near))


def _service(cluster: Cluster, service: Service) -> dict[str, str]:
    name = database_of(service)
    settings = {
        **_common(cluster, service),
        "DATABASE_URL": cluster.primary_url(name, service_role(name)),
        "DATABASE_READ_URL": cluster.standbys_url(name, service_role(name)),
        "DATABASE_PASSWORD_FILE": _file(cluster, service, DATABASE_PASSWORD),
        "API_KEYS_FILE": str(cluster.secrets / HASHES),
        "SIGNING_KEY_FILE": _file(cluster, service, SIGNING_KEY),
    }
    if service == "incentive":
        settings |= {
            "TRUSTED_PROXIES": ",".join(_proxy_addresses(cluster)),
            "SERVICE_KEY_FILE": _file(cluster, "service", API_KEY),
            "SESSION_KEY_FILE": _file(cluster, service, SESSION_KEY),
        }
    return settings


def _proxy_addresses(cluster: Cluster) -> Iterator[str]:
    """Yield the addresses of the proxies before the APIs, also of those on the machine itself; names have none."""
    yield "127.0.0.1"
    for machine in cluster.proxies:
        if re.fullmatch(r"[0-9.]+", machine.host):
            yield machine.host


def _owner(cluster: Cluster, service: Service) -> dict[str, str]:
    name = database_of(service)
    return {
        "DATABASE_OWNER_URL": cluster.primary_url(name, owner_role(name)),
        "DATABASE_OWNER_PASSWORD_FILE": _file(cluster, f"{service}-owner", DATABASE_PASSWORD),
    }


def _admin(cluster: Cluster) -> dict[str, str]:
    return {
        **_common(cluster, ADMIN),
        "INCENTIVE_URL": _front(cluster, "incentive"),
        "DATABASE_ADMIN_URL": cluster.primary_url("postgres", SUPERUSER),
        "DATABASE_ADMIN_PASSWORD_FILE": _file(cluster, "postgres", DATABASE_PASSWORD),
        "PATRONI_PASSWORD_FILE": str(PATRONI_PASSWORD.path(cluster.secrets)),
        "PATRONI_URL": patroni_url(cluster, cluster.machines[0]),
        **({"PATRONI_CA_FILE": str(cluster.postgres_tls.authority)} if cluster.postgres_tls else {}),
    }


def _front(cluster: Cluster, service: Service) -> str:
    """Return the URL of an API through the nearest proxy."""
    proxy = cluster.proxies[0]
    return f"http://{proxy.at(proxy.ports.fronts[service])}"


def _common(cluster: Cluster, user: str) -> dict[str, str]:
    listing, trade_ingest = _front(cluster, "listing"), _front(cluster, "trade-ingest")
    settings = {
        "SECRETS_IN_FILES": "1",
        "EXCHANGES_FILE": str(cluster.config / "exchanges.yaml"),
        "REGISTERS": f"{DEFAULT_REGISTER}={listing},{trade_ingest}",
        "KAFKA_BOOTSTRAP_SERVERS": cluster.kafka,
    }
    if cluster.kafka_security is None:
        return settings
    tls = cluster.kafka_security.inside_tls
    if tls is not None:
        settings["KAFKA_SSL_CA_FILE"] = str(tls.authority)
    return settings | {
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT" if tls is None else "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": user,
        "KAFKA_SASL_PASSWORD_FILE": _file(cluster, user, KAFKA_PASSWORD),
    }


def _file(cluster: Cluster, holder: str, name: str) -> str:
    return str(Secret(holder, name).path(cluster.secrets))


def environment_text(settings: Mapping[str, str]) -> str:
    """Return the text of a file of settings, which a shell and systemd read alike."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items())
