"""ACLs on the secured broker as `jiangbu topics apply` sets them: the broker itself refuses access.

The tests send raw Kafka protocol requests, because a client checks the metadata first and would not even try.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import ACL, ACLOperation, ACLPermissionType, KafkaAdminClient, ResourcePattern, ResourceType
from kafka.errors import NoError, TopicAuthorizationFailedError, for_code
from kafka.protocol.consumer import FetchRequest
from kafka.protocol.producer import ProduceRequest
from kafka.record.memory_records import MemoryRecordsBuilder

from deploy.__main__ import main
from deploy.broker.access import describe, every_acl, rights_of_exchange, user_of
from deploy.broker.quotas import broker_quotas
from deploy.secrets import ADMIN
from tests.support.paths import ROOT
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.engines.secured_broker import SecuredBroker

EXCHANGES = ROOT / "exchanges.yaml"
CHECKPOINTS = "logs.checkpoints.v1"
AWARDS = "incentive.awards.v1"
FACTS = (
    "facts.listing.v1",
    "facts.first-listing.v1",
    "facts.first-purchase.v1",
    "facts.annual-total.v1",
    "facts.sign.v1",
)
LISTINGS = ("exchange.kmdex.listings.v1", "exchange.dcdex.listings.v1")
TRADES = ("exchange.kmdex.trades.v1", "exchange.dcdex.trades.v1")
TOPICS = {*LISTINGS, *TRADES, *FACTS, AWARDS, CHECKPOINTS}
WRITES = {
    "exchange.kmdex": {LISTINGS[0], TRADES[0]},
    "exchange.dcdex": {LISTINGS[1], TRADES[1]},
    "listing": {*FACTS[:2], CHECKPOINTS},
    "trade-ingest": {*FACTS[2:], CHECKPOINTS},
    "incentive": {AWARDS, CHECKPOINTS},
    "bureau": set(),
    "auditor": set(),
}
READS = {
    "exchange.kmdex": {CHECKPOINTS},
    "exchange.dcdex": {CHECKPOINTS},
    "listing": {*LISTINGS, *FACTS[:2], CHECKPOINTS},
    "trade-ingest": {*TRADES, FACTS[0], *FACTS[2:], CHECKPOINTS},
    "incentive": {*FACTS[1:], AWARDS, CHECKPOINTS},
    "bureau": {AWARDS},
    "auditor": {AWARDS},
}
NAMES = {"jiangbu.r1.listings": "listing", "jiangbu.r1.trades": "trade-ingest", "jiangbu.incentive": "incentive"}
# Consumer groups, and transactional ids, with their users.
GROUPS = NAMES | {"bureau.finance": "bureau", "auditor.portal": "auditor"}
IDS = NAMES | {"jiangbu.incentive.awards": "incentive"}


@pytest.fixture(scope="module")
def broker(secured: SecuredBroker) -> SecuredBroker:
    """The secured broker after `jiangbu topics apply`: with users and ACLs."""
    result = secured.jiangbu(EXCHANGES, "topics", "apply", "--secrets", str(secured.secrets))
    assert result.exit_code == 0, result.output
    return secured


@contextmanager
def as_user(broker: SecuredBroker, user: str) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(**broker.as_user(user).client_config())
    try:
        yield admin
    finally:
        admin.close()


def answer_to_write(client: KafkaAdminClient, topic: str) -> type[Exception]:
    """Write a batch with a wrong checksum; return the broker's error. Rights are checked before the checksum."""
    builder = MemoryRecordsBuilder(2, 0, 1000)
    builder.append(timestamp=int(time.time() * 1000), key=b"k", value=b"v", headers=[])
    builder.close()
    records = bytearray(builder.buffer())
    records[-1] ^= 1
    data = ProduceRequest.TopicProduceData
    partition = data.PartitionProduceData(index=0, records=bytes(records))
    request = ProduceRequest(
        transactional_id=None,
        acks=-1,
        timeout_ms=5000,
        topic_data=[data(name=topic, partition_data=[partition])],
        max_version=12,
    )
    response = client._manager.run(client._manager.send, request)  # noqa: SLF001 - see above
    return for_code(response.responses[0].partition_responses[0].error_code)


def answer_to_read(client: KafkaAdminClient, topic: str) -> type[Exception]:
    fetch = FetchRequest.FetchTopic
    partition = fetch.FetchPartition(
        partition=0,
        current_leader_epoch=-1,
        fetch_offset=0,
        last_fetched_epoch=-1,
        log_start_offset=-1,
        partition_max_bytes=1000,
    )
    request = FetchRequest(
        max_wait_ms=0,
        min_bytes=0,
        max_bytes=1000,
        isolation_level=0,
        session_id=0,
        session_epoch=-1,
        topics=[fetch(topic=topic, partitions=[partition])],
        forgotten_topics_data=[],
        rack_id="",
        max_version=12,
    )
    response = client._manager.run(client._manager.send, request)  # noqa: SLF001 - see above
    return for_code(response.responses[0].partitions[0].error_code)


