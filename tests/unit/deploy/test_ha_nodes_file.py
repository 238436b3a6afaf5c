"""The file that describes a highly available set: what it may say, and every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.ha.nodes import Cluster, KafkaSecurity, Machine, Ports, TlsFiles
from deploy.ha.nodes_file import NodesFileError, load_nodes, nodes_yaml, read_nodes
from shared.yaml_files.tree import YamlFileError

DB3 = "  - {name: db3, number: 3, host: 10.20.0.13, proxy: false, services: false}\n"
TEXT = """\
name: jiangbu
networks: [10.20.0.0/24]
machines:
  - {name: db1, number: 1, host: 10.20.0.11, outside: "kafka1.example.org:9094"}
  - {name: db2, number: 2, host: db2.example.org, ports: {postgres: 5433}}
"""
TEXT += (
    DB3
    + """\
kafka_security: {node_password_file: /etc/jiangbu/node.properties}
watchdog: off
postgres_parameters: {shared_buffers: 8GB, max_connections: 400}
"""
)


def test_a_file_is_read() -> None:
    machines = (
        Machine("db1", 1, "10.20.0.11", outside="kafka1.example.org:9094"),
        Machine("db2", 2, "db2.example.org", ports=Ports(postgres=5433)),
        Machine("db3", 3, "10.20.0.13", proxy=False, services=False),
    )
    security = KafkaSecurity(Path("/etc/jiangbu/node.properties"))
    parameters = {"shared_buffers": "8GB", "max_connections": "400"}
    wanted = Cluster("jiangbu", machines, ("10.20.0.0/24",), kafka_security=security, watchdog="off")
    assert read_nodes(TEXT.encode(), "nodes.yaml") == wanted._replace(postgres_parameters=parameters)


def test_a_described_cluster_is_read_as_it_was() -> None:
    cluster = read_nodes(TEXT.encode(), "nodes.yaml")
    cluster = cluster._replace(etcd_tls=TlsFiles(Path("/a.pem"), Path("/b.pem"), Path("/c.pem")))
    assert read_nodes(nodes_yaml(cluster).encode(), "nodes.yaml") == cluster


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("watchdog:", "watch_dog:", "nodes.yaml:8: watch_dog: 未知的字段 / unknown field"),
        ("name: jiangbu", "name: Jiangbu", "nodes.yaml:1: name: 须符合"),
        ("/24", "/8", "nodes.yaml:2: networks[0]: 须为网段"),
        ("number: 2", "number: 1", "nodes.yaml:5: machines[1].number: 重复的编号"),
        ("db3,", "db1,", "nodes.yaml:6: machines[2].name: 重复的机器"),
        ("10.20.0.13", "10.20", "nodes.yaml:6: machines[2].host: 须为主机名"),
        ("10.20.0.13", "10.20.0.1300", "nodes.yaml:6: machines[2].host: 须为主机名"),
        ("postgres: 5433", "postgres: 65536", "nodes.yaml:5: machines[1].ports.postgres: 超出范围"),
        ("postgres: 5433", "postgre: 5433", "nodes.yaml:5: machines[1].ports.postgre: 未知的字段"),
        (":9094", "", "nodes.yaml:4: machines[0].outside: 须为 主机:端口"),
        ("/etc/jiangbu/node", "node", "nodes.yaml:7: kafka_security.node_password_file: 须为绝对路径"),
        ("/etc/jiangbu/node", "/etc/$HOME/node", "nodes.yaml:7: kafka_security.node_password_file: 须为绝对路径"),
        (
            "  - {name: db3, number: 3, host: 10.20.0.13, proxy: false, services: false}\n",
            "",
            "nodes.yaml:4: machines: 须为奇数台",
        ),
        ("services: false", "services: no", "nodes.yaml:6: machines[2].services: 须为 true"),
        ("proxy: false", "proxy: 2", "nodes.yaml:6: machines[2].proxy: 须为 true"),
        ("max_connections: 400", "max_connections: [4]", "nodes.yaml:9: postgres_parameters: 须为名称与值"),
        ("watchdog: off", "watchdog: maybe", "nodes.yaml:8: watchdog: 须为 off"),
    ],
)
def test_a_fault_is_named_with_its_line(old: str, new: str, fault: str) -> None:
    assert old in TEXT
    with pytest.raises(YamlFileError) as refused:
        read_nodes(TEXT.replace(old, new).encode(), "nodes.yaml")
    (line,) = str(refused.value).splitlines()
    assert line.startswith(fault)


def test_a_set_without_a_proxy_is_refused() -> None:
    text = TEXT.replace(':9094"}', ':9094", proxy: false}').replace("5433}}", "5433}, proxy: false}")
    with pytest.raises(YamlFileError, match="one of them must run the proxy"):
        read_nodes(text.encode(), "nodes.yaml")


def test_all_faults_are_named_at_once() -> None:
    text = TEXT.replace("number: 3, ", "").replace("watchdog: off", "watchdog: 7")
    with pytest.raises(YamlFileError) as refused:
        read_nodes(text.encode(), "nodes.yaml")
    assert [line.split(": ")[1] for line in str(refused.value).splitlines()] == ["machines[2].number", "watchdog"]


def test_a_missing_file_is_an_error_for_the_operator(tmp_path: Path) -> None:
    with pytest.raises(NodesFileError, match="cannot be read"):
        load_nodes(tmp_path / "nodes.yaml")
