"""Records that kill the process or cannot be read are set aside and named, and nothing else is lost."""

from __future__ import annotations

import threading
import time
import uuid

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import NoError
from sqlalchemy import text
from structlog.testing import capture_logs

from shared.kafka import reader
from shared.kafka.poison import MOST_ATTEMPTS, PoisonDetector
from shared.kafka.reading_notes import ReadingNote, SetAsideOrder, write_notes, write_order
from shared.kafka.replay import replay_records
from shared.kafka.set_aside import SetAsidePlan
from shared.kafka.source import Source
from shared.postgres.migrate import COMMON
from shared.values.times import now
from tests.support.broker.poison_worker import (
    WHILE_DECODING,
    WHILE_UNPACKING,
    WHILE_WRITING,
    PoisonedRows,
    run_until_done,
)
from tests.support.broker.record_batches import built, send_stored
from tests.support.consumption import running
from tests.support.until import until


@pytest.fixture
def noted(engine):
    """The database with the tables of notes."""
    with engine.begin() as connection:
        tables = (COMMON / "register_3.sql").read_text("utf-8").replace("TO {role}", "TO PUBLIC")
        connection.exec_driver_sql(tables)
    return engine


@pytest.fixture
def exchange_topic(kafka) -> str:
    name = f"exchange.x{uuid.uuid4().hex[:8]}.trades.v1"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(name, 2, 1)], wait_for_metadata=True)
    admin.close()
    return name


def batch(*values: bytes) -> bytes:
    return built("none", [(None, value, []) for value in values], timestamp=round(time.time() * 1000))


def rows(engine, statement: str):
    with engine.begin() as connection:
        return connection.execute(text(statement)).all()


def url_of(engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@pytest.mark.parametrize("poison", [WHILE_UNPACKING, WHILE_DECODING, WHILE_WRITING])
def test_what_kills_the_process_is_set_aside_after_three_times_alone(kafka, noted, exchange_topic, poison) -> None:
    batches = [[b"a", b"b"], [b"c", poison, b"d", b"e"], [b"f"]]
    for values in batches:
        assert send_stored(kafka, exchange_topic, 0, batch(*values)) is NoError
    assert send_stored(kafka, exchange_topic, 1, batch(b"other")) is NoError
    deaths = run_until_done(kafka, url_of(noted), exchange_topic, {0: 7, 1: 1}, 8)
    aside = ["2", "5"] if poison == WHILE_UNPACKING else ["3", "None"]
    found = rows(noted, 'SELECT "offset", value, headers FROM seen WHERE partition = 0 ORDER BY 1')
    set_aside = [row for row in found if row.headers]
    assert [(row.offset, row.headers) for row in set_aside] == [(int(aside[0]), ["unreadable", aside[1]])]
    lost = {b"c", poison, b"d", b"e"} if poison == WHILE_UNPACKING else {poison}
    assert {bytes(row.value) for row in found if not row.headers} == {one for batch in batches for one in batch} - lost
    assert len(rows(noted, "SELECT 1 FROM seen WHERE partition = 1")) == 1
    # Once with everything, then alone: as a batch and, unless unpacking it kills, as records.
    assert deaths == (4 if poison == WHILE_UNPACKING else 5)
    assert rows(noted, "SELECT * FROM reading_note") == []


def test_a_worker_that_is_stopped_or_catches_up_leaves_no_note(kafka, noted, exchange_topic) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka)
    for number in range(3000):
        producer.send(exchange_topic, b"%d" % number, partition=number % 2)
    producer.close()
    assert run_until_done(kafka, url_of(noted), exchange_topic, {0: 1500, 1: 1500}, 0) == 0
    assert len(rows(noted, "SELECT 1 FROM seen")) == 3000
    assert rows(noted, "SELECT * FROM reading_note") == []


@pytest.fixture
def damaged(kafka, kafka_files, exchange_topic):
    """A partition whose second batch, offsets 1 to 2, has a wrong byte."""
    if kafka_files is None:
        pytest.skip("the broker keeps its files elsewhere")
    for values in ([b"before"], [b"wrong", b"lost"], [b"behind"]):
        assert send_stored(kafka, exchange_topic, 0, batch(*values)) is NoError
    stored = kafka_files / f"{exchange_topic}-0" / f"{0:020}.log"
    content = stored.read_bytes()
    with stored.open("r+b") as file:  # in place, because the broker has the file open
        file.seek(content.index(b"wrong"))
        file.write(b"W")
    return exchange_topic


