"""Nothing leaves the database that its synchronous standby does not have: each way out waits for the standby."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from sqlalchemy import make_url

from services.listing.register import LISTINGS
from shared.kafka.errors import is_transient_kafka_error
from shared.kafka.source import Source
from shared.postgres.database import make_engine, snapshot
from shared.postgres.query import fetch_values
from shared.register.publish.sender import OutboxSender
from shared.service_log.store import is_unconfirmed, newest_checkpoint, newest_servable, served_checkpoint
from shared.values.times import now
from tests.support.award_events.published import publishing as publishing_awards
from tests.support.broker.topics import make_topics
from tests.support.incentive.bureau import empty_bureau
from tests.support.incentive.ledger import subject
from tests.support.registers.outbox import working
from tests.support.registers.web_register import register_set
from tests.support.registers.worlds import LOG_ORIGIN
from tests.support.translog.service_log import Topic, fill, publishing
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.engines.replicated import Replicated
    from tests.support.registers.web_register import RegisterSet

REGISTER = "replicated"
ORIGIN = f"{LOG_ORIGIN}/listings/{REGISTER}/1"


@pytest.fixture
def listing(pair, kafka, tmp_path) -> Iterator[RegisterSet]:
    urls = pair.urls(f"listing_{uuid.uuid4().hex}")
    with register_set("listing", urls, tmp_path, kafka, register_id=REGISTER) as made:
        make_topics(kafka, made.register.exchanges)
        yield made


def answer_after_standby(pair: Replicated, unreplicated: Callable[[], object], ask: Callable[[], Any]) -> Any:
    """Return the answer, which must wait until the standby has the unreplicated commit that it rests on."""
    with ThreadPoolExecutor(1) as pool:
        with pair.unreplicated(unreplicated):
            answer = pool.submit(ask)
            until(lambda: answer.done() or pair.waiting_for_standby())
            assert not answer.done(), answer.result()
        return answer.result(60)


def served(listing: RegisterSet) -> str | None:
    """Return the size of the served checkpoint."""
    answer = listing.get("/v1/log/checkpoint", "auditor")
    return answer.text.splitlines()[1] if answer.status_code == 200 else None


def test_served_checkpoints_and_tiles(pair, listing, kafka) -> None:
    assert served(listing) is None  # nothing is known of the standby yet
    with publishing(listing, kafka):
        until(lambda: served(listing) == "1")
        with pair.unreplicated(lambda: fill(listing, 0, 3)):
            until(pair.waiting_for_standby)
            pair.end_waits()
            until(pair.waiting_for_standby)  # the publisher tries again
            with snapshot(listing.engine) as connection:
                assert newest_checkpoint(connection).size == 4  # visible, though no standby has it
            assert served(listing) == "1"
            assert listing.get("/v1/log/tile/0/000.p/4", "auditor").status_code == 404
        until(lambda: served(listing) == "4")
    assert listing.get("/v1/log/tile/0/000.p/4", "auditor").status_code == 200


def test_checkpoints_of_a_standby(pair, listing, kafka) -> None:
    """It has a checkpoint before the primary knows that, and gives it only when it is recorded."""
    url = make_url(listing.engine.url).set(port=pair.standby.port)
    standby = make_engine(url.render_as_string(hide_password=False))

    def sizes() -> tuple[int | None, int | None]:
        with snapshot(standby) as connection:
            newest, servable = newest_checkpoint(connection), newest_servable(connection)
            note = served_checkpoint(connection, now())
        assert (note, servable) == (None, None) or (servable is not None and note == servable.note)
        return newest and newest.size, servable and servable.size

    fill(listing, 0, 3)
    pair.await_replay()
    assert sizes() == (4, None)
    with publishing(listing, kafka):
        until(lambda: sizes() == (4, 4))
    standby.dispose()


def test_a_server_that_was_demoted_publishes_no_checkpoint_that_is_not_confirmed(pair, listing, kafka) -> None:
    """Patroni takes the standbys out of the settings of a server that it demotes."""
    url = make_url(listing.engine.url).set(port=pair.standby.port)
    demoted = make_engine(url.render_as_string(hide_password=False))
    fill(listing, 0, 3)
    pair.await_replay()
    with demoted.connect() as connection:
        assert fetch_values(connection, "SHOW synchronous_standby_names", str) == [""]
        newest = newest_checkpoint(connection)
        assert newest is not None
        assert is_unconfirmed(connection, newest.id)
    demoted.dispose()
    with publishing(listing, kafka):
        until(lambda: not unconfirmed(listing, newest.id))


def unconfirmed(listing: RegisterSet, checkpoint_id: int) -> bool:
    with snapshot(listing.engine) as connection:
        return is_unconfirmed(connection, checkpoint_id)


def test_a_checkpoint_is_confirmed_once(pair, listing, kafka) -> None:
    """While the log does not grow, no round of the publisher writes."""
    topic = Topic(kafka, ORIGIN)
    with closing(topic.consumer), publishing(listing, kafka):
        until(lambda: topic.has(listing, 1))
        fill(listing, 0, 3)
        until(lambda: topic.has(listing, 4))
    with snapshot(listing.engine) as connection:
        assert fetch_values(
            connection, "SELECT size FROM log_confirmed JOIN log_checkpoint ON id = checkpoint_id", int
        ) == [1, 4]


def test_a_published_checkpoint(pair, listing, kafka) -> None:
    topic = Topic(kafka, ORIGIN)
    with closing(topic.consumer), publishing(listing, kafka):
        until(lambda: topic.has(listing, 1))
        with pair.unreplicated(lambda: fill(listing, 0, 3)):
            until(pair.waiting_for_standby)
            assert not topic.has(listing, 4)
        until(lambda: topic.has(listing, 4))


def test_facts(pair, listing, kafka) -> None:
    sender = OutboxSender(
        listing.engine,
        {"bootstrap_servers": kafka},
        "listings",
        REGISTER,
        LISTINGS.lanes,
        LISTINGS.render,
        threading.Event(),
    )
    found: set[bytes] = set()

    def sent() -> bool:
        for records in consumer.poll(timeout_ms=50).values():
            found.update(record.key for record in records if record.key.startswith(f"{REGISTER}/".encode()))
        return bool(found)

    consumer = KafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest")
    with closing(consumer), working(sender):
        topic = LISTINGS.facts[0]
        consumer.assign([TopicPartition(topic, partition) for partition in consumer.partitions_for_topic(topic)])
        with pair.unreplicated(lambda: fill(listing, 0, 3)):
            until(pair.waiting_for_standby)
            assert not sent()
        until(sent)


def test_awards(pair, kafka, awards_topic) -> None:
    award_id = f"first_purchase/{subject(1)}"
    with empty_bureau(pair.urls) as bureau, publishing_awards(bureau, kafka):
        bureau.purchase(1, verified=False)
        until(lambda: awards_topic.has(award_id, 1))
        with pair.unreplicated(lambda: bureau.purchase(2, verified=False)):
            until(pair.waiting_for_standby)
            assert len(awards_topic.records()) == 1
        until(lambda: awards_topic.has(f"first_purchase/{subject(2)}", 1))


def test_positions_shown_to_kafka(pair, listing, kafka) -> None:
    topic = "exchange.dcdex.listings.v1"
    partition = TopicPartition(topic, 0)
    source = Source({"bootstrap_servers": kafka}, listing.engine, "listing", REGISTER, [topic], now, threading.Event())

    def positions() -> set[TopicPartition] | None:
        try:
            return set(source.stored_positions({partition}))
        except KafkaError as error:  # the group is new
            if not is_transient_kafka_error(error):
                raise
            return None

    until(positions)
    assert answer_after_standby(pair, lambda: fill(listing, 0, 3), positions) == {partition}


def test_the_answer_to_a_repeated_decision(pair) -> None:
    with empty_bureau(pair.urls) as bureau:
        award_id = bureau.purchase(1)

        def decide() -> str:
            status, body = bureau.step(award_id, "apply", key="once")
            assert status == 201, body
            return body["decision_id"]

        first = answer_after_standby(pair, decide, decide)
        assert first == decide()
        status, body = bureau.ask.get(f"/v1/awards/{award_id}/decisions")
        assert (status, [one["decision_id"] for one in body["items"]]) == (200, [first])
