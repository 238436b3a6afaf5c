"""Engines that a test may stop and freeze; the shared ones are in tests/conftest.py."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest

from devset.postgres import Postgres
from devset.processes import free_ports
from services.listing import register as listing_consumer
from services.trade_ingest import register as trade_consumer
from tests.support.award_events.published import AwardsTopic
from tests.support.engines.programs import FSCK, LITEWITNESS
from tests.support.engines.replicated import Replicated, replicated
from tests.support.engines.secured_broker import SecuredBroker
from tests.support.engines.session import NOT_FOR_POWER_FAILURES, RAN_AGAINST, new_broker
from tests.support.forked_programs import ForkServer
from tests.support.registers.bench import (
    WHITELIST,
    Bench,
)
from tests.support.web.closing import join_checks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devset.kafka import Kafka


@pytest.fixture(scope="module", autouse=True)
def _no_connection_is_left_open() -> Iterator[None]:
    """Collect garbage after each module: a connection left open fails this module, not a later one."""
    yield
    join_checks()
    gc.collect()


@pytest.fixture
def patient_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """APIs of this process wait for engines that a busy machine lets answer late, instead of reporting a fault."""
    for module in ("readiness", "metrics"):
        monkeypatch.setattr(f"shared.web.operations.{module}.ANSWER_WITHIN_S", 60.0)


@pytest.fixture(scope="session")
def server(engine_folder, extended) -> Iterator[Postgres]:
    """A PostgreSQL server of this process, to be stopped, frozen and killed. Committed data survives that."""
    log_file = engine_folder / "own-postgres.log"
    server = Postgres(engine_folder / "own-postgres", free_ports(1)[0], log_file, settings=NOT_FOR_POWER_FAILURES)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def pair(engine_folder, extended) -> Iterator[Replicated]:
    """A PostgreSQL server with a synchronous standby, both to be suspended."""
    with replicated(engine_folder / "pair") as pair:
        yield pair


@pytest.fixture(scope="session")
def broker(engine_folder, extended) -> Iterator[Kafka]:
    """A broker of this process, to be stopped and frozen."""
    broker = new_broker(engine_folder / "own-kafka")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def awards_topic(kafka: str) -> AwardsTopic:
    """The topic of awards, emptied: a ledger publishes nothing if it finds versions of another ledger there.

    Tests with it run in one worker, because a broker has one such topic.
    """
    topic = AwardsTopic(kafka)
    topic.recreate()
    return topic


@pytest.fixture(scope="session")
def secured(engine_folder, extended) -> Iterator[SecuredBroker]:
    """A broker with users, ACLs and TLS."""
    broker = SecuredBroker(engine_folder / "secured-kafka")
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Fork server that starts our programs without the second that their imports take."""
    # They stop within eight seconds, which a ninth of a share is too little for where all workers are busy.
    fork_server = ForkServer(niceness=os.nice(0) + 1)
    yield fork_server
    fork_server.stop()


@pytest.fixture(scope="module")
def whitelist(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("whitelist") / "exchanges.yaml"
    path.write_text(WHITELIST)
    return path


@pytest.fixture
def listings(postgres, whitelist) -> Bench:
    bench = Bench("services.listing", listing_consumer.LISTINGS, postgres("listing"), whitelist)
    yield bench
    bench.engine.dispose()


@pytest.fixture
def trades(postgres, whitelist) -> Bench:
    bench = Bench("services.trade_ingest", trade_consumer.TRADES, postgres("trade-ingest"), whitelist)
    yield bench
    bench.engine.dispose()


@pytest.fixture(scope="session")
def litewitness_program(extended, request) -> Path:
    """The independent witness server `litewitness`."""
    program = LITEWITNESS.found()
    request.config.stash[RAN_AGAINST]["Go"] = ", ".join(tool.path.parent.name for tool in (FSCK, LITEWITNESS))
    return program
