"""`jiangbu topics apply` on a real broker."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from kafka.admin import ConfigResource, ConfigResourceType

from deploy.__main__ import main
from deploy.broker.topics import read_topics
from tests.support.broker.topics import changing_topics
from tests.support.until import until

WHITELIST = """
- {id: tpone, name: fictional one, from: 2019-01-01}
- {id: tptwo, name: fictional two, from: 2019-01-01}
"""
OURS = [f"exchange.{exchange}.{kind}.v1" for exchange in ("tpone", "tptwo") for kind in ("listings", "trades")]


@pytest.fixture
def jiangbu(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "exchanges.yaml").write_text(WHITELIST, encoding="utf-8")
    monkeypatch.setenv("EXCHANGES_FILE", str(tmp_path / "exchanges.yaml"))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_topics_are_made_once_and_kept_as_they_should_be(jiangbu, kafka: str) -> None:
    with changing_topics(kafka) as admin:
        try:
            dry = jiangbu("topics", "apply", "--dry-run")
            assert dry.exit_code == 0
            assert dry.output.count("create") >= len(OURS)
            assert read_topics(admin, OURS) == {}

            assert jiangbu("topics", "apply").exit_code == 0
            found = read_topics(admin, [*OURS, "facts.annual-total.v1"])
            assert set(found) == {*OURS, "facts.annual-total.v1"}
            assert found["facts.annual-total.v1"].config["cleanup.policy"] == "compact"
            assert {found[name].config["retention.ms"] for name in OURS} == {"-1"}

            again = jiangbu("topics", "apply")
            assert "新建" not in again.output
            assert "修改" not in again.output

            other = ConfigResource(ConfigResourceType.TOPIC, OURS[0], {"retention.ms": "1000"})
            admin.alter_configs([other])
            until(lambda: read_topics(admin, OURS[:1])[OURS[0]].config["retention.ms"] == "1000")
            assert f"{OURS[0]}: change" in jiangbu("topics", "apply").output
            assert read_topics(admin, OURS[:1])[OURS[0]].config["retention.ms"] == "-1"
        finally:
            admin.delete_topics(OURS)


def test_no_broker_is_one_line(jiangbu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "nowhere")
    result = jiangbu("topics", "apply")
    assert result.exit_code == 1
    assert "KAFKA_BOOTSTRAP_SERVERS" in result.output
    assert len(result.output.strip().splitlines()) == 1
