"""The plan and report of a test run, and the engines that its tests share; see tests/README.md."""

from __future__ import annotations

import gc
import itertools
import os
import platform
import shutil
import signal
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from kafka.net.manager import KafkaConnectionManager
from xdist.scheduler import LoadScopeScheduling

import shared.kafka.client_patches  # noqa: F401 - before `pytest_configure` changes what it sets
from devset.ha.programs import find_binaries
from devset.processes import LocalError
from tests.support.engines.session import (
    ENGINES,
    RAN_AGAINST,
    STARTED_KAFKA,
    Engines,
    SharedEngines,
    given_broker,
    new_broker,
    started_here,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from devset.ha.programs import Binaries
    from devset.kafka import Kafka
    from devset.postgres import Postgres
    from tests.support.engines.session import FreshDatabase

# No deadline per example: the machine may be busy with engines.
settings.register_profile("jiangbu", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jiangbu")

# Tests that use one of these run in one process, in a row: each is expensive to make and serves many tests.
# They run first, the longest at the start, so that no process is left with one of them at the end.
SHARED_BY_MANY = ("ha_campaign", "campaign", "large", "built", "running_set", "secured", "site", "awards_topic")
# Then come tests that start engines or sets of their own.
EXTENDED = "extended"
# A highly available set, which needs the machine to itself.
HA = "ha"
MARKERS = {
    EXTENDED: "needs more than the shared engines (set from the fixtures)",
    HA: "needs a highly available set (set from the fixtures)",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", type=Path, help="a folder for pictures of the pages, as docs/pictures has them")


def pytest_configure(config: pytest.Config) -> None:
    # Programs print English, whatever the locale of the developer; tests of Chinese output set LANG themselves.
    os.environ["LANG"] = "en_US.UTF-8"
    for name in ("LC_ALL", "LC_MESSAGES"):
        os.environ.pop(name, None)
    # The product leaves a broker that is silent for 4 s; that of the tests may only be busy.
    KafkaConnectionManager.DEFAULT_CONFIG["socket_connection_setup_timeout_ms"] = 60_000
    # A background job ignores Ctrl-C, and so would the programs that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for marker, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{marker}: {meaning}")
    config.stash[RAN_AGAINST] = {}
    worker = getattr(config, "workerinput", None)
    config.stash[ENGINES] = Engines(SharedEngines() if worker is None else None, (worker or {}).get("engines", {}))
    if worker is None:
        config.pluginmanager.register(FailuresAtOnce(config))


def pytest_unconfigure(config: pytest.Config) -> None:
    engines = config.stash.get(ENGINES, None)
    if engines is not None and engines.owner is not None:
        engines.owner.stop()


class FailuresAtOnce:
    """Prints a line for each failure when it happens: a run that is stopped before its end names its failures too."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = str(report.longrepr if crash is None else crash.message).strip().partition("\n")[0]
            terminal.write_line(f"\n{report.when} of {report.nodeid}: {message}")


def pytest_configure_node(node: Any) -> None:
    """Start the shared engines before the first worker, and pass their addresses to each worker."""
    node.workerinput["engines"] = node.config.stash[ENGINES].owner.addresses()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test by the fixtures that it uses."""
    for marker in MARKERS:
        if marker in item.fixturenames:  # type: ignore[attr-defined]
            item.add_marker(marker)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that take longest first."""
    items.sort(key=_rank)


def _shared(item: pytest.Item) -> str | None:
    return next((name for name in SHARED_BY_MANY if name in item.fixturenames), None)  # type: ignore[attr-defined]


def _group(item: pytest.Item) -> str:
    return _shared(item) or item.nodeid.partition("::")[0]


def _rank(item: pytest.Item) -> int:
    shared = _shared(item)
    if shared is not None:
        return SHARED_BY_MANY.index(shared)
    return len(SHARED_BY_MANY) + (item.get_closest_marker(EXTENDED) is None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Pass the groups to the owner's scheduler; exempt the imported objects from garbage collection.

    First of all: the hook of xdist, which is registered later, tells the owner that the tests may be scheduled.
    """
    engines = session.config.stash[ENGINES]
    if engines.owner is None:
        engines.write_groups({item.nodeid: _group(item) for item in session.items})
    gc.collect()
    gc.freeze()


class GroupScheduling(LoadScopeScheduling):
    """Scheduling that gives each group of tests to one worker."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self._engines = config.stash[ENGINES]

    @cached_property
    def _groups(self) -> dict[str, str]:
        return self._engines.read_groups()

    def _split_scope(self, nodeid: str) -> str:
        return self._groups[nodeid]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    return GroupScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn skips into failures where CI is set: there every program must be installed."""
    del item
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"a test must not be skipped where CI is set: {reason}"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["ran against"] = session.config.stash[RAN_AGAINST]


def pytest_testnodedown(node: Any) -> None:
    node.config.stash[RAN_AGAINST].update(getattr(node, "workeroutput", {}).get("ran against", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the engines and programs that the tests ran against."""
    engines = config.stash[RAN_AGAINST]
    passed = terminalreporter.stats.get("passed", [])
    whole = sum(report.nodeid.startswith("tests/e2e/") for report in passed)
    if whole:
        engines["make up"] = f"{whole} 项测试, 自带 PostgreSQL 与 Kafka / tests, with a PostgreSQL and Kafka of its own"
    if not engines:
        return
    terminalreporter.section("实际环境 / what ran against what")
    for name in ("PostgreSQL", "Kafka", "make up", "Docker Compose", "Chromium", "Keycloak", "Go", "promtool"):
        terminalreporter.write_line(f"{name}: {engines.get(name, '未使用 / not used')}")
    terminalreporter.write_line(f"Python: {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores")


@pytest.fixture(scope="session")
def extended() -> None:
    """A marker fixture: a test that uses it, also through a fixture, runs in `make test-all` and not in `make test`.

    Fixtures use it that need more than the shared engines and one whole set: separate engines, third-party programs.
    """


@pytest.fixture(scope="session")
def large(extended: None) -> None:
    """A marker fixture: a test that uses it starts as many programs as several machines run.

    All these tests run in one process, in a row: two such sets beside each other, with the other tests, leave two
    cores so little for each that leases end, leaders change and programs start again, without an end.
    """


@pytest.fixture(scope="session")
def ha_binaries(extended: None) -> Binaries:
    """The installed programs of a highly available set: etcd, HAProxy, and Patroni beside them."""
    try:
        return find_binaries()
    except LocalError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def ha(ha_binaries: Binaries) -> None:
    """A marker fixture: a test that uses it runs in `make test-ha`, after all others of `make test-all`."""


@pytest.fixture(scope="session")
def engine_folder() -> Iterator[Path]:
    """A folder for the engines of this process."""
    folder = Path(tempfile.mkdtemp(prefix="jiangbu-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Postgres:
    """The PostgreSQL of the whole run; shared, so a test leaves it running."""
    server = request.config.stash[ENGINES].postgres()
    with psycopg.connect(server.url()) as connection:
        version = connection.execute("SHOW server_version").fetchone()
    assert version is not None
    request.config.stash[RAN_AGAINST]["PostgreSQL"] = started_here(version[0])
    return server


@pytest.fixture(scope="session")
def postgres(postgres_server: Postgres, request: pytest.FixtureRequest) -> FreshDatabase:
    """`postgres(service) -> (owner_url, service_url)`: an empty database, its owner, a role that owns nothing."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    numbers = itertools.count(1)

    def fresh_database(service: str) -> tuple[str, str]:
        name = f"{service.replace('-', '_')}_{worker}_{next(numbers):04}"
        database = postgres_server.ensure_database(name, "only-for-tests")
        return database.owner_url, database.service_url

    return fresh_database


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> str:
    """Bootstrap servers of the broker of the whole run: the one of KAFKA_BOOTSTRAP_SERVERS, else one started here.

    Tests use it concurrently, so each needs its own exchange topics and registers of facts.
    """
    given = given_broker()
    request.config.stash[RAN_AGAINST]["Kafka"] = (
        STARTED_KAFKA
        if given is None
        else f"{given}, 由 KAFKA_BOOTSTRAP_SERVERS 指定 / named by KAFKA_BOOTSTRAP_SERVERS"
    )
    return request.config.stash[ENGINES].kafka()


@pytest.fixture(scope="session")
def kafka_files(request: pytest.FixtureRequest) -> Path | None:
    """The folder of the shared broker's partitions; None if they are elsewhere."""
    return request.config.stash[ENGINES].kafka_files()


@pytest.fixture(scope="module")
def own_kafka(engine_folder: Path, request: pytest.FixtureRequest, extended: None) -> Iterator[str]:
    """Bootstrap servers of a broker for the tests of one file that read the facts of all registers."""
    name = request.module.__name__.rpartition(".")[2]
    broker: Kafka = new_broker(engine_folder / f"kafka-{name}")
    try:
        broker.start()
        request.config.stash[RAN_AGAINST].setdefault("Kafka", STARTED_KAFKA)
        yield broker.bootstrap_servers
    finally:
        broker.stop()
