"""Render the configuration of HAProxy, the front door of PostgreSQL.

It asks Patroni which server is the primary, because a server whose Patroni has died still says that it is.
"""

from deploy.ha.nodes import Cluster, Machine

# Three failed checks take a server out, one good check takes it in: a new primary is found within a second, and one
# slow answer closes no sessions. Sessions of a server that went down are closed, so that no program waits for it. TCP
# notices a frozen peer within ten seconds; an idle session is no fault.
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
    retries 1
    timeout connect 3s
    timeout check 2s
    timeout client 24h
    timeout server 24h
    default-server inter 1s fall 3 rise 1 on-marked-down shutdown-sessions tcp-ut 10s

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


def haproxy_cfg(cluster: Cluster, machine: Machine) -> str:
    """Return the configuration of the proxy on `machine`: a port for the primary, and one for reads from standbys.

    Without a standby the second port leads to the primary.
    """
    servers = "\n".join(
        f"    server {one.name} {one.at(one.ports.postgres)} check addr {one.host} port {one.ports.patroni}"
        for one in cluster.machines
    )
    primary, standbys = machine.listening(machine.ports.primary), machine.listening(machine.ports.standbys)
    return _FRAME.format(primary=primary, standbys=standbys, servers=servers)