def seen(engine) -> list[tuple[int, bytes, list[str]]]:
    return [tuple(row) for row in rows(engine, 'SELECT "offset", value, headers FROM seen ORDER BY 1')]


def is_read_around(engine) -> bool:
    """Check that the damaged offsets are one item, and that the rest was read."""
    found = seen(engine)
    return [(row[0], row[2]) for row in found] == [(0, []), (1, ["unreadable", "2"]), (3, [])] and b"Wrong" in found[1][
        1
    ]


def test_a_damaged_batch_is_set_aside_after_three_tries_over_some_time(kafka, noted, damaged, monkeypatch) -> None:
    monkeypatch.setattr(reader, "_DAMAGED_FOR_S", 2.5)
    with capture_logs() as logs, running(kafka, noted, [damaged], PoisonedRows(), sets_aside=True) as outcome:
        until(lambda: outcome or is_read_around(noted))
        assert not outcome
    tries = [entry for entry in logs if entry["event"] == "stored batch is corrupt, retrying"]
    assert len(tries) >= 2
    (named,) = [entry for entry in logs if entry["event"] == "stored batch is corrupt, set aside"]
    assert (named["partition"], named["offsets"]) == (f"{damaged}[0]", (1, 2))


def test_a_damaged_batch_is_set_aside_once_an_operator_says_so(kafka, noted, damaged) -> None:
    with running(kafka, noted, [damaged], PoisonedRows(), sets_aside=True) as outcome:
        until(lambda: [row[0] for row in seen(noted)] == [0])
        with noted.begin() as connection:
            order = SetAsideOrder(damaged, 0, 1, 2)
            assert write_order(connection, order, now())
            assert not write_order(connection, order, now())
        until(lambda: outcome or is_read_around(noted))
        assert not outcome


def test_an_order_given_before_the_start_ends_behind_the_damaged_batch(kafka, noted, damaged) -> None:
    with noted.begin() as connection:
        write_order(connection, SetAsideOrder(damaged, 0, 1, 2), now())
    with running(kafka, noted, [damaged], PoisonedRows(), sets_aside=True) as outcome:
        until(lambda: outcome or is_read_around(noted))
        assert not outcome
    assert rows(noted, "SELECT next_offset FROM position WHERE partition = 0") == [(4,)]


def test_a_replay_reads_on_behind_what_was_ordered(kafka, damaged) -> None:
    plan = SetAsidePlan(TopicPartition(damaged, 0), 1, 2, "ordered")
    portions = replay_records({"bootstrap_servers": [kafka]}, {(damaged, 0): 4}, plans=[plan])
    assert [record.offset for portion in portions for record in portion] == [0, 1, 3]


def test_a_rebalance_is_not_taken_for_an_end_of_the_process(noted, exchange_topic) -> None:
    """A process that begins again takes its own notes back; those that it found at its start stay."""
    source = Source({}, noted, "listing", "test", [exchange_topic], now, threading.Event(), sets_aside=True)
    detector = PoisonDetector(source)
    fresh, dead = TopicPartition(exchange_topic, 0), TopicPartition(exchange_topic, 1)
    with noted.begin() as connection:
        write_notes(connection, [ReadingNote(*dead, 5, 9, "batch")], now())
    for _ in range(MOST_ATTEMPTS + 1):
        assert detector.begin({fresh: 0, dead: 5}, {fresh: 10, dead: 10}) == []
        assert (detector.suspicion(fresh, 0), detector.suspicion(dead, 5)) == (None, "record")
        detector.fetched({fresh: (0, 3)})
        detector.note(dead, 5, 9, "batch")
        detector.note(dead, 5, 5, "record")
    statement = "SELECT partition, last_offset, level, attempts FROM reading_note"
    assert set(map(tuple, rows(noted, statement))) == {(0, 3, "group", 1), (1, 5, "record", 1)}
    detector.begin({fresh: 0, dead: 5}, {fresh: 10, dead: 10})
    assert set(map(tuple, rows(noted, statement))) == {(1, 9, "batch", 1)}