@pytest.mark.parametrize("user", WRITES)
def test_each_writes_and_reads_what_is_its_own_and_nothing_else(broker: SecuredBroker, user: str) -> None:
    with as_user(broker, user) as client:
        writes = {topic: answer_to_write(client, topic) for topic in TOPICS}
        reads = {topic: answer_to_read(client, topic) for topic in TOPICS}
    may, must_not = kafka_errors.CorruptRecordError, TopicAuthorizationFailedError
    assert writes == {topic: may if topic in WRITES[user] else must_not for topic in TOPICS}
    assert reads == {topic: NoError if topic in READS[user] else must_not for topic in TOPICS}


@pytest.mark.parametrize("user", WRITES)
def test_each_is_shown_its_own_topics_alone(broker: SecuredBroker, user: str) -> None:
    with as_user(broker, user) as client:
        assert set(client.list_topics()) == WRITES[user] | READS[user]


def publish(broker: SecuredBroker, user: str, topic: str, **how: object) -> int:
    """Send a record as a plain client does; return its offset."""
    producer = KafkaProducer(**broker.as_user(user).client_config(), acks="all", max_block_ms=60_000, **how)
    try:
        if "transactional_id" in how:
            producer.init_transactions()
            producer.begin_transaction()
        # Other tests share the broker, and a witness reads every value in the checkpoint topic as a checkpoint.
        value = None if topic == CHECKPOINTS else b"{}"
        sent = producer.send(topic, value, b"key", partition=0)
        offset: int = sent.get(60).offset
        if "transactional_id" in how:
            producer.commit_transaction()
        return offset
    finally:
        producer.close(timeout=1)


@pytest.mark.parametrize(
    "how",
    [{"enable_idempotence": False}, {"enable_idempotence": True}, {"transactional_id": "exchange.kmdex.1"}],
    ids=["plain", "idempotent", "transactional"],
)
def test_an_exchange_publishes_to_its_own_topics_however_it_likes(broker: SecuredBroker, how: dict) -> None:
    for topic in (LISTINGS[0], TRADES[0]):
        assert publish(broker, "exchange.kmdex", topic, **how) >= 0
    for topic in (TRADES[1], FACTS[2], CHECKPOINTS):
        with pytest.raises(TopicAuthorizationFailedError):
            publish(broker, "exchange.kmdex", topic, **how)


@pytest.mark.parametrize("id_", ["exchange.dcdex.1", "exchange.kmdex", "exchange.kmdex2.1", "mine", *IDS])
def test_a_transactional_id_is_for_who_has_its_prefix(broker: SecuredBroker, id_: str) -> None:
    refused = kafka_errors.TransactionalIdAuthorizationFailedError
    with pytest.raises(refused):
        publish(broker, "exchange.kmdex", TRADES[0], transactional_id=id_)
    for user in {"listing", "trade-ingest", "incentive"} - {IDS.get(id_)}:
        with pytest.raises(refused):
            publish(broker, user, CHECKPOINTS, transactional_id=id_)


@pytest.mark.parametrize("group", [*GROUPS, "exchange.kmdex"])
def test_a_consumer_group_is_for_its_service(broker: SecuredBroker, group: str) -> None:
    for user in WRITES:
        with as_user(broker, user) as client:
            if user == GROUPS.get(group):
                assert until(lambda client=client: tells_offsets(client, group))
                continue
            with pytest.raises(kafka_errors.GroupAuthorizationFailedError):
                tells_offsets(client, group)


def tells_offsets(client: KafkaAdminClient, group: str) -> bool:
    """Return False while the group's coordinator is not available yet."""
    try:
        client.list_group_offsets(group)
    except kafka_errors.RetriableError:
        return False
    return True


def test_an_exchange_reads_the_checkpoints_of_the_logs(broker: SecuredBroker) -> None:
    offset = publish(broker, "listing", CHECKPOINTS)
    consumer = KafkaConsumer(**broker.as_user("exchange.dcdex").client_config(), enable_auto_commit=False)
    try:
        partition = TopicPartition(CHECKPOINTS, 0)
        consumer.assign([partition])
        consumer.seek(partition, offset)
        records = until(lambda: consumer.poll(timeout_ms=500).get(partition))
        assert records[0].offset == offset
    finally:
        consumer.close()


