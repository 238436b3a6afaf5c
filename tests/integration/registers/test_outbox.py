"""The outbox on a real broker: each fact is published, by one sender at a time, never older than one before."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError
from sqlalchemy import text

from services.trade_ingest.register import TRADES
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE, SIGN
from shared.kafka.client_patches import force_close_producer
from shared.kafka.offset_witness import DatabaseBehindError
from shared.register.head import raise_generation, read_head
from shared.register.publish import send_schedule as schedule_module
from shared.register.publish import sender as sender_module
from shared.register.publish.outbox import load_dirty, mark_dirty
from shared.register.publish.restored_backup import all_published_facts, check_not_behind, newest_published_version
from shared.register.publish.send_schedule import Lane
from shared.register.publish.sender import fence_senders
from shared.values.times import now
from shared.whitelist import load_whitelist
from tests.support.broker.topics import make_topics
from tests.support.registers import worlds
from tests.support.registers.bench import put, trade
from tests.support.registers.outbox import sender_of, working
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

VERIFICATION = "transaction.partition.verification.enable"


@pytest.fixture
def register() -> str:
    """A unique register id: all tests of a broker share the fact topics."""
    return f"t{uuid.uuid4().hex[:8]}"


@pytest.fixture(autouse=True)
def fact_topics(kafka, whitelist) -> None:
    make_topics(kafka, load_whitelist(whitelist))


def outbox(bench) -> int:
    return bench.rows("SELECT count(*) AS n FROM outbox")[0].n


def waiting(bench, topic: str) -> int:
    return bench.rows(f"SELECT count(*) AS n FROM outbox WHERE topic = '{topic}'")[0].n


def sent(kafka, register) -> list[tuple[str, dict]]:
    """Return all facts of a register, in order within each partition."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed", enable_auto_commit=False)
    partitions = [TopicPartition(topic, n) for topic in TRADES.facts for n in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    found = []
    while any(consumer.position(tp) < ends[tp] for tp in partitions):
        for records in consumer.poll(timeout_ms=200).values():
            found += [(r.key.decode(), json.loads(r.value)) for r in records if r.key.startswith(register.encode())]
    consumer.close()
    return found


def test_the_newest_of_each_key_is_sent_and_marked(trades, kafka, register) -> None:
    put(trades, "kmdex", trade())
    put(trades, "kmdex", trade(revision=2, amount="11.00"))
    with working(sender_of(trades, kafka, register)):
        until(lambda: outbox(trades) == 0)
        put(trades, "kmdex", trade(revision=3, amount="12.00"))
        until(lambda: outbox(trades) == 0)
    buyer = f"{register}/uscc:{worlds.uscc(2)}"
    versions = [(value["seq"], value["first"]["amount"]) for key, value in sent(kafka, register) if key == buyer]
    assert versions == [(3, "11.00"), (4, "12.00")]  # the settings entry is entry 0
    assert len(sent(kafka, register)) == 10


class Beats:
    """Counts a sender's beats."""

    def __init__(self) -> None:
        self.count = 0

    def beat(self, _part: str) -> None:
        self.count += 1

    def await_some(self) -> None:
        enough = self.count + 3
        until(lambda: self.count >= enough)


def test_it_rests_while_intake_has_a_backlog(trades, kafka, register, monkeypatch) -> None:
    monkeypatch.setattr(sender_module, "_MAX_THROTTLE_S", 600.0)
    sender = sender_of(trades, kafka, register)
    beats = Beats()
    sender.beat = beats.beat
    sender.throttled.set()
    with working(sender):
        beats.await_some()  # the first round and the pause after it
        put(trades, "kmdex", trade())
        beats.await_some()
        assert outbox(trades) > 0
        sender.throttled.clear()
        until(lambda: outbox(trades) == 0)


def test_it_rests_for_a_while_and_no_more(trades, kafka, register, monkeypatch) -> None:
    monkeypatch.setattr(sender_module, "_MAX_THROTTLE_S", 0.3)
    sender = sender_of(trades, kafka, register)
    sender.throttled.set()
    with working(sender):
        until(lambda: sender.is_leading)
        for number in range(2):
            put(trades, "kmdex", trade(trade_no=f"T{number}"))
            until(lambda: outbox(trades) == 0)


def test_totals_of_sellers_that_sell_all_the_time_rest_and_first_purchases_do_not(
    trades,
    kafka,
    register,
    monkeypatch,
) -> None:
    monkeypatch.setattr(schedule_module, "_LEAST_S", 600.0)
    monkeypatch.setattr(schedule_module, "_MOST_S", 600.0)
    monkeypatch.setattr(schedule_module, "_IDLE_AFTER_S", 600.0)
    sender = sender_of(trades, kafka, register)
    sender.lanes = (Lane((FIRST_PURCHASE,)), Lane((ANNUAL_TOTAL, SIGN), throttle_above=0))
    beats = Beats()
    sender.beat = beats.beat
    with working(sender):
        put(trades, "kmdex", trade())
        until(lambda: outbox(trades) == 0)
        put(trades, "kmdex", trade(trade_no="T2", buyer={"id": worlds.uscc(3), "name": "虚构丙"}))
        until(lambda: waiting(trades, FIRST_PURCHASE) == 0)
        beats.await_some()
        beats.await_some()
        assert waiting(trades, ANNUAL_TOTAL) == 2  # of the exchange and of the seller
        monkeypatch.setattr(schedule_module, "_IDLE_AFTER_S", 0.3)  # intake does nothing more
        until(lambda: outbox(trades) == 0)


def test_all_changes_of_a_key_go_out_with_it(trades) -> None:
    """Else a key that changes more often than it is sent is sent again for each of them."""
    with trades.engine.begin() as connection:
        for _ in range(50):
            mark_dirty(connection, [(SIGN, "provider/a"), (SIGN, "provider/b")], now())
        keys, ids, repeated = load_dirty(connection, [SIGN], 1)
    assert (keys, len(ids), len(repeated)) == ([(SIGN, "provider/a")], 50, 49)


def test_a_key_that_changes_while_it_waits_needs_one_row(trades, kafka, register, monkeypatch) -> None:
    """Else the outbox grows with the changes of a busy day, and so does what each round reads of it."""
    monkeypatch.setattr(schedule_module, "_LEAST_S", 600.0)
    monkeypatch.setattr(schedule_module, "_MOST_S", 600.0)
    monkeypatch.setattr(schedule_module, "_IDLE_AFTER_S", 600.0)
    sellers = [{"id": worlds.uscc(number), "name": "虚构"} for number in (5, 6)]
    for number in range(6):
        put(trades, "kmdex", trade(trade_no=f"T{number}", provider=sellers[number % 2]))
    before = trades.rows(f"SELECT key, min(id) AS id FROM outbox WHERE topic = '{SIGN}' GROUP BY key ORDER BY id")
    sender = sender_of(trades, kafka, register)
    sender.lanes = (Lane((SIGN,), active_keys=1, throttle_above=0),)
    with working(sender):
        until(lambda: waiting(trades, SIGN) < len(before))
    assert trades.rows(f"SELECT key, id FROM outbox WHERE topic = '{SIGN}' ORDER BY id") == before[1:]
    with working(sender_of(trades, kafka, register)):
        until(lambda: outbox(trades) == 0)
    with trades.engine.connect() as connection:
        newest = read_head(connection).next_seq
    assert {value["seq"] for _, value in sent(kafka, register)} == {newest}


@pytest.mark.parametrize("row_limit", [None, 10])
def test_totals_are_found_without_reading_the_red_flags_that_wait(trades, row_limit) -> None:
    with trades.engine.begin() as connection:
        mark_dirty(connection, [(SIGN, f"provider/{number}") for number in range(500)], now())
        mark_dirty(connection, [(ANNUAL_TOTAL, "provider/a"), (FIRST_PURCHASE, "a")], now())
        mark_dirty(connection, [(ANNUAL_TOTAL, "provider/a")], now())
    read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'outbox'"
    with trades.engine.begin() as connection:
        before = connection.exec_driver_sql(read).scalar_one()
        dirty = load_dirty(connection, [ANNUAL_TOTAL, FIRST_PURCHASE], 10, row_limit)
        assert connection.exec_driver_sql(read).scalar_one() - before == len(dirty.ids) == 3
    assert dirty.keys == [(ANNUAL_TOTAL, "provider/a"), (FIRST_PURCHASE, "a")]


def test_a_few_totals_do_not_rest(trades, kafka, register, monkeypatch) -> None:
    monkeypatch.setattr(schedule_module, "_LEAST_S", 600.0)
    monkeypatch.setattr(schedule_module, "_MOST_S", 600.0)
    monkeypatch.setattr(schedule_module, "_IDLE_AFTER_S", 600.0)
    with working(sender_of(trades, kafka, register)):
        for number in range(3):
            put(trades, "kmdex", trade(trade_no=f"T{number}"))
            until(lambda: outbox(trades) == 0)


def test_what_was_committed_by_the_brokers_word_only_is_sent_again(trades, kafka, register, monkeypatch) -> None:
    """The transaction is aborted although its commit was acknowledged, as can happen after a broker restart."""
    commits = []
    commit = KafkaProducer.commit_transaction

    def commit_or_not(producer: KafkaProducer) -> None:
        commits.append(producer)
        if len(commits) == 1:
            producer.abort_transaction()
        else:
            commit(producer)

    monkeypatch.setattr(KafkaProducer, "commit_transaction", commit_or_not)
    put(trades, "kmdex", trade())
    with working(sender_of(trades, kafka, register)):
        until(lambda: outbox(trades) == 0)
    assert len(commits) == 3  # the aborted one, its repetition, and the red flags separately
    assert f"{register}/uscc:{worlds.uscc(2)}" in [key for key, _ in sent(kafka, register)]


def test_one_sender_at_a_time_and_the_next_takes_over(trades, kafka, register) -> None:
    with ExitStack() as at_work:
        senders = [at_work.enter_context(working(sender_of(trades, kafka, register))) for _ in range(2)]
        put(trades, "kmdex", trade())
        until(lambda: outbox(trades) == 0)
        here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        locks = f"SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND granted AND {here}"
        assert trades.rows(locks)[0].n == 1
        next(sender for sender in senders if sender.is_leading).stop.set()
        put(trades, "kmdex", trade(trade_no="T2", completed_at="2026-01-01T00:00:00+08:00"))
        until(lambda: outbox(trades) == 0)
    assert [v["first"]["trade_no"] for k, v in sent(kafka, register) if k == f"{register}/uscc:{worlds.uscc(2)}"] == [
        "T1",
        "T2",
    ]


def test_a_sender_that_comes_back_publishes_nothing_that_was_not_seen(kafka, register) -> None:
    """A sender that is fenced in a transaction cannot commit its facts."""
    sleeper = KafkaProducer(bootstrap_servers=kafka, transactional_id=f"jiangbu.{register}.trades")
    sleeper.init_transactions()
    value = b'{"generation": 1, "seq": 1}'
    sleeper.begin_transaction()
    sleeper.send(FIRST_PURCHASE, key=f"{register}/uscc:1".encode(), value=value)
    sleeper.commit_transaction()
    sleeper.begin_transaction()
    sleeper.send(FIRST_PURCHASE, key=f"{register}/uscc:2".encode(), value=value)
    sleeper.flush()
    client_config = {"bootstrap_servers": kafka}
    fence_senders(client_config, "trades", register, TRADES.facts)
    with pytest.raises(KafkaError):
        sleeper.commit_transaction()
    sleeper.close()
    assert all_published_facts(client_config, TRADES.facts, register).keys() == {(FIRST_PURCHASE, "uscc:1")}


@contextmanager
def no_verification(kafka) -> Iterator[None]:
    """Let the brokers accept transactional records unverified, as if the coordinator had lost the transaction."""
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        brokers = [str(broker["broker_id"]) for broker in admin.describe_cluster()["brokers"]]

        def of_brokers(configs: object = None) -> list[ConfigResource]:
            return [ConfigResource(ConfigResourceType.BROKER, broker, configs) for broker in brokers]

        def change(to: object) -> None:
            admin.alter_configs(of_brokers({VERIFICATION: to}))

        def is_off() -> bool:
            found = admin.describe_configs(of_brokers(), config_filter="all")["broker"]
            return all(held[VERIFICATION]["value"] == "false" for held in found.values())

        change("false")
        until(is_off)  # the broker acknowledges a change before it applies it
        yield
        change((AlterConfigOp.DELETE, None))


def leave_hanging(kafka, register) -> None:
    """Leave a hanging transaction: a record whose transaction only its partition knows."""
    lost = KafkaProducer(bootstrap_servers=kafka, transactional_id=f"jiangbu.{register}.trades")
    lost.init_transactions()
    lost.begin_transaction()
    known_to_the_coordinator = lost._transaction_manager._partitions_in_transaction  # noqa: SLF001 - the producer's view
    known_to_the_coordinator.add(TopicPartition(FIRST_PURCHASE, 1))
    lost.send(FIRST_PURCHASE, key=f"{register}/uscc:1".encode(), value=b"{}", partition=1).get(timeout=60)
    force_close_producer(lost)


def held_back(kafka) -> bool:
    """Return True if a fact topic has records that read_committed readers cannot reach."""
    ends = []
    for level in ("read_committed", "read_uncommitted"):
        with closing(KafkaConsumer(bootstrap_servers=kafka, isolation_level=level)) as consumer:
            partitions = [
                TopicPartition(topic, n) for topic in TRADES.facts for n in consumer.partitions_for_topic(topic)
            ]
            ends.append(consumer.end_offsets(partitions))
    return ends[0] != ends[1]


def test_a_transaction_that_only_its_partition_knows_of_is_ended(trades, kafka, register) -> None:
    with no_verification(kafka):
        leave_hanging(kafka, register)
    with closing(KafkaProducer(bootstrap_servers=kafka, transactional_id=f"jiangbu.{register}.trades")) as successor:
        successor.init_transactions()
    assert held_back(kafka), "the coordinator ended what it knew nothing of"
    with working(sender_of(trades, kafka, register)):
        until(lambda: not held_back(kafka))
    assert sent(kafka, register) == []


def test_a_database_behind_what_was_published_is_noticed(trades, kafka, register) -> None:
    put(trades, "kmdex", trade(), trade(trade_no="T2"))
    with working(sender_of(trades, kafka, register)):
        until(lambda: outbox(trades) == 0)
    # Facts of other registers come after ours in the same partitions.
    other = KafkaProducer(bootstrap_servers=kafka)
    for n in range(600):
        other.send(FIRST_PURCHASE, key=b"other/%d" % n, value=b'{"generation": 9, "seq": 9}')
        other.send(ANNUAL_TOTAL, key=b"other/%d" % n, value=b'{"generation": 9, "seq": 9}')
    other.close()
    published = newest_published_version({"bootstrap_servers": kafka}, TRADES.facts, register)
    assert published == (1, 3)
    assert newest_published_version({"bootstrap_servers": kafka}, TRADES.facts, "unknown") is None
    # The change is rolled back: it is not in the log, so it could not be committed.
    with trades.engine.connect() as connection:
        check_not_behind(read_head(connection), published, "trade-ingest")
        connection.execute(text("UPDATE register_head SET next_seq = 2"))
        with pytest.raises(DatabaseBehindError, match="generation 1, seq 3"):
            check_not_behind(read_head(connection), published, "trade-ingest")
        raise_generation(connection, read_head(connection), published[0])
        check_not_behind(read_head(connection), published, "trade-ingest")
