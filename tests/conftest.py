"""Real engines for the tests: started when first asked for, once a session, stopped at its end."""

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.jars import kafka_jars
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.processes import free_ports
from shared.settings import load_local_settings

# The machine may be busy with engines: how long one example takes says nothing about the rule that it is for.
settings.register_profile("jiangbu", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jiangbu")

FreshDatabase = Callable[[str], tuple[str, str]]


@pytest.fixture(scope="session")
def engine_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="jiangbu-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(engine_folder: Path) -> Iterator[FreshDatabase]:
    """`fresh_database(service) -> (owner_url, service_url)`: an empty database, its owner, a role that owns nothing."""
    server = Postgres(engine_folder / "postgres", free_ports(1)[0], engine_folder / "postgres.log")
    server.start()
    numbers = itertools.count(1)

    def fresh_database(service: str) -> tuple[str, str]:
        name = f"{service.replace('-', '_')}_{next(numbers)}"
        database = server.ensure_database(name, "only-for-tests")
        return database.owner_url, database.service_url

    yield fresh_database
    server.stop()


@pytest.fixture(scope="session")
def kafka(engine_folder: Path) -> Iterator[str]:
    """Bootstrap servers of a broker: the one named in KAFKA_BOOTSTRAP_SERVERS, else an Apache Kafka of our own."""
    with contextlib.ExitStack() as stack:
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        if given:
            yield given
            return
        settings = load_local_settings()
        jars = kafka_jars(settings.cache_folder, settings.maven_repository, print)
        port, controller_port = free_ports(2)
        broker = Kafka(engine_folder / "kafka", port, controller_port, jars, engine_folder / "kafka.log")
        stack.callback(broker.stop)
        broker.start()
        yield broker.bootstrap_servers