@pytest.mark.parametrize("user", ["exchange.kmdex", "listing"])
def test_nobody_but_the_admin_rules(broker: SecuredBroker, user: str) -> None:
    with as_user(broker, user) as client:
        with pytest.raises(TopicAuthorizationFailedError):
            client.create_topics({"exchange.kmdex.own.v1": {"num_partitions": 1}})
        with pytest.raises(TopicAuthorizationFailedError):
            client.delete_topics([TRADES[0]])
        with pytest.raises(kafka_errors.ClusterAuthorizationFailedError):
            client.describe_acls(every_acl())


# --- adding and removing users and rights -----------------------------------------------------------------------------


@pytest.fixture
def apply(broker: SecuredBroker, tmp_path: Path) -> Iterator:
    """`apply(ids, *options)`: apply the whitelist extended by these exchanges; return the lines of the output."""

    def apply(ids: tuple[str, ...], *options: str) -> list[str]:
        listed = "".join(f"  - {{id: {id_}, name: fictional {id_}}}\n" for id_ in ids)
        (tmp_path / "exchanges.yaml").write_text(EXCHANGES.read_text("utf-8") + listed, "utf-8")
        arguments = ("topics", "apply", "--secrets", str(broker.secrets), *options)
        result = broker.jiangbu(tmp_path / "exchanges.yaml", *arguments)
        assert result.exit_code == 0, result.output
        return result.output.splitlines()

    yield apply
    apply(())


def state(broker: SecuredBroker) -> tuple[set[str], set[ACL]]:
    with as_user(broker, ADMIN) as admin:
        return set(admin.describe_user_scram_credentials()), set(admin.describe_acls(every_acl())[0])


def lets_in(broker: SecuredBroker, user: str, password: str | None = None) -> bool:
    try:
        KafkaAdminClient(**broker.as_user(user, password).client_config()).close()
    except kafka_errors.SaslAuthenticationFailedError:
        return False
    return True


def changes(lines: list[str]) -> list[str]:
    return [line for line in lines if "up to date" not in line and not line.startswith("rights:")]


def test_what_is_there_is_kept_and_said_to_be(broker: SecuredBroker, apply) -> None:
    before = state(broker)
    files = {path: path.read_bytes() for path in broker.secrets.rglob("kafka-password")}
    lines = apply(())
    assert changes(lines) == []
    assert "trade-ingest: user up to date" in lines
    assert state(broker) == before
    assert {path: path.read_bytes() for path in broker.secrets.rglob("kafka-password")} == files


def test_an_exchange_comes_and_goes(broker: SecuredBroker, apply) -> None:
    before = state(broker)
    rights = rights_of_exchange("comer")
    dry = apply(("comer",), "--dry-run")
    assert f"exchange.comer: allow {describe(next(iter(rights)))}" in dry
    assert "exchange.comer: user created" in dry
    assert state(broker) == before
    assert not broker.password_file("exchange.comer").exists()

    apply(("comer",))
    users, acls = state(broker)
    assert users - before[0] == {"exchange.comer"}
    assert {acl for acl in acls - before[1] if user_of(acl) == "exchange.comer"} == rights
    with as_user(broker, "exchange.comer") as client:
        assert answer_to_write(client, "exchange.comer.trades.v1") is kafka_errors.CorruptRecordError

        dry = apply((), "--dry-run")
        assert "exchange.comer: user removed" in dry
        assert answer_to_write(client, "exchange.comer.trades.v1") is kafka_errors.CorruptRecordError
        lines = apply(())
        assert "exchange.comer: revoke WRITE TOPIC exchange.comer.trades.v1" in lines
        # A connection that is already open loses the right too.
        assert answer_to_write(client, "exchange.comer.trades.v1") is TopicAuthorizationFailedError
    assert state(broker) == before
    assert not lets_in(broker, "exchange.comer")


def quotas(broker: SecuredBroker) -> dict[str, dict[str, float]]:
    with broker_quotas(broker.as_user(ADMIN)) as found:
        return {user: dict(held) for user, held in found.found().items() if held}


def test_exchanges_have_quotas_and_services_none(broker: SecuredBroker, apply, monkeypatch) -> None:
    usual = {"producer_byte_rate": 4 << 20, "request_percentage": 50}
    before = quotas(broker)
    assert before == {"exchange.dcdex": usual, "exchange.kmdex": usual}
    assert "exchange.kmdex: quotas up to date, producer_byte_rate=4194304, request_percentage=50" in apply(())
    monkeypatch.setenv("KAFKA_EXCHANGE_BYTE_RATE", "1000")
    monkeypatch.setenv("KAFKA_EXCHANGE_REQUEST_PERCENTAGE", "0")
    changed = (
        "exchange.kmdex: quotas changed producer_byte_rate=4194304, request_percentage=50 -> producer_byte_rate=1000"
    )
    assert changed in apply((), "--dry-run")
    assert quotas(broker) == before
    assert changed in apply(("comer",))
    lowered = {"producer_byte_rate": 1000}
    assert quotas(broker) == dict.fromkeys(("exchange.comer", "exchange.dcdex", "exchange.kmdex"), lowered)
    monkeypatch.undo()
    apply(())
    assert quotas(broker) == before


