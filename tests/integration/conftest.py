"""Engines that a test may stop, freeze and set up as it likes; those of all tests are in tests/conftest.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devset.java_cache import prepared_kafka
from devset.kafka import Kafka
from devset.postgres import Postgres
from devset.processes import free_ports
from services.listing import consumer as listing_consumer
from services.trade_ingest import consumer as trade_consumer
from shared.settings import load_local_settings
from tests.support.engines.secured_broker import SecuredBroker
from tests.support.forked_programs import ForkServer
from tests.support.registers.bench import (
    WHITELIST,
    Bench,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server(engine_folder) -> Iterator[Postgres]:
    server = Postgres(engine_folder / "own-postgres", free_ports(1)[0], engine_folder / "own-postgres.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def broker(engine_folder) -> Iterator[Kafka]:
    settings = load_local_settings()
    jars = prepared_kafka(settings.cache_folder, settings.maven_repository, print)
    broker = Kafka(engine_folder / "own-kafka", *free_ports(2), jars, engine_folder / "own-kafka.log")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def secured(engine_folder) -> Iterator[SecuredBroker]:
    broker = SecuredBroker(engine_folder / "secured-kafka")
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    fork_server = ForkServer()
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
