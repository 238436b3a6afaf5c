"""Recovery from an older backup and from lost records: detected, reported, and continued by a command.

Real programs on a real PostgreSQL and Kafka; each test has an exchange and a register of its own.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from psycopg import sql
from sqlalchemy import text

from deploy.__main__ import main as jiangbu
from deploy.broker.streams import REGISTERS
from deploy.recovery.accept_loss import PartitionCheck
from services.incentive.consumer import GROUP as LEDGER_GROUP
from services.incentive.domain.facts import TOPICS as LEDGER_TOPICS
from services.trade_ingest.register import TRADES
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE, LISTING, SIGN
from shared.kafka.consumer import BatchConsumer
from shared.kafka.partition_state import Bounds
from shared.kafka.positions import PartitionLostError, StoredPosition, start_positions
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.register.consumer import RegisterHandler
from shared.register.context import RegisterContext
from shared.register.head import read_head, register_settings
from shared.register.parties import PartyIds
from shared.register.publish.outbox import mark_dirty
from shared.service_log.store import newest_checkpoint
from shared.settings import Settings
from shared.values.times import now
from shared.whitelist import load_whitelist
from shared.worker.checkpoint_publisher import send_checkpoint
from tests.support.broker.topics import make_topics
from tests.support.consumer_program import Running
from tests.support.incentive.ledger import first_purchase, subject
from tests.support.policy.revisions import later_policy
from tests.support.registers import worlds
from tests.support.registers.bench import NOW, trade
from tests.support.registers.outbox import sender_of, working
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from devset.postgres import Postgres
    from tests.support.forked_programs import ForkServer

PACKAGES = {
    "listing": "services.listing",
    "trade-ingest": "services.trade_ingest",
    "incentive": "services.incentive",
}
PASSWORD = "only-for-tests"  # noqa: S105 - databases exist for the test only


@dataclass
class Place:
    """One service with a database, a register and an exchange of its own."""

    service: str
    server: Postgres
    kafka: str
    exchange: str
    environment: dict[str, str]
    fork_server: ForkServer
    folder: Path
    started: list[Running] = field(default_factory=list)

    @property
    def database(self) -> str:
        return self.environment["DATABASE_URL"].rpartition("/")[2]

    @property
    def topic(self) -> str:
        return f"exchange.{self.exchange}.{'listings' if self.service == 'listing' else 'trades'}.v1"

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        # Not cached: a database that is copied or restored may have no other session.
        engine = make_engine(self.environment["DATABASE_URL"])
        yield engine
        engine.dispose()

    def rows(self, statement: str) -> list[Any]:
        with self.engine() as engine, engine.begin() as connection:
            return list(connection.execute(text(statement)))

    def back_up(self) -> None:
        self._sql("CREATE DATABASE {} TEMPLATE {}", f"{self.database}_backup", self.database)

    def put_back(self) -> None:
        self._sql("DROP DATABASE {} WITH (FORCE)", self.database)
        self._sql("CREATE DATABASE {} TEMPLATE {}", self.database, f"{self.database}_backup")
        self._sql("ALTER DATABASE {} OWNER TO {}", self.database, f"{self.database}_owner")
        self.server.ensure_database(self.database, PASSWORD)

    def _sql(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def start(self, **more: str) -> Running:
        log_file = self.folder / f"{len(self.started)}.log"
        run = (f"{self.service} consume", PACKAGES[self.service], "consume")
        program = self.fork_server.spawn(
            *run, log_file=log_file, environment=self.environment | {"LC_ALL": "en_US.UTF-8"} | more
        )
        self.started.append(Running(program.process, log_file))
        return self.started[-1]

    @contextmanager
    def consuming(self) -> Iterator[None]:
        """Run the consumer program; stop it at the end as an operator does."""
        program = self.start()
        try:
            yield
        finally:
            code, _ = program.terminate()
        assert code == 0, program.log_file.read_text("utf-8")

    def refuses(self, **more: str) -> str:
        """Return the reason for which the consumer program stops by itself, with exit 1 and without a traceback."""
        program = self.start(**more)
        try:
            code = program.process.wait(120)
        finally:
            program.process.kill()
        told = program.log_file.read_text("utf-8")
        assert code == 1, told
        line = json.loads(told.splitlines()[-1])
        assert "exception" not in line
        return str(line["reason"])

    def publish(self, kind: str, data: dict, partition: int = 0) -> None:
        record = worlds.record(kind, self.exchange, data, 0)
        producer = KafkaProducer(bootstrap_servers=self.kafka, acks="all")
        producer.send(self.topic, record.value, partition=partition).get(timeout=60)
        producer.close()

    def caught_up(self) -> bool:
        """Return True if the exchange's topic is read to its end and the outbox is empty."""
        consumer = KafkaConsumer(bootstrap_servers=self.kafka)
        partitions = [TopicPartition(self.topic, number) for number in consumer.partitions_for_topic(self.topic)]
        ends = {tp.partition: end for tp, end in consumer.end_offsets(partitions).items()}
        consumer.close()
        stored = {
            row.partition: row.next_offset for row in self.rows("SELECT * FROM position") if row.topic == self.topic
        }
        return stored == ends and self.rows("SELECT count(*) AS n FROM outbox")[0].n == 0

    def facts(self) -> dict[tuple[str, str], dict]:
        """Return the value that readers keep for each key of the register: that of the greatest (generation, seq)."""
        register = self.environment["REGISTER"]
        newest: dict[tuple[str, str], dict] = {}
        consumer = KafkaConsumer(bootstrap_servers=self.kafka, isolation_level="read_committed")
        topics = REGISTERS[self.service].facts
        partitions = [TopicPartition(topic, n) for topic in topics for n in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(tp) < ends[tp] for tp in partitions):
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    of, _, key = record.key.decode().partition("/")
                    value = json.loads(record.value)
                    known = newest.get((record.topic, key))
                    version = (value["generation"], value["seq"])
                    if of == register and (known is None or version > (known["generation"], known["seq"])):
                        newest[record.topic, key] = value
        consumer.close()
        return newest

    def rendered(self, keys: list[tuple[str, str]]) -> dict[tuple[str, str], dict]:
        """Return the values that the database renders for these keys."""
        with self.engine() as engine, engine.begin() as connection:
            values = REGISTERS[self.service].render(connection, read_head(connection), keys)
        return {key: json.loads(value) for key, value in values.items()}


