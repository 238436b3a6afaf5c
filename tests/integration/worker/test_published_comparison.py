"""The log compared with the newest checkpoint published of it: what was lost is noticed before anything is written."""

from __future__ import annotations

import uuid
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kafka import KafkaProducer

from services.listing.register import LISTINGS
from shared.kafka.offset_witness import DatabaseBehindError
from shared.postgres.database import make_engine
from shared.postgres.query import execute
from shared.service_log.published import NotComparedError, PublishedComparison
from shared.service_log.store import newest_checkpoint
from shared.translog.checkpoint import TOPIC
from shared.translog.note import SignerKey, sign
from shared.worker.checkpoint_publisher import send_checkpoint
from tests.support.broker.topics import make_topics
from tests.support.registers.web_register import register_set
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN
from tests.support.translog.service_log import fill
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.engines.session import FreshDatabase
    from tests.support.registers.web_register import RegisterSet

REGISTER = f"r{uuid.uuid4().hex[:8]}"
ORIGIN = f"{LOG_ORIGIN}/listings/{REGISTER}/1"


@contextmanager
def opened(postgres: FreshDatabase, folder: Path, kafka: str) -> Iterator[RegisterSet]:
    folder.mkdir()
    with register_set("listing", postgres("listing"), folder, kafka, register_id=REGISTER) as made:
        yield made


@pytest.fixture
def before(postgres, kafka, tmp_path) -> Iterator[RegisterSet]:
    """A register with six entries, the last checkpoint of which is published."""
    with opened(postgres, tmp_path / "before", kafka) as made:
        make_topics(kafka, made.register.exchanges)
        publish(made, kafka)
        fill(made, 0, 5)
        publish(made, kafka)
        yield made


@pytest.fixture
def after(before, postgres, kafka, tmp_path) -> Iterator[RegisterSet]:
    """The same register on a server that has three other entries."""
    with opened(postgres, tmp_path / "after", kafka) as made:
        fill(made, 100, 2)
        yield made


def publish(register: RegisterSet, kafka: str) -> None:
    with register.engine.begin() as connection:
        newest = newest_checkpoint(connection)
    assert newest is not None
    with closing(KafkaProducer(bootstrap_servers=kafka)) as producer:
        send_checkpoint(producer, newest.note)


def comparison(kafka: str) -> PublishedComparison:
    return PublishedComparison({"bootstrap_servers": kafka}, "listing", LISTINGS.log(LOG_KEY, LOG_ORIGIN).key)


def check(register: RegisterSet, compared: PublishedComparison) -> None:
    with register.engine.connect() as connection:
        compared.check(connection)


def test_a_log_that_goes_on_is_sound(before, kafka) -> None:
    check(before, comparison(kafka))
    fill(before, 50, 3)
    check(before, comparison(kafka))


def test_a_shorter_log_is_named_with_both_sizes_and_what_is_missing(before, after, kafka) -> None:
    with pytest.raises(DatabaseBehindError) as found:
        check(after, comparison(kafka))
    said = str(found.value)
    assert f"{ORIGIN}: 6 entries were published, the database has 3" in said
    assert "entries 1 .. 5 are lost or may differ" in said
    assert "`jiangbu new-generation --service listing`" in said


def test_a_log_as_long_with_another_root_is_behind(before, after, kafka) -> None:
    fill(after, 200, 9)
    with pytest.raises(DatabaseBehindError, match=r"6 entries were published, the database has 12, .* first 1 are as"):
        check(after, comparison(kafka))


def test_a_program_goes_on_once_what_is_there_is_published(before, after, kafka) -> None:
    compared = comparison(kafka)
    for _ in range(2):  # the second time it is known
        with pytest.raises(DatabaseBehindError):
            check(after, compared)
    publish(after, kafka)
    check(after, comparison(kafka))


def test_a_program_compares_again_when_it_meets_another_server(before, after, kafka) -> None:
    compared = comparison(kafka)
    check(before, compared)
    with pytest.raises(DatabaseBehindError):
        check(after, compared)
    check(before, compared)


def test_no_session_of_a_guarded_engine_is_used_on_a_server_that_lost_something(before, after, kafka) -> None:
    for register, is_sound in ((before, True), (after, False)):
        engine = make_engine(register.engine.url.render_as_string(hide_password=False))
        comparison(kafka).guard(engine)
        try:
            with engine.begin() as connection:
                execute(connection, "SELECT 1")
        except DatabaseBehindError:
            assert not is_sound
        else:
            assert is_sound
        assert engine.pool.checkedout() == 0
        engine.dispose()


def test_a_checkpoint_that_another_key_signed_proves_nothing(before, kafka) -> None:
    other = SignerKey(ORIGIN, Ed25519PrivateKey.generate())
    note = str(sign(f"{ORIGIN}\n9999\n{'A' * 43}=\n", other))
    with closing(KafkaProducer(bootstrap_servers=kafka)) as producer:
        send_checkpoint(producer, note)
        producer.send(TOPIC, b"no note", ORIGIN.encode()).get(10)
    check(before, comparison(kafka))


def test_the_checkpoint_is_found_behind_many_of_other_logs(after, kafka) -> None:
    with closing(KafkaProducer(bootstrap_servers=kafka)) as producer:
        for number in range(700):
            for partition in producer.partitions_for(TOPIC):
                producer.send(TOPIC, b"another", f"other/{number}".encode(), partition=partition)
        producer.flush()
    with pytest.raises(DatabaseBehindError):
        check(after, comparison(kafka))


def test_nothing_is_known_while_the_broker_is_silent(before) -> None:
    silent = comparison("127.0.0.1:1")
    for _ in range(2):
        with pytest.raises(NotComparedError, match="the broker does not respond"):
            check(before, silent)


@pytest.mark.usefixtures("patient_checks")
def test_an_api_says_it_and_serves_no_checkpoint(before, after, kafka) -> None:
    assert after.get("/v1/log/checkpoint", "auditor").status_code == 200
    after.app.extensions["jiangbu.sampler"].published = comparison(kafka)
    for path in ("/v1/log/checkpoint", "/v1/log/tile/0/000.p/1"):
        answer = after.get(path, "auditor")
        assert answer.status_code == 503
        assert "6 entries were published" in answer.get_json(force=True)["detail"]
    errors = after.get("/readyz", None).get_json(force=True)["errors"]
    assert any("6 entries were published" in error["message"] for error in errors)
    publish(after, kafka)
    until(lambda: after.get("/v1/log/checkpoint", "auditor").status_code == 200)