def test_a_right_that_was_given_by_hand_is_taken_back_and_others_are_left_alone(broker: SecuredBroker, apply) -> None:
    def may_read_facts(user: str, permission: ACLPermissionType = ACLPermissionType.ALLOW) -> ACL:
        return ACL(f"User:{user}", "*", ACLOperation.READ, permission, ResourcePattern(ResourceType.TOPIC, FACTS[0]))

    before = state(broker)[1]
    others = {may_read_facts("monitoring"), may_read_facts("exchange.dcdex", ACLPermissionType.DENY)}
    with as_user(broker, ADMIN) as admin:
        admin.create_acls([may_read_facts("exchange.kmdex"), *others])
    assert changes(apply(())) == [f"exchange.kmdex: revoke READ TOPIC {FACTS[0]}"]
    assert state(broker)[1] == before | others


@pytest.mark.parametrize("user", ["exchange.kmdex", "listing", ADMIN])
def test_a_password_is_changed_in_the_file_and_on_the_broker(broker: SecuredBroker, apply, user: str) -> None:
    file = broker.password_file(user)
    old, there, beside = file.read_text("ascii").strip(), file.stat(), set(file.parent.iterdir())
    apply((), "--rotate", user, "--dry-run")
    assert file.read_text("ascii").strip() == old
    assert f"{user}: password changed: {file}" in apply((), "--rotate", user)
    assert file.read_text("ascii").strip() != old
    assert (file.stat().st_uid, file.stat().st_mode) == (there.st_uid, there.st_mode)
    assert lets_in(broker, user)
    assert not lets_in(broker, user, old)
    assert set(file.parent.iterdir()) == beside


def test_a_password_that_was_changed_in_its_file_is_set(broker: SecuredBroker, apply) -> None:
    broker.password_file("exchange.dcdex").write_text("chosen-by-hand-and-long-enough\n", "ascii")
    assert not lets_in(broker, "exchange.dcdex")
    assert changes(apply(())) == ["exchange.dcdex: password set"]
    assert lets_in(broker, "exchange.dcdex")


def test_an_exchange_is_shut_out_by_an_empty_file_and_comes_back_with_a_password(broker: SecuredBroker, apply) -> None:
    before = state(broker)
    with as_user(broker, "exchange.kmdex") as client:
        assert answer_to_write(client, TRADES[0]) is kafka_errors.CorruptRecordError
        broker.password_file("exchange.kmdex").write_text("", "ascii")
        apply(())
        assert answer_to_write(client, TRADES[0]) is TopicAuthorizationFailedError
    assert before[0] - state(broker)[0] == {"exchange.kmdex"}
    assert "exchange.kmdex: disabled: its password file is empty" in apply(())
    apply((), "--rotate", "exchange.kmdex")
    assert state(broker) == before
    assert lets_in(broker, "exchange.kmdex")


def test_what_cannot_be_done_is_reported_in_one_line(broker: SecuredBroker) -> None:
    secrets = ("--secrets", str(broker.secrets))
    nobody = broker.jiangbu(EXCHANGES, "topics", "apply", *secrets, "--rotate", "exchange.nobody")
    assert nobody.exit_code == 1
    assert nobody.output.splitlines()[-1].startswith("Error: ")
    assert "no such user" in nobody.output
    assert broker.jiangbu(EXCHANGES, "topics", "apply", "--rotate", "listing").exit_code == 2
    unsecured = {"KAFKA_BOOTSTRAP_SERVERS": broker.inside, "EXCHANGES_FILE": str(EXCHANGES)}
    without_user = CliRunner().invoke(main, ["topics", "apply", *secrets], env=unsecured)
    assert without_user.exit_code == 1
    assert "KAFKA_SECURITY_PROTOCOL" in without_user.output
    kept = broker.password_file("listing").read_text("ascii")
    broker.password_file("listing").write_text("\n", "ascii")
    empty = broker.jiangbu(EXCHANGES, "topics", "apply", *secrets)
    broker.password_file("listing").write_text(kept, "ascii")
    assert empty.exit_code == 1
    assert str(broker.password_file("listing")) in empty.output.splitlines()[-1]