@pytest.fixture
def place(postgres_server, postgres, kafka, fork_server, tmp_path, monkeypatch):
    """`place(service)`: a migrated place with its topics; its settings are also those of this process."""

    def make(service: str) -> Place:
        exchange = f"x{uuid.uuid4().hex[:8]}"
        whitelist_file = tmp_path / "exchanges.yaml"
        whitelist_file.write_text(
            f"- {{id: {exchange}, name: 虚构交易所, from: 2019-01-01, until: null, operators: []}}\n"
        )
        owner_url, service_url = postgres(service)
        register = None if service == "incentive" else f"r{exchange}"
        migrate(PACKAGES[service], owner_url, service_url, register=register)
        make_topics(kafka, load_whitelist(whitelist_file))
        settings = {
            "DATABASE_URL": service_url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "EXCHANGES_FILE": str(whitelist_file),
            "REGISTER": register or "r1",
            "SIGNING_KEY_FILE": str(tmp_path / "signing-key"),
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        environment = {"PATH": os.environ["PATH"], **settings}
        return Place(service, postgres_server, kafka, exchange, environment, fork_server, tmp_path)

    return make


def command(*arguments: str, **more: Any) -> tuple[int, str]:
    result = CliRunner().invoke(jiangbu, arguments, **more)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def buyer(number: int) -> dict[str, str]:
    return {"id": worlds.uscc(number), "name": f"虚构买方{number}"}


def first_of(number: int) -> tuple[str, str]:
    return (FIRST_PURCHASE, f"uscc:{worlds.uscc(number)}")


class _LastPartitionFirst(RegisterHandler):
    """Handler that applies partition 1 before partition 0: Kafka guarantees no order between partitions."""

    began = False

    def apply(self, connection, prepared, moves, now) -> None:
        self.began = self.began or any(arrival.record.partition == 1 for arrival in prepared)
        if not self.began:
            raise PartitionLostError("read again until partition 1 has come")
        in_other_order = sorted(prepared, key=lambda arrival: -arrival.record.partition)
        super().apply(connection, in_other_order, moves, now)


def consume_in_other_order(trades: Place) -> None:
    settings = Settings("trade-ingest")
    exchanges = load_whitelist(settings.exchanges_file)
    register = RegisterContext(
        settings.register, exchanges, register_settings(exchanges, settings.totals_cut_at), PartyIds()
    )
    with trades.engine() as engine:
        consumption = BatchConsumer(
            handler=_LastPartitionFirst(TRADES, register, TRADES.log(worlds.LOG_KEY, settings.log_origin)),
            engine=engine,
            client_config=settings.kafka.client_config(),
            service="trade-ingest",
            group=TRADES.group(register.id),
            topics=[trades.topic],
            clock=now,
            stop=threading.Event(),
            committed=register.parties.committed,
        )
        thread = threading.Thread(target=consumption.run)
        thread.start()
        until(lambda: trades.rows("SELECT count(*) AS n FROM quarantine")[0].n or not thread.is_alive())
        consumption.stop.set()
        thread.join()


def test_an_older_register_goes_on_and_what_it_had_published_is_taken_back(place) -> None:
    trades = place("trade-ingest")
    trades.publish("trade", trade(trade_no="T0", buyer=buyer(10)))
    with trades.consuming():
        until(trades.caught_up)
    trades.back_up()
    with trades.consuming():
        trades.publish("trade", trade(buyer=buyer(11), amount="500.00"), partition=0)
        until(trades.caught_up)
        trades.publish("trade", trade(buyer=buyer(12), amount="700.00", provider=buyer(13)), partition=1)
        until(trades.caught_up)
    before = trades.facts()
    assert before[first_of(11)]["first"]["amount"] == "500.00"
    assert first_of(12) not in before

    trades.put_back()
    assert "jiangbu new-generation --service trade-ingest" in trades.refuses()
    code, told = command("new-generation", "--service", "trade-ingest", "--yes")
    assert code == 0, told
    assert "generation 2" in told
    # T0, in the backup: totals, first purchase and red flags of exchange, provider and buyer. In the topic only: the
    # first purchase of buyer 11.
    assert "7 facts will be published again, 1 unknown to the database" in told
    assert f"{trades.topic}[0]: offset 1 (重读 rereads 1 .. 1)" in told

    consume_in_other_order(trades)
    with trades.consuming():
        until(trades.caught_up)
    after = trades.facts()
    assert after[first_of(11)]["first"] is None
    assert after[first_of(11)]["party"]["name"] == "虚构买方11"
    assert after[first_of(12)]["first"]["amount"] == "700.00"
    assert {value["generation"] for value in after.values()} == {2}
    assert before.keys() < after.keys()
    without_seq = {key: value | {"seq": None} for key, value in trades.rendered(list(after)).items()}
    assert {key: value | {"seq": None} for key, value in after.items()} == without_seq
    assert after[ANNUAL_TOTAL, f"exchange/{trades.exchange}/2026"]["buckets"][0]["amount"] == "710.00"

    # Running it again when nothing is behind is harmless.
    code, told = command("new-generation", "--service", "trade-ingest", "--yes")
    assert "generation 3" in told
    with trades.consuming():
        until(trades.caught_up)
    again = trades.facts()
    assert {key: again[key] | {"generation": 2, "seq": 0} for key in after} == {
        key: value | {"seq": 0} for key, value in after.items()
    }
    # Republished empty: a buyer whose first purchase was small may have had a red-flag fact.
    (sign,) = again.keys() - after.keys()
    assert (sign[0], again[sign]["first"]) == (SIGN, None)

    # The same backup restored again: generation 2 was already published and must not be reused.
    trades.put_back()
    assert "generation 3" in trades.refuses()
    code, told = command("new-generation", "--service", "trade-ingest", "--yes")
    assert "generation 4" in told
    with trades.consuming():
        until(trades.caught_up)
    assert {value["generation"] for value in trades.facts().values()} == {4}


def test_a_backup_from_before_a_topic_was_read(place) -> None:
    listings = place("listing")
    listings.back_up()
    with listings.consuming():
        listings.publish("listing", listing(1))
        until(listings.caught_up)
    listings.put_back()
    assert "older backup" in listings.refuses()
    code, told = command("new-generation", "--service", "listing", "--yes")
    assert code == 0, told
    assert f"{listings.topic}[0]: offset 0 (重读 rereads 0 .. 0)" in told
    with listings.consuming():
        until(listings.caught_up)
    fact = listings.facts()[LISTING, f"{listings.exchange}/L1"]
    assert (fact["generation"], fact["status"]) == (2, "listed")


@pytest.fixture
def ledger(place, kafka, awards_topic) -> Place:
    """A ledger positioned at the end of the fact topics, which hold records of other tests."""
    ledger = place("incentive")
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    if any(group["group_id"] == LEDGER_GROUP for group in admin.list_groups()):
        admin.delete_groups([LEDGER_GROUP])
    ids = {topic["name"]: topic["topic_id"] for topic in admin.describe_topics(list(LEDGER_TOPICS))}
    admin.close()
    consumer = KafkaConsumer(bootstrap_servers=kafka)
    partitions = [TopicPartition(name, n) for name in LEDGER_TOPICS for n in consumer.partitions_for_topic(name)]
    ends = consumer.end_offsets(partitions)
    consumer.close()
    with ledger.engine() as engine, engine.begin() as connection:
        start_positions(connection, [StoredPosition(*tp, ids[tp.topic], end) for tp, end in ends.items()], NOW)
    return ledger


def put_fact(ledger: Place, record: Any) -> None:
    producer = KafkaProducer(bootstrap_servers=ledger.kafka, acks="all")
    producer.send(record.topic, key=record.key, value=record.value, partition=1).get(timeout=60)
    producer.close()


def publish_checkpoint(ledger: Place) -> None:
    """Publish the database's own checkpoint last, so that only the offsets of facts show that it is a backup."""
    with ledger.engine() as engine, engine.connect() as connection:
        newest = newest_checkpoint(connection)
    producer = KafkaProducer(bootstrap_servers=ledger.kafka, acks="all")
    send_checkpoint(producer, newest.note)
    producer.close()


def balances(ledger: Place) -> dict[str, int]:
    statement = "SELECT account, sum(credit_fen - debit_fen) AS fen FROM ledger_entry GROUP BY account"
    return {row.account: int(row.fen) for row in ledger.rows(statement)}


def awards(ledger: Place) -> dict[str, int]:
    return {row.award_id: row.ceiling_fen for row in ledger.rows("SELECT award_id, ceiling_fen FROM award_current")}


def all_is_sent(ledger: Place) -> bool:
    """Return True if no event of an award waits, which the next publisher would send, perhaps again."""
    return ledger.rows("SELECT count(*) AS n FROM award_outbox")[0].n == 0


def test_an_older_ledger_is_noticed_and_goes_on(ledger, awards_topic, tmp_path) -> None:
    one, two = (f"first_purchase/{subject(number)}" for number in (1, 2))
    with ledger.consuming():
        put_fact(ledger, first_purchase(1, "2026-03-01", seq=1))
        until(lambda: len(awards(ledger)) == 1)
        until(lambda: awards_topic.has(one, 1) and all_is_sent(ledger))
    ledger.back_up()
    with ledger.consuming():
        put_fact(ledger, first_purchase(2, "2026-04-01", "2000000.00", seq=2))
        put_fact(ledger, first_purchase(1, "2026-03-01", "3000000.00", seq=3))
        until(lambda: len(awards(ledger)) == 2 and awards(ledger)[one] == 15_000_000)
        until(lambda: awards_topic.has(one, 2) and awards_topic.has(two, 1) and all_is_sent(ledger))
    sound = (awards(ledger), balances(ledger))
    ledger.put_back()
    publish_checkpoint(ledger)

    # A new policy must not be posted before the check that the ledger is not an older backup.
    newer = tmp_path / "policy.yaml"
    newer.write_text(later_policy(1), "utf-8")
    reason = ledger.refuses(POLICY_FILE=str(newer))
    assert f"{FIRST_PURCHASE}[1]" in reason
    assert "jiangbu new-generation --service incentive" in reason
    assert len(ledger.rows("SELECT * FROM ledger_settings")) == 1
    assert FIRST_PURCHASE in ledger.refuses()

    code, told = command("new-generation", "--service", "incentive", "--yes")
    assert code == 0, told
    assert "decisions recorded after the backup must be entered again" in told.splitlines()[0]
    (line,) = (line for line in told.splitlines() if "rereads" in line)
    assert line.startswith(f"{FIRST_PURCHASE}[1]: ")
    with ledger.consuming():
        until(lambda: len(awards(ledger)) == 2)
        until(lambda: awards_topic.versions(one)[-1] > 2 and awards_topic.versions(two)[-1] > 1)
    assert (awards(ledger), balances(ledger)) == sound
    ids = [json.loads(record.value)["id"] for record in awards_topic.records()]
    assert len(ids) == len(set(ids))  # the restored ledger counts no version again


@pytest.mark.parametrize("name", ["new-generation", "accept-loss"])
def test_not_while_workers_run(place, name) -> None:
    listings = place("listing")
    with listings.consuming():
        until(listings.caught_up)
        code, told = command(name, "--service", "listing", "--yes")
        assert (code, told.count("\n")) == (1, 1)
        assert "1 workers are running" in told
    assert listings.rows("SELECT generation FROM register_head")[0].generation == 1
    assert command(name, "--service", "listing", "--yes")[0] == 0


def test_offsets_are_set_aside_while_the_service_runs(place, kafka) -> None:
    listings = place("listing")
    with listings.consuming():
        listings.publish("listing", listing(1))
        until(listings.caught_up)
    listings.publish("listing", listing(2))
    listings.publish("listing", listing(3))
    order = ("set-aside", "--service", "listing", "--topic", listings.topic, "--partition", "0", "--offset")
    for wrong in (("0",), ("3",), ("1", "--last-offset", "3"), ("1", "--last-offset", "0")):
        code, told = command(*order, *wrong, "--yes")
        assert (code, "offsets 1 .. 2 are to be read" in told) == (1, True)
    code, told = command(*(one.replace(listings.topic, "facts.listing.v1") for one in order), "0", "--yes")
    assert (code, "does not read such a topic of an exchange" in told) == (1, True)
    code, told = command(*order, "1", input="n\n")
    assert (code, "Its exchange must send it again" in told) == (1, True)
    for said in ("will be set aside", "was ordered before"):
        code, told = command(*order, "1", "--yes")
        assert (code, said in told) == (0, True)
    with listings.consuming():
        until(listings.caught_up)
    (row,) = listings.rows("SELECT * FROM quarantine")
    assert (row.reason, row.partition, row.offset, row.exchange) == ("unreadable", 0, 1, listings.exchange)
    assert "an operator decided so" in row.errors[0]["message"]
    assert [row.number for row in listings.rows("SELECT number FROM listing ORDER BY 1")] == ["L1", "L3"]


def test_not_while_a_sender_works_without_its_reader(place, kafka) -> None:
    trades = place("trade-ingest")
    with trades.engine() as engine:
        bench = type("Bench", (), {"engine": engine})
        with working(sender_of(bench, kafka, trades.environment["REGISTER"])) as sender:
            until(lambda: sender.is_leading)
            code, told = command("new-generation", "--service", "trade-ingest", "--yes")
    assert code == 1
    assert "still publishing" in told
    assert trades.rows("SELECT generation FROM register_head")[0].generation == 1


def listing(number: int, **changes: Any) -> dict:
    return {
        "listing_no": f"L{number}",
        "revision": 1,
        "status": "listed",
        "product": {"no": "D1", "name": "虚构数据", "kind": "dataset"},
        "provider": {"id": worlds.uscc(number), "name": f"虚构主体{number}"},
        "listed_at": "2026-03-01T10:00:00+08:00",
    } | changes


@pytest.mark.parametrize("harm", ["made anew", "cut", "end lost"])
def test_a_loss_is_said_asked_accepted_and_gone_on_from(place, kafka, harm) -> None:
    listings = place("listing")
    with listings.consuming():
        listings.publish("listing", listing(1))
        until(listings.caught_up)
    code, told = command("accept-loss", "--service", "listing")
    assert (code, "nothing is missing" in told) == (0, True)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    if harm == "made anew":
        admin.delete_topics([listings.topic])
        until(lambda: listings.topic not in admin.list_topics())
        assert "jiangbu topics apply" in command("accept-loss", "--service", "listing")[1]
        make_topics(kafka, load_whitelist(Path(listings.environment["EXCHANGES_FILE"])))
        words, first, lost = "was deleted and recreated", 0, 3
    elif harm == "end lost":
        # As after a broker that restarted without its last records.
        with listings.engine() as engine, engine.begin() as connection:
            connection.execute(text("UPDATE position SET next_offset = 9 WHERE partition = 0"))
        words, first, lost = "was read up to 9: records were lost", 0, 1
    else:
        for number in (2, 3):
            listings.publish("listing", listing(number))
        admin.delete_records({TopicPartition(listings.topic, 0): 3})
        words, first, lost = "offsets 1 .. 2 were deleted before they were read", 3, 1
    admin.close()
    listings.publish("listing", listing(4))
    reason = listings.refuses()
    assert words in reason
    assert "jiangbu accept-loss --service listing" in reason
    assert words in command("new-generation", "--service", "listing", "--yes")[1]

    stood = listings.rows("SELECT * FROM position ORDER BY partition")
    code, told = command("accept-loss", "--service", "listing", input="n\n")
    assert code == 1
    assert (told.count("LOST: "), told.count("ok: ")) == (lost, 3 - lost)
    assert listings.rows("SELECT * FROM position ORDER BY partition") == stood
    code, told = command("accept-loss", "--service", "listing", "--yes")
    assert code == 0, told
    accepted = [line for line in told.splitlines() if "accepted as lost" in line]
    assert len(accepted) == lost
    assert words in accepted[0]
    assert accepted[0].endswith(f"-> offset {first}")

    with listings.consuming():
        until(listings.caught_up)
    assert [row.number for row in listings.rows("SELECT number FROM listing ORDER BY number")] == ["L1", "L4"]


def test_accepting_a_loss_leaves_what_an_older_backup_lacks(place, kafka) -> None:
    """Accepting a loss does not also accept that the database is behind."""
    listings = place("listing")
    with listings.consuming():
        until(listings.caught_up)
    listings.back_up()
    with listings.consuming():
        listings.publish("listing", listing(1), partition=0)
        listings.publish("listing", listing(2), partition=1)
        until(listings.caught_up)
    listings.put_back()
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.delete_records({TopicPartition(listings.topic, 0): 1})
    group = REGISTERS["listing"].group(listings.environment["REGISTER"])
    shown = admin.list_group_offsets(group)[group]
    assert command("accept-loss", "--service", "listing", "--yes")[0] == 0
    assert admin.list_group_offsets(group)[group] == shown
    admin.close()
    assert "older backup" in listings.refuses()
    assert command("new-generation", "--service", "listing", "--yes")[0] == 0
    with listings.consuming():
        until(listings.caught_up)
    facts = listings.facts()
    # A listing whose record is lost is published as unknown to this database.
    gone = facts[LISTING, f"{listings.exchange}/L1"]
    assert [gone[name] for name in ("provider", "status", "listed_at", "counted", "mirrored")] == [
        None,
        None,
        None,
        False,
        False,
    ]
    assert facts[LISTING, f"{listings.exchange}/L2"]["status"] == "listed"


def test_facts_that_were_lost_are_published_again_by_whom_it_says() -> None:
    lost = PartitionCheck(StoredPosition(LISTING, 0, "old", 5), Bounds("new", 0, 0), "was recreated")
    assert lost.line.endswith("`jiangbu new-generation --service listing`")
    lost = PartitionCheck(StoredPosition(FIRST_PURCHASE, 0, "old", 5), Bounds("new", 0, 0), "was recreated")
    assert lost.line.endswith("`jiangbu new-generation --service trade-ingest`")


@pytest.mark.parametrize("name", ["new-generation", "accept-loss"])
@pytest.mark.parametrize("away", ["DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"])
def test_what_is_unavailable_is_said_in_one_line(place, monkeypatch, name, away) -> None:
    place("listing")
    monkeypatch.setattr("deploy.broker.admin.BROKER_TIMEOUT_MS", 500)
    nobody = {"DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/nothing", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    monkeypatch.setenv(away, nobody[away])
    code, told = command(name, "--service", "listing", "--yes")
    assert (code, told.count("\n")) == (1, 1)
    assert {"DATABASE_URL": "database", "KAFKA_BOOTSTRAP_SERVERS": "Kafka is unavailable"}[away] in told


def test_the_sender_says_which_key_has_no_value(trades, kafka) -> None:
    sender = sender_of(trades, kafka, f"t{uuid.uuid4().hex[:8]}")
    with trades.engine.begin() as connection:
        unknown = f"provider/uscc:{worlds.uscc(77)}/2026"
        mark_dirty(connection, [(ANNUAL_TOTAL, "exchange/kmdex/2026"), (ANNUAL_TOTAL, unknown)], NOW)
    with pytest.raises(LookupError) as raised:
        sender.run()
    assert f"{ANNUAL_TOTAL} {unknown}" in str(raised.value)
    assert "exchange/kmdex" not in str(raised.value)
