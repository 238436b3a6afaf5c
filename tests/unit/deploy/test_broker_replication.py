"""Replicas by the number of brokers, and what deploy/kafka says for one broker."""

from __future__ import annotations

import pytest

from deploy.broker.replication import Replication, broker_settings, more_replicas, replication_among
from deploy.broker.topics import ExistingTopic, Topic, plan
from tests.support.paths import ROOT


@pytest.mark.parametrize(("brokers", "wanted"), [(1, (1, 1)), (2, (2, 1)), (3, (3, 2)), (5, (3, 2))])
def test_one_of_three_brokers_may_die(brokers: int, wanted: tuple[int, int]) -> None:
    assert replication_among(brokers) == Replication(*wanted)


def test_the_file_of_one_broker_has_the_settings_for_one() -> None:
    lines = (ROOT / "deploy" / "kafka" / "server.properties").read_text("utf-8").splitlines()
    properties = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert broker_settings(1).items() <= properties.items()


def test_internal_topics_of_three_brokers_survive_one() -> None:
    settings = broker_settings(3)
    assert {name: value for name, value in settings.items() if name.endswith("replication.factor")} == dict.fromkeys(
        (
            "default.replication.factor",
            "offsets.topic.replication.factor",
            "transaction.state.log.replication.factor",
            "share.coordinator.state.topic.replication.factor",
        ),
        "3",
    )
    assert settings["min.insync.replicas"] == settings["transaction.state.log.min.isr"] == "2"


def test_further_replicas_go_to_the_least_used_brokers_and_leaders_stay() -> None:
    replicas = {("t", 0): [1], ("t", 1): [2], ("t", 2): [3, 1, 2]}
    assert more_replicas(replicas, [1, 2, 3], 3) == {("t", 0): [1, 3, 2], ("t", 1): [2, 1, 3]}
    assert more_replicas(replicas, [1, 2, 3], 2) == {("t", 0): [1, 3], ("t", 1): [2, 1]}
    assert more_replicas(replicas, [1, 2, 3], 1) == {}


def test_a_topic_with_too_few_replicas_is_configured_at_once_and_copied_when_asked() -> None:
    topic = Topic("t", 1, {"cleanup.policy": "delete"})
    there = ExistingTopic({0: (1, 2), 1: (1,)}, {"cleanup.policy": "delete", "min.insync.replicas": "1"})
    steps = list(plan([topic], {"t": there}, replication_among(3)))
    assert [step.action for step in steps] == ["configure", "replicate"]
    assert steps[0].config == {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}
    assert "replicas 1 -> 3" in steps[1].text
    right = {**there.config, **replication_among(1).topic_config}
    (step,) = plan([topic], {"t": there._replace(config=right)}, replication_among(1))
    assert step.action == "keep"
