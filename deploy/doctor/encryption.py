"""Check that what travels between the machines of a set is encrypted."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from deploy.doctor.finding import Finding
from shared.language import join
from shared.settings import DeploymentSettings

_SUBJECT: Final = "加密 encryption"
_ENCRYPTED = ("require", "verify-ca", "verify-full")
_WHAT_TO_DO = "see 'Encryption' in docs/en/operations/high-availability.md"


class Endpoint(NamedTuple):
    """An engine as the settings reach it: its machines other than this one, and whether TLS is required."""

    engine: str
    machines: frozenset[str]
    is_encrypted: bool


def encryption(settings: DeploymentSettings) -> Finding:
    """Warn of engines on several machines that are reached in plain text, by the settings of the admin.

    One other machine may as well be a container on this one: that is reported, and no warning.
    """
    endpoints = [one for one in _endpoints(settings) if one.machines]
    plain = [one for one in endpoints if not one.is_encrypted]
    if engines := ", ".join(one.engine for one in plain if len(one.machines) > 1):
        text = f"各机器之间未加密 / in plain text between machines: {engines}: {_WHAT_TO_DO}"
        return Finding(_SUBJECT, True, text, is_warning=True)
    encrypted = ", ".join(one.engine for one in endpoints if one.is_encrypted)
    told = [f"TLS: {encrypted}"] if encrypted else []
    if plain:
        named = ", ".join(f"{one.engine} ({', '.join(one.machines)})" for one in plain)
        told.append(f"无 TLS，只宜在同一台机器内 / without TLS, which is for containers of one machine: {named}")
    if settings.patroni_url is not None:
        told.append("etcd 由 `jiangbu ha render` 检查 / etcd is checked by `jiangbu ha render`")
    return Finding(_SUBJECT, True, join(*(told or ["都在本机 / all on this machine"])))


def _endpoints(settings: DeploymentSettings) -> Iterator[Endpoint]:
    database = conninfo_to_dict(settings.database_admin_url)
    machines = _other_machines(str(database.get("host") or "").split(","))
    yield Endpoint("PostgreSQL", machines, requires_tls(database))
    if settings.patroni_url is not None:
        yield Endpoint("Patroni", machines, urlsplit(settings.patroni_url).scheme == "https")
    brokers = _other_machines(server.rpartition(":")[0] for server in settings.kafka.bootstrap_servers)
    yield Endpoint("Kafka", brokers, settings.kafka.security_protocol.endswith("SSL"))


def requires_tls(database: Mapping[str, object]) -> bool:
    """True if libpq connects by these parameters through TLS alone."""
    return (database.get("sslmode") or _default_sslmode()) in _ENCRYPTED


def _default_sslmode() -> str:
    """Return the sslmode that libpq uses for a URL without one, such as PGSSLMODE of own.env."""
    found = next(one.val for one in Conninfo.get_defaults() if one.keyword == b"sslmode")
    return (found or b"prefer").decode()


def _other_machines(hosts: Iterable[str]) -> frozenset[str]:
    return frozenset(host for host in hosts if not _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in ("", "localhost") or host.startswith("/")
