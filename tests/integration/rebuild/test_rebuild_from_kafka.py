"""Registers rebuilt from a real broker: every record is accounted for, and missing ones are taken in."""

from __future__ import annotations

import json
import random
import time
import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import NoError
from sqlalchemy import text

from shared.events.fact_topics import LISTING
from shared.kafka.partition_state import RecordLossError
from shared.kafka.reading_notes import SetAsideOrder, write_order
from shared.kafka.replay import TopicTruncatedError
from shared.register.consumer import RegisterHandler
from shared.service_log.store import LOG_TABLES
from shared.values.times import now
from tests.support.broker.record_batches import bomb, built, send_stored
from tests.support.consumption import end_offsets, running
from tests.support.registers import worlds
from tests.support.registers.bench import trade
from tests.support.registers.damageable import damageable, move_to_past
from tests.support.until import until

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

PARTITIONS = 2


class Broker:
    """The broker, with topics of two exchanges that only this module uses."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.config = {"bootstrap_servers": bootstrap}
        self.exchanges = {name: f"t{uuid.uuid4().hex[:8]}" for name in worlds.EXCHANGES}
        self.producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
        topics = [f"exchange.{one}.{kind}s.v1" for one in self.exchanges.values() for kind in worlds.KINDS]
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        new = [NewTopic(topic, PARTITIONS, 1) for topic in topics]
        if LISTING not in admin.list_topics():
            new.append(NewTopic(LISTING, PARTITIONS, 1, topic_configs={"cleanup.policy": "compact"}))
        admin.create_topics(new)
        admin.close()

    def whitelist(self, folder: Path) -> Path:
        path = folder / "exchanges.yaml"
        ids = self.exchanges.values()
        path.write_text("".join(f"- {{id: {one}, name: 虚构, from: 2019-01-01, operators: []}}\n" for one in ids))
        return path

    def send(self, topic: str, value: bytes | None, partition: int = 0, key: bytes | None = None, headers=()) -> int:
        sent = self.producer.send(topic, value, key=key, partition=partition, headers=list(headers))
        self.producer.flush()
        return sent.get().offset

    def send_world(self, seed: int, documents: int) -> None:
        """Send documents, some twice, some with other content, in both modes, and rubbish, to random partitions."""
        world, rng = worlds.random_world(seed, documents), random.Random(seed)
        todo = [("listing", *one) for one in world.listings] + [("trade", *one) for one in world.trades]
        todo += rng.sample(todo, len(todo) // 2)
        todo += [(kind, name, data | {"certificate_no": "other"}) for kind, name, data in rng.sample(todo, 9)]
        rng.shuffle(todo)
        for kind, name, data in todo:
            record = worlds.record(kind, self.exchanges[name], data, 0)
            value, headers = record.value, []
            if rng.random() < 0.3:
                event = json.loads(value)
                value = json.dumps(event.pop("data"), ensure_ascii=False).encode()
                headers = [(f"ce_{name}", member.encode()) for name, member in event.items()]
            elif rng.random() < 0.1:
                value = rng.choice([b"{}", b"\xff", b"[" * 200])
            self.producer.send(record.topic, value, headers=headers, partition=rng.randrange(PARTITIONS))
        self.producer.flush()

    def take_in(self, bench, topics: list[str], *, sets_aside: bool = False) -> None:
        """Run a worker until it has read the topics to their ends."""
        handler = RegisterHandler(bench.kind, bench.register, bench.log)
        with running(self.bootstrap, bench.engine, topics, handler, sets_aside=sets_aside) as outcome:
            until(lambda: outcome or all(self.positions(bench, topic) == self.ends(topic) for topic in topics))
            assert not outcome, outcome

    def ends(self, topic: str) -> dict[int, int]:
        return end_offsets(self.bootstrap, topic)

    @staticmethod
    def positions(bench, topic: str) -> dict[int, int]:
        rows = bench.rows(f"SELECT partition, next_offset FROM position WHERE topic = '{topic}'")
        return {row.partition: row.next_offset for row in rows}

    def topics(self, bench) -> list[str]:
        return bench.kind.topics(sorted(self.exchanges.values()))

    def skip(self, bench, topic: str) -> None:
        """Move the positions to the end as if the whole topic had been read."""
        for partition, end in self.ends(topic).items():
            bench.damage(f"UPDATE position SET next_offset = {end} WHERE topic = '{topic}' AND partition = {partition}")


@pytest.fixture(scope="module")
def broker(own_kafka):
    broker = Broker(own_kafka)
    yield broker
    broker.producer.close()


@pytest.fixture(scope="module")
def registers(postgres, broker, tmp_path_factory):
    """Both registers after reading random documents from Kafka, including listing facts."""
    whitelist = broker.whitelist(tmp_path_factory.mktemp("whitelist"))
    broker.send_world(1, 150)
    with ExitStack() as stack:
        listings, trades = (
            stack.enter_context(damageable(postgres, whitelist, service)) for service in ("listing", "trade-ingest")
        )
        broker.take_in(listings, broker.topics(listings))
        for (topic, key), value in listings.publish().items():
            if topic == LISTING:
                broker.send(topic, json.dumps(value).encode(), key=f"r1/{key}".encode())
        broker.take_in(trades, broker.topics(trades))
        trades.publish()
        yield listings, trades


@pytest.fixture
def trades(registers):
    """The trade register, sound before and after each test."""
    return registers[1]


@contextmanager
def restored(bench):
    """Restore the register's tables afterwards, for damage that cannot be repaired."""
    tables = sorted(bench.everything().keys() - {"alembic_version"})
    with bench.owner.begin() as connection:
        connection.execute(text("CREATE SCHEMA saved"))
        for table in tables:
            connection.execute(text(f"CREATE TABLE saved.{table} AS SELECT * FROM {table}"))
    try:
        yield
    finally:
        _restore(bench, tables)


