"""Configuration of PostgreSQL and HAProxy on one host with TLS."""

from pathlib import Path
from typing import Final

from deploy.host.layout import LOOPBACK, PORTS
from shared.settings import Service

# Where people and programs reach an API by TLS. Pages are at the port of HTTPS.
TLS_PORTS: Final[dict[Service, int]] = {"incentive": 443, "listing": 8401, "trade-ingest": 8402}

_POSTGRESQL: Final = """\
# 经 TLS、凭密码连接 / TLS and passwords. Belongs in the folder conf.d of the cluster.
listen_addresses = '{loopback}'
password_encryption = 'scram-sha-256'
ssl = on
ssl_cert_file = '{certificate}'
ssl_key_file = '{certificate}'
ssl_min_protocol_version = 'TLSv1.3'
hba_file = '{hba}'
# Details of errors contain values of events, such as names.
log_error_verbosity = 'terse'
"""
_HBA: Final = """\
# 本机管理员经套接字；其余须经 TLS 并凭密码 / The host's admin by the socket; everybody else by TLS with a password.
local    all          postgres                 peer
hostssl  all          all       127.0.0.1/32   scram-sha-256
hostssl  all          all       ::1/128        scram-sha-256
hostssl  replication  postgres  127.0.0.1/32   scram-sha-256
hostssl  replication  postgres  ::1/128        scram-sha-256
"""
# Each request has a connection of its own, so that none meets one that the API is closing. URLs can name subjects, so
# requests are not logged.
_HAPROXY: Final = """\
# 各接口前的 TLS 代理 / The TLS proxy in front of the APIs.
global
    maxconn 4000
    ssl-default-bind-options ssl-min-ver TLSv1.2

defaults
    mode http
    option forwardfor
    option http-server-close
    retries 2
    timeout connect 3s
    timeout http-request 30s
    timeout client 10m
    timeout server 10m
"""
_HAPROXY_API: Final = """
frontend {service}
    bind :{port} ssl crt {certificate} alpn h2,http/1.1
    default_backend {service}

backend {service}
    server {service} {api}
"""


def postgresql_conf(certificate: Path, hba: Path) -> str:
    """Return settings with which PostgreSQL speaks TLS; `certificate` has key and certificates."""
    return _POSTGRESQL.format(loopback=LOOPBACK, certificate=certificate, hba=hba)


def pg_hba_conf() -> str:
    """Return the rules that let nobody in from the network without TLS and a password."""
    return _HBA


def haproxy_cfg(certificate: Path) -> str:
    """Return the configuration of a TLS proxy on the host, which leads to the APIs on the loopback."""
    apis = (
        _HAPROXY_API.format(service=service, port=port, certificate=certificate, api=f"{LOOPBACK}:{PORTS[service]}")
        for service, port in TLS_PORTS.items()
    )
    return _HAPROXY + "".join(apis)
