"""The consumer loop on a real broker and database: each record is handled once, and what stops the loop."""

from __future__ import annotations

import statistics
import threading
import time
from typing import Any

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.net.connection import KafkaConnection
from kafka.protocol.consumer import FetchRequest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from shared.kafka import consumer, reader
from shared.kafka.partition_state import RecordLossError
from shared.process.pace import Pace
from tests.support.consumption import Rows, end_offsets, positions, running, values
from tests.support.until import until


def test_reads_committed_records_and_passes_markers(kafka, engine, topic, producer) -> None:
    transactional = KafkaProducer(bootstrap_servers=kafka, transactional_id=f"t-{topic}")
    transactional.init_transactions()
    producer.send(topic, b"plain", partition=0)
    producer.flush()
    for value, end in (
        (b"committed", transactional.commit_transaction),
        (b"aborted", transactional.abort_transaction),
    ):
        transactional.begin_transaction()
        transactional.send(topic, value, partition=0)
        transactional.flush()
        end()
    with running(kafka, engine, [topic]):
        # The partition ends with an abort marker: positions move past it without a record.
        until(lambda: positions(engine) == {0: 5, 1: 0})
        assert values(engine) == [b"committed", b"plain"]
        transactional.begin_transaction()
        transactional.send(topic, b"open", partition=1)
        transactional.flush()
        producer.send(topic, b"behind", partition=1)
        producer.send(topic, b"other partition", partition=0)
        producer.flush()
        until(lambda: b"other partition" in values(engine))
        assert positions(engine)[1] == 0
        transactional.commit_transaction()
        until(lambda: positions(engine) == end_offsets(kafka, topic))
        assert values(engine) == [b"behind", b"committed", b"open", b"other partition", b"plain"]
    transactional.close()


def test_an_idle_reader_asks_for_no_positions(kafka, engine, topic, producer, monkeypatch) -> None:
    """Each position costs a look at all partitions, so asking for all of them costs its square."""
    asked, checks = [], []
    position, end_offsets_of = KafkaConsumer.position, KafkaConsumer.end_offsets
    monkeypatch.setattr(KafkaConsumer, "position", lambda *given: asked.append(given[1]) or position(*given))
    monkeypatch.setattr(
        KafkaConsumer,
        "end_offsets",
        lambda consumer, asked_of, **given: checks.append(1) or end_offsets_of(consumer, asked_of, **given),
    )
    monkeypatch.setattr(reader, "_CHECK_INTERVAL_S", 0.1)
    monkeypatch.setattr(reader, "_MARKER_WITHIN_S", 0.1)
    producer.send(topic, b"one", partition=0)
    producer.flush()
    with running(kafka, engine, [topic]):
        until(lambda: positions(engine).get(0) == 1)
        count = len(checks)
        until(lambda: len(checks) > count + 3)  # what was expected to move is over
        asked.clear()
        count = len(checks)
        until(lambda: len(checks) > count + 5)
        assert asked == []
        producer.send(topic, b"two", partition=1)
        producer.flush()
        until(lambda: positions(engine).get(1) == 1)
        assert {tp.partition for tp in asked} == {1}


def test_the_writer_s_session_is_told_how_much_was_written(kafka, engine, topic, producer, monkeypatch) -> None:
    """So that it plans again when tables have grown."""
    told = []
    monkeypatch.setattr(consumer, "plan_again_after_growth", lambda _, written: told.append(written))
    with running(kafka, engine, [topic]):
        for count in (2, 3):
            for number in range(count):
                producer.send(topic, b"%d of %d" % (number, count), partition=0)
            producer.flush()
            until(lambda: len(values(engine)) in (2, 5) and positions(engine) == end_offsets(kafka, topic))
    assert told[0] == 0
    assert told == sorted(told)
    assert 0 < told[-1] < 5