def _restore(bench, tables) -> None:
    with bench.owner.begin() as connection:
        for table in LOG_TABLES:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for table in tables:
            connection.execute(text(f"DELETE FROM {table}"))
        for table in reversed(tables):  # keys before checkpoints
            connection.execute(text(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM saved.{table}"))
        for table in LOG_TABLES:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        connection.execute(text("DROP SCHEMA saved CASCADE"))


def test_a_sound_register_accounts_for_every_record(registers, broker) -> None:
    for bench in registers:
        before = bench.everything()
        outcomes = {row.outcome for row in bench.rows("SELECT outcome FROM intake_day")}
        assert outcomes > {"accepted", "duplicate", "revision_conflict"}
        assert bench.verify(broker.config) == []
        well, lines = bench.mend(broker.config)
        assert well, lines
        records = sum(sum(broker.ends(topic).values()) for topic in broker.topics(bench) if topic != LISTING)
        assert f"Kafka records {records}," in lines[-1]
        assert bench.everything() == before


def test_what_was_set_aside_is_accounted_for(trades, broker) -> None:
    """A batch that is too large, one of which records are, and one that an operator ordered to be set aside."""
    topic, exchange = topic_and_exchange(broker)
    values = [worlds.record("trade", exchange, trade(trade_no=f"ASIDE-{n}"), 0).value for n in range(4)]
    mixed = [(None, values[0], []), (None, values[1].ljust(300_000), []), (None, b"{}", [("h", bytes(300_000))])]
    ordered = [(None, one, []) for one in values[2:]]
    now_ms = round(time.time() * 1000)
    start = broker.ends(topic)[0]
    aside = built("none", ordered, timestamp=now_ms)
    for batch in (built("zstd", mixed, timestamp=now_ms), bomb("zstd", 100 << 20, now_ms), aside, aside):
        assert send_stored(broker.bootstrap, topic, 0, batch) is NoError
    with trades.engine.begin() as connection:
        write_order(connection, SetAsideOrder(topic, 0, start + 4, start + 5), now())
    broker.take_in(trades, broker.topics(trades), sets_aside=True)
    rows = trades.rows(f"SELECT * FROM quarantine WHERE topic = '{topic}' AND partition = 0 AND \"offset\" >= {start}")
    found = [(row.offset - start, row.last_offset and row.last_offset - start, row.records, row.reason) for row in rows]
    assert sorted(found) == [
        (1, None, None, "too_large"),
        (2, None, None, "too_large"),
        (3, 3, 1, "too_large"),
        (4, 5, None, "unreadable"),
    ]
    numbers = trades.rows("SELECT number FROM trade WHERE number LIKE 'ASIDE-%' ORDER BY 1")
    assert [row.number for row in numbers] == ["ASIDE-0", "ASIDE-2", "ASIDE-3"]
    assert trades.verify() == []
    assert trades.verify(broker.config) == []


def lost(lines: list[str]) -> list[str]:
    return [line.partition(" lost: ")[0] for line in lines if " lost: " in line]


def topic_and_exchange(broker) -> tuple[str, str]:
    exchange = broker.exchanges["kmdex"]
    return f"exchange.{exchange}.trades.v1", exchange


def test_a_record_that_was_never_taken_in_is(trades, broker) -> None:
    """A new document, its copy, its conflict and rubbish were all skipped, and none of them stored."""
    topic, exchange = topic_and_exchange(broker)
    new = trade(trade_no="LOST")
    values = [worlds.record("trade", exchange, data, 0).value for data in (new, new, new | {"amount": "11.00"})]
    offsets = [broker.send(topic, value, partition=1) for value in (*values, b"rubbish")]
    broker.skip(trades, topic)
    assert trades.verify() == []
    told = trades.verify(broker.config)
    assert lost(told) == [f"{topic}[1]@{offset}" for offset in offsets]
    assert len(told) == 4
    entry = trades.next_seq()
    well, lines = trades.mend(broker.config)
    assert well, lines
    assert lines[-1] == f"repaired: 4, recorded as entry {entry + 1}"
    rows = trades.rows(f"SELECT seq, \"offset\" FROM trade WHERE exchange = '{exchange}' AND number = 'LOST'")
    assert [tuple(row) for row in rows] == [(entry, offsets[0])]
    assert trades.verify(broker.config) == []
    assert {value["seq"] for value in trades.publish().values()} == {entry + 2}


def test_a_copy_that_was_passed_over_is_missed_in_the_days_count(trades, broker) -> None:
    topic, exchange = topic_and_exchange(broker)
    (row,) = trades.rows(f"SELECT value FROM trade WHERE headers IS NULL AND exchange = '{exchange}' LIMIT 1")
    broker.send(topic, bytes(row.value))
    broker.skip(trades, topic)
    assert trades.verify() == []
    (told,) = trades.verify(broker.config)
    assert told.startswith(f"intake_day {exchange}/")
    assert "/duplicate: " in told
    assert trades.mend(broker.config)[0]
    assert trades.verify(broker.config) == []


def test_a_lost_row_of_the_quarantine_comes_back(trades, broker) -> None:
    topic, _ = topic_and_exchange(broker)
    columns = 'topic, partition, "offset", reason, errors, headers, value, value_size, record_at'
    before = sorted(map(repr, trades.rows(f"SELECT {columns} FROM quarantine")))
    for reason in ("revision_conflict", "not_json"):
        trades.damage(
            "DELETE FROM quarantine WHERE id ="
            f" (SELECT min(id) FROM quarantine WHERE topic = '{topic}' AND reason = '{reason}')"
        )
    told = trades.verify(broker.config)
    assert len(lost(told)) == 2
    assert len(told) == 4  # and two counts of days
    assert trades.mend(broker.config)[0]
    assert sorted(map(repr, trades.rows(f"SELECT {columns} FROM quarantine"))) == before
    assert trades.verify(broker.config) == []


def test_a_lost_document_comes_back_as_a_new_entry(trades, broker) -> None:
    topic, exchange = topic_and_exchange(broker)
    offset = broker.send(topic, worlds.record("trade", exchange, trade(trade_no="GONE"), 0).value)
    broker.take_in(trades, broker.topics(trades))
    totals = sorted(map(repr, trades.rows("SELECT * FROM exchange_total")))
    (gap,) = trades.rows("SELECT seq FROM trade WHERE number = 'GONE'")
    with restored(trades):
        trades.damage("DELETE FROM trade WHERE number = 'GONE'")
        assert lost(trades.verify(broker.config)) == [f"{topic}[0]@{offset}"]
        well, lines = trades.mend(broker.config)
        assert not well
        assert lines[-1] == "not repaired, an operator must look at it: 1"
        # Its old entry number remains a gap, the only difference that every later run reports.
        (told,) = trades.verify(broker.config)
        assert told.startswith(f"entry {gap.seq}: ")
        assert sorted(map(repr, trades.rows("SELECT * FROM exchange_total"))) == totals


def test_a_row_of_no_record_is_foreign(trades, broker) -> None:
    (row,) = trades.rows("SELECT * FROM quarantine ORDER BY id LIMIT 1")
    end = broker.ends(row.topic)[row.partition]
    with restored(trades):
        trades.damage(f'UPDATE quarantine SET "offset" = {end} WHERE id = {row.id}')
        told = trades.verify(broker.config)
        place = f"{row.topic}[{row.partition}]"
        assert sorted(line.partition(":")[0] for line in told) == sorted(
            [f"{place}@{end} foreign", f"{place}@{row.offset} lost"]
        )


def test_a_document_at_another_place_is_foreign_there(trades, broker) -> None:
    (row,) = trades.rows(
        "SELECT *, CAST(record_at + interval '8 hours' AS date) AS day FROM trade ORDER BY seq LIMIT 1"
    )
    with restored(trades):
        trades.damage(f'UPDATE trade SET "offset" = 999999 WHERE seq = {row.seq}')
        told = trades.verify(broker.config)
        place = f"exchange.{row.exchange}.trades.v1[{row.partition}]@999999"
        assert [line.partition(":")[0] for line in told] == [
            f"{place} foreign",
            # Its record is taken for an uncounted duplicate, so this expected count is wrong and is not applied.
            f"intake_day {row.exchange}/{row.day}/duplicate",
            f"log entry {row.seq}",
        ]
        duplicates = trades.rows("SELECT * FROM intake_day WHERE outcome = 'duplicate' ORDER BY exchange, day")
        assert not trades.mend(broker.config)[0]
        assert trades.rows("SELECT * FROM intake_day WHERE outcome = 'duplicate' ORDER BY exchange, day") == duplicates


def test_other_bytes_at_a_documents_place_are_foreign_and_not_overwritten(trades, broker) -> None:
    topic, exchange = topic_and_exchange(broker)
    offset = broker.send(topic, worlds.record("trade", exchange, trade(trade_no="FORGED"), 0).value)
    broker.take_in(trades, broker.topics(trades))
    forged = worlds.record("trade", exchange, trade(trade_no="FORGED", amount="99.00"), 0).value.hex()
    with restored(trades):
        trades.damage(
            f"UPDATE trade SET value = decode('{forged}', 'hex'), amount_fen = 9900 WHERE number = 'FORGED'",
        )
        told = trades.verify(broker.config)
        assert told[0].startswith(f"{topic}[0]@{offset} foreign: stored {exchange}/FORGED r1 accepted")
        assert lost(told) == [f"{topic}[0]@{offset}"]
        refused = trades.rows("SELECT count(*) AS n FROM quarantine")
        assert not trades.mend(broker.config)[0]
        assert trades.rows("SELECT count(*) AS n FROM quarantine") == refused


def test_bytes_that_cannot_be_read_are_left_to_a_person(trades, broker) -> None:
    (row,) = trades.rows("SELECT * FROM trade ORDER BY seq LIMIT 1")
    with restored(trades):
        trades.damage(f"UPDATE trade SET value = 'x' WHERE seq = {row.seq}")
        well, told = trades.mend(broker.config)
        assert not well
        place = f"exchange.{row.exchange}.trades.v1[{row.partition}]@{row.offset}"
        for what in (f"{place} foreign", f"{place} lost"):
            assert sum(line.startswith(f"{what}: ") for line in told) == 1
        # Copies, if any, cannot be distinguished from conflicts either.
        assert all("the stored bytes cannot be decoded" in line for line in told if "lost" in line)
        assert any(line.startswith(f"trade {row.exchange}/{row.number} (entry {row.seq}): ") for line in told)


def test_one_record_kept_twice_is_doubled(trades, broker) -> None:
    columns = 'exchange, topic, partition, "offset", record_at, received_at, reason, errors, headers, value, value_size'
    with restored(trades):
        trades.damage(f"INSERT INTO quarantine ({columns}) SELECT {columns} FROM quarantine ORDER BY id LIMIT 1")
        (row,) = trades.rows('SELECT id, topic, partition, "offset" FROM quarantine ORDER BY id DESC LIMIT 1')
        told = trades.verify(broker.config)
        place = f"{row.topic}[{row.partition}]@{row.offset}"
        assert told[0].startswith(f"{place} doubled: stored quarantine {row.id} ")
        assert not trades.mend(broker.config)[0]


def test_another_outcome_than_the_records_is_reported(trades, broker) -> None:
    with restored(trades):
        trades.damage("UPDATE quarantine SET reason = 'same_party' WHERE id = (SELECT min(id) FROM quarantine)")
        (row,) = trades.rows("SELECT * FROM quarantine ORDER BY id LIMIT 1")
        (told, *_) = trades.verify(broker.config)
        assert told.startswith(f"{row.topic}[{row.partition}]@{row.offset} other outcome: ")


def test_a_fact_that_was_passed_over_is_applied(trades, broker) -> None:
    (row,) = trades.rows("SELECT * FROM listing_fact ORDER BY seq LIMIT 1")
    newer = json.loads(bytes(row.value)) | {"seq": row.fact_seq + 1000, "status": "annulled"}
    key = f"r1/{row.exchange}/{row.listing_no}"
    offset = broker.send(LISTING, json.dumps(newer).encode(), key=key.encode(), partition=1)
    # A record that is not read yet is no difference.
    assert trades.verify(broker.config) == []
    broker.skip(trades, LISTING)
    (told,) = trades.verify(broker.config)
    assert told.startswith(f"{LISTING}[1]@{offset} lost: ")
    assert trades.mend(broker.config)[0]
    assert trades.verify(broker.config) == []
    (after,) = trades.rows(
        f"SELECT fact_seq FROM listing_fact WHERE (exchange, listing_no) = ('{row.exchange}', '{row.listing_no}')"
    )
    assert after.fact_seq == row.fact_seq + 1000


def test_a_fact_that_nobody_published_is_foreign(trades, broker) -> None:
    (row,) = trades.rows("SELECT * FROM listing_fact ORDER BY seq DESC LIMIT 1")
    forged = json.dumps(json.loads(bytes(row.value)) | {"mirrored": "forged"}).encode().hex()
    with restored(trades):
        trades.damage(f"UPDATE listing_fact SET value = decode('{forged}', 'hex') WHERE seq = {row.seq}")
        told, logged = trades.verify(broker.config)
        assert logged.startswith(f"log entry {row.seq}: ")
        assert told.startswith(f"{LISTING}[{row.partition}]@{row.offset} foreign: ")


def test_a_rebuild_runs_next_to_a_worker(trades, broker) -> None:
    """Verify and repair run repeatedly while records arrive; every record counts once."""
    topic, exchange = topic_and_exchange(broker)
    topics = broker.topics(trades)
    with running(
        broker.bootstrap, trades.engine, topics, RegisterHandler(trades.kind, trades.register, trades.log)
    ) as outcome:
        for n in range(6):
            for m in range(50):
                data = trade(trade_no=f"W{n}-{m % 30}", revision=m + 1, amount=f"{m + 1}.00")
                value = worlds.record("trade", exchange, data, 0).value
                broker.producer.send(topic, value, partition=m % PARTITIONS)
            broker.producer.flush()
            trades.damage(f"UPDATE exchange_total SET amount_fen = amount_fen + 7 WHERE exchange = '{exchange}'")
            assert trades.mend(broker.config if n == 0 else None)[0]
            assert trades.verify() == []
        until(lambda: outcome or broker.positions(trades, topic) == broker.ends(topic))
        assert not outcome
    assert trades.verify(broker.config) == []
    (row,) = trades.rows("SELECT count(*) AS n FROM trade WHERE number LIKE 'W%'")
    assert row.n == 180


def test_the_command_says_what_differs_and_ends_with_it(trades, broker, fork_server, tmp_path) -> None:
    def rebuild(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "DATABASE_URL": trades.engine.url.set(drivername="postgresql").render_as_string(hide_password=False),
            "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
            "EXCHANGES_FILE": str(broker.whitelist(tmp_path)),
            "LANG": "en_US.UTF-8",
        }
        return fork_server.run(
            "services.trade_ingest", "rebuild", *arguments, environment=environment | settings, timeout_s=120
        )

    sound = rebuild("--verify", "--from-kafka")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout.endswith("differences: 0\n")
    trades.damage("UPDATE exchange_total SET amount_fen = amount_fen + 1")
    damaged = rebuild("--verify")
    assert (damaged.returncode, damaged.stderr) == (1, "")
    lines = damaged.stdout.splitlines()
    assert len(lines) > 1
    assert all(line.startswith("exchange_total ") for line in lines[:-1])
    entry = trades.next_seq()
    mended = rebuild()
    assert (mended.returncode, mended.stderr) == (0, "")
    assert mended.stdout.endswith(f"repaired: {len(lines) - 1}, recorded as entry {entry}\n")
    assert rebuild("--verify").returncode == 0
    with restored(trades):
        trades.damage(*move_to_past("trade", "seq = (SELECT max(seq) FROM trade)"))
        # The service's role may not delete rows from the `_past` tables.
        refused = rebuild()
        assert "the database role lacks a privilege" in json.loads(refused.stderr)["reason"]
        owner = trades.owner.url.set(drivername="postgresql").render_as_string(hide_password=False)
        assert rebuild(DATABASE_OWNER_URL=owner).returncode == 0
        assert rebuild("--verify").returncode == 0
    for told, settings in (
        ("another whitelist", {"TOTALS_CUT_AT": "2027-01-01"}),
        ("but REGISTER is 'r9'", {"REGISTER": "r9"}),
        ("the database is unavailable", {"DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/none"}),
    ):
        refused = rebuild("--verify", **settings)
        assert (refused.returncode, refused.stdout) == (1, "")
        (line,) = refused.stderr.splitlines()
        assert told in json.loads(line)["reason"]


def test_a_topic_that_is_not_whole_any_more_is_not_held_against(trades, broker) -> None:
    """The last test of this module: it deletes records."""
    topic = f"exchange.{broker.exchanges['dcdex']}.trades.v1"
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.delete_records({TopicPartition(topic, 0): 2})
    with pytest.raises(TopicTruncatedError, match=r"\[0\]: 0 \.\. 1"):
        trades.verify(broker.config)
    admin.delete_topics([topic])
    until(lambda: topic not in admin.list_topics())
    with pytest.raises(RecordLossError, match=topic):
        trades.verify(broker.config)
    admin.close()
