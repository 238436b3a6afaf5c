"""The topic of awards on a real broker: CloudEvents that the bureau's answers agree with, each version once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaTimeoutError
from sqlalchemy import text

from services.incentive.commands.publish_awards import publisher as publisher_module
from services.incentive.commands.publish_awards.topic import all_versions, check_versions, newest_versions
from services.incentive.store.published.versions import raise_versions
from shared.events.award_events import AWARDS
from shared.kafka.offset_witness import DatabaseBehindError
from tests.support.award_events.published import publisher_of, publishing
from tests.support.event_schemas import validator
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, subject
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.award_events.published import AwardsTopic

AWARD = f"first_purchase/{subject(1)}"
OTHER = f"first_purchase/{subject(2)}"
END_LEADERS = text("""
    SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


@pytest.fixture
def bureau(postgres: Callable[[str], tuple[str, str]], awards_topic: AwardsTopic) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        found.purchase(1)
        found.purchase(2)
        yield found


def outbox(bureau: Bureau) -> int:
    with bureau.engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM award_outbox")).scalar_one()


def test_each_change_is_an_event(bureau: Bureau, awards_topic: AwardsTopic, kafka: str) -> None:
    with publishing(bureau, kafka):
        until(lambda: awards_topic.has(OTHER, 1))
        for version, step in enumerate(("apply", "review", "joint_review", "publish", "approve", "pay"), 2):
            bureau.done(AWARD, step)
            until(lambda version=version: awards_topic.has(AWARD, version))
    seen = {award["award_id"]: award for award in bureau.ask.all("/v1/awards", role="bureau")}
    size = bureau.ask.ok("/v1/ledger/balances")["size"]
    records = awards_topic.records()
    assert awards_topic.versions(AWARD) == [1, 2, 3, 4, 5, 6, 7]
    assert awards_topic.versions(OTHER) == [1]
    described = validator(f"{AWARDS}.json", formats=True)
    for record in records:
        event = json.loads(record.value)
        assert described.is_valid(event), list(described.iter_errors(event))
        data = event["data"]
        assert record.key.decode() == data["award_id"]
        assert record.headers == [("content-type", b"application/cloudevents+json; charset=UTF-8")]
        assert event["id"] == f"{data['award_id']}@{data['version']}"
        assert event["time"] == data["updated_at"]
    newest = {record.key.decode(): json.loads(record.value)["data"] for record in records}
    assert newest[AWARD] == seen[AWARD] | {"ledger_seq": size - 1, "version": 7}
    assert newest[OTHER].items() >= seen[OTHER].items()


def test_only_the_newest_of_an_award_is_kept(awards_topic: AwardsTopic, kafka: str) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, AWARDS)])["topic"][AWARDS]
    assert found["cleanup.policy"]["value"] == "compact"


def test_what_is_sent_again_is_the_same(
    bureau: Bureau, awards_topic: AwardsTopic, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = publisher_module.delete_sent, [KafkaTimeoutError("ended after the commit")]

    def delete_sent(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        real(*arguments)

    monkeypatch.setattr(publisher_module, "delete_sent", delete_sent)
    with publishing(bureau, kafka):
        until(lambda: awards_topic.versions(OTHER) == [1, 1])
        bureau.done(AWARD, "apply")
        until(lambda: awards_topic.has(AWARD, 2))
    values: dict[str, set[bytes]] = {}
    for record in awards_topic.records():
        values.setdefault(json.loads(record.value)["id"], set()).add(record.value)
    assert {id_: len(found) for id_, found in values.items()} == dict.fromkeys(values, 1)
    assert outbox(bureau) == 0


def test_another_goes_on_when_the_leader_loses_its_session(
    bureau: Bureau, awards_topic: AwardsTopic, kafka: str
) -> None:
    with publishing(bureau, kafka), publishing(bureau, kafka):
        until(lambda: awards_topic.has(AWARD, 1))
        for version, step in enumerate(("apply", "review", "joint_review"), 2):
            until(lambda: outbox(bureau) == 0)  # else the next leader rightly sends it again
            with bureau.engine.begin() as connection:
                connection.execute(END_LEADERS)
            bureau.done(AWARD, step)
            until(lambda version=version: awards_topic.has(AWARD, version))
    assert awards_topic.versions(AWARD) == [1, 2, 3, 4]


def test_versions_are_read_while_a_publisher_sends(bureau: Bureau, awards_topic: AwardsTopic, kafka: str) -> None:
    """After a recovery the next publisher is at work at once."""
    with publishing(bureau, kafka):
        until(lambda: awards_topic.has(AWARD, 1) and awards_topic.has(OTHER, 1))
    producer = KafkaProducer(bootstrap_servers=kafka, transactional_id="tests.open")
    producer.init_transactions()
    producer.begin_transaction()
    try:
        producer.send(AWARDS, key=AWARD.encode(), value=b"{}").get(timeout=30)
        assert all_versions({"bootstrap_servers": kafka}) == {AWARD: 1, OTHER: 1}
    finally:
        producer.abort_transaction()
        producer.close()


def test_a_restored_ledger_counts_no_version_again(bureau: Bureau, awards_topic: AwardsTopic, kafka: str) -> None:
    client_config = {"bootstrap_servers": kafka}
    with publishing(bureau, kafka):
        until(lambda: awards_topic.has(AWARD, 1))
    bureau.done(AWARD, "apply")
    bureau.done(AWARD, "reject")
    with publishing(bureau, kafka):
        until(lambda: awards_topic.has(AWARD, 2))
    with bureau.engine.begin() as connection:
        connection.execute(text("UPDATE published_award SET version = 1"))  # as of the backup
    with pytest.raises(DatabaseBehindError, match=f"{AWARD}@2 > 1"):
        publisher_of(bureau, kafka).run()
    assert all_versions(client_config) == newest_versions(client_config) == {AWARD: 2, OTHER: 1}
    with bureau.engine.begin() as connection:
        raise_versions(connection, {**all_versions(client_config), "first_purchase/lost": 7}, bureau.now)
        check_versions(connection, newest_versions(client_config))
    with publishing(bureau, kafka):
        until(lambda: awards_topic.has(AWARD, 3))
        until(lambda: awards_topic.has(OTHER, 2))
    bureau.take(first_purchase(3, "2026-03-01", seq=9))
    with publishing(bureau, kafka):
        until(lambda: awards_topic.has(f"first_purchase/{subject(3)}", 1))
    assert awards_topic.versions(AWARD) == [1, 2, 3]
