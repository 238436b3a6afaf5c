"""`jiangbu topics apply` and `jiangbu doctor` on three brokers, one of which dies."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from deploy.__main__ import main
from deploy.broker.topics import read_topics
from deploy.doctor.broker import broker
from shared.kafka.errors import check_topics
from shared.settings import KafkaSettings
from shared.web.operations.broker import Broker, OffsetsUnavailableError
from shared.whitelist import load_whitelist
from tests.support.engines.three_brokers import ThreeBrokers, three_brokers
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.doctor.finding import Finding

TOPIC = "exchange.tpone.listings.v1"
# The brokers have no users and rights.
SUBJECTS = ("Kafka", "磁盘 Kafka disks", "主题 topics")


@pytest.fixture(scope="module")
def cluster(large: None, engine_folder: Path) -> Iterator[ThreeBrokers]:
    with three_brokers(engine_folder / "three") as cluster:
        yield cluster


@pytest.fixture
def exchanges(tmp_path: Path) -> Path:
    file = tmp_path / "exchanges.yaml"
    file.write_text("- {id: tpone, name: fictional, from: 2019-01-01}\n", "utf-8")
    return file


def kafka_settings(cluster: ThreeBrokers) -> KafkaSettings:
    return KafkaSettings(tuple(cluster.bootstrap_servers.split(",")))


def findings(cluster: ThreeBrokers, exchanges: Path) -> dict[str, Finding]:
    """Return what the doctor finds of the cluster, by subject."""
    found = broker(kafka_settings(cluster), load_whitelist(exchanges), ("r1",), exchanges.parent)
    return {finding.subject: finding for finding in found if finding.subject in SUBJECTS}


def has_ends(broker: Broker) -> bool:
    try:
        return len(broker.ends([TOPIC])[TOPIC]) == 3
    except OffsetsUnavailableError:
        return False


def wrong(cluster: ThreeBrokers, exchanges: Path) -> dict[str, str]:
    found = findings(cluster, exchanges)
    return {subject: finding.text for subject, finding in found.items() if not finding.well}


def test_one_of_three_brokers_dies(cluster: ThreeBrokers, exchanges: Path) -> None:
    def jiangbu(*arguments: str) -> str:
        environment = {"EXCHANGES_FILE": str(exchanges), "KAFKA_BOOTSTRAP_SERVERS": cluster.bootstrap_servers}
        result = CliRunner().invoke(main, ["topics", "apply", *arguments], env=environment)
        assert result.exit_code == 0, result.output
        return result.output

    with ExitStack() as stack, KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin:
        # A topic from the time of one broker.
        admin.create_topics({TOPIC: {"num_partitions": 3, "replication_factor": 1}}, wait_for_metadata=True)
        assert "facts.listing.v1: create, 3 partitions, 3 replicas" in jiangbu()
        made = read_topics(admin, ["facts.listing.v1"])["facts.listing.v1"]
        assert (made.least_replicas, made.config["min.insync.replicas"]) == (3, "2")

        command = "run `jiangbu topics apply --replication-factor 3`"
        found = wrong(cluster, exchanges)
        assert found.keys() == {"主题 topics"}
        assert "replicas 1 -> 3 (--replication-factor 3)" in found["主题 topics"]
        assert command in found["主题 topics"]
        assert f"{TOPIC}: replicas 1 -> 3" in jiangbu("--replication-factor", "3")
        until(lambda: wrong(cluster, exchanges) == {})
        assert "replicas 1 -> 3" not in jiangbu()

        ends = stack.enter_context(closing(Broker(kafka_settings(cluster).client_config(), "test")))
        until(lambda: has_ends(ends))
        dead = cluster.nodes[made.replicas[0][0]]
        cluster.kill(made.replicas[0][0])
        with pytest.raises(OffsetsUnavailableError):  # at once, before the controller misses it
            ends.ends([TOPIC])
        assert ends.is_electing()
        assert f"brokers are down: {made.replicas[0][0]} (127.0.0.1:{dead.port})" in wrong(cluster, exchanges)["Kafka"]
        for _ in range(10):
            check_topics(kafka_settings(cluster).client_config(), [TOPIC])  # as each program does at its start
        until(lambda: has_ends(ends))
        # The other replicas take over once the controller has missed it.
        until(lambda: "主题 topics" in wrong(cluster, exchanges))
        found = wrong(cluster, exchanges)
        assert f"brokers are down: {made.replicas[0][0]} (127.0.0.1:{dead.port})" in found["Kafka"]
        assert "partitions have replicas out of sync" in found["主题 topics"]
        assert "no leader" not in found["主题 topics"]
        with KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, acks="all") as producer:
            for partition in range(3):
                producer.send(TOPIC, b"{}", partition=partition).get(60)
        dead.start()
        until(lambda: wrong(cluster, exchanges) == {})


def test_a_client_reaches_a_controller_that_it_does_not_know_yet(cluster: ThreeBrokers) -> None:
    """A broker joins after the client started. A cluster names any of its brokers as the controller."""
    with KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin:
        for number in range(10):
            known = admin._manager.cluster._brokers  # noqa: SLF001 - as if only one broker had joined
            while len(known) > 1:
                known.popitem()
            admin._controller_id = None  # noqa: SLF001 - ask again
            admin.create_topics({f"joined.{number}": {"num_partitions": 1, "replication_factor": 1}})
