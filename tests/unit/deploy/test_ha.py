"""The rendered files of a highly available set."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from deploy.ha.etcd import etcd_yml
from deploy.ha.haproxy import haproxy_cfg
from deploy.ha.kafka import server_properties
from deploy.ha.nodes import Cluster, KafkaSecurity, KafkaTls, Machine, Ports, TlsFiles
from deploy.ha.patroni import patroni_environment, patroni_rules, patroni_yml

MACHINES = tuple(Machine(f"node{number}", number, f"10.0.0.{number}") for number in (1, 2, 3))
PLAIN = Cluster("jiangbu", MACHINES, ("10.0.0.0/24",))
SECURED = PLAIN._replace(
    kafka_security=KafkaSecurity(Path("/etc/kafka/node.properties"), Path("/etc/kafka/outside.pem")),
    etcd_tls=TlsFiles(Path("/etc/etcd/ca.pem"), Path("/etc/etcd/cert.pem"), Path("/etc/etcd/key.pem")),
)


def properties(cluster: Cluster, machine: Machine = MACHINES[0]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in server_properties(cluster, machine).splitlines())


def test_a_commit_waits_for_a_standby_and_a_crashed_primary_is_not_restarted_in_place() -> None:
    rules = yaml.safe_load(patroni_yml(PLAIN, MACHINES[0]))["bootstrap"]["dcs"]
    assert rules == patroni_rules(PLAIN)
    wanted = {
        "ttl": 20,
        "synchronous_mode": "quorum",
        "synchronous_mode_strict": True,
        "primary_start_timeout": 0,
        "failsafe_mode": True,
    }
    assert wanted.items() <= rules.items()
    # Patroni refuses to keep its lease for longer than the ttl.
    assert rules["loop_wait"] + 2 * rules["retry_timeout"] <= rules["ttl"]
    parameters = {"restart_after_crash": "off", "synchronous_commit": "on", "log_error_verbosity": "terse"}
    assert parameters.items() <= rules["postgresql"]["parameters"].items()


def test_rules_and_parameters_can_be_overridden() -> None:
    cluster = PLAIN._replace(patroni_rules={"synchronous_mode": "off"}, postgres_parameters={"max_connections": "7"})
    rules = patroni_rules(cluster)
    assert rules["synchronous_mode"] == "off"
    assert rules["postgresql"]["parameters"]["max_connections"] == "7"
    assert properties(PLAIN._replace(kafka_settings={"num.io.threads": "4"}))["num.io.threads"] == "4"


def test_passwords_are_in_no_file() -> None:
    environment = patroni_environment("secret-1", "secret-2", "secret-3", "secret-4")
    assert {f"secret-{number}" for number in range(1, 5)} < set(environment.values())
    assert "PATRONI_RESTAPI_PASSWORD" not in patroni_environment("secret-1", "secret-2", "secret-3")
    roles = yaml.safe_load(patroni_yml(PLAIN, MACHINES[0]))["postgresql"]["authentication"]
    assert all(set(role) == {"username"} for role in roles.values())


def test_only_the_networks_reach_the_database_and_only_with_a_password() -> None:
    hba = yaml.safe_load(patroni_yml(PLAIN, MACHINES[0]))["postgresql"]["pg_hba"]
    assert hba == [
        "host replication replicator,postgres 10.0.0.0/24 scram-sha-256",
        "host all all 10.0.0.0/24 scram-sha-256",
    ]


def test_members_listen_on_one_address_and_are_reached_at_another() -> None:
    machines = tuple(one._replace(host=f"127.0.1.{one.number}", bind=f"127.0.0.1{one.number}") for one in MACHINES)
    cluster = PLAIN._replace(machines=machines)
    patroni = yaml.safe_load(patroni_yml(cluster, machines[1]))
    assert patroni["restapi"] == {"listen": "127.0.0.12:8008", "connect_address": "127.0.1.2:8008"}
    assert patroni["postgresql"]["listen"] == "127.0.0.12:5432"
    assert patroni["postgresql"]["connect_address"] == "127.0.1.2:5432"
    assert patroni["etcd3"]["hosts"] == ["127.0.1.1:2379", "127.0.1.2:2379", "127.0.1.3:2379"]
    etcd = yaml.safe_load(etcd_yml(cluster, machines[1]))
    assert etcd["listen-peer-urls"] == "http://127.0.0.12:2380"
    assert etcd["initial-advertise-peer-urls"] == "http://127.0.1.2:2380"
    assert etcd["initial-cluster"].split(",")[1] == "node2=http://127.0.1.2:2380"
    kafka = properties(cluster, machines[1])
    assert kafka["listeners"] == "CONTROLLER://127.0.0.12:9093,PLAINTEXT://127.0.0.12:9092"
    assert kafka["advertised.listeners"] == "PLAINTEXT://127.0.1.2:9092"
    assert kafka["controller.quorum.voters"] == "1@127.0.1.1:9093,2@127.0.1.2:9093,3@127.0.1.3:9093"
    assert cluster.kafka == "127.0.1.1:9092,127.0.1.2:9092,127.0.1.3:9092"
    proxy = haproxy_cfg(cluster, machines[1])
    assert "bind 127.0.0.12:5000 " in proxy
    assert "server node3 127.0.1.3:5432 check addr 127.0.1.3 port 8008\n" in proxy


@pytest.mark.parametrize("path", ["/primary", "/replica"])
def test_the_proxy_asks_patroni_which_server_is_which(path: str) -> None:
    assert f"option httpchk OPTIONS {path}\n" in haproxy_cfg(PLAIN, MACHINES[0])


def test_sessions_of_a_server_that_went_down_are_closed() -> None:
    assert "on-marked-down shutdown-sessions" in haproxy_cfg(PLAIN, MACHINES[0])


def test_an_acknowledged_record_is_on_two_brokers() -> None:
    wanted = {
        "default.replication.factor": "3",
        "min.insync.replicas": "2",
        "unclean.leader.election.enable": "false",
        "offsets.topic.replication.factor": "3",
        "transaction.state.log.replication.factor": "3",
        "transaction.state.log.min.isr": "2",
        "broker.session.timeout.ms": "6000",
    }
    for cluster in (PLAIN, SECURED):
        assert wanted.items() <= properties(cluster).items()


def test_secured_brokers_let_in_known_users_and_nodes_alone() -> None:
    machine = MACHINES[0]._replace(outside="kafka1.example.com:443", ports=Ports(kafka_outside=9444))
    found = properties(SECURED, machine)
    assert "PLAINTEXT" not in [part.partition(":")[2] for part in found["listener.security.protocol.map"].split(",")]
    assert found["listener.security.protocol.map"].endswith("OUTSIDE:SASL_SSL")
    assert found["advertised.listeners"].endswith("OUTSIDE://kafka1.example.com:443")
    assert found["listeners"].endswith("OUTSIDE://10.0.0.1:9444")
    assert found["allow.everyone.if.no.acl.found"] == "false"
    assert (
        'user_node="${file:/etc/kafka/node.properties:password}"'
        in (found["listener.name.controller.plain.sasl.jaas.config"])
    )
    assert "authorizer.class.name" not in properties(PLAIN)


def test_etcd_with_certificates_asks_for_them_and_patroni_shows_them() -> None:
    etcd = yaml.safe_load(etcd_yml(SECURED, MACHINES[0]))
    assert etcd["advertise-client-urls"] == "https://10.0.0.1:2379"
    for side in ("client", "peer"):
        assert etcd[f"{side}-transport-security"]["client-cert-auth"] is True
    patroni = yaml.safe_load(patroni_yml(SECURED, MACHINES[0]))["etcd3"]
    assert patroni["protocol"] == "https"
    assert patroni["cert"] == "/etc/etcd/cert.pem"


def test_certificates_encrypt_postgresql_and_patroni() -> None:
    """Servers and programs check the certificates, and the proxies those of Patroni."""
    tls = TlsFiles(Path("/tls/ca.pem"), Path("/tls/cert.pem"), Path("/tls/key.pem"))
    cluster = SECURED._replace(postgres_tls=tls)
    patroni = yaml.safe_load(patroni_yml(cluster, MACHINES[0]))
    assert patroni["restapi"]["certfile"] == "/tls/cert.pem"
    assert patroni["etcd3"]["cert"] == "/tls/cert.pem"
    assert patroni["postgresql"]["parameters"]["ssl"] == "on"
    assert {line.split()[0] for line in patroni["postgresql"]["pg_hba"]} == {"hostssl"}
    for role in patroni["postgresql"]["authentication"].values():
        assert (role["sslmode"], role["sslrootcert"]) == ("verify-ca", "/tls/ca.pem")
    proxy = haproxy_cfg(cluster, MACHINES[0])
    assert proxy.count(" port 8008 check-ssl verify required ca-file /tls/ca.pem\n") == 2 * len(MACHINES)
    url = make_url(cluster.primary_url("listing", "listing_service"))
    assert (url.query["sslmode"], url.query["sslrootcert"]) == ("verify-full", "/tls/ca.pem")


def test_machines_in_plain_text_are_named() -> None:
    tls = TlsFiles(Path("/tls/ca.pem"), Path("/tls/cert.pem"), Path("/tls/key.pem"))
    inside = KafkaTls(Path("/tls/ca.pem"), Path("/tls/broker.pem"))
    security = KafkaSecurity(Path("/etc/kafka/node.properties"), inside_tls=inside)
    assert PLAIN.in_plain_text == ["PostgreSQL", "Patroni", "etcd", "Kafka"]
    assert SECURED.in_plain_text == ["PostgreSQL", "Patroni", "Kafka"]
    encrypted = SECURED._replace(postgres_tls=tls, kafka_security=security)
    assert encrypted.in_plain_text == []
    protocols = properties(encrypted)["listener.security.protocol.map"]
    assert protocols == "CONTROLLER:SASL_SSL,NODE:SASL_SSL,INSIDE:SASL_SSL,OUTSIDE:SASL_PLAINTEXT"
    one_machine = tuple(machine._replace(host="127.0.0.1") for machine in MACHINES)
    assert PLAIN._replace(machines=one_machine).in_plain_text == []


def test_programs_reach_the_primary_and_the_standbys_through_every_proxy() -> None:
    cluster = PLAIN._replace(machines=(*MACHINES[:2], MACHINES[2]._replace(proxy=False)))
    primary = cluster.primary_url("listing", "listing_service", "p@ss")
    assert primary == "postgresql://listing_service:p%40ss@/listing?host=10.0.0.1,10.0.0.2&port=5000,5000"
    assert make_url(primary).query["host"] == "10.0.0.1,10.0.0.2"
    standbys = cluster.standbys_url("listing", "listing_service")
    assert conninfo_to_dict(standbys)["port"] == "5001,5001"
    assert conninfo_to_dict(standbys)["user"] == "listing_service"
