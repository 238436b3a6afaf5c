"""An API reports synchronous replication in readyz and metrics, and goes on reading without a standby."""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from shared.postgres.replication import require_replication
from shared.process.liveness import STUCK_AFTER_S
from shared.process.run_record import WorkerRun
from tests.support.broker.topics import make_topics
from tests.support.registers.web_register import register_set
from tests.support.until import until

pytestmark = pytest.mark.usefixtures("patient_checks")

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.registers.web_register import RegisterSet


@pytest.fixture
def listing(pair, kafka, tmp_path) -> Iterator[RegisterSet]:
    with register_set("listing", pair.urls(f"listing_{uuid.uuid4().hex}"), tmp_path, kafka) as made:
        make_topics(kafka, made.register.exchanges)
        yield made


def status(listing: RegisterSet) -> str:
    """Return what readyz says, which must not take the API out of service."""
    answer = listing.get("/readyz")
    assert answer.status_code == 200, answer.text
    return answer.json["status"]


def figures(listing: RegisterSet) -> dict[str, float]:
    families = text_string_to_metric_families(listing.get("/metrics").text)
    return {
        sample.name: sample.value
        for family in families
        for sample in family.samples
        if set(sample.labels) <= {"program"}
    }


def commit(listing: RegisterSet) -> None:
    with listing.app.extensions["jiangbu"].engine.begin() as connection:
        require_replication(connection)


def test_a_standby_that_does_not_answer(pair, listing) -> None:
    until(lambda: status(listing) == "ready")
    before = figures(listing)
    assert (before["jiangbu_sync_standbys"], before["jiangbu_sync_standbys_wanted"]) == (1, 1)
    with ThreadPoolExecutor(1) as pool:
        with pair.no_acknowledgement():
            waiting = pool.submit(commit, listing)
            until(lambda: status(listing) == "not replicated")
            assert listing.get("/v1/listings").status_code == 200
            found = figures(listing)
            assert found["jiangbu_commit_waiting_seconds"] >= 3
            assert found["jiangbu_ready"] == 1
        waiting.result(60)
    until(lambda: status(listing) == "ready")


def test_no_standby_is_attached_and_no_commit_waits(pair, listing) -> None:
    until(lambda: status(listing) == "ready")
    pair.standby.stop()
    try:
        until(lambda: status(listing) == "not replicated")
        found = figures(listing)
        assert (found["jiangbu_sync_standbys"], found["jiangbu_commit_waiting_seconds"]) == (0, 0)
    finally:
        pair.standby.start()
    until(lambda: status(listing) == "ready")


def test_stalled_work_is_no_fault_while_no_standby_answers(pair, listing, kafka) -> None:
    sampler = listing.app.extensions["jiangbu.sampler"]
    with KafkaProducer(bootstrap_servers=kafka) as producer:
        producer.send("exchange.dcdex.listings.v1", b"{}", partition=0).get(60)
    until(lambda: status(listing) == "ready")  # from here on the record waits
    sampler.monotonic = lambda: time.monotonic() + 2 * STUCK_AFTER_S
    pair.standby.stop()
    try:
        until(lambda: listing.get("/readyz").json["status"] == "not replicated")
    finally:
        pair.standby.start()
    until(lambda: listing.get("/readyz").status_code == 503)
    assert [fault["field"] for fault in listing.get("/readyz").json["errors"]] == ["progress"]


def test_commits_of_unknown_outcome_are_counted(pair, listing) -> None:
    assert figures(listing)["jiangbu_unreplicated_commits_total"] == 0
    with pair.unreplicated(lambda: commit(listing)):
        pass
    assert figures(listing)["jiangbu_unreplicated_commits_total"] == 1


def test_commits_of_consumers_of_unknown_outcome_are_counted(pair, listing) -> None:
    total = "jiangbu_worker_unreplicated_commits_total"
    run = WorkerRun(listing.app.extensions["jiangbu"].engine)
    run.begun()
    until(lambda: figures(listing).get(total) == 0)
    with run.recording_unknown_commits(threading.Event()):
        for number in (1, 2):
            with pair.unreplicated(lambda: commit(listing)):
                until(lambda number=number: figures(listing).get(total) == number)
