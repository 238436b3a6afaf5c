"""`/v1/progress` and `/readyz` against a real broker and a real database."""

import re
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from sqlalchemy import text

from shared.events.fact_topics import LISTING
from shared.kafka.positions import Move, StoredPosition, move_positions, start_positions
from shared.postgres import clock
from shared.postgres.database import make_engine
from shared.process.liveness import STUCK_AFTER_S
from shared.process.run_record import WorkerRun
from shared.values.times import now
from tests.support.broker.topics import make_topics
from tests.support.engines.session import FreshDatabase
from tests.support.registers.web_register import NOW, RegisterSet, register_set
from tests.support.until import until

pytestmark = pytest.mark.usefixtures("patient_checks")


@pytest.fixture(scope="module")
def admin(kafka: str) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=kafka)
    yield client
    client.close()


@pytest.fixture
def exchanges() -> tuple[str, str]:
    """Names that no other test and no earlier run has used, since the broker may outlive a run."""
    unique = uuid.uuid4().hex[:12]
    return f"x{unique}", f"y{unique}"


@pytest.fixture
def made(
    postgres: FreshDatabase, kafka: str, exchanges: tuple[str, str], admin: KafkaAdminClient, tmp_path: Path
) -> Iterator[RegisterSet]:
    """A listing register; the first exchange's topic has two partitions, the second's does not exist yet."""
    admin.create_topics([NewTopic(topic(exchanges[0]), 2, 1)], wait_for_metadata=True)
    database, name = postgres("listing"), exchanges[0]
    with register_set("listing", database, tmp_path, kafka, exchanges, register_id=name) as made:
        yield made


@pytest.fixture
def complete(made: RegisterSet, exchanges: tuple[str, str], admin: KafkaAdminClient) -> RegisterSet:
    """The same register with both topics."""
    admin.create_topics([NewTopic(topic(exchanges[1]), 1, 1)], wait_for_metadata=True)
    return made


def faults(made: RegisterSet) -> dict[str, str]:
    """Return the errors of `/readyz`: messages by field."""
    answer = made.get("/readyz", None)
    errors = answer.get_json(force=True).get("errors", [])
    assert answer.status_code == (503 if errors else 200)
    return {error["field"]: error["message"] for error in errors}


def topic(exchange: str) -> str:
    return f"exchange.{exchange}.listings.v1"


def send(kafka: str, name: str, count: int, partition: int = 0, transactional_id: str | None = None) -> KafkaProducer:
    """Send records and return the producer; with a transactional id, its transaction stays open."""
    producer = KafkaProducer(bootstrap_servers=kafka, transactional_id=transactional_id)
    if transactional_id is not None:
        producer.init_transactions()
        producer.begin_transaction()
    for _ in range(count):
        producer.send(name, b"{}", partition=partition)
    producer.flush()
    return producer


def handle_until(made: RegisterSet, name: str, offset: int, partition: int = 0, begin: int = 0) -> None:
    """Store the position of a consumer that has read up to the offset."""
    with made.engine.begin() as connection:
        start_positions(connection, [StoredPosition(name, partition, "id", begin)], NOW)
        move_positions(connection, [Move(name, partition, begin, offset)], NOW)


def progress(made: RegisterSet, role: str = "auditor") -> dict[str, Any]:
    answer = made.get("/v1/progress", role)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def partition(name: str, number: int, next_offset: int, end_offset: int, stable_offset: int) -> dict[str, Any]:
    return {
        "topic": name,
        "partition": number,
        "next_offset": next_offset,
        "end_offset": end_offset,
        "stable_offset": stable_offset,
    }


def test_lag_is_the_distance_to_the_end(made: RegisterSet, kafka: str, exchanges: tuple[str, str]) -> None:
    name = topic(exchanges[0])
    empty = {"lag": 0, "outbox": 0, "quarantined": 0}
    assert progress(made) == empty | {"partitions": [partition(name, n, 0, 0, 0) for n in (0, 1)]}
    send(kafka, name, 5).close()
    send(kafka, name, 2, partition=1).close()
    assert progress(made)["lag"] == 7
    handle_until(made, name, 3)
    found = progress(made)
    assert found["lag"] == 4
    assert found["partitions"] == [partition(name, 0, 3, 5, 5), partition(name, 1, 0, 2, 2)]
    handle_until(made, name, 5, begin=3)
    handle_until(made, name, 2, partition=1)
    assert progress(made)["lag"] == 0


def test_an_open_transaction_and_its_marker(made: RegisterSet, kafka: str, exchanges: tuple[str, str]) -> None:
    name = topic(exchanges[0])
    send(kafka, name, 1).close()
    handle_until(made, name, 1)
    producer = send(kafka, name, 3, transactional_id=exchanges[0])
    try:
        found = progress(made)
        assert found["partitions"][0] == partition(name, 0, 1, 4, 1)
        assert found["lag"] == 3
        producer.commit_transaction()
    finally:
        producer.close()
    # The coordinator answers before the marker is written.
    until(lambda: progress(made)["partitions"][0]["stable_offset"] >= 5)
    # The marker takes an offset too: a consumer that has read the records but not the marker lags by one.
    assert progress(made)["partitions"][0] == partition(name, 0, 1, 5, 5)
    handle_until(made, name, 4, begin=1)
    assert progress(made)["lag"] == 1
    handle_until(made, name, 5, begin=4)
    assert progress(made)["lag"] == 0