def test_records_that_come_all_the_time_are_fetched_twice_for_each_batch(
    kafka, engine, topic, producer, monkeypatch
) -> None:
    fetches, batches, batch, ask = [], [], reader.Batch, KafkaConnection.send_request
    monkeypatch.setattr(
        KafkaConnection,
        "send_request",
        lambda connection, request, *given, **named: (
            fetches.extend([request] * isinstance(request, FetchRequest)),
            ask(connection, request, *given, **named),
        )[1],
    )
    monkeypatch.setattr(reader, "Batch", lambda *parts: batches.append(parts) or batch(*parts))
    producer.send(topic, b"first", partition=0)
    producer.flush()
    with running(kafka, engine, [topic]):
        until(lambda: values(engine) == [b"first"])
        fetches.clear()
        batches.clear()
        for number in range(300):
            producer.send(topic, b"%d" % number, partition=number % 2)
            time.sleep(0.01)
        seen = len(fetches), len(batches)
        until(lambda: len(values(engine)) == 301)
    assert seen[1] >= 2
    assert seen[0] <= 3 * seen[1]


def test_a_batch_has_what_came_until_it_began(kafka, engine, topic, producer, monkeypatch) -> None:
    """When a response arrived between two polls, the library fetches at the end of each, for the next."""
    ages, batch, polls, poll = [], reader.Batch, [], KafkaConsumer.poll

    def interrupted(consumer: KafkaConsumer, timeout_ms: float) -> Any:
        polls.append(timeout_ms)
        if len(polls) != 5:
            return poll(consumer, timeout_ms=timeout_ms)
        found = poll(consumer, timeout_ms=0)
        time.sleep(0.5)  # the response arrives
        return found

    monkeypatch.setattr(KafkaConsumer, "poll", interrupted)

    def handed_over(prepared: Any, moves: Any, has_backlog: Any) -> Any:
        if prepared:
            ages.append(time.monotonic() - max(float(value) for *_, value, _ in prepared))
        return batch(prepared, moves, has_backlog)

    monkeypatch.setattr(reader, "Batch", handed_over)
    with running(kafka, engine, [topic], pace=Pace(share=0.5, least_s=1.0, most_s=1.0)):
        began_s = time.monotonic()
        while time.monotonic() < began_s + 8:
            producer.send(topic, str(time.monotonic()).encode(), partition=0)
            time.sleep(0.01)
    assert len(ages) >= 3
    assert statistics.median(ages) < 0.5


def test_nothing_is_stored_that_moves_back(kafka, engine, topic, producer, monkeypatch) -> None:
    """After a change of the leader the library's position may lie before records that were read."""
    position, batch, went_back, moved = KafkaConsumer.position, reader.Batch, [], []

    def back(consumer: KafkaConsumer, *asked: Any, **given: Any) -> int:
        found = position(consumer, *asked, **given)
        if found != 2 or went_back:
            return found
        went_back.append(found)
        return 0

    def handed_over(prepared: Any, moves: Any, has_backlog: Any) -> Any:
        moved.extend(moves)
        return batch(prepared, moves, has_backlog)

    monkeypatch.setattr(KafkaConsumer, "position", back)
    monkeypatch.setattr(reader, "Batch", handed_over)
    producer.send(topic, b"one", partition=0)
    producer.flush()
    with running(kafka, engine, [topic]):
        until(lambda: positions(engine).get(0) == 1)
        producer.send(topic, b"two", partition=0)
        producer.flush()
        until(lambda: went_back and positions(engine).get(0) == 2)
        assert values(engine) == [b"one", b"two"]
    assert [(move.from_offset, move.to_offset) for move in moved] == [(0, 1), (1, 2)]


