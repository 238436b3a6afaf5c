"""Check how long certificates last: of the engines that the settings reach by TLS, and of files on this machine."""

import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from psycopg.conninfo import conninfo_to_dict

from deploy.doctor.encryption import requires_tls
from deploy.doctor.finding import Finding
from deploy.first_setup.certificates import CertificateError, read_certificates, valid_until
from shared.language import join
from shared.postgres.hosts import hosts_of
from shared.settings import DeploymentSettings

_SUBJECT: Final = "证书 certificates"
_WARNING_BELOW: Final = timedelta(days=30)
_FAULT_BELOW: Final = timedelta(days=7)
_TIMEOUT_S: Final = 5.0
_POSTGRES_PORT: Final = 5432
_HTTPS_PORT: Final = 443
# PostgreSQL's protocol: length and code of the message that asks for TLS.
_SSL_REQUEST: Final = struct.pack("!II", 8, 80877103)
_WHAT_TO_DO: Final = "see 'Renew a certificate' in docs/en/operations/first-hour.md"

ReadEnd = Callable[[], datetime]


def certificates(settings: DeploymentSettings, folder: Path | None, now: datetime) -> Finding:
    """Check the servers' certificates, those of files that the settings name, and those of `tls` beside `folder`."""
    ends: dict[str, datetime] = {}
    unread: list[str] = []
    for name, read_end in _sources(settings, folder):
        try:
            ends[name] = read_end()
        except (OSError, CertificateError) as error:
            unread.append(f"未查到 / not known: {name} ({error})")
    return ends_finding(ends, unread, now)


def ends_finding(ends: Mapping[str, datetime], unread: Iterable[str], now: datetime) -> Finding:
    """Judge certificates by the instants at which they end; one that could not be read is a warning."""
    short = {name: end for name, end in sorted(ends.items()) if end - now < _WARNING_BELOW}
    told = [*(_remaining(name, end, now) for name, end in short.items()), *unread]
    if told:
        well = all(end - now >= _FAULT_BELOW for end in short.values())
        return Finding(_SUBJECT, well, join(*told), is_warning=well)
    if not ends:
        return Finding(_SUBJECT, True, "未见 TLS 证书 / none is known")
    name, end = min(ends.items(), key=lambda one: one[1])
    return Finding(_SUBJECT, True, f"{len(ends)} 个，最早至 / {len(ends)}, the first ends {end:%Y-%m-%d}: {name}")


def _remaining(name: str, end: datetime, now: datetime) -> str:
    if end <= now:
        return f"{name}: 已于 {end:%Y-%m-%d} 到期 / expired on {end:%Y-%m-%d}: {_WHAT_TO_DO}"
    days = (end - now).days
    return f"{name}: {days} 天后到期 / ends in {days} days, on {end:%Y-%m-%d}: {_WHAT_TO_DO}"


def _sources(settings: DeploymentSettings, folder: Path | None) -> Iterator[tuple[str, ReadEnd]]:
    kafka = settings.kafka
    if kafka.security_protocol.endswith("SSL"):
        for server in kafka.bootstrap_servers:
            address = urlsplit(f"//{server}")
            yield f"Kafka {server}", partial(served_until, address.hostname or "", address.port or 0)
    for host, port in _database_servers(settings.database_admin_url):
        yield f"PostgreSQL {host}:{port}", partial(served_until, host, port, is_postgres=True)
    patroni = urlsplit(settings.patroni_url or "")
    if patroni.scheme == "https" and patroni.hostname is not None:
        yield f"Patroni {patroni.netloc}", partial(served_until, patroni.hostname, patroni.port or _HTTPS_PORT)
    if kafka.ssl_cert_file is not None:
        yield str(kafka.ssl_cert_file), partial(_file_until, kafka.ssl_cert_file)
    for authority in dict.fromkeys((kafka.ssl_ca_file, settings.patroni_ca_file)):
        if authority is not None:
            yield str(authority), partial(_authority_file_until, authority)
    for path in [] if folder is None else sorted((folder.parent / "tls").glob("*.pem")):
        if path.name != "authority-key.pem":
            yield str(path), partial(_file_until, path)


def _database_servers(url: str) -> Iterator[tuple[str, int]]:
    """Yield the servers of the URL if it requires TLS."""
    database = conninfo_to_dict(url)
    if not requires_tls(database):
        return
    for host, port in hosts_of(database):
        if host and not host.startswith("/"):
            yield host, int(port or _POSTGRES_PORT)


def served_until(host: str, port: int, *, is_postgres: bool = False) -> datetime:
    """Return when the certificate of a server ends. OSError, CertificateError.

    Nothing is verified, because one that has expired is what is looked for, and nothing secret is sent.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), _TIMEOUT_S) as plain:
        if is_postgres:
            plain.sendall(_SSL_REQUEST)
            if plain.recv(1) != b"S":
                raise CertificateError("不提供 TLS / does not offer TLS")
        with context.wrap_socket(plain, server_hostname=host) as encrypted:
            served = encrypted.getpeercert(binary_form=True)
    if served is None:
        raise CertificateError("没有证书 / has no certificate")
    return x509.load_der_x509_certificate(served).not_valid_after_utc


def _file_until(path: Path) -> datetime:
    """Return when the certificate of a server or client ends, the first one of its file."""
    return valid_until(_text(path))


def _authority_file_until(path: Path) -> datetime:
    """Return when the last one of several authorities ends: a file has old and new ones, or those of a system."""
    return max(one.not_valid_after_utc for one in read_certificates(_text(path)))


def _text(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")
