"""Render server.properties of the Kafka nodes; each is broker and controller."""

from collections.abc import Iterator

from deploy.broker.replication import broker_settings
from deploy.ha.nodes import Cluster, KafkaSecurity, Machine

_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


def server_properties(cluster: Cluster, machine: Machine) -> str:
    """Return the properties of one node."""
    voters = ",".join(f"{one.number}@{one.at(one.ports.kafka_controller)}" for one in cluster.machines)
    settings = {
        "process.roles": "broker,controller",
        "node.id": str(machine.number),
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(machine.folders.kafka),
        **_listeners(machine, cluster.kafka_security),
        **broker_settings(len(cluster.machines)),
        "auto.create.topics.enable": "false",  # topics come from `jiangbu topics apply` alone
        **cluster.kafka_settings,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _listeners(machine: Machine, security: KafkaSecurity | None) -> dict[str, str]:
    """Return the listeners: one for all clients, or with security those of deploy/kafka/server.properties."""
    ports = machine.ports
    controller = f"CONTROLLER://{machine.listening(ports.kafka_controller)}"
    if security is None:
        return {
            "listeners": f"{controller},PLAINTEXT://{machine.listening(ports.kafka)}",
            "advertised.listeners": f"PLAINTEXT://{machine.at(ports.kafka)}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
        }
    open_to = {"NODE": ports.kafka_nodes, "INSIDE": ports.kafka, "OUTSIDE": ports.kafka_outside}
    advertised = {name: machine.at(port) for name, port in open_to.items()}
    advertised["OUTSIDE"] = machine.outside or advertised["OUTSIDE"]
    outside = "SASL_SSL" if security.outside_tls_file else "SASL_PLAINTEXT"
    inside = "SASL_SSL" if security.inside_tls else "SASL_PLAINTEXT"
    return {
        "listeners": ",".join([controller, *(f"{name}://{machine.listening(port)}" for name, port in open_to.items())]),
        "advertised.listeners": ",".join(f"{name}://{address}" for name, address in advertised.items()),
        "listener.security.protocol.map": (f"CONTROLLER:{inside},NODE:{inside},INSIDE:{inside},OUTSIDE:{outside}"),
        "inter.broker.listener.name": "NODE",
        **_access(security),
    }


def _access(security: KafkaSecurity) -> dict[str, str]:
    """Return users and rights: clients log in by SCRAM, nodes among themselves by the password of their file.

    Users are kept in the metadata, which a node must reach before it knows them, so nodes are no SCRAM users.
    """
    password = f"${{file:{security.node_password_file}:password}}"
    settings = {
        "config.providers": "file",
        "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        # A password that was changed is asked for on open connections too, within the hour.
        "connections.max.reauth.ms": "3600000",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": "User:admin;User:node",
    }
    for listener in ("inside", "outside"):
        settings[f"listener.name.{listener}.scram-sha-512.sasl.jaas.config"] = _SCRAM
    for listener in ("controller", "node"):
        settings[f"listener.name.{listener}.sasl.enabled.mechanisms"] = "PLAIN"
        settings[f"listener.name.{listener}.plain.sasl.jaas.config"] = (
            f'{_LOGIN} username="node" password="{password}" user_node="{password}";'
        )
    return settings | dict(_tls(security))


def _tls(security: KafkaSecurity) -> Iterator[tuple[str, str]]:
    """Yield the files of each listener with TLS. Nodes are clients of each other, so they check certificates, too."""
    if security.outside_tls_file:
        yield "listener.name.outside.ssl.keystore.type", "PEM"
        yield "listener.name.outside.ssl.keystore.location", str(security.outside_tls_file)
    if security.inside_tls is None:
        return
    for listener in ("controller", "node", "inside"):
        for store, file in (("keystore", security.inside_tls.file), ("truststore", security.inside_tls.authority)):
            yield f"listener.name.{listener}.ssl.{store}.type", "PEM"
            yield f"listener.name.{listener}.ssl.{store}.location", str(file)
