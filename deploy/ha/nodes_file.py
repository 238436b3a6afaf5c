"""The YAML file that describes a highly available set, read through a declared schema.

name: jiangbu
networks: [10.20.0.0/24]        # from which programs and servers connect to PostgreSQL
machines:                       # three or more, an odd number
  - {name: db1, number: 1, host: 10.20.0.11, outside: "kafka1.example.org:9094"}
  - {name: db2, number: 2, host: 10.20.0.12, outside: "kafka2.example.org:9094"}
  - {name: db3, number: 3, host: 10.20.0.13, outside: "kafka3.example.org:9094"}
kafka_security: {node_password_file: /etc/jiangbu/secrets/kafka-node/properties}
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from marshmallow import Schema, ValidationError

from deploy.ha.nodes import Cluster, Folders, KafkaSecurity, KafkaTls, Machine, Ports, Programs, TlsFiles
from shared.operator_errors import OperatorError
from shared.yaml_files.fields import ListOf, Mapped, ScalarField, SchemaField, load_file, load_tree, text_at
from shared.yaml_files.tree import FieldProblem, Scalar, parse_tree

_LEAST_MACHINES: Final = 3
# Programs that at least one machine runs, by the field that says so.
_RUN_SOMEWHERE: Final = {
    "proxy": "须有一台运行代理 / one of them must run the proxy",
    "services": "须有一台运行各服务 / one of them must run the services",
}


class NodesFileError(OperatorError):
    """The description of the set cannot be used; the message has one fault a line, with file, line and field."""


class _Word(ScalarField):
    """A name that engines use in their files."""

    pattern = r"[a-z][a-z0-9-]{0,62}"
    must_be = f"须符合 {pattern} / must match {pattern}"


class HostName(ScalarField):
    """A host name or an IPv4 address."""

    types = ("str", "float", "int")  # 10.1 is a float to YAML, and no host
    pattern = r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}"
    must_be = "须为主机名或 IPv4 地址 / must be a host name or an IPv4 address"

    @staticmethod
    def parse(text: str) -> str:
        return text if re.search("[A-Za-z]", text) else str(ipaddress.IPv4Address(text))


class _Address(ScalarField):
    """HOST:PORT."""

    pattern = r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}:[1-9][0-9]{0,4}"
    must_be = "须为 主机:端口 / must be HOST:PORT"


class _Network(ScalarField):
    """An IPv4 or IPv6 network such as 10.20.0.0/24."""

    parse = staticmethod(lambda text: str(ipaddress.ip_network(text)))
    must_be = "须为网段，如 10.20.0.0/24 / must be a network such as 10.20.0.0/24"


class _Number(ScalarField):
    """A whole number from 1: a port, or the number of a machine."""

    types = ("int",)
    pattern = r"[1-9][0-9]{0,4}"
    parse = staticmethod(int)
    must_be = "须为正整数 / must be a whole number from 1"


class _File(ScalarField):
    """An absolute path on the machines."""

    pattern = r"/[^\s\"'${}\\]+"
    parse = staticmethod(Path)
    must_be = "须为绝对路径，不含空格和引号 / must be an absolute path without spaces and quotes"


class _YesNo(ScalarField):
    """A boolean."""

    types = ("bool",)
    pattern = "true|false"
    parse = staticmethod(lambda text: text == "true")
    must_be = "须为 true 或 false / must be true or false"


class _Watchdog(ScalarField):
    """The mode of Patroni's watchdog."""

    types = ("str", "bool")  # `off` is a boolean to YAML
    pattern = "off|automatic|required"
    must_be = "须为 off、automatic 或 required / must be off, automatic or required"


class _Settings(SchemaField):
    """Settings of an engine by name, whatever they are."""

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> Mapping[str, str]:
        del attr, data, kwargs
        if not isinstance(value, dict) or not all(isinstance(one, Scalar) for one in value.values()):
            raise ValidationError("须为名称与值 / must be names and values")
        return {name: one.text for name, one in value.items()}


def _port() -> _Number:
    return _Number(required=False, most=65535)


def _files(*names: str) -> dict[str, SchemaField]:
    return {name: _File(required=False) for name in names}


_MACHINE: Final = Mapped(
    Machine,
    {
        "name": _Word(),
        "number": _Number(),
        "host": HostName(),
        "bind": HostName(required=False),
        "outside": _Address(required=False),
        "ports": Mapped(Ports, {name: _port() for name in Ports._fields}, required=False),
        "folders": Mapped(Folders, _files(*Folders._fields), required=False),
        "proxy": _YesNo(required=False),
        "services": _YesNo(required=False),
    },
)


def _check(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    """Engines need a majority of the machines, and programs a proxy."""
    machines = data.get("machines")
    if isinstance(machines, list) and (len(machines) < _LEAST_MACHINES or len(machines) % 2 == 0):
        problem = "须为奇数台且不少于三台 / must be an odd number of at least three machines"
        yield FieldProblem(("machines",), problem)
    if isinstance(machines, list):
        yield from _repeated_numbers(machines)
        for name, told in _RUN_SOMEWHERE.items():
            if machines and all(text_at(one, name) == "false" for one in machines):
                yield FieldProblem(("machines",), told)


def _repeated_numbers(machines: list[object]) -> Iterator[FieldProblem]:
    numbers = [text_at(one, "number") for one in machines]
    for index, number in enumerate(numbers):
        if number and number in numbers[:index]:
            yield FieldProblem(("machines", index, "number"), "重复的编号 / repeated number")


_CLUSTER: Final = Mapped(
    Cluster,
    {
        "name": _Word(),
        "machines": ListOf(_MACHINE, unique="name", noun=("机器", "machine")),
        "networks": ListOf(_Network()),
        "postgres_binaries": _File(required=False),
        **_files("config", "secrets"),
        "programs": Mapped(Programs, _files(*Programs._fields), required=False),
        "kafka_security": Mapped(
            KafkaSecurity,
            {
                "node_password_file": _File(),
                "outside_tls_file": _File(required=False),
                "inside_tls": Mapped(KafkaTls, {name: _File() for name in KafkaTls._fields}, required=False),
            },
            required=False,
        ),
        **{
            name: Mapped(TlsFiles, {file: _File() for file in TlsFiles._fields}, required=False)
            for name in ("etcd_tls", "postgres_tls")
        },
        "watchdog": _Watchdog(required=False),
        "postgres_least_room_mib": _Number(required=False),
        "postgres_parameters": _Settings(),
        "kafka_settings": _Settings(),
    },
    check=_check,
)
_SCHEMA: Final[Schema] = _CLUSTER.schema_for(None)


def load_nodes(path: Path) -> Cluster:
    """Load the description of a set. NodesFileError with every fault, each with its line and field."""
    return load_file(path, read_nodes, NodesFileError)


def read_nodes(content: bytes, file: str) -> Cluster:
    """Parse the description; `file` is its name in messages. Raises YamlFileError."""
    cluster: Cluster = load_tree(_SCHEMA, parse_tree(content, file), file)
    return cluster


def nodes_yaml(cluster: Cluster) -> str:
    """Return the file that describes a cluster, as `read_nodes` reads it; Patroni's rules are not in it."""
    return yaml.safe_dump(_plain(cluster._replace(patroni_rules={})), sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    """Return a value of the description for YAML, without what is None or empty."""
    if hasattr(value, "_asdict"):
        members = {name: _plain(one) for name, one in value._asdict().items()}
        return {name: one for name, one in members.items() if one not in (None, {})}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return dict(value)
    return str(value) if isinstance(value, Path) else value
