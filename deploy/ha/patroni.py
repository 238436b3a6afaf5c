"""Render patroni.yml: three PostgreSQL servers, of which a quorum has every commit that was acknowledged.

The file has no passwords. Patroni reads them from the variables of `patroni_environment`.
"""

import json
from pathlib import Path
from typing import Final

import yaml

from deploy.ha import etcd_leadership
from deploy.ha.disk_watch import WatchSettings
from deploy.ha.etcd import etcd_scheme
from deploy.ha.nodes import Cluster, Machine, TlsFiles
from shared.values.json_types import Json

SUPERUSER: Final = "postgres"
REPLICATOR: Final = "replicator"
REWINDER: Final = "rewinder"
API_USER: Final = "jiangbu"

# Patroni's dynamic configuration, kept in etcd from the first start on. A commit waits for one of the standbys,
# whichever is first, and goes on waiting if there is none. A primary that crashed is replaced at once, not restarted in
# place: its recovery would show commits that no standby has. If etcd fails, the primary stays while it reaches all
# members.
_RULES: Final[Json] = {
    "ttl": 20,  # Patroni's least
    "loop_wait": 5,
    "retry_timeout": 5,
    "synchronous_mode": "quorum",
    "synchronous_mode_strict": True,
    "synchronous_node_count": 1,
    "primary_start_timeout": 0,
    "primary_stop_timeout": 10,
    "failsafe_mode": True,
}
# Without these the set is not right or not safe; size and pace are the operator's.
_PARAMETERS: Final = {
    "restart_after_crash": "off",
    "synchronous_commit": "on",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_error_verbosity": "terse",  # error details contain values of events, such as names
    # Long reads on a standby are not cancelled by the primary's vacuum; what conflicts with a lock is, before the
    # standby falls so far behind that a failover to it would take long.
    "hot_standby_feedback": "on",
    "max_standby_streaming_delay": "30s",
    # A frozen peer is noticed as by our own connections.
    "wal_sender_timeout": "10s",
    "wal_receiver_timeout": "10s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
}


def patroni_yml(cluster: Cluster, machine: Machine) -> str:
    """Return the YAML file of one member."""
    ports = machine.ports
    settings = {
        "scope": cluster.name,
        "name": machine.name,
        "log": {"level": "INFO"},
        "restapi": {
            "listen": machine.listening(ports.patroni),
            "connect_address": machine.at(ports.patroni),
            **_rest_tls(cluster.postgres_tls),
        },
        "ctl": {"cacert": str(cluster.postgres_tls.authority)} if cluster.postgres_tls else {},
        "etcd3": _etcd(cluster),
        "bootstrap": {
            "dcs": patroni_rules(cluster),
            "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, {"auth": "scram-sha-256"}, "data-checksums"],
        },
        "postgresql": {
            "listen": machine.listening(ports.postgres),
            "connect_address": machine.at(ports.postgres),
            "data_dir": str(machine.folders.postgres),
            "bin_dir": str(cluster.postgres_binaries),
            "pgpass": str(machine.folders.postgres.with_suffix(".pgpass")),
            "authentication": {
                name: {"username": user, **_client_tls(cluster.postgres_tls)}
                for name, user in (("superuser", SUPERUSER), ("replication", REPLICATOR), ("rewind", REWINDER))
            },
            "parameters": _server_tls(cluster.postgres_tls),
            "pg_hba": _hba(cluster),
            "callbacks": dict.fromkeys(("on_start", "on_role_change"), _leave_etcd(cluster, machine)),
            # A former primary joins again by itself. What it alone had was never acknowledged.
            "remove_data_directory_on_rewind_failure": True,
        },
        "watchdog": {"mode": cluster.watchdog},
    }
    return yaml.safe_dump(settings, sort_keys=False)


def patroni_url(cluster: Cluster, machine: Machine) -> str:
    """Return the base URL of a machine's REST API."""
    return f"{'https' if cluster.postgres_tls else 'http'}://{machine.at(machine.ports.patroni)}"