def test_records_behind_a_marker_may_wait_unread(kafka, engine, topic, monkeypatch) -> None:
    """The position of a partition is past the marker before its next record, which waits while others are read."""
    may_fetch, fetch = threading.Event(), reader.Reader._fetch  # noqa: SLF001 - what the test delays
    monkeypatch.setattr(reader, "_READ_FOR_S", 0.0)  # one partition is read, the other waits
    monkeypatch.setattr(reader.Reader, "_fetch", lambda *given: may_fetch.wait() and fetch(*given))
    transactional = KafkaProducer(bootstrap_servers=kafka, transactional_id=f"t-{topic}")
    transactional.init_transactions()
    with running(kafka, engine, [topic]), capture_logs() as logs:
        for number in range(0, 32, 4):
            may_fetch.clear()
            for value in (b"%d" % number, b"%d" % (number + 2)):  # a fetch under way may bring the first alone
                transactional.begin_transaction()
                for partition in (0, 1):
                    transactional.send(topic, value, partition=partition)
                transactional.flush()
                transactional.commit_transaction()
            may_fetch.set()
            until(lambda end=number + 4: positions(engine) == {0: end, 1: end})
        assert len(values(engine)) == 32
    assert [one for one in logs if "moved back" in one["event"]] == []
    transactional.close()


def test_every_codec_and_a_header_name_that_is_no_text(kafka, engine, topic) -> None:
    class Bytes(str):
        __slots__ = ()

        def encode(self, *_):
            return b"\xff\xfe"

    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        producer = KafkaProducer(bootstrap_servers=kafka, compression_type=codec)
        producer.send(topic, str(codec).encode(), partition=0, headers=[(Bytes("x"), b"1"), ("ok", b"2")])
        producer.close()
    with running(kafka, engine, [topic]) as outcome:
        until(lambda: outcome or len(values(engine)) == 5)
        assert not outcome
    with engine.begin() as connection:
        assert connection.execute(text("SELECT DISTINCT headers FROM seen")).scalars().all() == [["\\xff\\xfe", "ok"]]


def test_goes_on_from_the_database_and_two_workers_share(kafka, engine, topic, producer) -> None:
    for n in range(200):
        producer.send(topic, b"%03d" % n, partition=n % 2)
    producer.flush()
    with running(kafka, engine, [topic]):
        until(lambda: len(values(engine)) == 200)
    for n in range(200, 400):
        producer.send(topic, b"%03d" % n, partition=n % 2)
    producer.flush()
    with running(kafka, engine, [topic]) as first, running(kafka, engine, [topic]) as second:
        until(lambda: len(values(engine)) == 400)
        for n in range(400, 600):
            producer.send(topic, b"%03d" % n, partition=n % 2)
        producer.flush()
        until(lambda: len(values(engine)) == 600)
        assert not first
        assert not second
    assert values(engine) == [b"%03d" % n for n in range(600)]


def test_a_bug_stops_and_leaves_nothing(kafka, engine, topic, producer) -> None:
    producer.send(topic, b"x", partition=0)
    producer.flush()
    handler = Rows()
    handler.failures.append(ZeroDivisionError("ours"))
    begun: list[str] = []
    with running(kafka, engine, [topic], handler, lambda: begun.append("failing")) as outcome:
        until(lambda: outcome)
    assert isinstance(outcome[0], ZeroDivisionError)
    assert values(engine) == []
    assert begun == []


def test_has_begun_with_the_first_transaction_or_when_nothing_comes(kafka, engine, topic, producer) -> None:
    begun: list[int] = []
    with running(kafka, engine, [topic], begun=lambda: begun.append(0)):
        until(lambda: begun)
        producer.send(topic, b"x", partition=0)
        producer.flush()
        until(lambda: values(engine) == [b"x"])
    producer.send(topic, b"y", partition=0)
    producer.flush()

    def written_down_late() -> None:
        begun.append(1)
        if begun.count(1) == 1:
            raise OperationalError("INSERT", {}, psycopg.OperationalError("away for a moment"))

    with running(kafka, engine, [topic], begun=written_down_late) as outcome:
        until(lambda: begun == [0, 1, 1])
        assert not outcome
    assert values(engine) == [b"x", b"y"]
    assert begun == [0, 1, 1]


