"""Real engines for the tests: started when first asked for, once a session, stopped at its end."""

import contextlib
import gc
import itertools
import os
import platform
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from devset.jars import KAFKA_VERSION
from devset.java_cache import prepared_kafka
from devset.kafka import Kafka
from devset.postgres import Postgres
from devset.processes import free_ports
from shared.settings import load_local_settings
from tests.support.engines.session import RAN_AGAINST, FreshDatabase

# The machine may be busy with engines: how long one example takes says nothing about the rule that it is for.
settings.register_profile("jiangbu", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jiangbu")


# Files whose tests share a set that takes long to make: one process runs them, as it does each other file.
TOGETHER = {
    "tests/e2e/test_contract_schemathesis.py": "running set",
    "tests/e2e/test_exchange_kit_alone.py": "running set",
    "tests/e2e/test_exchange_kit_asks.py": "running set",
    "tests/integration/deploy/test_access.py": "secured broker",
    "tests/integration/deploy/test_doctor.py": "secured broker",
    "tests/integration/deploy/test_procedures.py": "secured broker",
    "tests/integration/deploy/test_secured_broker.py": "secured broker",
    "tests/integration/deploy/test_secured_set.py": "secured broker",
}
# What takes minutes is begun first; before all what waits for other processes most of the time.
FIRST = (
    "tests/faults/test_faults.py",
    "tests/compose/test_compose.py",
    "tests/integration/worker/test_consumer_program.py",
    "running set",
    "tests/e2e/test_up.py",
    "tests/integration/deploy/test_generation.py",
    "tests/e2e/test_cases_kafka.py",
    "tests/e2e/test_changed_files.py",
    "tests/e2e/test_split_register.py",
    "tests/integration/registers/test_split_register.py",
)

_STARTED_HERE = f"Apache Kafka {KAFKA_VERSION}, KRaft, 自行启动 / started here"
_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", type=Path, help="a folder for pictures of the pages, as docs/pictures has them")


def pytest_configure(config: pytest.Config) -> None:
    # Who runs us in the background ignores Ctrl-C, and the programs that we start would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[RAN_AGAINST] = {}


class Groups(LoadFileScheduling):
    """Which tests one of several processes runs in a row."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def _group(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    return TOGETHER.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {group: place for place, group in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(_group(item.nodeid), len(place)))


def pytest_collection_finish() -> None:
    """What was imported stays until the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # one of several processes
        session.config.workeroutput["ran against"] = session.config.stash[RAN_AGAINST]


def pytest_testnodedown(node: Any) -> None:
    """One of several processes has ended."""
    node.config.stash[RAN_AGAINST].update(node.workeroutput.get("ran against", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what ran against what."""
    engines = config.stash[RAN_AGAINST]
    passed = terminalreporter.stats.get("passed", [])
    whole = sum(report.nodeid.startswith("tests/e2e/") for report in passed)
    if whole:
        engines["make up"] = f"{whole} 项测试, 自带 PostgreSQL 与 Kafka / tests, with a PostgreSQL and Kafka of its own"
    terminalreporter.section("实际环境 / what ran against what")
    for name in ("PostgreSQL", "Kafka", "make up", "Docker Compose", "Chromium"):
        terminalreporter.write_line(f"{name}: {engines.get(name, '未使用 / not used')}")
    terminalreporter.write_line(f"Python: {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores")


@pytest.fixture(scope="session")
def engine_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="jiangbu-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(engine_folder: Path, request: pytest.FixtureRequest) -> Iterator[Postgres]:
    server = Postgres(engine_folder / "postgres", free_ports(1)[0], engine_folder / "postgres.log")
    server.start()
    with psycopg.connect(server.url()) as connection:
        version = connection.execute("SHOW server_version").fetchone()
    request.config.stash[RAN_AGAINST]["PostgreSQL"] = f"{version[0]}, 自行启动 / started here"
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres(postgres_server: Postgres) -> FreshDatabase:
    """`fresh_database(service) -> (owner_url, service_url)`: an empty database, its owner, a role that owns nothing."""
    numbers = itertools.count(1)

    def fresh_database(service: str) -> tuple[str, str]:
        name = f"{service.replace('-', '_')}_{next(numbers)}"
        database = postgres_server.ensure_database(name, "only-for-tests")
        return database.owner_url, database.service_url

    return fresh_database


@pytest.fixture(scope="session")
def kafka(engine_folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Bootstrap servers of a broker: the one named in KAFKA_BOOTSTRAP_SERVERS, else an Apache Kafka of our own."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    ran_against = request.config.stash[RAN_AGAINST]
    if given:
        ran_against["Kafka"] = f"{given}, 由 KAFKA_BOOTSTRAP_SERVERS 指定 / named by KAFKA_BOOTSTRAP_SERVERS"
        yield given
        return
    with _own_broker(engine_folder / "kafka") as broker:
        ran_against["Kafka"] = _STARTED_HERE
        yield broker.bootstrap_servers


@pytest.fixture(scope="module")
def own_kafka(engine_folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Bootstrap servers of a broker that the tests of one file have for themselves: its fact topics are their own."""
    with _own_broker(engine_folder / f"kafka-{next(_numbers)}") as broker:
        request.config.stash[RAN_AGAINST].setdefault("Kafka", _STARTED_HERE)
        yield broker.bootstrap_servers


@contextlib.contextmanager
def _own_broker(folder: Path) -> Iterator[Kafka]:
    settings = load_local_settings()
    jars = prepared_kafka(settings.cache_folder, settings.maven_repository, print)
    port, controller_port = free_ports(2)
    broker = Kafka(folder, port, controller_port, jars, folder.with_suffix(".log"))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