def patroni_rules(cluster: Cluster) -> Json:
    """Return the dynamic configuration: what the first start stores in etcd, and `patronictl edit-config` changes."""
    server = {
        "use_pg_rewind": True,
        "use_slots": True,
        "parameters": {**_PARAMETERS, **cluster.postgres_parameters},
    }
    return {**_RULES, "postgresql": server, **cluster.patroni_rules}


def patroni_environment(superuser: str, replicator: str, rewinder: str, api: str | None = None) -> dict[str, str]:
    """Return the environment variables with the passwords of Patroni's roles, and of its REST API if it has one."""
    access = {} if api is None else {"PATRONI_RESTAPI_USERNAME": API_USER, "PATRONI_RESTAPI_PASSWORD": api}
    return {
        "PATRONI_SUPERUSER_USERNAME": SUPERUSER,
        "PATRONI_SUPERUSER_PASSWORD": superuser,
        "PATRONI_REPLICATION_USERNAME": REPLICATOR,
        "PATRONI_REPLICATION_PASSWORD": replicator,
        "PATRONI_REWIND_USERNAME": REWINDER,
        "PATRONI_REWIND_PASSWORD": rewinder,
        **access,
    }


def disk_watch_json(cluster: Cluster, machine: Machine, password_file: Path | None) -> str:
    """Return the settings of a machine's disk watch; `password_file` has the password of Patroni's REST API, if any."""
    settings = WatchSettings(
        set=cluster.name,
        machine=machine.name,
        data=str(machine.folders.postgres),
        least=cluster.postgres_least_room_mib << 20,
        patroni=patroni_url(cluster, machine),
        authority=str(cluster.postgres_tls.authority) if cluster.postgres_tls else None,
        user=API_USER,
        password_file=str(password_file) if password_file else None,
        etcd=_etcd_urls(cluster, machine),
        etcd_tls=tuple(map(str, _etcd_files(cluster) or ())),
    )
    return json.dumps(settings._asdict(), indent=2) + "\n"


def _etcd(cluster: Cluster) -> Json:
    settings: Json = {
        "hosts": [one.at(one.ports.etcd) for one in cluster.machines],
        "protocol": etcd_scheme(cluster),
    }
    if tls := _etcd_files(cluster):
        settings |= {"cacert": str(tls.authority), "cert": str(tls.certificate), "key": str(tls.key)}
    return settings


def _etcd_files(cluster: Cluster) -> TlsFiles | None:
    """Return the files of a client of etcd: Patroni runs as PostgreSQL's account, which reads its own key alone."""
    if cluster.etcd_tls is None or cluster.postgres_tls is None:
        return cluster.etcd_tls
    return cluster.postgres_tls._replace(authority=cluster.etcd_tls.authority)


def _leave_etcd(cluster: Cluster, machine: Machine) -> str:
    """Return the callback by which the machine of the primary does not lead etcd."""
    urls = _etcd_urls(cluster, machine)
    return etcd_leadership.command(cluster.programs.python, cluster.config, urls, _etcd_files(cluster) or ())


def _etcd_urls(cluster: Cluster, machine: Machine) -> list[str]:
    """Return the URLs of etcd's members, that of the machine first."""
    return [f"{etcd_scheme(cluster)}://{one.at(one.ports.etcd)}" for one in cluster.near(machine).machines]


def _rest_tls(files: TlsFiles | None) -> Json:
    return {} if files is None else {"certfile": str(files.certificate), "keyfile": str(files.key)}


def _server_tls(files: TlsFiles | None) -> Json:
    if files is None:
        return {}
    return {"ssl": "on", "ssl_cert_file": str(files.certificate), "ssl_key_file": str(files.key)}


def _client_tls(files: TlsFiles | None) -> Json:
    """Return how servers connect to each other. Patroni may reach its own as localhost, which no certificate names."""
    return {} if files is None else {"sslmode": "verify-ca", "sslrootcert": str(files.authority)}


def _hba(cluster: Cluster) -> list[str]:
    kind = "hostssl" if cluster.postgres_tls else "host"
    return [
        line
        for network in cluster.networks
        for line in (
            # Backups are received as the superuser.
            f"{kind} replication {REPLICATOR},{SUPERUSER} {network} scram-sha-256",
            f"{kind} all all {network} scram-sha-256",
        )
    ]