def test_a_damaged_batch_is_never_skipped_and_other_partitions_go_on(
    kafka, engine, topic, producer, kafka_files
) -> None:
    if kafka_files is None:
        pytest.skip("the broker keeps its files elsewhere")
    stored = kafka_files / f"{topic}-0" / f"{0:020}.log"
    for value in (b"before", b"damaged", b"behind"):
        producer.send(topic, value, partition=0).get(10)
    whole = stored.read_bytes()
    # Write in place, because the broker has the file open.
    with stored.open("r+b") as file:
        file.seek(whole.index(b"damaged"))
        file.write(b"D")
    with capture_logs() as logs, running(kafka, engine, [topic]) as outcome:

        def told():
            return [entry for entry in logs if entry["event"] == "stored batch is corrupt, retrying"]

        until(lambda: len(told()) >= 2)
        assert {(entry["partition"], entry["offset"]) for entry in told()} == {(f"{topic}[0]", 1)}
        assert told()[1]["pause_s"] > told()[0]["pause_s"]
        producer.send(topic, b"elsewhere", partition=1)
        producer.flush()
        until(lambda: values(engine) == [b"before", b"elsewhere"])
        assert positions(engine) == {0: 1, 1: 1}
        assert not outcome
        with stored.open("r+b") as file:
            file.write(whole)
        until(lambda: values(engine) == [b"before", b"behind", b"damaged", b"elsewhere"])
        assert not outcome


def test_a_lost_connection_is_tried_again(kafka, engine, topic, producer) -> None:
    producer.send(topic, b"x", partition=0)
    producer.flush()

    class CutOff(Rows):
        cut = False

        def apply(self, connection, prepared, moves, now) -> None:
            super().apply(connection, prepared, moves, now)
            if not self.cut:
                self.cut = True
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    handler = CutOff()
    with running(kafka, engine, [topic], handler) as outcome:
        until(lambda: values(engine) == [b"x"])
        assert not outcome
    assert handler.cut


def test_a_commit_whose_answer_was_lost_is_not_done_twice(kafka, engine, topic, producer) -> None:
    for n in range(3):
        producer.send(topic, b"%d" % n, partition=0)
    producer.flush()
    with running(kafka, engine, [topic]):
        until(lambda: len(values(engine)) == 3)
        # As if another worker had moved on: the batch is dropped and reading continues at the stored position.
        with engine.begin() as connection:
            connection.execute(text("UPDATE position SET next_offset = 4 WHERE partition = 0"))
        producer.send(topic, b"3", partition=0)
        producer.send(topic, b"4", partition=0)
        producer.flush()
        until(lambda: b"4" in values(engine))
    assert values(engine) == [b"0", b"1", b"2", b"4"]


@pytest.mark.parametrize("harm", ["made anew", "cut"])
def test_missing_records_stop_it_with_words(kafka, engine, topic, producer, harm) -> None:
    for n in range(3):
        producer.send(topic, b"%d" % n, partition=0)
    producer.flush()
    with running(kafka, engine, [topic]):
        until(lambda: len(values(engine)) == 3)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    if harm == "made anew":
        admin.delete_topics([topic])
        until(lambda: topic not in admin.list_topics())
        admin.create_topics([NewTopic(topic, 2, 1)])
    else:
        producer.send(topic, b"3", partition=0)
        producer.send(topic, b"4", partition=0)
        producer.flush()
        admin.delete_records({TopicPartition(topic, 0): 4})
    admin.close()
    with running(kafka, engine, [topic]) as outcome:
        until(lambda: outcome)
    assert isinstance(outcome[0], RecordLossError)
    assert topic in str(outcome[0])
    assert {"made anew": "deleted and recreated", "cut": "deleted before"}[harm] in str(outcome[0])


def test_knows_its_topics_when_it_joins(kafka, engine, topic) -> None:
    # Without the topics it would join twice, and kafka-python sometimes hangs in the second rebalance.
    with running(kafka, engine, [topic]):
        until(lambda: positions(engine) == {0: 0, 1: 0})
    # Not in the first run: a new broker takes so long to find the group's coordinator that topics are known by then.
    with capture_logs() as logs, running(kafka, engine, [topic]):
        until(lambda: [entry for entry in logs if entry["event"] == "partitions assigned"])
        time.sleep(1.5)  # a second assignment would come within 0.7 s
    assigned = [entry["partitions"] for entry in logs if entry["event"] == "partitions assigned"]
    assert assigned == [[f"{topic}[0]", f"{topic}[1]"]]
