"""Render the configuration of HAProxy, the front door of PostgreSQL and of the APIs.

It asks Patroni which server is the primary, because a server whose Patroni has died still says that it is. It asks each
API whether it is ready.
"""

from typing import get_args

from deploy.ha.nodes import Cluster, Machine
from shared.settings import Service

# Three failed checks take a server out, one good check takes it in: a new primary is found within half a second, and
# one slow answer closes no sessions. Sessions of a server that went down are closed, so that no program waits for it.
# TCP notices a frozen peer within ten seconds; an idle session is no fault. A session that a server refuses goes to
# another one at once: a standby that has just died has the fewest sessions, so that every new one would go to it.
_FRAME = """\
global
    log stdout format short daemon
    maxconn 4000

defaults
    mode tcp
    log global
    option dontlognull
    option clitcpka
    option srvtcpka
    clitcpka-idle 5s
    clitcpka-intvl 2s
    clitcpka-cnt 3
    srvtcpka-idle 5s
    srvtcpka-intvl 2s
    srvtcpka-cnt 3
    option redispatch 1
    retries 1
    timeout connect 3s
    timeout check 2s
    timeout client 24h
    timeout server 24h
    default-server inter 1s downinter 500ms fall 3 rise 1 on-marked-down shutdown-sessions tcp-ut 10s

frontend primary
    bind {primary} tcp-ut 10s
    default_backend primary

frontend standbys
    bind {standbys} tcp-ut 10s
    use_backend primary if {{ nbsrv(standbys) eq 0 }}
    default_backend standbys

backend primary
    option httpchk OPTIONS /primary
    http-check expect status 200
{servers}

backend standbys
    balance leastconn
    option httpchk OPTIONS /replica
    http-check expect status 200
{servers}
"""

# A request that reaches no API goes to the next at once; three failed checks take an API out, within six seconds. Each
# request has a connection of its own, so that none meets one that the API is closing. URLs can name subjects, so
# requests are not logged.
_FRAME_OF_APIS = """
defaults
    mode http
    option forwardfor
    option http-server-close
    option redispatch 1
    option srvtcpka
    srvtcpka-idle 5s
    srvtcpka-intvl 2s
    srvtcpka-cnt 3
    retries 2
    timeout connect 3s
    timeout check 5s
    timeout http-request 30s
    timeout client 10m
    timeout server 10m
    default-server inter 2s fall 3 rise 1 tcp-ut 10s
"""
# If no API is ready, one that lives says itself why, and answers what it can.
_API = """
frontend {service}
    bind {front} tcp-ut 10s
    use_backend {service}-alive if {{ nbsrv({service}) eq 0 }}
    default_backend {service}

backend {service}
    balance leastconn
    option httpchk GET /readyz
    http-check expect status 200
{servers}

backend {service}-alive
    balance leastconn
    option httpchk GET /healthz
    http-check expect status 200
{servers}
"""


def haproxy_cfg(cluster: Cluster, machine: Machine) -> str:
    """Return the configuration of the proxy on `machine`.

    It has a port for the primary, one for reads from standbys, which without a standby leads to the primary, and one
    for each API.
    """
    tls = f" check-ssl verify required ca-file {cluster.postgres_tls.authority}" if cluster.postgres_tls else ""
    servers = "\n".join(
        f"    server {one.name} {one.at(one.ports.postgres)} check addr {one.host} port {one.ports.patroni}{tls}"
        for one in cluster.machines
    )
    primary, standbys = machine.listening(machine.ports.primary), machine.listening(machine.ports.standbys)
    apis = (_api(cluster, machine, service) for service in get_args(Service))
    return "".join([_FRAME.format(primary=primary, standbys=standbys, servers=servers), _FRAME_OF_APIS, *apis])


def _api(cluster: Cluster, machine: Machine, service: Service) -> str:
    """Return the sections that lead to the copies of a service's API."""
    servers = "\n".join(f"    server {one.name} {address} check" for one, address in cluster.copies(service))
    return _API.format(service=service, front=machine.listening(machine.ports.fronts[service]), servers=servers)
