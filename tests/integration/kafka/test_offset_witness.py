"""Offsets committed to Kafka as a witness of the database's positions, and what they prove."""

from __future__ import annotations

import threading
import time

import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.structs import OffsetAndMetadata
from sqlalchemy import text

from shared.kafka.consumer import BatchConsumer
from shared.kafka.offset_witness import DatabaseBehindError, OffsetWitness, attested
from shared.kafka.partition_state import RecordLossError, read_bounds
from shared.kafka.positions import Move, StoredPosition
from shared.values.times import now
from tests.support.consumption import Rows, positions, running, values
from tests.support.until import until


@pytest.fixture
def admin(kafka):
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    yield admin
    admin.close()


def shown(admin, topic) -> dict[int, OffsetAndMetadata]:
    return {tp.partition: offset for tp, offset in admin.list_group_offsets(f"test.{topic}")[f"test.{topic}"].items()}


def stored(engine) -> dict[int, OffsetAndMetadata]:
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT topic, partition, topic_id, next_offset FROM position")).all()
    return {row.partition: attested(StoredPosition(*row)) for row in rows}


def put_back(engine, partition: int, offset: int) -> None:
    """Set a position back, as in an older backup."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE position SET next_offset = :offset WHERE partition = :partition"),
            {"offset": offset, "partition": partition},
        )


@pytest.fixture
def read_up(kafka, engine, topic, producer, admin):
    """A topic with three records in each partition, all read and committed to Kafka by a worker that has stopped."""
    for n in range(6):
        producer.send(topic, b"%d" % n, partition=n % 2)
    producer.flush()
    with running(kafka, engine, [topic]):
        until(lambda: len(values(engine)) == 6)
    # Offsets are committed at the end, including the last batch, however short the run.
    assert shown(admin, topic) == stored(engine)
    assert positions(engine) == {0: 3, 1: 3}
    return topic


def test_is_shown_while_it_runs(kafka, engine, topic, producer, admin) -> None:
    with running(kafka, engine, [topic]):
        until(lambda: positions(engine) == {0: 0, 1: 0})
        for n in range(3):
            producer.send(topic, b"%d" % n, partition=0)
            producer.flush()
            until(lambda n=n: positions(engine)[0] == n + 1)
            until(lambda n=n: shown(admin, topic).get(0, (0,))[0] == n + 1)
            assert shown(admin, topic) == stored(engine)


@pytest.mark.parametrize("partition", [0, 1])
def test_an_older_database_is_noticed_at_start(kafka, engine, read_up, partition) -> None:
    put_back(engine, partition, 1)
    with running(kafka, engine, [read_up]) as outcome:
        until(lambda: outcome)
    assert isinstance(outcome[0], DatabaseBehindError)
    assert f"{read_up}[{partition}] 3 > 1" in str(outcome[0])
    assert "jiangbu new-generation --service listing" in str(outcome[0])
    assert len(values(engine)) == 6


def test_a_position_that_an_older_database_lacks_is_behind_too(kafka, engine, read_up) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM position WHERE partition = 1"))
    with running(kafka, engine, [read_up]) as outcome:
        until(lambda: outcome)
    assert isinstance(outcome[0], DatabaseBehindError)
    assert f"{read_up}[1] 3 > 0" in str(outcome[0])


def test_an_older_database_is_noticed_while_it_runs(kafka, engine, read_up, producer, admin) -> None:
    with running(kafka, engine, [read_up]) as outcome:
        producer.send(read_up, b"6", partition=0)
        producer.flush()
        until(lambda: positions(engine)[0] == 4)
        until(lambda: shown(admin, read_up) == stored(engine))
        put_back(engine, 0, 1)
        producer.send(read_up, b"7", partition=0)
        producer.flush()
        until(lambda: outcome)
    assert isinstance(outcome[0], DatabaseBehindError)


def worker(kafka, engine, topic) -> BatchConsumer:
    return BatchConsumer(
        handler=Rows(),
        engine=engine,
        client_config={"bootstrap_servers": kafka},
        service="listing",
        group=f"test.{topic}",
        topics=[topic],
        clock=now,
        stop=threading.Event(),
        committed=lambda: None,
    )


def test_who_reads_one_partition_looks_at_all(kafka, engine, read_up) -> None:
    put_back(engine, 1, 2)
    with pytest.raises(DatabaseBehindError):
        worker(kafka, engine, read_up).source.stored_positions({TopicPartition(read_up, 0)})


def test_another_worker_that_goes_on_meanwhile_is_no_sign(kafka, engine, read_up, monkeypatch) -> None:
    put_back(engine, 0, 2)

    def shown_by_another_that_has_just_committed(*_):
        put_back(engine, 0, 3)
        return {(read_up, partition): offset for partition, offset in stored(engine).items()}

    monkeypatch.setattr("shared.kafka.source.witnessed_offsets", shown_by_another_that_has_just_committed)
    found = worker(kafka, engine, read_up).source.stored_positions({TopicPartition(read_up, 0)})
    assert found[TopicPartition(read_up, 0)].next_offset == 3


def test_another_worker_that_reads_new_records_meanwhile_has_lost_none(
    kafka, engine, read_up, producer, monkeypatch
) -> None:
    partition = TopicPartition(read_up, 0)

    def bounds_before_another_reads_on(*arguments):
        found = read_bounds(*arguments)
        producer.send(read_up, b"6", partition=0).get(timeout=30)
        put_back(engine, 0, 4)
        return found

    monkeypatch.setattr("shared.kafka.source.read_bounds", bounds_before_another_reads_on)
    assert worker(kafka, engine, read_up).source.stored_positions({partition})[partition].next_offset == 4
    monkeypatch.undo()
    put_back(engine, 0, 9)
    with pytest.raises(RecordLossError):
        worker(kafka, engine, read_up).source.stored_positions({partition})


@pytest.mark.parametrize("change", ["by a tool", "of another topic", "gone"])
def test_offsets_of_other_programs_prove_nothing(kafka, engine, read_up, producer, admin, change) -> None:
    group, partition = f"test.{read_up}", TopicPartition(read_up, 0)
    if change == "gone":
        admin.delete_groups([group])
    else:
        metadata = "" if change == "by a tool" else "stored:another"
        admin.alter_group_offsets(group, {partition: OffsetAndMetadata(1000, metadata, -1)})
    producer.send(read_up, b"6", partition=0)
    producer.flush()
    with running(kafka, engine, [read_up]) as outcome:
        until(lambda: outcome or positions(engine)[0] == 4)
        assert not outcome
        # The stored positions are committed to Kafka again.
        until(lambda: shown(admin, read_up) == stored(engine))
    assert len(values(engine)) == 7


def test_nor_does_one_of_a_partition_that_the_database_does_not_know(kafka, engine, read_up, admin) -> None:
    partition = TopicPartition(read_up, 1)
    admin.alter_group_offsets(f"test.{read_up}", {partition: OffsetAndMetadata(1000, "", -1)})
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM position WHERE partition = 1"))
    other = TopicPartition(read_up, 0)
    assert worker(kafka, engine, read_up).source.stored_positions({other})[other].next_offset == 3


def test_the_batch_in_which_it_is_stopped_is_shown_too(kafka, engine, topic, producer, admin) -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Slow(Rows):
        def apply(self, connection, prepared, moves, now) -> None:
            super().apply(connection, prepared, moves, now)
            entered.set()
            go_on.wait(timeout=60)

    consumption = worker(kafka, engine, topic)
    consumption.handler = Slow()
    producer.send(topic, b"0", partition=0)
    producer.flush()
    thread = threading.Thread(target=consumption.run)
    thread.start()
    assert entered.wait(timeout=60)
    consumption.stop.set()
    time.sleep(0.7)  # a reader that does not wait for the writer has left the group by now
    go_on.set()
    thread.join(timeout=60)
    assert positions(engine)[0] == 1
    assert shown(admin, topic)[0] == stored(engine)[0]


def test_what_another_has_moved_since_is_not_shown() -> None:
    """A commit reported late must not publish an offset of a deleted topic or of an earlier position."""

    class Consumer:
        commits: list[dict] = []  # noqa: RUF012 - one consumer

        def assignment(self):
            return {TopicPartition("t", 0)}

        def commit(self, offsets, **_) -> None:
            self.commits.append(offsets)

    witness, consumer = OffsetWitness(), Consumer()
    witness.begin(
        {
            TopicPartition("t", 0): StoredPosition("t", 0, "new", 0),
            TopicPartition("t", 1): StoredPosition("t", 1, "i", 7),
        }
    )
    witness.committed([Move("t", 0, 5, 9), Move("t", 1, 7, 8)])
    witness.show_last(consumer)
    witness.committed([Move("t", 0, 0, 2)])
    witness.show_last(consumer)
    assert consumer.commits == [
        {TopicPartition("t", 0): OffsetAndMetadata(0, "stored:new", -1)},
        {TopicPartition("t", 0): OffsetAndMetadata(2, "stored:new", -1)},
    ]
