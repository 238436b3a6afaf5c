"""Check that what travels between the machines of a set is encrypted."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from deploy.doctor.finding import Finding
from shared.settings import DeploymentSettings

_ENCRYPTED = ("require", "verify-ca", "verify-full")
_WHAT_TO_DO = "see 'Encryption' in docs/en/operations/high-availability.md"


def encryption(settings: DeploymentSettings) -> Finding:
    """Warn of engines on several machines that are reached in plain text, by the settings of the admin."""
    engines = ", ".join(_in_plain_text(settings))
    if not engines:
        return Finding("加密 encryption", True, "各机器之间无明文 / nothing is in plain text between machines")
    text = f"各机器之间未加密 / in plain text between machines: {engines}: {_WHAT_TO_DO}"
    return Finding("加密 encryption", True, text, is_warning=True)


def _in_plain_text(settings: DeploymentSettings) -> Iterable[str]:
    database = conninfo_to_dict(settings.database_admin_url)
    hosts = str(database.get("host") or "").split(",")
    if _are_several_machines(hosts):
        if database.get("sslmode") not in _ENCRYPTED:
            yield "PostgreSQL"
        if settings.patroni_url is not None and urlsplit(settings.patroni_url).scheme == "http":
            yield "Patroni"
    brokers = [server.rpartition(":")[0] for server in settings.kafka.bootstrap_servers]
    if _are_several_machines(brokers) and not settings.kafka.security_protocol.endswith("SSL"):
        yield "Kafka"


def _are_several_machines(hosts: Iterable[str]) -> bool:
    return len({host for host in hosts if not _is_this_machine(host)}) > 1


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in ("", "localhost") or host.startswith("/")
