"""The Compose files are well-formed and confine every program; the rest needs an engine (tests/compose)."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, get_args

import pytest
import yaml

from deploy.databases import database_of, owner_role, service_role
from deploy.ha.nodes import Ports
from deploy.ha.nodes_file import load_nodes
from shared.settings import Service
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from shared.values.json_types import Json

BASE, OVERLAY = ROOT / "docker-compose.yml", ROOT / "docker-compose.ha.yml"
NODES = ROOT / "deploy" / "ha" / "compose.yaml"


class ComposeLoader(yaml.SafeLoader):
    """Reads the tags by which an overlay replaces or removes a value instead of merging it."""


for tag in ("!override", "!reset"):
    ComposeLoader.add_constructor(
        tag,
        lambda loader, node: (
            loader.construct_mapping(node) if isinstance(node, yaml.MappingNode) else loader.construct_sequence(node)
        ),
    )


def services_of(name: str) -> Json:
    found: Json = yaml.load((ROOT / name).read_text("utf-8"), ComposeLoader)["services"]  # noqa: S506 - a SafeLoader
    return found


def test_every_container_has_limits_and_no_privilege() -> None:
    services = services_of("docker-compose.yml")
    assert {"listing-api", "trade-ingest-consumer", "incentive-api", "postgres", "kafka"} <= services.keys()
    added = {
        name: service
        for name, service in services_of("docker-compose.ha.yml").items()
        if name not in services and "extends" not in service
    }
    assert {"machine1", "etcd2", "postgres3", "kafka1", "proxy2", "render"} <= added.keys()
    for name, service in (services | added).items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["mem_limit"], name


def test_the_overlay_has_every_engine_of_the_described_machines() -> None:
    services, cluster = services_of("docker-compose.ha.yml"), load_nodes(NODES)
    engines = {
        f"{engine}{machine.number}": machine.name
        for machine in cluster.machines
        for engine in ("etcd", "postgres", "disk-watch", "kafka", *(["proxy"] if machine.proxy else []))
    }
    apis = {
        f"{service}-api{suffix}": machine.name
        for service in get_args(Service)
        for suffix, (machine, _) in zip(("", "2"), cluster.copies(service), strict=True)
    }
    found = {
        name: one["network_mode"].removeprefix("service:") for name, one in services.items() if "network_mode" in one
    }
    assert found == engines | apis
    for name, machine in engines.items():
        (config,) = (
            one for one in services[name]["volumes"] if isinstance(one, dict) and one["target"] == str(cluster.config)
        )
        assert config["volume"]["subpath"] == machine, name


def test_programs_of_the_overlay_use_every_proxy_and_broker() -> None:
    services, cluster = services_of("docker-compose.ha.yml"), load_nodes(NODES)
    for service in get_args(Service):
        database = database_of(service)
        url = cluster.primary_url(database, service_role(database))
        for name in (f"{service}-migrate", f"{service}-api", f"{service}-api2", f"{service}-consumer"):
            environment = services[name]["environment"]
            assert (environment["DATABASE_URL"], environment["KAFKA_BOOTSTRAP_SERVERS"]) == (url, cluster.kafka), name
            assert environment["DATABASE_READ_URL"] == cluster.standbys_url(database, service_role(database))
        owner_url = cluster.primary_url(database, owner_role(database))
        assert services[f"{service}-migrate"]["environment"]["DATABASE_OWNER_URL"] == owner_url
        assert services[f"{service}-consumer"]["deploy"]["replicas"] == 2
    admin_url = cluster.primary_url("postgres", "postgres")
    for name in ("databases", "doctor", "backup", "ha"):
        assert services[name]["environment"]["DATABASE_ADMIN_URL"] == admin_url, name


def test_exchanges_reach_each_broker_and_people_the_proxies_at_published_ports() -> None:
    services = services_of("docker-compose.ha.yml")
    for machine in load_nodes(NODES).machines:
        assert machine.outside is not None
        kafka, *fronts = services[machine.name]["ports"]
        assert kafka.split(":")[-2:] == [machine.outside.split(":")[1], str(machine.ports.kafka_outside)]
        assert [front.split(":")[-1] for front in fronts] == [
            str(port) for port in machine.ports.fronts.values() if machine.proxy
        ]


def test_the_health_check_of_an_api_asks_its_own_port() -> None:
    """The APIs of a machine share its network."""
    services, ports = services_of("docker-compose.ha.yml"), Ports().apis
    for service in ("trade-ingest", "incentive"):
        for name in (f"{service}-api", f"{service}-api2"):
            assert services[name]["healthcheck"]["test"][-1] == str(ports[service]), name


def test_compose_accepts_the_overlay() -> None:
    command = ["docker", "compose", "--env-file", "/dev/null", "-f", BASE, "-f", OVERLAY]
    try:
        subprocess.run(["docker", "compose", "version"], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("docker compose is not installed")
    done = subprocess.run(
        [*command, "config", "--format", "json"], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    services: Json = yaml.safe_load(done.stdout)["services"]
    assert not {"postgres", "kafka"} & services.keys()
    assert services["databases"]["depends_on"].keys() == {"proxy1", "proxy2"}
    assert [port["published"] for port in services["machine2"]["ports"]] == ["9194", "8101", "8102", "8103"]
    assert not {"ports", "networks"} & services["incentive-api2"].keys()