def test_ends_are_read_before_offsets(
    made: RegisterSet, kafka: str, exchanges: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records handled between the two reads are no lag, and lag 0 covers every record sent before the request."""
    name = topic(exchanges[0])
    send(kafka, name, 2).close()
    broker = made.app.extensions["jiangbu.sampler"].broker
    ends = broker.ends

    def ends_then_handled(topics: Any) -> Any:
        found = ends(topics)
        send(kafka, name, 1).close()
        handle_until(made, name, 3)
        return found

    monkeypatch.setattr(broker, "ends", ends_then_handled)
    found = progress(made)
    assert found["partitions"][0] == partition(name, 0, 3, 2, 2)
    assert found["lag"] == 0


def test_a_topic_is_seen_when_it_comes(
    made: RegisterSet, exchanges: tuple[str, str], admin: KafkaAdminClient, kafka: str
) -> None:
    late = topic(exchanges[1])
    assert late not in {found["topic"] for found in progress(made)["partitions"]}
    admin.create_topics([NewTopic(late, 1, 1)], wait_for_metadata=True)
    send(kafka, late, 1).close()
    assert [found["topic"] for found in progress(made)["partitions"]] == [topic(exchanges[0])] * 2 + [late]
    assert progress(made)["lag"] == 1


def test_what_the_broker_has_dropped_is_not_lag(
    made: RegisterSet, exchanges: tuple[str, str], admin: KafkaAdminClient, kafka: str
) -> None:
    name = topic(exchanges[0])
    send(kafka, name, 4).close()
    admin.delete_records({TopicPartition(name, 0): 3})
    assert progress(made)["partitions"][0] == partition(name, 0, 3, 4, 4)


def test_outbox_and_quarantine_are_counted(made: RegisterSet, exchanges: tuple[str, str]) -> None:
    first, second = exchanges
    made.feed(first, [b"\xff", b"\xfe", made.side.event(first, "A")])
    made.feed(second, [b"\xff"])
    found = progress(made)
    assert found["quarantined"] == 3
    assert found["outbox"] > 0


def test_an_exchange_sees_its_own_topics(postgres: FreshDatabase, kafka: str, tmp_path: Path) -> None:
    with register_set("trade-ingest", postgres("trade-ingest"), tmp_path, kafka) as made:
        make_topics(kafka, made.register.exchanges)
        made.feed("kmdex", [b"\xff"])
        made.feed("dcdex", [b"\xff", b"\xff"])
        whole = progress(made)
        assert {found["topic"] for found in whole["partitions"]} == {
            "exchange.kmdex.trades.v1",
            "exchange.dcdex.trades.v1",
            LISTING,
        }
        own = progress(made, "exchange:kmdex")
        assert {found["topic"] for found in own["partitions"]} == {"exchange.kmdex.trades.v1"}
        assert (whole["quarantined"], own["quarantined"]) == (3, 1)
        assert own["outbox"] == whole["outbox"]
        assert own["lag"] <= whole["lag"]


def test_readyz_notices_records_that_stand_still(
    complete: RegisterSet, kafka: str, exchanges: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, name = complete, topic(exchanges[0])
    clock = [1000.0]
    sampler = made.app.extensions["jiangbu.sampler"]
    monkeypatch.setattr(sampler, "monotonic", lambda: clock[0])
    assert made.get("/readyz", None).status_code == 200
    clock[0] += 100_000
    send(kafka, name, 2).close()
    assert made.get("/readyz", None).status_code == 200
    clock[0] += STUCK_AFTER_S - 1
    assert made.get("/readyz", None).status_code == 200
    clock[0] += 1
    answer = made.get("/readyz", None)
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert [error["field"] for error in answer.get_json(force=True)["errors"]] == ["progress"]
    assert "jiangbu_waiting_seconds 60.0" in made.get("/metrics").text
    handle_until(made, name, 1)
    assert made.get("/readyz", None).status_code == 200
    handle_until(made, name, 2, begin=1)
    clock[0] += 100_000
    assert made.get("/readyz", None).status_code == 200


def test_readyz_waits_until_documents_are_counted_by_the_settings_in_force(complete: RegisterSet) -> None:
    """Otherwise a set started with another whitelist would report ready and answer by the old one."""
    made = complete
    counted_by = "SELECT settings_digest FROM register_head"
    with made.engine.begin() as connection:
        ours = connection.execute(text(counted_by)).scalar()
        connection.execute(text("UPDATE register_head SET settings_digest = 'of another whitelist'"))
    answer = made.get("/readyz", None)
    assert answer.status_code == 503
    assert [error["field"] for error in answer.get_json(force=True)["errors"]] == ["progress"]
    with made.engine.begin() as connection:
        connection.execute(text("UPDATE register_head SET settings_digest = :ours"), {"ours": ours})
    assert made.get("/readyz", None).status_code == 200


def test_the_sampler_watches_by_itself(
    complete: RegisterSet, kafka: str, exchanges: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer after a minute without requests is right."""
    made = complete
    clock = [0.0]
    sampler = made.app.extensions["jiangbu.sampler"]
    monkeypatch.setattr(sampler, "monotonic", lambda: clock[0])
    monkeypatch.setattr("shared.web.operations.progress.EVERY_S", 0.01)
    send(kafka, topic(exchanges[0]), 1).close()
    looked = threading.Event()
    observe = sampler.movement.observe

    def observed(*given: Any) -> None:
        observe(*given)
        looked.set()

    monkeypatch.setattr(sampler.movement, "observe", observed)
    sampler.start()
    assert looked.wait(60)
    sampler.stop()
    clock[0] = STUCK_AFTER_S
    assert list(faults(made)) == ["progress"]


def test_readyz_names_topics_that_are_missing(made: RegisterSet, exchanges: tuple[str, str]) -> None:
    told = faults(made)
    assert list(told) == ["topics"]
    assert topic(exchanges[1]) in told["topics"]
    assert "jiangbu topics apply" in told["topics"]


def test_readyz_notices_facts_that_are_not_published(
    complete: RegisterSet, exchanges: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(complete.app.extensions["jiangbu.sampler"], "monotonic", lambda: clock[0])
    complete.feed(exchanges[0], [complete.side.event(exchanges[0], "A")])
    assert faults(complete) == {}
    clock[0] += STUCK_AFTER_S
    assert list(faults(complete)) == ["outbox"]
    assert "jiangbu_outbox_waiting_seconds 60.0" in complete.get("/metrics").text
    with complete.engine.begin() as connection:
        connection.execute(text("DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox)"))
    assert faults(complete) == {}


def test_an_api_whose_clock_is_wrong_is_not_ready(complete: RegisterSet, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(complete) == {}
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(minutes=1))
    found = faults(complete)
    assert list(found) == ["clock"]
    assert "s ahead of the database's" in found["clock"]
    (error,) = re.findall(r"^jiangbu_clock_error_seconds (\S+)$", complete.get("/metrics").text, re.MULTILINE)
    assert float(error) == pytest.approx(60, abs=30)  # the database is asked a moment later
    monkeypatch.undo()
    assert faults(complete) == {}


def test_a_consumer_that_halts_is_reported_at_once_and_while_it_is_started_again(complete: RegisterSet) -> None:
    def figures() -> set[str]:
        return {line for line in complete.get("/metrics").text.splitlines() if line.startswith("jiangbu_worker")}

    def run() -> WorkerRun:
        return WorkerRun(complete.engine)

    assert faults(complete) == {}
    first = run()
    first.begun()
    assert faults(complete) == {}
    first.ended("halted", "records were deleted before they were read")
    assert "records were deleted" in faults(complete)["consumer"]
    # A restarted consumer halts again before it has begun.
    run().ended("halted", "records were deleted before they were read")
    assert list(faults(complete)) == ["consumer"]
    assert figures() == {
        "jiangbu_worker_starts_total 2.0",
        'jiangbu_worker_endings_total{ending="stopped"} 0.0',
        'jiangbu_worker_endings_total{ending="halted"} 2.0',
        'jiangbu_worker_endings_total{ending="failed"} 0.0',
        "jiangbu_worker_halted 1.0",
        "jiangbu_worker_unreplicated_commits_total 0.0",
    }
    # `/readyz` needs no key, so the message of an internal error leaves out the data it failed on.
    run().ended("failed", "ValueError: 虚构")
    assert "虚构" not in faults(complete)["consumer"]
    mended = run()
    mended.begun()
    assert faults(complete) == {}
    mended.ended("stopped", None)
    assert faults(complete) == {}
    assert "jiangbu_worker_halted 0.0" in figures()


def test_a_database_that_is_not_migrated_is_reported(complete: RegisterSet, postgres: FreshDatabase) -> None:
    empty = make_engine(postgres("empty")[1])
    service = complete.app.extensions["jiangbu.sampler"].service
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(service.__dict__, "engine", empty)
        assert "run `listing migrate`" in faults(complete)["database"]
    empty.dispose()
    assert faults(complete) == {}


def test_many_may_ask_at_once(made: RegisterSet) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: made.get("/v1/progress").status_code, range(160)))
    assert set(answers) == {200}


def test_progress_and_metrics_agree(made: RegisterSet, kafka: str, exchanges: tuple[str, str]) -> None:
    name = topic(exchanges[0])
    send(kafka, name, 3, partition=1).close()
    exposed = made.get("/metrics", "service").text
    assert 'jiangbu_up{part="broker"} 1.0' in exposed
    assert f'jiangbu_lag_records{{partition="1",topic="{name}"}} 3.0' in exposed
