"""Replicas by the number of brokers, and what deploy/kafka says for one broker."""

from __future__ import annotations

import pytest

from deploy.broker.replication import Replication, broker_settings, replication_among
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
